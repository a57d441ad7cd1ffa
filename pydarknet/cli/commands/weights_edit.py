"""The commands that write new weights files from old ones: partial, average, rescale and others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...system.console import note
from ...system.problems import failures, guard
from ...system.text import count_of
from ..open_network import open_on_cpu, read_cfg, read_weights
from ..operands import Cfg, WeightsFile
from ..verbs import NATURAL, READ_CFG, Help, Run, verb

if TYPE_CHECKING:
    from ...network import Network

Out = Annotated[Path, Help("the weights file to write", writes=True)]


@verb("partial", uses=READ_CFG)
def partial(
    run: Run,
    cfg: Cfg,
    weights: WeightsFile,
    out: Out,
    n: Annotated[int, Help("how many layers, counted from the first", range=NATURAL)],
) -> None:
    """Write the weights of the first n layers, as darknet53.conv.74 is made.

    Darknet: examples/darknet.c partial
    """
    network = read_cfg(run, cfg, weights)
    if n > len(network.nodes):
        n = len(network.nodes)
        note(f"{cfg} has no more than {count_of(n, 'layer')}: all are written")
    read_weights(run, network, weights, upto=n)
    network.header = replace(network.header, seen=0)
    note(f"Saving weights to {out}")
    network.save_weights(out, upto=n)


@verb("average", uses=READ_CFG)
def average(
    run: Run,
    cfg: Cfg,
    out: Out,
    first: Annotated[Path, Help("a weights file; the result has its count of images")],
    *others: Annotated[Path, Help("more weights files of the same network")],
) -> None:
    """Write the mean of several weights files.

    Darknet: examples/darknet.c average
    """
    from ...graph.weights_edit import add, divide

    network = open_on_cpu(run, cfg, first)
    other = copy.deepcopy(network)
    for path in others:
        with guard(str(path)):
            read_weights(run, other, path)
            add(network, other)
    if failures():
        note(f"{out} is not written: the mean of fewer files is another network")
        return
    divide(network, 1 + len(others))
    save(network, out)


@verb("rescale", uses=READ_CFG)
def rescale(run: Run, cfg: Cfg, weights: WeightsFile, out: Out) -> None:
    """Write the weights of a network whose images were -1..1 for one whose images are 0..1.

    Darknet: examples/darknet.c rescale_net
    """
    from ...graph.weights_edit import rescale

    edit(run, cfg, weights, out, rescale)


@verb("rgbgr", uses=READ_CFG)
def rgbgr(run: Run, cfg: Cfg, weights: WeightsFile, out: Out) -> None:
    """Write weights for BGR images from weights for RGB images, or the reverse.

    Darknet: examples/darknet.c rgbgr_net
    """
    from ...graph.weights_edit import swap_red_and_blue

    edit(run, cfg, weights, out, swap_red_and_blue)


@verb("normalize", uses=READ_CFG)
def normalize(run: Run, cfg: Cfg, weights: WeightsFile, out: Out) -> None:
    """Write weights with a batch norm in every convolution and matrix, for a cfg that has them.

    Darknet: examples/darknet.c normalize_net
    """
    from ...graph.weights_edit import normalize

    edit(run, cfg, weights, out, normalize)


@verb("denormalize", uses=READ_CFG)
def denormalize(run: Run, cfg: Cfg, weights: WeightsFile, out: Out) -> None:
    """Write weights into which batch norm is folded, for a cfg without batch_normalize.

    Darknet: examples/darknet.c denormalize_net
    """
    from ...graph.weights_edit import denormalize

    edit(run, cfg, weights, out, denormalize)


@verb("reset", uses=READ_CFG)
def reset(run: Run, cfg: Cfg, weights: WeightsFile, out: Out) -> None:
    """Write weights into which batch norm is folded, followed by a batch norm without effect.

    Darknet: examples/darknet.c reset_normalize_net
    """
    from ...graph.weights_edit import reset

    edit(run, cfg, weights, out, reset)


def edit(
    run: Run, cfg: Path, weights: Path, out: Path, change: Callable[[Network], bool | None]
) -> None:
    """Write a changed weights file; warn if there was nothing to change."""
    network = open_on_cpu(run, cfg, weights)
    if change(network) is False:
        note(f"{cfg}: the first convolution does not read 3 channels: its weights are not changed")
    save(network, out)


def save(network: Network, out: Path) -> None:
    """Write a network's weights; the fork counts only the images of whole iterations.

    Darknet: src/parser.c save_weights_upto (AlexeyAB)
    Quirk: WHOLE_ITERATIONS
    """
    net, seen = network.net, network.header.seen
    images = max(net.batch // net.subdivisions, 1) * net.subdivisions * net.time_steps
    if network.dialect.whole_iterations:
        network.header = replace(network.header, seen=seen // images * images)
    note(f"Saving weights to {out}")
    network.save_weights(out)
