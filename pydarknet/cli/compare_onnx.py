"""`compare -onnx`: an ONNX file beside our network."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError
from ..system.console import note, say
from ..system.problems import guard
from ..system.resources import locate
from .compare_images import Wanted, conclude, given_dialect, images_of, open_ours, threshold

if TYPE_CHECKING:
    from ..boxes.settings import Settings
    from ..compare.objects import Objects
    from ..compare.onnx_file import OnnxFile
    from ..compare.onnx_forms import Table
    from ..compare.onnx_ours import Pass
    from ..network import Network


@dataclass(frozen=True)
class Both:
    """What our network and the file find in an image."""

    path: str
    ours: Objects
    theirs: Objects


def compare_onnx(wanted: Wanted, path: Path) -> None:
    """Run an ONNX file and our network on the same images, and say if they are equal."""
    from ..compare.onnx_file import OnnxFile
    from ..compare.ours import is_detector

    file = OnnxFile.open(path)
    wanted = replace(wanted, cfg=locate(wanted.cfg), weights=locate(wanted.weights))
    network = open_ours(wanted, given_dialect(wanted.run), wanted.run.batchnorm)
    take_size(network, file)
    images = images_of(wanted, network)
    detector = is_detector(network)
    say(f"{path}: run by {file.engine.name}; pydarknet's dialect is {network.dialect.name}")
    (compare_boxes if detector else compare_scores)(wanted, network, file, images)


def take_size(network: Network, file: OnnxFile) -> None:
    """Give our network the input size that a file fixes."""
    width, height = file.size(network.input.c)
    size = width or network.input.w, height or network.input.h
    if size != (network.input.w, network.input.h):
        note(f"the file takes images of {size[0]} x {size[1]}: the network is resized to that")
        network.resize(*size)


def compare_boxes(
    wanted: Wanted, network: Network, file: OnnxFile, images: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Compare the boxes of each image, and print what differs."""
    from ..compare.objects import match
    from ..compare.tally import Tally

    chosen = wanted.settings(network, file_threshold(wanted, file))
    found: list[Both] = []
    for path, pixels in images:
        with guard(path) if found else nullcontext():
            found.append(both_of(path, network, file, pixels, chosen, first=not found))
    thresh = max(threshold(wanted, [one.ours for one in found]), chosen.decoding.thresh)
    tally = Tally(wanted.limits)
    for one in found:
        pair = match(one.ours.above(thresh), one.theirs.above(thresh), tally.allowed, thresh)
        for line in tally.add(one.path, pair):
            say(line)
    conclude(tally)


def file_threshold(wanted: Wanted, file: OnnxFile) -> float:
    """Return the lowest threshold to compare at: the file's own, if it suppresses boxes inside."""
    about = file.about
    inside = about.get("thresh") if about.get("layout") == "nms" else None
    return max(threshold(wanted, []), float(inside or 0))


def both_of(
    path: str,
    network: Network,
    file: OnnxFile,
    pixels: np.ndarray,
    chosen: Settings,
    *,
    first: bool,
) -> Both:
    """Return what both find in an image; of the first image, tell the form and the layers."""
    from ..compare.onnx_ours import forward, our_objects, their_objects

    seen = forward(network, pixels, chosen)
    table = table_of(network, seen, file)
    if first:
        say(f"the file gives {table.form}")
        tell_layers(network, seen, file)
    ours = our_objects(network, seen, table, chosen)
    return Both(path, ours, their_objects(network, seen, table, chosen))


def table_of(network: Network, seen: Pass, file: OnnxFile) -> Table:
    """Return the boxes in a file's outputs, which may be the maps that go into the heads."""
    from ..compare.onnx_forms import Expected, Table, read_boxes
    from ..compare.onnx_ours import every_box, of_maps
    from ..export.metadata import class_count

    outputs = file.run(seen.images.numpy())
    heads = of_maps(network, seen.heads, [array[:1] for array in outputs.values()])
    if heads:
        found = every_box(heads, network)
        return Table("the maps of the heads", found.boxes.numpy(), found.probabilities.numpy())
    given = Expected(network.input.w, network.input.h, class_count(network))
    try:
        return read_boxes(outputs, given, str(file.about.get("layout", "")))
    except DataError as error:
        raise DataError(error.problem, where=file.path) from None


def tell_layers(network: Network, seen: Pass, file: OnnxFile) -> None:
    """Print how the layers inside a file compare, if they can be read."""
    from ..compare.onnx_layers import all_values, compare_layers
    from ..compare.onnx_ours import layers_of

    inside = all_values(file, seen.images.numpy())
    if inside is None:
        say("layers: not read, which takes the packages onnx and onnxruntime")
    else:
        say(compare_layers(layers_of(network, seen.images), inside).text)


def compare_scores(
    wanted: Wanted, network: Network, file: OnnxFile, images: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Compare the scores of classes in each image, and print what differs."""
    from ..compare.onnx_ours import classifier_pass, scores_of
    from ..compare.tally import SCORES, Tally

    tally = Tally(wanted.limits, SCORES)
    for path, pixels in images:
        with guard(path) if tally.images else nullcontext():
            seen = classifier_pass(network, pixels)
            theirs = scores_of(file.run(seen.images.numpy()), seen, file.path)
            if not tally.images:
                tell_layers(network, seen, file)
            say(tally.add_scores(path, seen.heads[-1].activated.flatten().cpu().numpy(), theirs))
    conclude(tally)
