"""Options declared as annotated fields of a class, and read from a section as C reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from types import NoneType, SimpleNamespace
from typing import Any, Final, get_args, get_type_hints

from ..system.console import note
from ..system.spelling import did_you_mean
from ..system.text import excerpt
from .lineage import LINEAGES
from .numbers import Number, Range, integer, misreading, number
from .parser import Entry, Section

REQUIRED: Final = object()
NO_SYNONYMS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True)
class Option:
    """What a class declares of one key of its section."""

    key: str | None
    default: Any
    announced: bool | str
    lineage: str | None
    range: Range
    choices: Callable[[str], Iterable[str]] | None
    synonyms: Mapping[str, str]
    otherwise: str | None
    stop: str
    trained: bool
    others_unused: bool
    live: bool
    live_words: Mapping[str, str]

    def declared_by(self, lineage: str) -> bool:
        """Return whether programs of that lineage know the option."""
        return self.lineage in (None, lineage)


def option(
    default: Any = REQUIRED,
    *,
    key: str | None = None,
    announced: bool | str = True,
    lineage: str | None = None,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    choices: Iterable[str] | Callable[[str], Iterable[str]] | None = None,
    synonyms: Mapping[str, str] = NO_SYNONYMS,
    otherwise: str | None = None,
    stop: str = "",
    trained: bool = True,
    others_unused: bool = False,
    live: bool = True,
    live_words: Mapping[str, str] = NO_SYNONYMS,
) -> Any:
    """Declare an option of a section; Darknet prints `Using default` if it is missing.

    `default` may be a function of the options above it; without a default the option is required.
    `announced` may name an option above: the default is then announced only if that one is on.
    `least`, `most`, `above` and `below` are the bounds within which the program is defined, for a
    list those of each item. `choices` are the words allowed (or a function that returns a
    lineage's), `synonyms` the names of those words elsewhere, `otherwise` is the word that Darknet
    uses for an unknown one; `stop` ends a list. Training refuses a cfg that sets an option with
    `trained=False`. With `others_unused`, a word that is no choice is left unused, as by programs
    that know no such option. The live fork (hank-ai) stops at an option with `live=False`, which
    `export cfg` leaves out; `live_words` has its word for each choice that it does not know.
    """
    words = choices if callable(choices) or choices is None else constant(tuple(choices))
    allowed = (Range(least, most, above, below), words, synonyms, otherwise, stop)
    told = (trained, others_unused, live, live_words)
    declared = Option(key, default, announced, lineage, *allowed, *told)
    return field(metadata={"option": declared})


def quiet(default: Any, **declared: Any) -> Any:
    """Declare an option whose default Darknet does not announce."""
    return option(default, announced=False, **declared)


def constant(words: tuple[str, ...]) -> Callable[[str], Iterable[str]]:
    """Return the function that gives these words for every lineage."""
    return lambda lineage: words


@cache
def declarations(cls: type) -> dict[str, tuple[str, Option, type]]:
    """Return field name -> (key, declaration, type) of a class's options, in order."""
    hints = get_type_hints(cls)
    found = {}
    for item in fields(cls):
        declared = item.metadata.get("option")
        if declared:
            kind = next((t for t in get_args(hints[item.name]) if t is NoneType), None)
            bare = get_args(hints[item.name])[0] if kind else hints[item.name]
            found[item.name] = (declared.key or item.name, declared, bare)
    return found


def untrainable_options(owner: Any) -> list[str]:
    """Return the names of the options that a cfg sets though training does not do them."""
    kind: type = type(owner)
    values, listed = vars(owner), declarations(kind).items()
    return [name for name, (_, declared, _) in listed if not declared.trained and values[name]]


def read_options(cls: type, section: Section, lineage: str, strict: bool) -> dict[str, Any]:
    """Read the options that `cls` declares from a section: field name -> value."""
    values: dict[str, Any] = {}
    for name, (key, declared, kind) in declarations(cls).items():
        entry = entry_of(key, declared, section, lineage)
        if entry is None:
            values[name] = default_of(key, declared, section, values)
        else:
            values[name] = convert(entry, declared, kind, section, lineage, strict)
    return values


def entry_of(key: str, declared: Option, section: Section, lineage: str) -> Entry | None:
    """Return the section's entry for an option, marked used; None if the lineage reads none."""
    if not declared.declared_by(lineage):
        return None
    entry = section.find(key)
    if entry and declared.others_unused and declared.choices:
        entry.used = entry.value in tuple(declared.choices(lineage))
        return entry if entry.used else None
    return entry


def default_of(key: str, declared: Option, section: Section, above: dict[str, Any]) -> Any:
    """Return the value of an option that the section does not give."""
    if declared.default is REQUIRED:
        raise section.error(f"{key} is missing")
    value = declared.default
    if callable(value):
        return value(SimpleNamespace(**above))
    if declared.announced is True or above.get(str(declared.announced)):
        note(f"{key}: Using default '{printed_default(value)}'")
    return value


def printed_default(value: Any) -> str:
    """Return a default as C prints it: %d, %lf or %s."""
    if isinstance(value, float):
        return f"{value:f}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def convert(
    entry: Entry, declared: Option, kind: type, section: Section, lineage: str, strict: bool
) -> Any:
    """Turn an entry's text into the type of its field; warn about a number that is cut."""
    text = entry.value or ""
    try:
        if declared.choices:
            return choice_of(entry.key, text, declared, lineage, strict)
        if kind is str:
            return text
        if kind is bool:
            return flag(text, strict)
        items, each = items_of(text, declared, kind)
        found = tuple(numbers_of(items, each, declared, strict))
    except ValueError as error:
        problem, *hint = error.args
        problem = f"{entry.key} = {excerpt(text)}: {problem}"
        raise section.error(problem, line=entry.line, hint="".join(hint)) from None
    note_misreading(entry, items, each, section)
    return found if kind is not each else found[0]


