"""The lineages of Darknet by name, and the look-up of what differs between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from ..errors import UsageError
from ..system.text import excerpt

PJREDDIE: Final = "pjreddie"  # the original
FORK: Final = "alexeyab"  # the fork that most later models were written for
LINEAGES: Final = (PJREDDIE, FORK)

Value = TypeVar("Value")


class OfLineage(Protocol):
    """Something of one lineage, such as a dialect; its name is the lineage's."""

    @property
    def name(self) -> str:
        """The name of the lineage."""


@dataclass(frozen=True, kw_only=True)
class PerLineage(Generic[Value]):
    """One value per lineage. It stands beside the code that uses it, under a name that says what.

    A field per lineage, so that no table can forget one.
    """

    pjreddie: Value
    alexeyab: Value

    def of(self, lineage: str | OfLineage) -> Value:
        """Return the value of a lineage, given by its name or by its dialect."""
        name = lineage if isinstance(lineage, str) else lineage.name
        values = {PJREDDIE: self.pjreddie, FORK: self.alexeyab}
        if name not in values:
            raise UsageError(f"dialect {excerpt(name)}: expected one of {', '.join(LINEAGES)}")
        return values[name]
