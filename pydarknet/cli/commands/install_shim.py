"""The command install-shim."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...system.console import say
from ..verbs import NO_NETWORK, Help, Run, verb


@verb("install-shim", uses=NO_NETWORK)
def install_shim(
    run: Run,
    folder: Annotated[Path, Help("where the program looks for darknet; created if missing")],
    *,
    api: Annotated[
        str, Help("whose darknet.py: alexeyab (also the original's), hank-ai or alpr")
    ] = "alexeyab",
    force: Annotated[bool, Help("overwrite files that pydarknet did not write")] = False,
) -> None:
    """Write `darknet` and `darknet.py` into a folder, for programs that call or import them."""
    from ...compat.shim import install

    for file in install(folder, api, force=force):
        say(f"{file}")
