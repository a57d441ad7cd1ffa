"""Lists of images, and where the labels of each are."""

from __future__ import annotations

from fuzz.rules import file_of, refusals

from pydarknet.cfg.lineage import LINEAGES
from pydarknet.dataset.files import label_path, label_paths, read_list

LONGEST = 256  # bytes: a path of some hundred folders is looked for in as many places
WORDS = ("/images/", "JPEGImages", "raw", ".jpg", "train2017", '"', " #", "~", "\\", "C:\\", "\n")


def check(content: bytes) -> None:
    """Read a list, and ask for the labels of its first images."""
    images: list[str] = []
    with refusals(lines=True):
        images = read_list(file_of(content))
    for image in images[:4]:
        for lineage in LINEAGES:
            assert all(path.endswith(".txt") for path in label_paths(image, lineage))
        with refusals(lines=True):
            label_path(image)
