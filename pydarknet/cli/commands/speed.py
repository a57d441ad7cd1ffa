"""The command speed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...errors import UsageError
from ...system.console import say
from ..open_network import open_network
from ..operands import CfgOrOnnx
from ..verbs import READ_CFG, Help, Run, verb

if TYPE_CHECKING:
    from ...network import Network

WARM = 3  # images before the time is taken
REPORTS_FLOPS = PerLineage(pjreddie=True, alexeyab=False)


@verb("speed", uses=(*READ_CFG, "backend", "precision", "tune"))
def speed(
    run: Run,
    cfg: CfgOrOnnx,
    n: Annotated[int, Help("how many images; 0 means 1000")] = 1000,
    *,
    verbose: Annotated[
        bool,
        Help("print what -backend auto chose, how each convolution is computed, and the times"),
    ] = False,
) -> None:
    """Time the network on n grey images, one by one.

    Darknet: examples/darknet.c speed
    """
    network = open_network(run, cfg, None, training=True, untrained=True)
    count = n or 1000
    if count < 1:
        raise UsageError(f"speed {n}: expected at least 1, or 0 for 1000")
    seconds = seconds_of(network, count)
    operations = network.operations()
    say(f"\n{count} evals, {seconds:f} Seconds")
    if REPORTS_FLOPS.of(network.dialect):
        say(f"Floating Point Operations: {operations / 1e9:.2f} Bn")
        say(f"FLOPS: {operations / 1e9 * count / seconds:.2f} Bn")
    say(f"Speed: {seconds / count:f} sec/eval")
    say(f"Speed: {count / seconds:f} Hz")
    if verbose:
        print_choices(network)


def print_choices(network: Network) -> None:
    """Print what runs the network's fast form, and how each of its convolutions is computed."""
    from ...backends.fastest import choices_of
    from ...backends.tuner import ways_told
    from ...inference.predict import detection_form

    fast = detection_form(network, many=True)
    for line in [*choices_of(fast), *ways_told(fast)]:
        say(line)


def seconds_of(network: Network, count: int) -> float:
    """Return the seconds that a network takes for `count` empty images."""
    import torch

    from ...inference.predict import detection_form

    image = torch.zeros(1, *network.input.tensor, device=network.device)
    with torch.inference_mode():
        fast = detection_form(network, many=True)
        for _ in range(WARM):
            fast(image)  # which chooses the order of weights, or records what a GPU does
        start = time.perf_counter()
        for _ in range(count):
            [*_, last] = fast(image)
        last.activated.cpu()  # a GPU is done when its result is here
    return time.perf_counter() - start