def flag(text: str, strict: bool) -> bool:
    """Return whether a flag is on: any whole number but 0."""
    try:
        return integer(text, strict) != 0
    except ValueError:
        raise ValueError("expected 0 or 1") from None


def items_of(text: str, declared: Option, kind: type) -> tuple[list[str], type[Number]]:
    """Return the numbers of a text, one unless it is a list, and their type."""
    if kind is int or kind is float:
        return [text], kind
    text = text.partition(declared.stop)[0] if declared.stop else text
    return text.split(","), get_args(kind)[0]


def numbers_of(
    items: list[str], kind: type[Number], declared: Option, strict: bool
) -> Iterator[Number]:
    """Yield each number; a message says which of several is wrong."""
    for place, item in enumerate(items, start=1):
        try:
            yield number(item, kind, declared.range, strict)
        except ValueError as error:
            which = f"item {place} is {excerpt(item) or 'empty'}: " if len(items) > 1 else ""
            raise ValueError(f"{which}{error}") from None


def note_misreading(
    entry: Entry, items: Sequence[str], kind: type[Number], section: Section
) -> None:
    """Warn about the first number of which Darknet reads only the beginning, and of empty ones."""
    place = f"{section.path}:{entry.line}: [{section.name}] {entry.key} ="
    told = ((item, misreading(item, kind)) for item in items)
    item, read = next(((item, read) for item, read in told if read), ("", ""))
    if read:
        note(f"{place} {excerpt(item)}: {read}")
    empty = [str(number) for number, item in enumerate(items, start=1) if not item]
    if empty:
        are = (
            "item {} is empty, and read as 0"
            if len(empty) == 1
            else "items {} are empty: each is 0"
        )
        note(f"{place} {excerpt(','.join(items))}: {are.format(', '.join(empty[:3]))}")


def choice_hint(word: str, declared: Option, choices: Iterable[str]) -> str:
    """Return the question whether another word was meant, of this lineage or of another."""
    others = (
        [one for name in LINEAGES for one in declared.choices(name)] if declared.choices else []
    )
    meant = declared.synonyms.get(word.lower(), word.lower())
    return did_you_mean(meant, [one for one in (*choices, *others) if one != word])


def choice_of(key: str, word: str, declared: Option, lineage: str, strict: bool) -> str:
    """Return the word if it is allowed; if not strict, the word that Darknet uses instead."""
    choices = tuple(declared.choices(lineage)) if declared.choices else ()
    if word in choices:
        return word
    if strict or declared.otherwise is None:
        comment = " (`#` begins a comment only in the first column)" if "#" in word else ""
        raise ValueError(
            f"expected one of {', '.join(choices)}{comment}", choice_hint(word, declared, choices)
        )
    note(f"Couldn't find {key} {excerpt(word)}, going with {declared.otherwise}")
    return declared.otherwise
