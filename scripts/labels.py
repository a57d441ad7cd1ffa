"""Label files and lists as Darknet reads them, for the scripts that write data sets."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
IMAGE_ENDINGS = (".jpg", ".JPG", ".jpeg", ".JPEG", ".png", ".PNG", ".bmp", ".BMP")


def label_files(image: Path) -> list[Path]:
    """Return where the two programs look for the labels of an image.

    For an image in `JPEGImages` both look in the folder `labels` beside it. For an image in
    `images` the fork looks beside the image, the original in `labels` beside the folder. For COCO,
    whose images lie one folder deeper, both look in `labels`. Otherwise both look beside the image.

    Darknet: src/utils.c replace_image_to_label (AlexeyAB), src/data.c fill_truth_detection
    """
    name, folder = f"{image.stem}.txt", image.parent
    labels = folder.parent / "labels"
    if folder.name == "JPEGImages":
        return [labels / name]
    if folder.name in ("train2014", "val2014", "train2017", "val2017"):
        return [folder.parent.parent / "labels" / folder.name / name]
    return [folder / name, labels / name] if folder.name == "images" else [folder / name]


def label_line(index: int, x: float, y: float, w: float, h: float) -> str:
    """Return the line of one object: class, centre and size in 0..1 of the image."""
    return f"{index} {x} {y} {w} {h}\n"


def write_label(image: Path, lines: Iterable[str], folder: Path | None = None) -> None:
    """Write the labels of an image to a folder or, if omitted, wherever the programs look."""
    text = "".join(lines)
    for file in [folder / f"{image.stem}.txt"] if folder else label_files(image):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def write_list(file: Path, lines: Sequence[object]) -> None:
    """Write a file, one line per item, and print their number."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))
    print(f"{file}: {len(lines)} lines")


def read_list(file: Path) -> list[str]:
    """Return the lines of a file, or exit with a message if it cannot be read."""
    try:
        lines = file.read_text().split("\n")
    except OSError as error:
        stop(f"{file}: {error.strerror}")
    return lines[:-1] if lines[-1] == "" else lines


def stop(problem: str) -> NoReturn:
    """Exit with status 1 and a message."""
    sys.exit(f"{Path(sys.argv[0]).name}: {problem}")
