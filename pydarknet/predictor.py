"""A detector for batches, as Ray Data, Dask and Spark hand them to their workers."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .errors import DataError, UsageError, WrongType
from .image.any_image import image_array
from .load_any import load_network
from .runtime.detector import check_share
from .system.alike import compute_alike
from .system.paths import path_of
from .system.spelling import nearest

if TYPE_CHECKING:
    from .boxes.box_arrays import BoxArrays
    from .network import Network

COLUMNS = ("image", "bytes", "path")  # that have images; the first that is there is read
EXPECTED = f"expected one of {', '.join(COLUMNS)}"
MADE = ("width", "height", "boxes", "scores", "classes", "error")
NO_BOXES = np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64)


class Row(NamedTuple):
    """What is found in an image, by the names of MADE."""

    width: int
    height: int
    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    error: str


OPTIONS = frozenset(signature(load_network).parameters) - {"cfg", "weights", "names"}


class Predictor:
    """Finds boxes in batches of images; a worker loads the network once, at its first batch.

    It is made of paths and options, and pickled as these, in less than a kilobyte. So it is made
    where there is neither a network nor its files, and called where they are. Relative paths are
    those of the folder in which it is made. `thresh`, `nms`, `letterbox` and `bgr` are as in
    `detect`, the other options as in `load_network`. All workers compute alike, so that the boxes
    of an image are the same whoever finds them, unless `tune=True` lets each measure what is
    fastest. Threads may call it at the same time. Raises
    UsageError for a `thresh` or `nms` outside 0..1, WrongType for what is no path or no option.
    """

    def __init__(
        self,
        cfg: str | Path,
        weights: str | Path | None = None,
        *,
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
        bgr: bool = False,
        names: str | Path | Iterable[str] | None = None,
        **options: Any,
    ) -> None:
        check_options(options)
        check_share("thresh", thresh)
        check_share("nms", nms)
        self.cfg = absolute(cfg, "the cfg")
        self.weights = absolute(weights, "the weights file") if weights else None
        self.names = (
            absolute(names, "the names") if isinstance(names, str | Path) else names and [*names]
        )
        self.found_by: dict[str, Any] = {"thresh": thresh, "nms": nms, "letterbox": letterbox}
        self.bgr, self.options = bgr, options
        self.forget()

    def forget(self) -> None:
        """Be without the network, which the next batch loads."""
        self.loaded: Network | None = None
        self.lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the network: who gets a copy loads it."""
        return {**self.__dict__, "loaded": None, "lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.forget()

    def __repr__(self) -> str:
        return f"Predictor({self.cfg}, {self.weights})"

    @property
    def network(self) -> Network:
        """The network, which is loaded now unless it was before. Raises DarknetError."""
        with self.lock:
            if self.loaded is None:
                self.loaded = load_network(self.cfg, self.weights, names=self.names, **self.options)
        return self.loaded

    def __call__(self, batch: Any) -> Any:
        """Return the columns of a batch, without those that hold images, and what is found.

        A batch is a mapping of columns, as Ray Data gives with `map_batches`, or a DataFrame of
        pandas. Its column `image` has arrays uint8 [H, W, 3] in RGB, `bytes` the contents of
        files, or `path` the paths of files, which is kept. For each image there is then its `width`
        and `height` in pixels, `boxes` float32 [K, 4], centre x, y, width and height in 0..1 of the
        image, `scores` float32 [K], and `classes` int64 [K]. An image that cannot be read has no
        boxes, a size of 0 x 0, and the reason as its `error`, which is empty else.

        Of a mapping the columns are arrays, of objects where images have different numbers of
        boxes; in a DataFrame, boxes are lists of arrays, which Arrow takes. Raises WrongType for
        what is no batch, UsageError for one without such a column.
        """
        framed = hasattr(batch, "columns") and hasattr(batch, "assign")
        if not framed and not isinstance(batch, Mapping):
            kind = type(batch).__name__
            raise WrongType(f"a batch is of type {kind}: expected a mapping or a DataFrame")
        names = list(batch.columns if framed else batch)
        column = next((name for name in COLUMNS if name in names), None)
        if column is None:
            raise UsageError(f"a batch has the columns {', '.join(map(str, names))}: {EXPECTED}")
        rows = self.rows(list(batch[column]))
        made = {name: [getattr(row, name) for row in rows] for name in MADE}
        if framed:
            made["boxes"] = list(map(list, made["boxes"]))
            columns = {name: objects(values) for name, values in made.items()}
            kept = batch.drop(columns=[name for name in COLUMNS[:2] if name in names])
            return kept.assign(**{**columns, "width": made["width"], "height": made["height"]})
        kept = {name: batch[name] for name in names if name not in COLUMNS[:2]}
        sizes = {name: np.array(made[name], np.int64) for name in MADE[:2]}
        return {**kept, **{name: objects(made[name]) for name in MADE[2:]}, **sizes}

    def rows(self, images: Sequence[Any]) -> list[Row]:
        """Return what is found in each image: a path, a file's bytes, or an array."""
        network = self.network
        read = [self.read(image, network) for image in images]
        arrays = [one for one in read if isinstance(one, np.ndarray)]
        with compute_alike(self.options.get("tune") is not True):
            found = iter(network.detect(arrays, **self.found_by) if arrays else ())
        return [
            Row(0, 0, *NO_BOXES, one)
            if isinstance(one, str)
            else row_of(next(found).numpy(), *one.shape[1::-1])
            for one in read
        ]

    def read(self, image: Any, network: Network) -> np.ndarray | str:
        """Return an image as an array, or why it is none."""
        try:
            return image_array(
                image, bgr=self.bgr, exif=network.exif, channels=network.image_channels
            )
        except DataError as error:
            return str(error)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise WrongType for an option that `load_network` does not take."""
    unknown = next((name for name in options if name not in OPTIONS), None)
    if unknown is not None:
        meant = nearest(unknown, sorted(OPTIONS))
        hint = f"did you mean {meant}?" if meant else ""
        raise WrongType(f"Predictor takes no {unknown}", hint=hint)


def absolute(path: Any, what: str) -> str:
    """Return the path of a file from the root."""
    return os.path.abspath(path_of(path, what))


def row_of(boxes: BoxArrays, width: int, height: int) -> Row:
    """Return what is found in an image of this size."""
    return Row(
        width,
        height,
        np.asarray(boxes.boxes, np.float32).reshape(-1, 4),
        np.asarray(boxes.scores, np.float32),
        np.asarray(boxes.classes, np.int64),
        "",
    )


def objects(values: Sequence[Any]) -> np.ndarray:
    """Return values as an array of them, whatever shapes they have."""
    column = np.empty(len(values), object)
    for place, value in enumerate(values):
        column[place] = value
    return column
