"""The commands on networks and weights files: ops, partial."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from ..console import note, say
from ..errors import UsageError
from .verbs import Help, Run, verb

Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path, Help("its weights file")]
Out = Annotated[Path, Help("the weights file to write")]


@verb("ops")
def ops(run: Run, cfg: Cfg) -> None:
    """Print how many floating point operations one image takes.

    Darknet: examples/darknet.c operations
    Quirk: OPS_COUNTS_GROUPS
    """
    from .loading import read

    operations = read(run, cfg, training=True).operations()
    say(f"Floating Point Operations: {operations}")
    say(f"Floating Point Operations: {operations / 1e9:.2f} Bn")


@verb("partial")
def partial(
    run: Run,
    cfg: Cfg,
    weights: Weights,
    out: Out,
    n: Annotated[int, Help("how many layers, counted from the first")],
) -> None:
    """Write the weights of the first n layers, as darknet53.conv.74 is made.

    Darknet: examples/darknet.c partial
    """
    from .loading import read, read_weights

    network = read(run, cfg, weights, training=True)
    if not 0 <= n <= len(network.nodes):
        raise UsageError(f"partial {n}: expected 0 to {len(network.nodes)}, the layers of {cfg}")
    read_weights(run, network, weights, upto=n)
    network.header = replace(network.header, seen=0)
    note(f"Saving weights to {out}")
    network.save_weights(out, upto=n)
