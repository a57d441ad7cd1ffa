"""What both forms of `compare` share: what is wanted, our network, the images, the last line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from ..image.formats import ENDINGS
from ..system.console import note, say
from ..system.problems import count_failure, failures
from ..system.resources import shipped_files
from .image_source import Source
from .open_network import requested_device
from .verbs import Run

if TYPE_CHECKING:
    import numpy as np

    from ..boxes.settings import Settings
    from ..compare.objects import Allowed, Objects
    from ..compare.tally import Tally
    from ..network import Network

THRESHOLDS = (0.25, 0.05, 0.01)  # of which the first is taken at which there are boxes


@dataclass(frozen=True)
class Wanted:
    """What the command line says is compared."""

    run: Run
    cfg: Path
    weights: Path
    images: tuple[str, ...]
    thresh: float | None
    letter_box: bool
    own_decoder: bool
    tolerance: float

    @property
    def limits(self) -> Allowed:
        """The differences up to which two programs are equal."""
        from ..compare.objects import Allowed

        return Allowed(self.tolerance, self.tolerance)

    @property
    def words(self) -> tuple[str, ...]:
        """The images to compare on, or those that come with the program."""
        shipped = [str(path) for path in shipped_files("data", ENDINGS)]
        if not self.images:
            note(f"no image is named: comparing on {', '.join(shipped)}")
        return self.images or tuple(shipped)

    def settings(self, network: Network, thresh: float) -> Settings:
        """Return what decides which boxes are found."""
        from ..boxes.settings import settings

        return settings(network, thresh=thresh, letterbox=self.letter_box or None)


def given_dialect(run: Run) -> str | None:
    """Return the dialect that a flag or the environment gives, if any."""
    from ..cfg.dialect import VARIABLE
    from ..graph.choose_dialect import dialect_of_environment

    if run.dialect or not os.environ.get(VARIABLE):
        return run.dialect
    return dialect_of_environment().name


def read_shapes(wanted: Wanted) -> Network:
    """Read the network of a cfg without memory, and say nothing about its dialect."""
    from ..cfg.parser import read_cfg
    from ..graph.choose_dialect import choose_dialect
    from ..graph.header import read_header
    from ..load import read_network

    version = read_header(wanted.weights).version
    choice = choose_dialect(read_cfg(wanted.cfg), given=given_dialect(wanted.run), version=version)
    return read_network(wanted.cfg, dialect=choice.dialect.name, strict=wanted.run.strict)


def open_ours(wanted: Wanted, dialect: str | None, batchnorm: str) -> Network:
    """Load our network without the texts of the C programs; in all digits unless told otherwise."""
    from ..load import load_network

    run = wanted.run
    return load_network(
        wanted.cfg,
        wanted.weights,
        dialect=dialect,
        device=requested_device(run),
        batchnorm=batchnorm,
        precision=run.precision or "float",
        backend=run.backend,
        strict=run.strict,
        exif=run.exif is not False,
    )


def images_of(wanted: Wanted, network: Network) -> Iterator[tuple[str, np.ndarray]]:
    """Yield path and pixels of each image that can be read."""
    return Source.of(network, wanted.words).images()


def threshold(wanted: Wanted, found: list[Objects]) -> float:
    """Return the given threshold, else the highest at which our network finds something."""
    if wanted.thresh is not None:
        return wanted.thresh
    best = max((float(objects.scores.max(initial=0)) for objects in found), default=0)
    return next((thresh for thresh in THRESHOLDS if best > thresh), THRESHOLDS[-1])


def conclude(tally: Tally) -> None:
    """Print the verdict, and let the exit status be 1 if it is not `equal`."""
    failed = sum(failures().values())
    if not tally.images and failed:
        raise DataError("not equal: no image could be compared")
    say(tally.verdict(failed))
    if not tally.equal:
        count_failure()
