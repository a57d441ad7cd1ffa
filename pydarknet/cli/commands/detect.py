"""The command detect, with the model it uses if none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...errors import DataError
from ...system.cache import cache_folder
from ...system.console import note
from ...system.resources import shipped_file
from ..operand_files import NO_IMAGES, content, words_in_order
from ..operands import DetectFlags
from ..sharing import ShardFlags, Sharing
from ..verbs import Help, Run, verb
from .detector_test import detector_test, find_boxes

YOLOV3 = "pydarknet download yolov3.weights"
USAGE = (
    "pydarknet detect <cfg> <weights> [images ...], and `detector test` begins with a .data file"
)
DIGITS_ONLY = (
    f"the built-in model finds handwritten digits only: for the 80 classes of COCO: {YOLOV3},"
    " or name your model: pydarknet detect my.cfg my.weights IMAGE"
)


@verb("detect", lazy=True)
def detect(
    run: Run,
    *words: Annotated[str, Help("<cfg> <weights> [images], or images for the default model")],
    flags: DetectFlags,
    shards: ShardFlags,
) -> None:
    """Print and draw the boxes that a COCO network, or the default model, finds in images.

    Darknet: examples/darknet.c main (detect)
    """
    if any(content(word or "") in NO_IMAGES for word in words):
        named = [word or "" for word in words]
        cfg, *rest = words_in_order(named, ("cfg", "weights", "images"), USAGE, onnx=True)
        path, images = Path(rest[0]) if rest and rest[0] else None, rest[1:]
        if content(cfg) == "onnx":
            detect_exported(run, Path(cfg), tuple(images), flags, shards)
            return
        files = Path("cfg/coco.data"), Path(cfg), path
        detector_test(run, *files, *images, flags=flags, shards=shards)
        return
    data, cfg, weights = default_model()
    files = Path(data), Path(cfg), Path(weights)
    detector_test(run, *files, *words, flags=flags, shards=shards)
    if Path(cfg).name == "digits.cfg" and not any(shipped_file(word) for word in words):
        note(DIGITS_ONLY)


def detect_exported(
    run: Run, file: Path, images: tuple[str, ...], flags: DetectFlags, shards: ShardFlags
) -> None:
    """Print and draw the boxes that an exported network finds, with the names that it has."""
    from ..open_any import open_any

    sharing = Sharing.of(shards, "detect", run, file)
    find_boxes(open_any(run, file, None), images, flags, sharing)


def default_model() -> tuple[str, str, str]:
    """Return data file, cfg and weights: yolov3's if its weights are at hand, else the built-in's.

    A note says which, and how to get yolov3.
    """
    cache = cache_folder()
    for folder in (Path(), Path("weights"), *([cache] if cache else [])):
        weights = folder / "yolov3.weights"
        if weights.is_file():
            note(f"model: yolov3.cfg with {weights}, the 80 classes of COCO")
            return "cfg/coco.data", "yolov3.cfg", str(weights)
    built_in = [shipped_file(f"digits.{kind}") for kind in ("data", "cfg", "weights")]
    if None in built_in:
        raise DataError(
            "the built-in model is not in this installation",
            hint="pip install --force-reinstall --no-deps . in the folder of pydarknet's sources",
        )
    note("model: the built-in digits.cfg with digits.weights, which finds handwritten digits")
    places = f" (into this folder, or into {cache})" if cache else ""
    note(f"for the 80 classes of COCO: {YOLOV3}{places}; or name your model:")
    note("  pydarknet detect my.cfg my.weights IMAGE")
    data, cfg, weights_file = map(str, built_in)
    return data, cfg, weights_file
