"""The command classifier train."""

from __future__ import annotations

from ..operands import Cfg, Data, TrainFlags, Weights
from ..train import train
from ..verbs import TRAIN, Run, verb


@verb("classifier train", uses=TRAIN)
def classifier_train(
    run: Run, data: Data, cfg: Cfg, weights: Weights = None, *, flags: TrainFlags
) -> None:
    """Train a classifier; an image's class is the label that occurs in its path.

    Darknet: examples/classifier.c train_classifier
    """
    from ...training.train import classifier_trainer

    train(run, classifier_trainer, data, cfg, weights, flags)
