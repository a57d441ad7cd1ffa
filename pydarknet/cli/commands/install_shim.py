"""The command that lets other programs find this one: install-shim."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...system.console import say
from ..verbs import Help, Run, verb


@verb("install-shim", light=True)
def install_shim(
    run: Run,
    folder: Annotated[Path, Help("where the program looks for darknet; made if it is not there")],
    *,
    api: Annotated[
        str, Help("whose darknet.py: alexeyab, the original's too, or hank-ai")
    ] = "alexeyab",
    force: Annotated[bool, Help("write over files that are not of pydarknet")] = False,
) -> None:
    """Write `darknet` and `darknet.py` into a folder, for programs that call or import them."""
    from ...compat.shim import install

    for file in install(folder, api, force=force):
        say(f"{file}")
