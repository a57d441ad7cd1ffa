"""Label files and lists as Darknet reads them, for the scripts that write data sets."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet.annotations.instances import (  # noqa: E402  # the copy beside this script
    has_area,
    inside,
    label_line,
    shares,
)
from pydarknet.errors import DarknetError  # noqa: E402
from pydarknet.system.text import (  # noqa: E402
    bytes_of,
    count_of,
    displayable,
    printable,
    read_text,
)

__all__ = ["displayable", "has_area", "inside", "label_line", "shares"]


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


def write_label(image: Path, lines: Iterable[str], folder: Path | None = None) -> None:
    """Write the labels of an image to a folder or, if omitted, wherever the programs look."""
    text = "".join(lines)
    for file in files_of(image, folder):
        write(file, text)


def files_of(image: Path, folder: Path | None = None) -> list[Path]:
    """Return where the labels of an image are written: in a folder or, if omitted, as above."""
    return [folder / f"{image.stem}.txt"] if folder else label_files(image)


def other_owner(image: Path, folder: Path | None, owners: dict[Path, Path]) -> Path | None:
    """Return the image whose labels stand where those of this one would; None if they are free.

    `owners` are the images by their label files; if they are free, this one is added.
    """
    files = files_of(image, folder)
    other = next((owners[file] for file in files if file in owners), None)
    owners.update(dict.fromkeys(files, image) if other is None else {})
    return other


def write_list(file: Path, lines: Sequence[object]) -> None:
    """Write a file, one line per item, and print their number."""
    write(file, "".join(f"{line}\n" for line in lines))
    print(f"{file}: {count_of(len(lines), 'line')}")


def write(file: Path, text: str) -> None:
    """Write a file and the folder for it, or exit with a message if that fails."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes_of(text))
    except (OSError, ValueError) as error:
        stop(f"{printable(str(file))}: {error}")


def read_list(file: Path) -> list[str]:
    """Return the lines of a file but for empty ones, or exit with a message if it is unreadable."""
    return [line for line in content_of(file, "a list").split("\n") if line.strip()]


def content_of(file: Path, expected: str) -> str:
    """Return the text of a file, or exit with a message if it cannot be read."""
    try:
        return read_text(file, expected, most=None)
    except DarknetError as error:
        stop(str(error))


def image_size(image: Path) -> tuple[int, int] | None:
    """Return the width and height of an image; None if it cannot be read."""
    from pydarknet.checks.picture import picture_of

    picture = picture_of(str(image))
    return picture.size if picture.readable else None


def stop(problem: str) -> NoReturn:
    """Exit with status 1 and a message."""
    sys.exit(displayable(f"{Path(sys.argv[0]).name}: {problem}"))
