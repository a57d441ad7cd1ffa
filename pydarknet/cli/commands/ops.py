"""The command ops."""

from __future__ import annotations

from ...system.console import say
from ..operands import Cfg
from ..verbs import READ_CFG, Run, verb


@verb("ops", uses=READ_CFG, lazy=True)
def ops(run: Run, cfg: Cfg) -> None:
    """Print how many floating point operations one image takes.

    Darknet: examples/darknet.c operations
    Quirk: OPS_COUNTS_GROUPS
    """
    from ..open_any import read_traits

    operations = read_traits(run, cfg, training=True).operations
    say(f"Floating Point Operations: {operations}")
    say(f"Floating Point Operations: {operations / 1e9:.2f} Bn")
