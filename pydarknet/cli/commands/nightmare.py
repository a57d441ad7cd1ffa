"""The command nightmare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...cfg.numbers import Range
from ...errors import UsageError
from ...system.console import note, say
from ...system.problems import guard
from ..open_network import device_of, read_cfg, read_weights
from ..operands import WeightsFile
from ..verbs import COUNT, READ_IMAGES, Help, Run, verb

if TYPE_CHECKING:
    from torch import Tensor

    from ...inference.glibc_rand import Rand
    from ...inference.nightmare import Dream
    from ...network import Network


GREYER = PerLineage(pjreddie=0.1, alexeyab=0.0)  # how much of the way to grey a step also goes

PART = Range(above=0, most=1)


@verb("nightmare", uses=READ_IMAGES)
def nightmare(
    run: Run,
    cfg: Annotated[Path, Help("the network: a Darknet .cfg, such as vgg-conv.cfg")],
    weights: WeightsFile,
    image: Annotated[Path, Help("the image to begin with")],
    layer: Annotated[int, Help("the layer to excite, by its index in the table")],
    *,
    range_: Annotated[int, Help("how many layers around that one to excite", range=COUNT)] = 1,
    norm: Annotated[int, Help("0: do not scale all steps to the same size")] = 1,
    rounds: Annotated[int, Help("how many images to write", range=COUNT)] = 1,
    iters: Annotated[int, Help("steps between images", range=COUNT)] = 10,
    octaves: Annotated[int, Help("how many sizes to work at", range=COUNT)] = 4,
    zoom: Annotated[
        float, Help("the part of an image that the next one begins with", range=PART)
    ] = 1.0,
    rate: Annotated[float, Help("the size of a step")] = 0.04,
    thresh: Annotated[float, Help("excite outputs above: in standard deviations")] = 1.0,
    rotate: Annotated[float, Help("turn each image by this many radians")] = 0.0,
    prefix: Annotated[Path | None, Help("write into this folder")] = None,
) -> None:
    """Change an image step by step so that a layer of a network responds more strongly.

    Darknet: examples/nightmare.c run_nightmare
    """
    from ...inference.nightmare import Dream
    from ...modules.transforms import load_image, pixels

    first = layer - range_ // 2
    network, rand = open_layers(run, cfg, weights, first, first + range_ - 1)
    greyer = GREYER.of(network.dialect)
    dream = Dream(layer, range_, octaves, rate, thresh, bool(norm), greyer)
    name = f"{base(image)}_{base(cfg)}_{layer}"
    current = pixels(load_image(image, network.input.c, run.exif is not False)).to(device_of(run))
    for number in range(rounds):
        current = run_steps(current, dream, network, rand, iters)
        current = save_round(
            current, (prefix or Path()) / f"{name}_{number:06d}", number, zoom, rotate
        )


def open_layers(run: Run, cfg: Path, weights: Path, first: int, last: int) -> tuple[Network, Rand]:
    """Read the layers of a network up to the last, and the random numbers that the C draws next."""
    from ...inference.glibc_rand import after_loading
    from ...network import Network

    whole = read_cfg(run, cfg, weights, training=True)
    if not 0 <= first <= last < len(whole.nodes):
        raise UsageError(
            f"nightmare: layers {first} to {last}: expected 0 to {len(whole.nodes) - 1}"
        )
    network = Network(whole.net, whole.layers[: last + 1], whole.dialect)
    read_weights(run, network, weights, upto=last + 1)
    return network.to(device_of(run)).requires_grad_(False), after_loading(0, whole)


def run_steps(image: Tensor, dream: Dream, network: Network, rand: Rand, iters: int) -> Tensor:
    """Return an image after `iters` steps, and print their count as the C does."""
    note("Iteration: ", end="")
    for count in range(iters):
        note(f"{count}, ", end="", continues=True)
        image = dream.step(image, network, rand)
    note("done", continues=True)
    return image


def save_round(image: Tensor, file: Path, number: int, zoom: float, rotate: float) -> Tensor:
    """Write an image as a JPEG, and return what the next round begins with."""
    import torch

    from ...inference import nightmare
    from ...modules.transforms import save_image

    say(f"{number} {file}")
    with guard(f"{file}.jpg"):
        save_image((image * 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy(), f"{file}.jpg")
    turned = nightmare.rotate(image, rotate) if rotate else image
    return nightmare.zoom(turned, zoom)


def base(path: Path) -> str:
    """Return a file's name up to its first dot.

    Darknet: src/utils.c basecfg
    """
    return path.name.partition(".")[0]
