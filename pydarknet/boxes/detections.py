"""What a network found in one image, as tensors; and in a batch of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .box_arrays import BoxArrays, BoxRows
from .box_columns import Detection as Detection


@dataclass(frozen=True, eq=False, repr=False)
class Detections(BoxRows[Tensor]):
    """The boxes of one image in torch's tensors, on the device that found them."""

    @property
    def scores(self) -> Tensor:
        return self.probabilities.amax(1)

    @staticmethod
    def join(arrays: Sequence[Tensor], axis: int = 0) -> Tensor:
        return torch.cat(list(arrays), axis)

    def to(self, device: torch.device | str) -> Detections:
        """Return the same boxes on another device."""
        return self.each(lambda tensor: tensor.to(device))

    def numpy(self) -> BoxArrays:
        on_cpu = self.each(lambda tensor: tensor.detach().cpu().numpy())
        return BoxArrays(**vars(on_cpu))

    @staticmethod
    def of_arrays(found: BoxArrays) -> Detections:
        """Return boxes of numpy's arrays as tensors on the CPU, without a copy."""
        return Detections(**vars(found.each(torch.from_numpy)))


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
