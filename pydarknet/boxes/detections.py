"""What a network found in one image, as tensors; and in a batch of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..cfg.lineage import PJREDDIE
from ..errors import UsageError
from ..image.any_image import AnyImage, image_array, own_channels
from ..image.files import JPEG, save_image
from ..image.geometry import letterbox_size
from ..system.inputs import keep_inputs
from .box import cxcywh_to_xyxy
from .box_arrays import BoxArrays, BoxRows
from .box_arrays import Detection as Detection
from .draw import draw
from .origin import Origin


@dataclass(frozen=True, eq=False, repr=False)
class Detections(BoxRows[Tensor]):
    """The boxes of one image in torch's tensors, on the device that found them."""

    def draw(self, image: AnyImage | None = None, *, bgr: bool | None = None) -> np.ndarray:
        """Return a copy of an image with the boxes, uint8 [H, W, 3] in RGB, or in BGR if `bgr`.

        Without an image it is that in which they were found. `bgr` is also the order of an array
        that is given; if omitted it is what `detect` was told. Raises DarknetError if that
        image is no longer in memory.
        """
        rgb = self.rgb_with_boxes(image, bgr)
        return np.ascontiguousarray(rgb[:, :, ::-1]) if self.swaps(bgr) else rgb

    def save(
        self, path: str | Path, image: AnyImage | None = None, *, bgr: bool | None = None
    ) -> None:
        """Write an image with the boxes (see `draw`), JPEG to a .jpg or .jpeg, PNG to a .png.

        Raises UsageError for any other name, and for the file in which the boxes were found.
        """
        if Path(path).suffix.lower() not in (*JPEG, ".png"):
            raise UsageError(f"{path}: expected a name that ends in .jpg, .jpeg or .png")
        sources = (image, self.origin and self.origin.file)
        with keep_inputs([os.fspath(one) for one in sources if isinstance(one, str | os.PathLike)]):
            save_image(self.rgb_with_boxes(image, bgr), path)

    def swaps(self, bgr: bool | None) -> bool:
        """Return whether arrays are BGR: as given, or as `detect` was told."""
        return bgr if bgr is not None else self.origin is not None and self.origin.bgr

    def rgb_with_boxes(self, image: AnyImage | None, bgr: bool | None) -> np.ndarray:
        """Return a copy of the given image, or of that of these boxes, with the boxes."""
        origin = self.origin or Origin((0, 0), PJREDDIE)
        bgr = self.swaps(bgr)
        if image is None:
            rgb = origin.rgb()
        else:
            channels = own_channels(image)
            rgb = image_array(image, bgr=bgr, exif=origin.exif, channels=channels)
        return draw(rgb, self.kept().numpy(), thresh=0, lineage=origin.lineage)

    def to_supervision(self) -> Any:
        """Return the boxes as `supervision.Detections`, in pixels; that package must be installed.

        Class names are in `data["class_name"]`. Raises UsageError without the package, or if the
        size of the image is unknown.
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
        )

    @property
    def scores(self) -> Tensor:
        return self.probabilities.amax(1)

    def xyxy(self, width: float, height: float) -> Tensor:
        """Return left, top, right, bottom in pixels of a `width` x `height` image, [K, 4]."""
        return cxcywh_to_xyxy(self.boxes) * self.boxes.new_tensor([width, height, width, height])

    def to(self, device: torch.device | str) -> Detections:
        """Return the same boxes on another device."""
        return self.each(lambda tensor: tensor.to(device))

    def numpy(self) -> BoxArrays:
        on_cpu = self.each(lambda tensor: tensor.detach().cpu().numpy())
        return BoxArrays(**vars(on_cpu))

    def fit_to_image(
        self,
        image_width: int,
        image_height: int,
        net_width: int,
        net_height: int,
        *,
        letterbox: bool = True,
    ) -> Detections:
        """Move boxes from 0..1 of the network's input to 0..1 of the image that was put into it.

        A stretched image needs no move. For a letterbox, half the margin is subtracted as a real
        number, although the image was placed at the truncated half.

        Darknet: src/yolo_layer.c correct_yolo_boxes
        Quirk: LETTERBOX_HALF_PIXEL
        """
        if not letterbox:
            return self
        inner = letterbox_size(image_width, image_height, net_width, net_height)
        x, y, w, h = self.boxes.unbind(1)
        across, down = inner[0] / net_width, inner[1] / net_height
        x = (x - (net_width - inner[0]) / 2 / net_width) / across
        y = (y - (net_height - inner[1]) / 2 / net_height) / down
        w, h = w * (net_width / inner[0]), h * (net_height / inner[1])
        return replace(self, boxes=torch.stack((x, y, w, h), 1))

    @staticmethod
    def cat(parts: Sequence[Detections]) -> Detections:
        """Join the boxes of several heads, in order; the names are the first's."""
        uncertain = [p.uncertainty for p in parts if p.uncertainty is not None]
        return Detections(
            torch.cat([p.boxes for p in parts]),
            torch.cat([p.objectness for p in parts]),
            torch.cat([p.probabilities for p in parts]),
            torch.cat(uncertain) if len(uncertain) == len(parts) else None,
            parts[0].names,
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """The boxes that a head finds in a batch, image by image.

    `counts` int64 [N] is the number of boxes per image; it is on the boxes' device.
    """

    rows: Detections
    counts: Tensor

    @staticmethod
    def even(images: int, rows: Detections) -> Batch:
        """Return a batch whose images all have as many boxes."""
        each = len(rows) // max(images, 1)
        return Batch(rows, rows.boxes.new_full((images,), each, dtype=torch.int64))
