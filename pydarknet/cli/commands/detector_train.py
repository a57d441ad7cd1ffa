"""The command detector train."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import FORK
from ...system.console import note
from ..data_files import tell_classes
from ..operands import Cfg, Data, IouThresh, TrainFlags, Weights
from ..train import train
from ..verbs import COUNT, NATURAL, SHARE, TRAIN, Help, Run, verb

if TYPE_CHECKING:
    from ...dataset.build import DetectorSamples
    from ...dataset.loader import Batch
    from ...network import Network
    from ...training.arguments import Options
    from ...training.sources import Sources
    from ...training.trainer import Trainer

Map = Annotated[bool, Help("compute the mAP of the valid images from time to time", FORK)]
Thresh = Annotated[
    float, Help("the score above which the mAP's detections are counted", range=SHARE)
]
Epochs = Annotated[int, Help("how many epochs lie between two mAPs", FORK, range=COUNT)]
SaveWeights = Annotated[
    int,
    Help("save weights after every N iterations; 0: as the .data file says", FORK, range=NATURAL),
]

ShowImgs = Annotated[
    bool,
    Help("write the first batch as the network sees it, with boxes: aug_*.jpg", FORK, shows=True),
]


@verb("detector train", uses=TRAIN)
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
    show_imgs: ShowImgs = False,
) -> None:
    """Train a detector; the same command continues a training that was stopped.

    Notes on stderr say first what it trains on, and last where the weights are.

    Darknet: examples/detector.c train_detector
    """
    from ...training.arguments import MapOptions
    from ...training.train import detector_trainer

    def maker(network: Network, sources: Sources, options: Options) -> Trainer:
        trainer = detector_trainer(network, sources, options)
        introduce(trainer, sources, cfg)
        if show_imgs:
            trainer.on_first = batch_writer(trainer, sources)
        return trainer

    map_options = MapOptions(thresh, iou_thresh, mAP_epochs) if map else None
    train(run, maker, data, cfg, weights, flags, map_options, saveweights)


def introduce(trainer: Trainer, sources: Sources, cfg: Path) -> None:
    """Note what a training has for images, boxes, and what it leaves out."""
    from ...checks.introduction import Introduced, introduction
    from ...evaluate.dataset_detections import classes_of

    tell_classes(sources.data, classes_of(trainer.network))
    samples = detector_samples_of(trainer)
    file = sources.data.find_file("train") or trainer.reporter.list_name
    paths, exif = samples.images.paths, trainer.network.exif
    for line in introduction(Introduced(sources.data, str(cfg), file, paths, samples.rules, exif)):
        note(line)


def batch_writer(trainer: Trainer, sources: Sources) -> Callable[[Batch], None]:
    """Return a function that writes the images of a batch with their boxes."""
    from ...checks.of_classes import names_in
    from ...training.first_batch import pictures_of_batch, save_batch

    names = names_in(sources.data)

    def write(batch: Batch) -> None:
        form = detector_samples_of(trainer).truth
        shown = pictures_of_batch(trainer.network, batch)
        files = save_batch(batch, form, names, shown=shown)
        told = f"{files[0]} ... {files[-1].name}" if len(files) > 1 else f"{files[0]}"
        note(f"the first batch as the network sees it: {told}")

    return write


def detector_samples_of(trainer: Trainer) -> DetectorSamples:
    """Return the samples of a detector's trainer."""
    from ...dataset.detector_samples import CroppedSamples, PlacedSamples

    assert isinstance(trainer.samples, CroppedSamples | PlacedSamples)
    return trainer.samples
