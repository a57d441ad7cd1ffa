"""The flags of export onnx about files of 8-bit integers, and what is told of such a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..system import processor
from ..system.console import note, say
from .verbs import Help

if TYPE_CHECKING:
    from ..export.costs import Costs


@dataclass(frozen=True)
class Int8Flags:
    """The flags about 8-bit integers."""

    int8: Annotated[
        bool, Help("compute in 8-bit integers, but for the heads; needs -calibrate and onnxruntime")
    ] = False
    calibrate: Annotated[
        Path | None, Help("a list of images such as -int8 will see: they set the ranges of values")
    ] = None
    force: Annotated[
        bool, Help("keep a file of -int8 that loses more than 2 points of mAP or accuracy")
    ] = False


def tell(costs: Costs) -> None:
    """Print what int8 costs; warn where it gains nothing."""
    for line in costs.lines():
        say(line)
    exact, small = costs.times
    if small >= exact:
        told = f"{small:.1f} ms beside {exact:.1f} ms ({processor.name()})"
        note(f"int8 is not faster than float on this machine: {told}")
