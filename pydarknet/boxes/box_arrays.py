"""The boxes of one image in numpy's arrays, and what they share with those in torch's tensors.

This file needs no torch.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..cfg.lineage import PJREDDIE
from ..errors import UsageError
from ..image.any_image import AnyImage, image_array, own_channels
from ..image.files import JPEG, save_image
from ..system.inputs import keep_inputs
from .box_columns import Array, BoxColumns
from .draw import draw
from .origin import Origin


@dataclass(frozen=True, eq=False, repr=False)
class BoxRows(BoxColumns[Array]):
    """The boxes of one image, which can be drawn on it, saved, and handed to other programs."""

    def numpy(self) -> BoxArrays:
        """Return the same boxes in numpy's arrays, without a copy where they are on the CPU."""
        raise NotImplementedError

    def draw(
        self,
        image: AnyImage | None = None,
        *,
        bgr: bool | None = None,
        colors: str | None = None,
        font: str | None = None,
    ) -> np.ndarray:
        """Return a copy of an image with the boxes, uint8 [H, W, 3] in RGB, or in BGR if `bgr`.

        Without an image it is that in which they were found. `bgr` is also the order of an array
        that is given; if omitted it is what `detect` was told. `colors` is `distinct` or `darknet`,
        `font` a file for the labels; see `boxes.draw.draw`. Raises DarknetError if that
        image is no longer in memory.
        """
        rgb = self.rgb_with_boxes(image, bgr, colors, font)
        return np.ascontiguousarray(rgb[:, :, ::-1]) if self.swaps(bgr) else rgb

    def save(
        self,
        path: str | Path,
        image: AnyImage | None = None,
        *,
        bgr: bool | None = None,
        colors: str | None = None,
        font: str | None = None,
    ) -> None:
        """Write an image with the boxes (see `draw`), JPEG to a .jpg or .jpeg, PNG to a .png.

        Raises UsageError for any other name, and for the file in which the boxes were found.
        """
        if Path(path).suffix.lower() not in (*JPEG, ".png"):
            raise UsageError(f"{path}: expected a name that ends in .jpg, .jpeg or .png")
        sources = (image, self.origin and self.origin.file)
        with keep_inputs([os.fspath(one) for one in sources if isinstance(one, str | os.PathLike)]):
            save_image(self.rgb_with_boxes(image, bgr, colors, font), path)

    def swaps(self, bgr: bool | None) -> bool:
        """Return whether arrays are BGR: as given, or as `detect` was told."""
        return bgr if bgr is not None else self.origin is not None and self.origin.bgr

    def rgb_with_boxes(
        self, image: AnyImage | None, bgr: bool | None, colors: str | None, font: str | None
    ) -> np.ndarray:
        """Return a copy of the given image, or of that of these boxes, with the boxes."""
        origin = self.origin or Origin((0, 0), PJREDDIE)
        bgr = self.swaps(bgr)
        if image is None:
            rgb = origin.rgb()
        else:
            channels = own_channels(image)
            rgb = image_array(image, bgr=bgr, exif=origin.exif, channels=channels)
        kept, lineage = self.kept().numpy(), origin.lineage
        return draw(rgb, kept, thresh=0, lineage=lineage, colors=colors, font=font)

    def to_supervision(self) -> Any:
        """Return the boxes as `supervision.Detections`, in pixels; that package must be installed.

        Class names are in `data["class_name"]`, the ids of boxes that are followed in `tracker_id`.
        Raises UsageError without the package, or if the size of the image is unknown.
        """
        if self.origin is None:
            raise UsageError("boxes in pixels need the size of their image: expected detect's")
        try:
            from supervision import Detections as Supervised
        except ImportError:
            hint = "pip install supervision"
            raise UsageError("supervision cannot be imported", hint=hint) from None
        found = self.kept().numpy()
        names = [found.name(k) or str(k) for k in found.classes.tolist()]
        return Supervised(
            xyxy=found.xyxy(*self.origin.size),
            confidence=found.scores,
            class_id=found.classes.astype(int),
            data={"class_name": np.array(names, dtype=str)},
            tracker_id=found.track_ids,
        )


@dataclass(frozen=True, eq=False, repr=False)
class BoxArrays(BoxRows[np.ndarray]):
    """The boxes of one image in numpy's arrays: what is suppressed, printed, drawn and written."""

    @property
    def scores(self) -> np.ndarray:
        return self.probabilities.max(1)

    def numpy(self) -> BoxArrays:
        return self

    @staticmethod
    def join(arrays: Sequence[np.ndarray], axis: int = 0) -> np.ndarray:
        return np.concatenate(arrays, axis)
