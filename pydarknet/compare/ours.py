"""Our network as one of two programs that are compared: what it finds in images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..boxes.detections import Detections
from ..boxes.settings import Settings
from ..cfg.lineage import PerLineage
from ..errors import DarknetError
from ..graph.executor import Executor
from ..inference.classify import classify, hierarchy
from ..inference.predict import predict
from ..layers import detection_heads
from .objects import Objects

LEAVES_ONLY = PerLineage(pjreddie=True, alexeyab=False)  # what is printed of a tree of classes


@dataclass(frozen=True)
class Ours:
    """Our network, and what decides which boxes it finds."""

    network: Executor
    chosen: Settings

    def objects(self, pixels: np.ndarray) -> Objects:
        """Return what the network finds in an image, uint8 [H, W, C]."""
        return Objects.of_boxes(self.boxes(pixels).numpy())

    def boxes(self, pixels: np.ndarray) -> Detections:
        """Return the boxes that the network finds in an image."""
        [found] = predict(self.network, [pixels], self.chosen)
        return found

    def scores(self, pixels: np.ndarray) -> np.ndarray:
        """Return the scores of classes that the dialect's program prints, [classes].

        Darknet: examples/classifier.c predict_classifier
        """
        [scores], tree = classify(self.network, [pixels]), hierarchy(self.network)
        if tree and LEAVES_ONLY.of(self.network.dialect):
            scores = scores * tree.leaves
        return scores.numpy()


def is_detector(network: Executor) -> bool:
    """Return whether a network finds boxes; raise an error if it takes no images."""
    if not network.input.image:
        problem = "the network takes numbers, no images: expected a detector or a classifier"
        raise DarknetError(problem, where=network.net.section.path)
    return bool(detection_heads(network.layers))
