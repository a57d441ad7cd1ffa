"""What the files of a command line are, by their content, and in which order they are read."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Container, Sequence
from pathlib import Path

from ..errors import UsageError
from ..runtime.onnx_properties import begins_onnx
from ..system.console import note
from ..system.resources import shipped_file
from ..system.text import decode, not_a_file
from .image_words import STDIN
from .verbs import Verb

HEAD = 4096  # bytes that show what a file is
MAGICS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF",
    *(b"P%d" % kind for kind in range(1, 7)),
)
DATA_KEYS = ("backup", "classes", "eval", "labels", "names", "results", "test", "train", "valid")
MAPPING = re.compile(r"[A-Za-z_][\w -]*:(\s|$)")
SECTION = re.compile(r"\[\w+\]?")
SUFFIXES = {".cfg": "cfg", ".data": "data", ".weights": "weights", ".onnx": "onnx"}
NETWORK_FILES = ("cfg", "data", "weights")  # of which a command has one each
WORDS = {
    "cfg": "a cfg",
    "data": "a .data file",
    "weights": "a weights file",
    "onnx": "an ONNX model",
    "image": "an image",
    "film": "a video",
    "folder": "a folder",
    "json": "JSON",
    "yaml": "YAML",
    "text": "a text without key=value lines",
}
NO_IMAGES = ("cfg", "data", "weights", "onnx", "json", "yaml")
ROLES: dict[str, tuple[str, ...]] = {  # what stands where these are expected, and is none of them
    "data": ("cfg", "weights", "onnx", "image", "film", "folder", "json", "yaml", "text"),
    "cfg": ("data", "weights", "onnx", "image", "film", "folder", "json", "yaml"),
    "weights": ("cfg", "data", "onnx", "image", "film", "folder", "json", "yaml"),
    "images": NO_IMAGES,
    "image": NO_IMAGES,
}


def content(name: str) -> str:
    """Return what a file is, a key of WORDS; empty if unknown.

    One that is missing is taken for what its name says, and so is text or nothing in a .onnx.
    """
    if name == STDIN:
        return "image"
    path = locate_silently(name)
    if not name:
        return ""
    if os.path.isdir(path):
        return "folder"
    if not_a_file(path):
        return ""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
    except (OSError, ValueError):
        return SUFFIXES.get(path.suffix.lower(), "")
    found = content_of_bytes(head)
    return "onnx" if found in ("", "text") and path.suffix.lower() == ".onnx" else found


def is_film(head: bytes) -> bool:
    """Return whether a film begins with these bytes."""
    from ..image.formats import OTHERS, VIDEO  # which import numpy

    return OTHERS[VIDEO].match(head) is not None


def content_of_bytes(head: bytes) -> str:
    """Return what begins with these bytes."""
    if is_film(head):
        return "film"
    if head.startswith(MAGICS):
        return "image"
    if begins_onnx(head):
        return "onnx"
    text = decode(head)
    if "\0" in text:
        return "weights" if has_header(head) else ""
    lines = (line.strip() for line in text.split("\n"))
    return content_of_lines([line for line in lines if line and line[0] not in "#;"])


def has_header(head: bytes) -> bool:
    """Return whether bytes begin as a weights file does: with small version numbers.

    Darknet: src/parser.c save_weights_upto
    """
    return len(head) >= 12 and all(0 <= part < 1000 for part in struct.unpack("<3i", head[:12]))


def content_of_lines(lines: Sequence[str]) -> str:
    """Return what a text of these lines is, which are neither blank nor comments.

    A .data file may have lines without `=` before its first key, which the C passes over.

    Darknet: src/option_list.c read_data_cfg
    """
    kinds = [content_of_line(line) for line in lines]
    if kinds and kinds[0] in ("text", "yaml") and "data" in kinds and "cfg" not in kinds:
        return "data"
    return kinds[0] if kinds else ""


def content_of_line(line: str) -> str:
    """Return what a text is whose first line this is, blank lines and comments aside."""
    key, equals, _ = line.partition("=")
    if SECTION.fullmatch(line.replace(" ", "").replace("\t", "")):
        return "cfg"
    if line.startswith(("{", "[")):
        return "json"
    if equals:
        return "data" if key.strip() in DATA_KEYS else ""
    return "yaml" if MAPPING.match(line) or line == "---" else "text"


def operands_in_order(words: Sequence[str], verb: Verb, flags: Container[str] = ()) -> list[str]:
    """Return the operands of a command in its order, or raise UsageError if one is another file.

    `flags` are the names of those that are given. Where the working folder is gone, no operand
    means anything: that is an error too.

    Data, cfg and weights that are all there, each once, may stand in any order, as in hank-ai's.
    """
    check_working_folder()
    onnx = any(operand.help.onnx for operand in verb.operands)
    flagged = any(flag.help.weights and flag.name in flags for flag in verb.flags)
    names = [operand.name for operand in verb.operands]
    return words_in_order(words, names, verb.usage, onnx=onnx, flagged=flagged)


def check_working_folder() -> None:
    """Raise UsageError if the working folder is gone."""
    try:
        os.getcwd()
    except OSError as error:
        problem = f"the working folder cannot be read: {error.strerror}"
        raise UsageError(f"{problem}; expected one that is there") from None


def words_in_order(
    words: Sequence[str],
    names: Sequence[str],
    usage: str,
    *,
    onnx: bool = False,
    flagged: bool = False,
) -> list[str]:
    """Return words in the order of the operands of these names; a note says if it was another.

    `images`, as the last name, stands for any number. Where an exported network may stand in the
    place of a cfg and weights (`onnx`), the word for the weights is then empty. So it is where a
    flag names weights (`flagged`), and no word does.
    """
    found = [content(word) for word in words]
    if (onnx and "onnx" in found) or (flagged and "weights" not in found):
        return with_no_weights(words, found, names, usage)
    return words_of_kinds(words, found, names, usage)


def with_no_weights(
    words: Sequence[str], found: Sequence[str], names: Sequence[str], usage: str
) -> list[str]:
    """Return words in the order of the operands, of which a model is the cfg and the weights."""
    if "weights" in found:
        model, weights = (words[found.index(kind)] for kind in ("onnx", "weights"))
        raise UsageError(f"{model} has its weights in itself: expected no {weights}", hint=usage)
    kinds = ["cfg" if kind == "onnx" else kind for kind in found]
    ordered = words_of_kinds(words, kinds, [name for name in names if name != "weights"], usage)
    at = names.index("weights") if "weights" in names else len(ordered)
    absent = [""] if at < len(ordered) and ordered[at] else []  # unless it is there already
    return [*ordered[:at], *absent, *ordered[at:]]


def words_of_kinds(
    words: Sequence[str], found: Sequence[str], names: Sequence[str], usage: str
) -> list[str]:
    """Return words in the order of their operands, given what each is."""
    wrong = misplacements(found, names)
    if not wrong:
        return list(words)
    order = better_order(found, names)
    if not order:
        word, expected = words[wrong[0]], name_at(wrong[0], names)
        raise misplacement(word, found[wrong[0]], expected, usage)
    moved = [i for place, i in enumerate(order) if place != i and found[i] in NETWORK_FILES]
    told = ", ".join(f"{words[i]} is {WORDS[found[i]]}" for i in moved)
    note(f"taken in another order: {told}")
    return [words[i] for i in order]


def name_at(index: int, names: Sequence[str]) -> str:
    """Return the name of the operand at an index; empty beyond the last."""
    if index < len(names):
        return names[index]
    return "images" if names and names[-1] == "images" else ""


def misplacements(found: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the indices of the files that stand where another is expected."""
    return [i for i, kind in enumerate(found) if kind in ROLES.get(name_at(i, names), ())]


def better_order(found: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return the indices of files in the order of their operands; empty if there is no such order.

    Data, cfg and weights, of which there is one, come first.
    """
    first = [
        found.index(name) for name in names if name in NETWORK_FILES and found.count(name) == 1
    ]
    order = first + [i for i in range(len(found)) if i not in first]
    return [] if misplacements([found[i] for i in order], names) else order


def misplacement(word: str, found: str, expected: str, usage: str) -> UsageError:
    """Return the error for a file that stands where another is expected."""
    wanted = WORDS["image" if expected == "images" else expected]
    return UsageError(f"{word} is {WORDS[found]}: expected {wanted} there", hint=usage)


def locate_silently(name: str) -> Path:
    """Return the path of a file that is here or, by its name, shipped."""
    path = Path(name)
    try:
        return path if os.path.exists(path) else shipped_file(path) or path
    except (OSError, ValueError):
        return path
