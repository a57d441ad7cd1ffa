"""The `key=value` lines of .data files."""

from __future__ import annotations

from fuzz.rules import file_of, refusals

from pydarknet.dataset.files import DataFile

WORDS = ("classes=", "train=", "valid=", "names=", "backup=", "polygons=", "# ", '"', "~/", "C:\\")


def check(content: bytes) -> None:
    """Read a .data file, and ask for what commands ask for."""
    with refusals(lines=True):
        ask(DataFile.read(file_of(content)))


def ask(data: DataFile) -> None:
    """Ask for each value; one that is refused keeps no other back."""
    with refusals(lines=True):
        data.integer("classes", 20)
    for key in ("train", "valid", "names", "map"):
        with refusals(lines=True):
            data.get_file(key, "data/nothing.list")
    with refusals(lines=True):
        assert data.polygons in (True, False)
    with refusals(lines=True):
        data.get_folder("backup", "backup/")
