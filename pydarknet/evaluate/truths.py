"""The boxes that label files call true, as they stand: nothing is filtered or mended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np

from ..console import note, say
from ..dataset.files import label_path
from ..errors import DataError

FLOAT = r"([+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|nan|inf(?:inity)?))"
GROUP = re.compile(rf"\s*([+-]?\d+)\s+{FLOAT}\s+{FLOAT}\s+{FLOAT}\s+{FLOAT}", re.IGNORECASE)
ORIGINAL = (  # what the original replaces in an image's path, the first of each
    ("images", "labels"),
    ("JPEGImages", "labels"),
    *((ending, ".txt") for ending in (".jpg", ".png", ".JPG", ".JPEG")),
)
BAD_LIST = "bad.list"


@dataclass(frozen=True, eq=False)
class Truths:
    """The true boxes of one image: `classes` int64 [T], `boxes` float32 [T, 4].

    A box is centre x, y, width, height in 0..1 of the image.
    """

    classes: np.ndarray
    boxes: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)

    @staticmethod
    def of(rows: list[tuple[float, ...]]) -> Truths:
        """Make truths of rows of class, x, y, width, height."""
        table = np.array(rows, np.float64).reshape(-1, 5)
        return Truths(table[:, 0].astype(np.int64), table[:, 1:].astype(np.float32))


def truths_of(image: str) -> Truths:
    """Return the truths of an image; where it has no label file, that is told, and there are none.

    Darknet: src/data.c read_boxes (AlexeyAB)
    """
    found = label_file(image)
    if found is None:
        missing = label_places(image)[0]
        say(f"Can't open label file. (This can be normal only if you use MSCOCO): {missing} ")
        call_bad(missing)
        return Truths.of([])
    return read_truths(found)


def label_file(image: str) -> str | None:
    """Return the label file of an image, None where there is none."""
    return next((place for place in label_places(image) if Path(place).is_file()), None)


def read_truths(path: str | Path) -> Truths:
    """Read a label file: groups of class, x, y, width and height, up to the first that is none.

    Darknet: src/data.c read_boxes
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    rows: list[tuple[float, ...]] = []
    end = 0
    while match := GROUP.match(text, end):
        rows.append(tuple(float(number) for number in match.groups()))
        end = match.end()
    rest = text[end:].strip()
    if rest:
        line = text.count("\n", 0, text.index(rest, end)) + 1
        shown = rest.split("\n")[0][:40]
        note(f"{path}:{line}: {shown!r}: expected class x y width height, reading stops here")
    return Truths.of(rows)


def label_places(image: str) -> list[str]:
    """Return where an image's labels may lie: where the fork, then where the original looks.

    Darknet: src/utils.c replace_image_to_label (AlexeyAB), src/data.c fill_truth_detection
    Quirk: LABEL_PATHS
    """
    original = reduce(lambda path, change: path.replace(*change, 1), ORIGINAL, image)
    try:
        fork = label_path(image)
    except DataError:  # an unknown kind of image: the live fork takes any
        fork = str(Path(image.strip()).with_suffix(".txt"))
    return [fork, *([original] if original not in (image, fork) else [])]


def call_bad(path: str) -> None:
    """Add a path to the list of what could not be read.

    Darknet: src/data.c read_boxes, src/image.c load_image_stb (AlexeyAB)
    """
    try:
        with open(BAD_LIST, "a", encoding="utf-8", errors="surrogateescape") as bad:
            bad.write(f"{path}\n")
    except OSError as error:
        note(f"{BAD_LIST}: cannot be written: {error.strerror}")
