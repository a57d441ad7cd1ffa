"""The command detect, with the model it uses if none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...errors import DataError
from ...system.cache import cache_folder
from ...system.console import note
from ...system.resources import shipped_file
from ..operands import DetectFlags
from ..verbs import Help, Run, verb
from .detector_test import detector_test

YOLOV3 = "https://github.com/hank-ai/darknet/releases/download/v2.0/yolov3.weights"


@verb("detect")
def detect(
    run: Run,
    *words: Annotated[str, Help("<cfg> <weights> [images], or images for the default model")],
    flags: DetectFlags,
) -> None:
    """Print and draw the boxes that a COCO network, or the default model, finds in images.

    Darknet: examples/darknet.c main (detect)
    """
    if words and words[0].endswith(".cfg"):
        cfg, weights, *images = [*words, ""] if len(words) == 1 else words
        data = "cfg/coco.data"
    else:
        (data, cfg, weights), images = default_model(), list(words)
    path = Path(weights) if weights else None
    detector_test(run, Path(data), Path(cfg), path, *images, flags=flags)


def default_model() -> tuple[str, str, str]:
    """Return data file, cfg and weights: yolov3's if its weights are at hand, else the built-in's.

    A note says which, and how to get yolov3.
    """
    for folder in (Path(), Path("weights"), cache_folder()):
        weights = folder / "yolov3.weights"
        if weights.is_file():
            note(f"model: yolov3.cfg with {weights}, the 80 classes of COCO")
            return "cfg/coco.data", "yolov3.cfg", str(weights)
    built_in = [shipped_file(f"digits.{kind}") for kind in ("data", "cfg", "weights")]
    if None in built_in:
        raise DataError(
            "the built-in model is not in this installation", hint="pip install pydarknet again"
        )
    note("model: the built-in digits.cfg with digits.weights, which finds handwritten digits")
    folders = f"this folder or {cache_folder()}"
    note(f"for the 80 classes of COCO put {YOLOV3} into {folders}, or name your model:")
    note("  pydarknet detect my.cfg my.weights IMAGE")
    data, cfg, weights_file = map(str, built_in)
    return data, cfg, weights_file
