"""The commands that measure networks, and those that write new weights files from old ones."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...errors import UsageError
from ...system.console import note, say
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from ...network import Network

Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path, Help("its weights file")]
Out = Annotated[Path, Help("the weights file to write")]

WARM = 3  # images before the time is taken
REPORTS_FLOPS = PerLineage(pjreddie=True, alexeyab=False)  # of `speed`


@verb("ops")
def ops(run: Run, cfg: Cfg) -> None:
    """Print how many floating point operations one image takes.

    Darknet: examples/darknet.c operations
    Quirk: OPS_COUNTS_GROUPS
    """
    from ..open_network import read

    operations = read(run, cfg, training=True).operations()
    say(f"Floating Point Operations: {operations}")
    say(f"Floating Point Operations: {operations / 1e9:.2f} Bn")


@verb("speed")
def speed(
    run: Run, cfg: Cfg, n: Annotated[int, Help("how many images; 0 means 1000")] = 1000
) -> None:
    """Time the network on n grey images, one by one.

    Darknet: examples/darknet.c speed
    """
    from ..open_network import open_network

    network = open_network(run, cfg, None, training=True)
    count = n or 1000
    if count < 1:
        raise UsageError(f"speed {n}: expected at least 1, or 0 for 1000")
    seconds = timed(network, count)
    operations = network.operations()
    say(f"\n{count} evals, {seconds:f} Seconds")
    if REPORTS_FLOPS.of(network.dialect):
        say(f"Floating Point Operations: {operations / 1e9:.2f} Bn")
        say(f"FLOPS: {operations / 1e9 * count / seconds:.2f} Bn")
    say(f"Speed: {seconds / count:f} sec/eval")
    say(f"Speed: {count / seconds:f} Hz")


def timed(network: Network, count: int) -> float:
    """Return the seconds that a network takes for so many empty images."""
    import torch

    from ...inference.predict import detection_form

    device = next(iter(network.state_dict().values())).device
    image = torch.zeros(1, *network.input.tensor, device=device)
    with torch.inference_mode():
        fast = detection_form(network, many=True)
        for _ in range(WARM):
            fast(image)  # which chooses the order of weights, or records what a GPU does
        start = time.perf_counter()
        for _ in range(count):
            [*_, last] = fast(image)
        last.activated.cpu()  # a GPU is done when its result is here
    return time.perf_counter() - start


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
    from ..open_network import read, read_weights

    network = read(run, cfg, weights, training=True)
    if not 0 <= n <= len(network.nodes):
        raise UsageError(f"partial {n}: expected 0 to {len(network.nodes)}, the layers of {cfg}")
    read_weights(run, network, weights, upto=n)
    network.header = replace(network.header, seen=0)
    note(f"Saving weights to {out}")
    network.save_weights(out, upto=n)


@verb("average")
def average(
    run: Run,
    cfg: Cfg,
    out: Out,
    first: Annotated[Path, Help("a weights file, whose count of images is kept")],
    *others: Annotated[Path, Help("more weights files of the same network")],
) -> None:
    """Write the mean of several weights files.

    Darknet: examples/darknet.c average
    """
    from ...graph.weights_edit import add, divide
    from ..open_network import read_weights

    network = opened(run, cfg, first)
    other = copy.deepcopy(network)
    for path in others:
        read_weights(run, other, path)
        add(network, other)
    divide(network, 1 + len(others))
    save(network, out)


@verb("rescale")
def rescale(run: Run, cfg: Cfg, weights: Weights, out: Out) -> None:
    """Write the weights of a network whose images were -1..1 for one whose images are 0..1.

    Darknet: examples/darknet.c rescale_net
    """
    from ...graph.weights_edit import rescale

    edit(run, cfg, weights, out, rescale)


@verb("rgbgr")
def rgbgr(run: Run, cfg: Cfg, weights: Weights, out: Out) -> None:
    """Write weights that take BGR images for RGB, or RGB for BGR.

    Darknet: examples/darknet.c rgbgr_net
    """
    from ...graph.weights_edit import swap_red_and_blue

    edit(run, cfg, weights, out, swap_red_and_blue)


@verb("normalize")
def normalize(run: Run, cfg: Cfg, weights: Weights, out: Out) -> None:
    """Write weights with a batch norm in every convolution and matrix, for a cfg that has them.

    Darknet: examples/darknet.c normalize_net
    """
    from ...graph.weights_edit import normalize

    edit(run, cfg, weights, out, normalize)


@verb("denormalize")
def denormalize(run: Run, cfg: Cfg, weights: Weights, out: Out) -> None:
    """Write weights into which batch norm is folded, for a cfg without batch_normalize.

    Darknet: examples/darknet.c denormalize_net
    """
    from ...graph.weights_edit import denormalize

    edit(run, cfg, weights, out, denormalize)


@verb("reset")
def reset(run: Run, cfg: Cfg, weights: Weights, out: Out) -> None:
    """Write weights into which batch norm is folded, with one that changes nothing after it.

    Darknet: examples/darknet.c reset_normalize_net
    """
    from ...graph.weights_edit import reset

    edit(run, cfg, weights, out, reset)


def edit(
    run: Run, cfg: Path, weights: Path, out: Path, change: Callable[[Network], bool | None]
) -> None:
    """Write a changed weights file; a change that found nothing to do is told."""
    network = opened(run, cfg, weights)
    if change(network) is False:
        note(f"{cfg}: the first convolution does not read 3 channels: its weights stay")
    save(network, out)


def opened(run: Run, cfg: Path, weights: Path) -> Network:
    """Read a network and its weights, as the commands that force the CPU do."""
    from ..open_network import open_network

    return open_network(replace(run, device="cpu"), cfg, weights, training=True)


def save(network: Network, out: Path) -> None:
    """Write a network's weights; the fork says the images of its whole iterations.

    Darknet: src/parser.c save_weights_upto (AlexeyAB)
    Quirk: WHOLE_ITERATIONS
    """
    net, seen = network.net, network.header.seen
    images = max(net.batch // net.subdivisions, 1) * net.subdivisions * net.time_steps
    if network.dialect.whole_iterations:
        network.header = replace(network.header, seen=seen // images * images)
    note(f"Saving weights to {out}")
    network.save_weights(out)
