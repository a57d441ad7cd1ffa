"""The folder in which a Darknet binary runs, with what it reads beside a network."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

from ..cfg.parser import Section

DATA = "data.data"
LIST = "list"
RESULTS = "results"
FILES = ("tree", "map")  # options of a cfg that name files
LETTERS, SIZES = range(32, 127), range(8)  # of the labels that the original draws


def prepare(folder: Path, classes: int, sections: Iterable[Section]) -> None:
    """Lay out the names of classes (`class0`, ...), a data file, and files that the cfg names."""
    (folder / "names").write_text("".join(f"class{index}\n" for index in range(classes)))
    (folder / RESULTS).mkdir()
    lines = ("names=names", "labels=names", f"valid={LIST}", f"results={RESULTS}", "eval=voc")
    (folder / DATA).write_text("\n".join([f"classes={classes}", *lines, ""]))
    write_labels(folder / "data" / "labels")
    copy_files(sections, folder)


def write_labels(folder: Path) -> None:
    """Write the pictures of letters, without which the original draws and does nothing.

    Darknet: src/image.c load_alphabet
    """
    folder.mkdir(parents=True)
    content = white_pixel()
    for letter in LETTERS:
        for size in SIZES:
            (folder / f"{letter}_{size}.png").write_bytes(content)


def white_pixel() -> bytes:
    """Return the content of a PNG of one white pixel."""
    head = struct.pack(">2I5B", 1, 1, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0\xff\xff\xff")), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def copy_files(sections: Iterable[Section], folder: Path) -> None:
    """Copy the files that a cfg names by a relative path to where a program looks for them."""
    for section in sections:
        for entry in section.entries:
            value = Path(entry.value or "")
            if entry.key not in FILES or value.is_absolute() or ".." in value.parts:
                continue
            target = folder / value
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(section.file(str(value)), target)
