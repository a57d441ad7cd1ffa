"""The command nightmare: a picture as a layer of a network would like it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...errors import UsageError
from ...system.console import note, say
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from torch import Tensor

    from ...inference.glibc_rand import Rand
    from ...inference.nightmare import Dream
    from ...network import Network


GREYER = PerLineage(pjreddie=0.1, alexeyab=0.0)  # how much of the way to grey a step also goes


@verb("nightmare")
def nightmare(
    run: Run,
    cfg: Annotated[Path, Help("the network: a Darknet .cfg, such as vgg-conv.cfg")],
    weights: Annotated[Path, Help("its weights file")],
    image: Annotated[Path, Help("the picture to begin with")],
    layer: Annotated[int, Help("the layer to excite, by its index in the table")],
    *,
    range_: Annotated[int, Help("excite so many layers about that one")] = 1,
    norm: Annotated[int, Help("0: do not make all steps of one size")] = 1,
    rounds: Annotated[int, Help("how many pictures to write")] = 1,
    iters: Annotated[int, Help("steps between pictures")] = 10,
    octaves: Annotated[int, Help("look at so many sizes")] = 4,
    zoom: Annotated[float, Help("what of a picture the next one begins with")] = 1.0,
    rate: Annotated[float, Help("how far a step goes")] = 0.04,
    thresh: Annotated[float, Help("excite what stands out by so many standard deviations")] = 1.0,
    rotate: Annotated[float, Help("turn each picture by so many radians")] = 0.0,
    prefix: Annotated[Path | None, Help("write into this folder")] = None,
) -> None:
    """Change a picture, step by step, so that a layer of a network answers it more strongly.

    Darknet: examples/nightmare.c run_nightmare
    """
    from ...inference.nightmare import Dream
    from ...modules.transforms import load_image, pixels
    from ..open_network import device_of

    if min(range_, rounds, iters, octaves) < 1 or not 0 < zoom <= 1:
        raise UsageError(
            "nightmare: expected -range, -rounds, -iters and -octaves of at least 1, and -zoom"
            " above 0 and at most 1"
        )
    first = layer - range_ // 2
    network, rand = opened(run, cfg, weights, first, first + range_ - 1)
    greyer = GREYER.of(network.dialect)
    dream = Dream(layer, range_, octaves, rate, thresh, bool(norm), greyer)
    name = f"{base(image)}_{base(cfg)}_{layer}"
    picture = pixels(load_image(image, network.input.c)).to(device_of(run))
    for number in range(rounds):
        picture = dreamt(picture, dream, network, rand, iters)
        picture = kept(picture, (prefix or Path()) / f"{name}_{number:06d}", number, zoom, rotate)


def opened(run: Run, cfg: Path, weights: Path, first: int, last: int) -> tuple[Network, Rand]:
    """Read the layers of a network up to the last, and the numbers that the C draws next."""
    from ...inference.glibc_rand import after_loading
    from ...network import Network
    from ..open_network import device_of, read, read_weights

    whole = read(run, cfg, weights)
    if not 0 <= first <= last < len(whole.nodes):
        raise UsageError(
            f"nightmare: layers {first} to {last}: expected of 0 to {len(whole.nodes) - 1}"
        )
    network = Network(whole.net, whole.layers[: last + 1], whole.dialect)
    read_weights(run, network, weights, upto=last + 1)
    return network.to(device_of(run)).requires_grad_(False), after_loading(0, whole)


def dreamt(picture: Tensor, dream: Dream, network: Network, rand: Rand, iters: int) -> Tensor:
    """Return a picture after so many steps, and count them as the C does."""
    note("Iteration: ", end="")
    for count in range(iters):
        note(f"{count}, ", end="")
        picture = dream.step(picture, network, rand)
    note("done")
    return picture


def kept(picture: Tensor, file: Path, number: int, zoom: float, rotate: float) -> Tensor:
    """Write a picture as a JPEG, and return what the next round begins with."""
    import torch

    from ...inference import nightmare
    from ...modules.transforms import save_image

    say(f"{number} {file}")
    save_image((picture * 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy(), f"{file}.jpg")
    turned = nightmare.rotate(picture, rotate) if rotate else picture
    return nightmare.zoom(turned, zoom)


def base(path: Path) -> str:
    """Return a file's name up to its first dot.

    Darknet: src/utils.c basecfg
    """
    return path.name.partition(".")[0]
