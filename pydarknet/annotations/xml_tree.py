"""XML files as trees whose elements know their line; what expands or leads elsewhere is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ..errors import DataError
from ..system.inputs import remember
from ..system.limits import MOST_TEXT
from ..system.text import excerpt, not_a_file

DEEPEST = 100  # elements within each other
MOST = 100_000  # elements in all
LONG = 1 << 20  # bytes of text that come at once


@dataclass
class Element:
    """An element: its tag, its line, the text before its first child, and its children."""

    tag: str
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def below(self, tag: str) -> Iterator[Element]:
        """Yield the elements of a tag at any depth below this one, in their order."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.below(tag)

    def find(self, path: str) -> Element | None:
        """Return the first element at the end of a path of tags, such as `bndbox/xmin`."""
        first, _, rest = path.partition("/")
        found = (child for child in self.children if child.tag == first)
        ends = (child.find(rest) if rest else child for child in found)
        return next((end for end in ends if end is not None), None)

    def value(self, path: str) -> str:
        """Return the text at the end of a path, without blanks around it; empty without any."""
        found = self.find(path)
        return found.text.strip() if found else ""


class Reader:
    """Makes a tree of what expat reports."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.add_text
        self.parser.EntityDeclHandler = self.refuse
        self.parser.UnparsedEntityDeclHandler = self.refuse
        self.parser.ExternalEntityRefHandler = self.refuse
        self.parser.buffer_text = True
        self.parser.buffer_size = LONG
        self.open: list[Element] = [Element("", 0)]
        self.count = 0

    def tree(self, content: bytes) -> Element:
        """Return the root. Raises DataError."""
        try:
            self.parser.Parse(content, True)
        except expat.ExpatError as error:
            raise self.error(expat.ErrorString(error.code), error.lineno) from None
        except (LookupError, ValueError) as error:  # an unknown encoding
            raise self.error(str(error)) from None
        return self.open[0].children[0]

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        if len(self.open) > DEEPEST:
            raise self.error(f"has more than {DEEPEST} elements within each other")
        self.count += 1
        if self.count > MOST:
            raise self.error(f"has more than {MOST} elements")
        element = Element(tag, self.parser.CurrentLineNumber)
        self.open[-1].children.append(element)
        self.open.append(element)

    def end(self, tag: str) -> None:
        """Close the element that was opened last."""
        self.open.pop()

    def add_text(self, text: str) -> None:
        """Add text to the open element, unless a child of it came before."""
        if not self.open[-1].children:
            self.open[-1].text += text

    def refuse(self, name: str | None, *others: object) -> int:
        """Raise DataError: an entity may expand without end, or be another file."""
        raise self.error(f"declares the entity {excerpt(str(name))}: expected none")

    def error(self, problem: str, line: int = 0) -> DataError:
        """Return the error that names the file and the line, by default where expat is."""
        return DataError(problem, where=f"{self.path}:{line or self.parser.CurrentLineNumber}")


def read_xml(path: Path) -> Element:
    """Return the root element of an XML file. Raises DataError, which names the line."""
    if problem := not_a_file(path):
        raise DataError(f"{problem}: expected an XML file", where=path)
    try:
        if (size := path.stat().st_size) > MOST_TEXT:
            problem = f"has {size} bytes, more than {MOST_TEXT}: expected an XML file"
            raise DataError(problem, where=path)
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{error.strerror}: expected an XML file", where=path) from None
    remember(path)
    return Reader(path).tree(content)
