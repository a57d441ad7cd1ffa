"""A network as its users hold it: it finds boxes, and loads and saves its weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from .backends.prepare import fast_form
from .boxes.detections import Detections
from .graph.executor import Executor
from .graph.header import Header
from .graph.weights import Loaded, load, save
from .inference.predict import image_array, predict, settings

MANY = 4  # n images from which the longer preparation pays


class Network(Executor):
    """A cfg as a PyTorch network that finds boxes, and loads and saves its weights.

    Darknet: src/network.c network
    """

    @overload
    def detect(  # type: ignore[overload-overlap]  # a str is one path, not a sequence of them
        self,
        image: str | Path | np.ndarray,
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
    ) -> Detections: ...

    @overload
    def detect(
        self,
        image: Sequence[str | Path | np.ndarray],
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
    ) -> list[Detections]: ...

    def detect(
        self,
        image: str | Path | np.ndarray | Sequence[str | Path | np.ndarray],
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
    ) -> Detections | list[Detections]:
        """Return what the network finds in an image, or in each of a list of them as one batch.

        An image is a path or an RGB uint8 array [H, W, 3]. A score must exceed `thresh`, boxes of
        a class that overlap by more than `nms` are suppressed (0: none), `letterbox` keeps the
        image's proportions; omitted values are the dialect's.

        Darknet: examples/detector.c test_detector
        """
        chosen = settings(self, thresh=thresh, nms=nms, letterbox=letterbox)
        if isinstance(image, str | Path | np.ndarray):
            return predict(self, [image_array(image)], chosen)[0].kept()
        many = len(image) >= MANY
        several = predict(self, [image_array(one) for one in image], chosen, many=many)
        return [found.kept() for found in several]

    def prepared(self, *, many: bool = False, half: bool = False) -> Network:
        """Return the network in its fastest form for inference, made anew where values changed.

        It computes the same but for the last digits, or to three digits in `half` precision, which
        only a GPU has. `many` images pay for a preparation that takes longer. In training, and
        where there is no faster form, it is the network itself.
        """
        return fast_form(self, many=many, half=half)

    def load_weights(
        self, path: str | Path, *, strict: bool = True, upto: int | None = None
    ) -> Loaded:
        """Read a weights file for the layers before `upto`.

        Arrays that the file lacks keep their values, or are initialized if they have none.
        """
        return load(self, path, strict=strict, upto=upto)

    def save_weights(
        self, path: str | Path, *, header: Header | None = None, upto: int | None = None
    ) -> None:
        """Write a weights file of the layers before `upto`, under the dialect's header.

        `header` replaces it: with a loaded file's own header the same bytes are written.
        """
        save(self, path, header=header, upto=upto)
