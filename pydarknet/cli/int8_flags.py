"""The flags of export onnx about files of 8-bit integers, and what is told of such a file."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..errors import DataError, UsageError
from ..system.console import note, say
from .verbs import Help

if TYPE_CHECKING:
    from ..export.export import Result
    from ..export.int8 import Costs, Int8
    from ..export.metadata import Facts
    from ..export.onnx_model import ExportOptions
    from ..network import Network


@dataclass(frozen=True)
class Int8Flags:
    """The flags about 8-bit integers."""

    int8: Annotated[
        bool, Help("compute in 8-bit integers, but for the heads; needs -calibrate and onnxruntime")
    ] = False
    calibrate: Annotated[
        Path | None, Help("a list of images such as -int8 will see: they set the ranges of values")
    ] = None
    force: Annotated[bool, Help("keep a file of -int8 that loses more than 2 points of mAP")] = (
        False
    )


def read_int8(flags: Int8Flags, half: bool, opset: int, data: Path | None) -> Int8 | None:
    """Return what -int8 needs; None without it.

    Raises UsageError for flags that do not go together, DataError for an empty list.
    """
    from ..dataset.files import read_list
    from ..export.int8 import Int8, check_words

    if not flags.int8:
        if flags.calibrate or flags.force:
            raise UsageError(f"{'-calibrate' if flags.calibrate else '-force'}: expected -int8 too")
        return None
    check_words(half, opset)
    if flags.calibrate is None:
        raise UsageError("-int8: expected -calibrate LIST, a list of images such as it will see")
    images = read_list(flags.calibrate)
    if not images:
        raise DataError("is empty: expected images for -int8", where=flags.calibrate)
    return Int8(calibrate=tuple(images), valid=valid_images(data), force=flags.force)


def valid_images(data: Path | None) -> tuple[str, ...]:
    """Return the images of the list `valid` of a .data file; none without one."""
    from ..dataset.files import DataFile, read_labelled

    valid = DataFile.read(data).find_file("valid") if data else None
    if valid is None:
        note("no -data with a list `valid`: the mAP of int8 is not measured")
        return ()
    return tuple(read_labelled(valid))


def export_as_asked(
    network: Network,
    path: Path,
    options: ExportOptions,
    facts: Facts,
    images: tuple[Path, ...],
    int8: Int8 | None,
) -> Result:
    """Export a network, in 8-bit integers if they are asked for, and print what was found."""
    from ..export.export import export_onnx
    from ..export.int8 import export_int8

    if int8 is None:
        result = export_onnx(network, path, options, facts, images)
        say(result.report.text())
        return result
    result, costs = export_int8(network, path, options, facts, int8, images)
    say(result.report.text())
    tell(costs)
    return result


def tell(costs: Costs) -> None:
    """Print what int8 costs; warn where it gains nothing."""
    for line in costs.lines():
        say(line)
    exact, small = costs.times
    if small >= exact:
        told = f"{small:.1f} ms beside {exact:.1f} ms ({processor()})"
        note(f"int8 is not faster than float on this machine: {told}")


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
