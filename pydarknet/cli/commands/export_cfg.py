"""The command export cfg."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...system.console import note, say
from ...system.inputs import check_output
from ...system.resources import locate
from ...system.text import count_of, read_text
from ..data_files import write_text
from ..operands import Cfg
from ..verbs import NO_NETWORK, Help, Run, verb


@verb("export cfg", uses=NO_NETWORK)
def export_cfg(
    run: Run,
    cfg: Cfg,
    out: Annotated[
        Path | None,
        Help("the file to write; by default NAME_live.cfg, in this folder", writes=True),
    ] = None,
) -> None:
    """Write a cfg for the live fork (hank-ai): without options and words that are ours alone."""
    from ...errors import CfgError
    from ...export.live_fork import boxless, live_text

    cfg = locate(cfg)
    given = read_text(cfg, "a .cfg", CfgError)
    text, changes = live_text(given, str(cfg))
    path = out or Path(f"{cfg.stem}_live.cfg")
    check_output(path)
    for told in (*changes, *boxless(given, str(cfg))):
        note(told)
    write_text(path, text)
    say(f"{path}: {count_of(len(changes), 'line')} changed")
