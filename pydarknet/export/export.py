"""From a network to a checked file, and what was found on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import UsageError
from ..graph.executor import Executor
from ..image.files import load_image
from ..inference.predict import network_input
from ..modules.onnx_graph import BATCH
from ..system.resources import shipped_file
from .check import Report, check_file
from .costs import Costs
from .metadata import Facts
from .onnx_file import check_place, save_model
from .onnx_model import ExportOptions, build_model

PHOTOGRAPHS = ("digits.png",)  # that come with the package
SEED = 1


def batch_of(word: int | str) -> int | str:
    """Return the number of images at once, or the name of a number that the program chooses."""
    text = str(word)
    if text == "dynamic":
        return BATCH
    if not (text.isdecimal() and text.isascii() and int(text)):
        raise UsageError(f"batch {text}: expected a number of at least 1, or dynamic")
    return int(text)


@dataclass(frozen=True)
class Result:
    """What an export gave: the layout's name, the report of the check, and what int8 costs."""

    layout: str
    report: Report
    costs: Costs | None = None  # of a file of 8-bit integers


def export_onnx(
    network: Executor,
    path: Path,
    options: ExportOptions,
    facts: Facts,
    images: tuple[Path, ...] = (),
) -> Result:
    """Write a network as an ONNX file, and prove it on random input and on images.

    Without images, the shipped one is taken. Raises DarknetError for what cannot be exported, and
    for a file that differs from the network: then none is left.
    """
    check_place(path)
    exported = build_model(network, options, facts, keep_weights=not options.half)
    reports: list[Report] = []

    def check(written: Path) -> None:
        batches = list(inputs(network, options.batch, facts.letterbox, images))
        reports.append(check_file(written, exported, batches, facts.precision))

    save_model(exported.model, path, check)
    return Result(exported.layout.name, reports[0])


def inputs(
    network: Executor, batch: int | str, letterbox: bool, images: tuple[Path, ...]
) -> Iterator[Tensor]:
    """Yield batches for the check: random numbers, then each image as often as a batch has room."""
    count = 2 if isinstance(batch, str) else batch
    generator = torch.Generator().manual_seed(SEED)
    yield torch.rand(count, *network.input.tensor, generator=generator)
    if not network.input.image:
        return
    for path in images or tuple(filter(None, map(shipped_file, PHOTOGRAPHS))):
        image = load_image(path, network.image_channels, network.exif)
        one = network_input(network, image, letterboxed=letterbox)
        yield one.expand(count, *one.shape).contiguous()
