"""What a network found in one image, as tensors; and in a batch of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..image.geometry import letterbox_size
from .box import cxcywh_to_xyxy
from .box_arrays import BoxArrays, BoxRows
from .box_arrays import Detection as Detection


@dataclass(frozen=True, eq=False)
class Detections(BoxRows[Tensor]):
    """The boxes of one image in torch's tensors, on the device that found them."""

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
        """Return the same boxes in numpy's arrays, without a copy where they are on the CPU."""
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
