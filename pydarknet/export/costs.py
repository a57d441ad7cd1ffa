"""What a file of 8-bit integers costs and gains beside the one in float."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import DataError

MOST_LOST: Final = 2.0  # points of mAP


@dataclass(frozen=True)
class Costs:
    """Milliseconds of a run and mean average precisions (None: not measured): float, then int8."""

    times: tuple[float, float]
    maps: tuple[float, float] | None

    @property
    def loss(self) -> float:
        """The points of mAP that int8 loses; 0 if they are not known."""
        return (self.maps[0] - self.maps[1]) * 100 if self.maps else 0.0

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        if self.maps:
            before, after = self.maps
            yield f"mAP: {before:.2%} in float, {after:.2%} in int8: {self.loss:.2f} points lost"
        yield f"a run: {self.times[0]:.1f} ms in float, {self.times[1]:.1f} ms in int8"

    def check(self, path: Path) -> None:
        """Raise DataError if too much is lost."""
        if self.loss > MOST_LOST:
            before, after = self.maps or (0.0, 0.0)
            raise DataError(
                f"int8 loses {self.loss:.2f} points of mAP, {before:.2%} to {after:.2%}: expected"
                f" at most {MOST_LOST:g}",
                where=path,
                hint="-calibrate with images like those it will see, or -force to keep the file",
            )
