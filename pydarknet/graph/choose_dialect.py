"""The choice of a dialect: as given, else as inferred from what a cfg and weights use."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from ..cfg.dialect import DIALECTS, VARIABLE, Dialect
from ..cfg.lineage import FORK, PJREDDIE
from ..cfg.net import Net
from ..cfg.options import Option, declarations
from ..cfg.parser import Section
from ..errors import UsageError
from ..layers import layer_class
from ..system.text import excerpt


@dataclass(frozen=True)
class Choice:
    """A dialect and the reason for it, if it is inferred: not given, nor the default.

    `word` is the word of the command line that is the only reason, if one is.
    """

    dialect: Dialect
    reason: str = ""
    word: str = ""


def choose_dialect(
    sections: Iterable[Section],
    *,
    given: str | None = None,
    seen: str = "",
    shown: str = "",
    version: tuple[int, int, int] | None = None,
) -> Choice:
    """Choose the dialect: the given one, else the fork's if anything is the fork's alone.

    `given` may also stand in the environment. `seen` names what the caller found that only the
    fork has; then come the sections, then the `version` in a weights file's header. `shown` names
    what of the fork says no more than how results are shown: it counts where nothing else does.
    """
    if given:
        return Choice(DIALECTS.of(given))
    if os.environ.get(VARIABLE):
        return Choice(dialect_of_environment())
    found = next(filter(None, (only_in(section, FORK, PJREDDIE) for section in sections)), "")
    if not found and version == DIALECTS.alexeyab.version:
        found = "version 0.2.5 in the weights file's header"
    reason = seen or found or shown
    if not reason:
        return Choice(DIALECTS.pjreddie)
    return Choice(DIALECTS.alexeyab, reason, "" if found else reason)


def dialect_of_environment() -> Dialect:
    """Return the dialect that the environment gives; an error names the variable."""
    try:
        return DIALECTS.of(os.environ[VARIABLE])
    except UsageError as error:
        raise UsageError(error.problem, where=VARIABLE) from None


def only_in(section: Section, lineage: str, other: str) -> str:
    """Return the first word in a section that the one lineage declares and the other does not."""
    ours, theirs = typed_options(section.name, lineage), typed_options(section.name, other)
    if ours and not theirs:
        return f"{section.path}:{section.line}: [{section.name}]"
    for entry in section.entries:
        mine, yours = ours.get(entry.key), theirs.get(entry.key)
        if (
            mine
            and not (yours and knows(yours[0], entry.value, other))
            and knows(mine[0], entry.value, lineage)
        ):
            return f"{section.path}:{entry.line}: {entry.key}={excerpt(entry.value or '')}"
    return ""


def knows(option: Option, value: str | None, lineage: str) -> bool:
    """Return whether the lineage knows a value; it knows every number and free text."""
    return option.choices is None or value in tuple(option.choices(lineage))


def typed_options(name: str, lineage: str) -> dict[str, tuple[Option, type]]:
    """Return key -> (option, type of its value) of what a lineage declares for a section.

    Empty if it knows none.
    """
    cls: type | None = layer_class(name, lineage)
    if name in ("net", "network"):
        cls = Net
    return options_of(cls, lineage) if cls else {}


@cache
def options_of(cls: type, lineage: str) -> dict[str, tuple[Option, type]]:
    """Return key -> (option, type) of what a class declares for a lineage."""
    options = declarations(cls).values()
    return {key: (option, kind) for key, option, kind in options if option.declared_by(lineage)}
