"""What is wrong with a weights file, in the words of who downloaded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..network import Network

FORMS = (
    (b"<", "is an HTML page, no weights", "the address is gone or wants a click: fetch it again"),
    (b"version https://git-lfs", "is a Git LFS pointer, no weights", "run git lfs pull"),
    (
        b"PK\x03\x04",
        "is a zip archive, no Darknet weights",
        "unpack it; .pt files are another form",
    ),
    (b"\x1f\x8b", "is a gzip archive, no weights", "unpack it first"),
    (b"\x80\x02", "is a Python pickle, no Darknet weights", "convert it where it was made"),
    (b"\x89HDF", "is an HDF5 file, no Darknet weights", "convert it where it was made"),
    (b"[", "is a text file, no weights", "is it the .cfg? the weights come after it"),
)


@dataclass(frozen=True)
class Problem:
    """What a file is instead of weights, and what to do."""

    text: str
    hint: str = ""


def no_weights(start: bytes, size: int) -> Problem | None:
    """Say what a file is by its first bytes, if it cannot be weights."""
    if size < 16:
        return Problem(f"has {size} bytes: expected a header of 16 or 20", "the download stopped")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    for sign, what, hint in FORMS:
        if text.startswith(sign) and (len(sign) > 1 or is_text(text)):
            return Problem(what, hint)
    if is_text(start):
        return Problem("is a text file, no weights", "is it the .cfg or a list?")
    return None


def is_text(start: bytes) -> bool:
    """Say whether bytes read as text: no weights file does, its version has zero bytes."""
    return b"\0" not in start and all(byte >= 32 or byte in b"\t\r\n" for byte in start[:64])


def likely_cause(network: Network, needed: int, found: int) -> str:
    """Say why a file has another number of floats than the network needs."""
    classes = other_classes(network, found - needed)
    if classes:
        own = {getattr(node.layer, "classes", 0) for node in network.nodes if node.layer.detector}
        return f"the file has the size of classes = {classes}, the cfg says {own.pop()}"
    if found < needed:
        return (
            "the cfg has other classes or filters than the one it was trained with,"
            " it belongs to another cfg, or the download stopped early"
        )
    return "it belongs to another cfg, or the cfg has other classes or filters than its own"


def other_classes(network: Network, difference: int) -> int:
    """Return the number of classes that would explain a difference in floats; 0 if none would.

    The convolution before a head has `boxes` filters a class, each with its inputs and a bias.
    """
    heads = [node for node in network.nodes if node.layer.boxes and node.layer.detector]
    each = 0
    for head in heads:
        before = network.nodes[head.sources[0]]
        each += head.layer.boxes * (before.inputs[0].c * getattr(before.layer, "size", 1) ** 2 + 1)
    if not each or difference % each:
        return 0
    classes = getattr(heads[0].layer, "classes", 0) + difference // each
    return max(classes, 0) if difference else 0
