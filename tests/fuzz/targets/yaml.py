"""data.yaml files, as YOLOv5 and its followers have them."""

from __future__ import annotations

from fuzz.rules import file_of, refusals

from pydarknet.annotations.data_yaml import folders_of, images_of, names_of
from pydarknet.annotations.yaml_file import read_yaml

WORDS = ("names: ", "nc: ", "train: ", "path: ", "- ", "!!python/object", "&a ", "*a", "<<: ", "? ")


def check(content: bytes) -> None:
    """Read a file, its names, and where its images would be."""
    path = file_of(content, "a.yaml")
    with refusals(lines=True):
        entries = read_yaml(path).entries()
        names_of(entries)
        list(images_of(entries.get("train"), folders_of(entries, path)))
