"""YAML files whose entries know their line; nothing of them is run, and no text is converted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import DataError, MissingPackage
from ..system.text import excerpt, one_line, read_text

if TYPE_CHECKING:
    from yaml.nodes import Node

HINT: Final = "pip install pyyaml"
MOST_YAML: Final = 1 << 20  # letters, of which PyYAML makes some hundred bytes each
TAGS: Final = "tag:yaml.org,2002:"
PLAIN: Final = ("null", "bool", "int", "float", "timestamp", "value", "merge", "str", "seq", "map")


@dataclass(frozen=True)
class YamlEntry:
    """A value: a text, a list or a mapping, in the file's own letters, and its place."""

    node: Node
    path: Path

    @property
    def place(self) -> str:
        """Where it stands, as `file:line`."""
        return f"{self.path}:{self.node.start_mark.line + 1}"

    @property
    def text(self) -> str:
        """The text of a scalar, as it is written: `no` and `007` too. Raises DataError."""
        if self.node.id != "scalar":
            raise self.error("expected a text")
        return one_line(self.node.value)

    def items(self) -> list[YamlEntry]:
        """Return the values of a list, or a text as a list of one. Raises DataError."""
        if self.node.id == "scalar":
            return [self]
        if self.node.id != "sequence":
            raise self.error("expected a text or a list")
        return [self.other(node) for node in self.node.value]

    def entries(self) -> dict[str, YamlEntry]:
        """Return the values of a mapping by their keys. Raises DataError."""
        if self.node.id != "mapping":
            raise self.error("expected lines of `key: value`")
        return {self.other(key).text: self.other(value) for key, value in self.node.value}

    def other(self, node: Node) -> YamlEntry:
        """Return another value of the file."""
        return YamlEntry(node, self.path)

    @property
    def empty(self) -> bool:
        """Whether it is `key:` with nothing behind it."""
        return bool(self.node.tag == f"{TAGS}null")

    def error(self, problem: str) -> DataError:
        """Return the error that names the file and the line."""
        return DataError(problem, where=self.place)


def read_yaml(path: Path) -> YamlEntry:
    """Return the content of a file. Raises DataError, and MissingPackage without PyYAML.

    A tag that would make something of a program is refused.
    """
    yaml = import_yaml()
    text = read_text(path, "a YAML file")
    if len(text) > MOST_YAML:
        problem = f"has {len(text)} letters, more than {MOST_YAML}: expected a data.yaml"
        raise DataError(problem, where=path)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise DataError(f"{one_line(problem)}: expected YAML", where=where) from None
    except RecursionError:
        raise DataError("has too many lists within each other", where=path) from None
    if root is None:
        raise DataError("is empty: expected lines of `key: value`", where=path)
    entry = YamlEntry(root, path)
    for node in nodes_of(root):
        if node.tag.removeprefix(TAGS) not in PLAIN:
            raise entry.other(node).error(f"tag {excerpt(node.tag)}: expected plain values")
    return entry


def import_yaml() -> Any:
    """Import PyYAML. Raises MissingPackage."""
    try:
        import yaml
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        text = "this needs PyYAML, which is not installed"
        raise MissingPackage(text, hint=HINT) from None
    return yaml


def nodes_of(root: Node) -> Iterator[Node]:
    """Yield a node and all below it, each once, however often it is referred to."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if node.id == "sequence":
            waiting += node.value
        elif node.id == "mapping":
            waiting += [one for pair in node.value for one in pair]
