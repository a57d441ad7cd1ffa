"""darknet.py of hank-ai's live fork, where it differs from the module of AlexeyAB's fork.

`load_network` returns only the network, colours depend on the names, and classes can be skipped.

Darknet: src-python/darknet.py (hank-ai)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from ..system.console import say
from ..system.text import bytes_of
from ..system.version import __version__
from . import darknet
from .ctypes_structs import IMAGE, put
from .darknet_images import Color, DetectionTuple
from .libdarknet import load_net_custom, network_height, network_width
from .network_handle import Handle, Text

OWN = [
    "add_skipped_class",
    "class_colors",
    "clear_skipped_classes",
    "del_skipped_class",
    "detect_image",
    "load_network",
    "network_dimensions",
    "set_output_stream",
    "set_verbose",
    "show_version_info",
    "version_short",
    "version_string",
]
__all__ = [*OWN, *(n for n in vars(darknet) if n[0] != "_" and n not in OWN)]


def __getattr__(name: str) -> Any:
    """Return an attribute of the older module that this one does not change."""
    return getattr(darknet, name)


def load_network(config_file: Text, data_file: Text, weights: Text, batch_size: int = 1) -> Handle:
    """Load a network, without reading the .data file."""
    return load_net_custom(config_file, weights, 0, batch_size)


def class_colors(names: Iterable[str]) -> dict[str, Color]:
    """Return a colour per name, in the order blue, green, red: the same on every run."""
    digests = {name: hashlib.md5(bytes_of(name), usedforsecurity=False).digest() for name in names}
    return {name: (digest[0], digest[1], digest[2]) for name, digest in digests.items()}


def detect_image(
    network: Handle,
    class_names: Sequence[str],
    image: IMAGE,
    thresh: float = 0.5,
    hier_thresh: float = 0.5,
    nms: float = 0.45,
) -> list[DetectionTuple]:
    """Return name, percent as text and box (centre, width, height in pixels) per class found."""
    return darknet.detect_image(network, class_names, image, thresh, hier_thresh, nms)


def network_dimensions(net: Handle, w: Any = None, h: Any = None, c: Any = None) -> Any:
    """Write width, height and channels of a network's input to three C ints, and return them."""
    sizes = network_width(net), network_height(net), net.channels
    for place, size in zip((w, h, c), sizes, strict=True):
        put(place, size)
    return sizes


def add_skipped_class(net: Handle, index: int) -> None:
    """Leave a class out of all results."""
    net.skipped.add(index)


def del_skipped_class(net: Handle, index: int) -> None:
    """Include a class in results again."""
    net.skipped.discard(index)


def clear_skipped_classes(net: Handle) -> None:
    """Include every class in results again."""
    net.skipped.clear()


def version_string() -> bytes:
    """Return name and version of this program."""
    return f"pydarknet {__version__}".encode()


def version_short() -> bytes:
    """Return the version of this program."""
    return __version__.encode()


def show_version_info() -> None:
    """Print name and version of this program."""
    say(version_string().decode())


def set_verbose(verbosity: int) -> None:
    """Do nothing: there is no more to print."""


def set_output_stream(path: Text) -> None:
    """Do nothing: loading prints nothing that would go into a file."""
