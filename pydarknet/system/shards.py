"""Which part of a list one of several processes works on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError

FORM = re.compile(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*")


@dataclass(frozen=True)
class Shard:
    """The part of this `number`, from 1, of `count` parts of a list."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @staticmethod
    def read(text: str) -> Shard:
        """Return the shard of a word such as 2/4. Raises UsageError for any other word."""
        found = FORM.fullmatch(text)
        if not found:
            raise UsageError(f"-shard {text}: expected i/n, such as 2/4 for the second of four")
        number, count = map(int, found.groups())
        if not 1 <= number <= count:
            expected = f"1/{count} to {count}/{count}" if count else "1/n to n/n"
            raise UsageError(f"-shard {text}: expected one of {expected}")
        return Shard(number, count)

    def of(self, items: int) -> range:
        """Return the places of this shard in a list: those between its neighbours'.

        The parts follow one another and differ by one item at most. Raises UsageError if a part
        would have none, unless it is the only one.
        """
        if items < self.count and self.count > 1:
            raise UsageError(f"-shard {self}: the list has {items} images: expected fewer parts")
        return range(
            items * (self.number - 1) // self.count,
            items * self.number // self.count,
        )
