"""Several networks that look at each image, as one that finds boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..boxes.fusion import fuse, members_settings
from ..boxes.rule import SuppressionRule
from ..boxes.settings import Limits, Settings
from ..cfg.class_tree import Tree
from ..cfg.dialect import Dialect
from ..system.crews import Crew
from .any_network import AnyNetwork, Image
from .traits import Traits


class Ensemble:
    """Networks of one cfg whose boxes are fused; all else is told of the first."""

    exif: bool
    names: tuple[str, ...] | None

    def __init__(self, members: Sequence[AnyNetwork]) -> None:
        self.members, first = tuple(members), members[0]
        self.exif, self.names = first.exif, first.names

    @property
    def first(self) -> AnyNetwork:
        """The member that is told of."""
        return self.members[0]

    @property
    def dialect(self) -> Dialect:
        """The dialect of all."""
        return self.first.dialect

    @property
    def limits(self) -> Limits | None:
        """The thresholds of the first."""
        return self.first.limits

    @property
    def letter_box(self) -> bool:
        """Whether the cfg asks for a letterbox."""
        return self.first.letter_box

    @property
    def traits(self) -> Traits:
        """What is told of the first."""
        return self.first.traits

    @property
    def sides(self) -> tuple[int, int]:
        """The width and height of the input."""
        return self.first.sides

    @property
    def image_channels(self) -> int:
        """With how many channels image files are read."""
        return self.first.image_channels

    @property
    def suppression(self) -> SuppressionRule:
        """The rule by which the boxes of each are suppressed before they are fused."""
        return self.first.suppression

    @property
    def keeps_state(self) -> bool:
        """Whether a member's answer depends on the images before."""
        return any(one.keeps_state for one in self.members)

    @property
    def tree(self) -> Tree | None:
        """The tree of the classes of a classifier, if there is one."""
        return self.first.tree

    def crews(self, images: int) -> Sequence[Crew]:
        """Return no crew: the members take turns."""
        return ()

    def get_ready(self, *, many: bool) -> None:
        """Make what the first image would wait for."""
        for one in self.members:
            one.get_ready(many=many)

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> list[BoxArrays]:
        """Return the fused boxes of each image whose scores exceed the threshold."""
        loose = members_settings(chosen)
        found = [one.find_boxes(images, loose, many=many) for one in self.members]
        of_images = zip(*found, strict=True)
        return [fuse([one.numpy() for one in some], chosen.decoding.thresh) for some in of_images]

    def class_scores(self, images: Sequence[Image]) -> np.ndarray:
        """Return each image's scores [N, classes]: the mean of the members'."""
        return np.mean([one.class_scores(images) for one in self.members], 0)
