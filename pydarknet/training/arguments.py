"""The options of a training, and the arguments of `pydarknet.train`, checked before it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

from ..backends.choices import may_measure
from ..cfg.numbers import Range
from ..errors import UsageError, WrongType
from ..network import Network
from ..ranks.ranks import ALONE, Ranks
from ..system.paths import path_of
from ..system.resources import locate
from .callbacks import Callback
from .team import InTurn, Team

SEEDS = Range(least=0, most=2**63 - 1)
WORKERS = Range(least=0, most=256)
TeamKind = Callable[[Network, Ranks], Team]


@dataclass(frozen=True)
class MapOptions:
    """The options of the evaluations in a training."""

    thresh: float = 0.25
    iou_thresh: float = 0.5
    epochs: int = 4


@dataclass(frozen=True)
class Options:
    """The options of a training, besides its files."""

    seed: int
    given_seed: int | None = None  # None if `seed` is random
    clear: bool = False
    workers: int | None = None
    amp: str | None = None
    chart: bool = True
    bar: bool = False
    map: MapOptions | None = None
    saveweights: int = 0  # iterations; 0: as the .data file says
    exif: bool | None = None  # None: not given
    callbacks: Sequence[Callback] = ()
    ranks: Ranks = ALONE
    team: TeamKind = InTurn  # what several processes do together

    def may_tune(self, network: Network) -> bool:
        """Return whether convolutions compute in the ways that were measured to be fastest.

        These differ in the last digits. So where a seed is given, which repeats a run, or several
        processes train together, that must be asked for.
        """
        if network.tune is None and (self.given_seed is not None or not self.ranks.alone):
            return False
        return may_measure(network.tune)


def files_of(data: object, cfg: object, weights: object) -> tuple[Path, Path, Path | None]:
    """Return the paths of a training's files; of cfg and weights, or the shipped ones' paths.

    Raises WrongType or UsageError for what is no path.
    """
    paths = path_of(data, "the .data file"), locate(path_of(cfg, "the cfg"))
    return *paths, locate(path_of(weights, "the weights file")) if weights else None


def check_arguments(seed: object, workers: object, callback: object, map: object) -> None:
    """Raise UsageError for a number out of its range, WrongType for what cannot be meant."""
    check_integer("seed", seed, SEEDS)
    check_integer("workers", workers, WORKERS)
    if callback is not None and not callable(callback):
        raise WrongType(f"callback is of type {type(callback).__name__}: expected a function")
    if not isinstance(map, bool | MapOptions | None):
        raise WrongType(f"map is of type {type(map).__name__}: expected True or MapOptions")


def check_integer(name: str, value: object, bounds: Range) -> None:
    """Raise UsageError for a number that is out of its range, WrongType for none; None is fine."""
    if value is None:
        return
    if not isinstance(value, Integral):
        raise WrongType(f"{name} is of type {type(value).__name__}: expected a whole number")
    try:
        bounds.check(int(value))
    except ValueError as error:
        raise UsageError(f"{name} = {value}: {error}") from None
