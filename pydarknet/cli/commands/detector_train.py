"""The command detector train."""

from __future__ import annotations

from typing import Annotated

from ...cfg.lineage import FORK
from ..operands import Cfg, Data, IouThresh, TrainFlags, Weights
from ..train import train
from ..verbs import COUNT, NATURAL, READ_IMAGES, SHARE, Help, Run, verb

Map = Annotated[bool, Help("compute the mAP of the valid images from time to time", FORK)]
Thresh = Annotated[
    float, Help("the score above which the mAP's detections are counted", range=SHARE)
]
Epochs = Annotated[int, Help("how many epochs lie between two mAPs", FORK, range=COUNT)]
SaveWeights = Annotated[
    int,
    Help("save weights after every N iterations; 0: as the .data file says", FORK, range=NATURAL),
]


@verb("detector train", uses=READ_IMAGES)
def detector_train(
    run: Run,
    data: Data,
    cfg: Cfg,
    weights: Weights = None,
    *,
    flags: TrainFlags,
    map: Map = False,
    thresh: Thresh = 0.25,
    iou_thresh: IouThresh = 0.5,
    mAP_epochs: Epochs = 4,
    saveweights: SaveWeights = 0,
) -> None:
    """Train a detector; the same command continues a training that was stopped.

    Darknet: examples/detector.c train_detector
    """
    from ...training.arguments import MapOptions
    from ...training.train import detector_trainer

    map_options = MapOptions(thresh, iou_thresh, mAP_epochs) if map else None
    train(run, detector_trainer, data, cfg, weights, flags, map_options, saveweights)
