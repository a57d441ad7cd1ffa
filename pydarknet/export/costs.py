"""What a file of 8-bit integers costs and gains beside the one in float."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..errors import DataError

MOST_LOST: Final = 2.0  # points
HINT: Final = "-calibrate with images like those it will see, or -force to keep the file"


@dataclass(frozen=True)
class Costs:
    """Milliseconds of a run, and shares that were measured, such as the mAP: float, then int8."""

    times: tuple[float, float]
    shares: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def losses(self) -> dict[str, float]:
        """The points that int8 loses of each share."""
        return {name: (exact - small) * 100 for name, (exact, small) in self.shares.items()}

    def lines(self) -> Iterator[str]:
        """Yield what is printed."""
        for name, loss in self.losses.items():
            exact, small = self.shares[name]
            yield f"{name}: {exact:.2%} in float, {small:.2%} in int8: {loss:.2f} points lost"
        yield f"a run: {self.times[0]:.1f} ms in float, {self.times[1]:.1f} ms in int8"

    def check(self, path: Path) -> None:
        """Raise DataError if too much is lost."""
        for name, loss in self.losses.items():
            if loss > MOST_LOST:
                exact, small = self.shares[name]
                raise DataError(
                    f"int8 loses {loss:.2f} points of {name}, {exact:.2%} to {small:.2%}: expected"
                    f" at most {MOST_LOST:g}",
                    where=path,
                    hint=HINT,
                )
