"""A network as commands use it that find boxes or classes in images, whatever runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..boxes.box_arrays import BoxRows
from ..boxes.rule import SuppressionRule
from ..boxes.settings import Detecting, Settings
from ..cfg.class_tree import Tree
from ..system.crews import Crew
from .traits import Traits

Image = np.ndarray  # uint8 RGB [H, W, 3], or of as many channels as the network takes


class AnyNetwork(Detecting, Protocol):
    """Torch's network, or one that onnxruntime or OpenCV runs."""

    names: tuple[str, ...] | None
    exif: bool

    @property
    def traits(self) -> Traits:
        """What is told of it."""

    @property
    def sides(self) -> tuple[int, int]:
        """The width and height of its input."""

    @property
    def image_channels(self) -> int:
        """With how many channels image files are read."""

    @property
    def suppression(self) -> SuppressionRule:
        """The rule of its suppression."""

    @property
    def keeps_state(self) -> bool:
        """Whether its answer depends on the images before."""

    @property
    def tree(self) -> Tree | None:
        """The tree of the classes of a classifier, if there is one."""

    def crews(self, images: int) -> Sequence[Crew]:
        """Return the crews that may find boxes in so many `images` at once; the likely best first.

        The last is one thread that computes with all that the process may use. There is none where
        nothing is gained.
        """

    def get_ready(self, *, many: bool) -> None:
        """Make what the first image would wait for; `many` images pay for more of it."""

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> Sequence[BoxRows]:
        """Return the boxes of each image, after suppression, in the order the C leaves them."""

    def class_scores(self, images: Sequence[Image]) -> np.ndarray:
        """Return each image's scores [N, classes], multiplied down the tree, if there is one."""
