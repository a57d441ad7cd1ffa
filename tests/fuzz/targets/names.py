"""Lists of class names, trees of classes, and what of names is printed and drawn."""

from __future__ import annotations

from fuzz.rules import file_of, refusals

from pydarknet.cfg.class_tree import Tree, read_tree
from pydarknet.cfg.parser import Section
from pydarknet.dataset.files import read_names
from pydarknet.runtime.names import class_names
from pydarknet.system.text import bytes_of, json_text, one_line, printable


def check(content: bytes) -> None:
    """Read names, as a list and as a tree."""
    path = file_of(content)
    names: list[str] = []
    with refusals(lines=True):
        names = read_names(path)
        assert len(class_names(path) or ()) == len(names)
    for name in names[:3]:
        assert printable(name).isprintable() or not printable(name).isascii()
        assert len(one_line(name)) == len(name)
        bytes_of(name)
        json_text(name).encode()
    section = Section("region", "net.cfg", 1, texts={"tree": "\n".join(names)})
    with refusals(lines=True):
        tree = read_tree("tree", section)
        assert sum(tree.sizes) == len(tree.parents) == sum(map(len, tree.levels)) + roots(tree)


def roots(tree: Tree) -> int:
    """Return how many classes of a tree have no parent."""
    return tree.parents.count(-1)
