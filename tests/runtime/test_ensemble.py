"""Several networks are one that finds boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.settings import Decoding, Settings
from pydarknet.runtime.ensemble import Ensemble

CHOSEN = Settings(Decoding(thresh=0.25), letterbox=False, nms=0.45)
IMAGES = [np.zeros((8, 8, 3), np.uint8)] * 2


class Finds:
    """Finds one box of one class, of a score, in each image."""

    names, exif, sides = ("cat",), True, (32, 16)

    def __init__(self, score: float) -> None:
        self.score, self.asked = np.float32([score]), []

    def get_ready(self, *, many: bool) -> None:
        self.asked.append(many)

    def find_boxes(
        self, images: Sequence[np.ndarray], chosen: Settings, *, many: bool = False
    ) -> list[BoxArrays]:
        self.asked.append(chosen.decoding.thresh)
        box = np.float32([[0.5, 0.5, 0.2, 0.2]])
        return [BoxArrays(box, self.score, self.score[None])] * len(images)

    def class_scores(self, images: Sequence[np.ndarray]) -> np.ndarray:
        return np.tile(self.score, (len(images), 1))


def test_the_boxes_of_members_are_fused_in_each_image():
    ensemble = Ensemble([Finds(0.75), Finds(0.25)])

    found = ensemble.find_boxes(IMAGES, CHOSEN)

    assert [one.scores.tolist() for one in found] == [[0.5], [0.5]]


def test_what_does_not_exceed_the_threshold_together_is_left_out():
    [found, _] = Ensemble([Finds(0.25), Finds(0.125)]).find_boxes(IMAGES, CHOSEN)

    assert len(found) == 0


def test_members_are_made_ready_and_asked_for_weak_boxes_too():
    members = [Finds(0.75), Finds(0.25)]
    ensemble = Ensemble(members)

    ensemble.get_ready(many=True)
    ensemble.find_boxes(IMAGES, CHOSEN)

    assert [one.asked for one in members] == [[True, 0.001]] * 2


def test_an_ensemble_looks_as_its_first_member_does():
    ensemble = Ensemble([Finds(0.75), Finds(0.25)])

    assert (ensemble.names, ensemble.exif, ensemble.sides) == (("cat",), True, (32, 16))
    assert ensemble.crews(4) == ()


def test_scores_of_classes_are_the_mean():
    assert Ensemble([Finds(0.75), Finds(0.25)]).class_scores(IMAGES).tolist() == [[0.5], [0.5]]
