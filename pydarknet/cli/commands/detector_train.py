"""The commands that train: detector train, classifier train."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from ...cfg.lineage import FORK
from ...errors import UsageError
from ...system.console import say
from ..verbs import Help, Run, verb
from .detector_test import Cfg, Data, Weights

if TYPE_CHECKING:
    from ...network import Network
    from ...training.train import MapOptions, Options, Sources
    from ...training.trainer import Callback, IterationReport, Trainer

Gpus = Annotated[str | None, Help("the GPU to train on, by number")]
Clear = Annotated[bool, Help("start over: count images from 0, and pass over what was begun")]
Seed = Annotated[int | None, Help("the number all chance comes from: the same gives the same run")]
Workers = Annotated[int | None, Help("processes that make the batches; one a core unless said")]
Amp = Annotated[str | None, Help("bf16, fp16 or off; bf16 on GPUs that have it")]
Map = Annotated[bool, Help("work out the mAP of the valid images from time to time", FORK)]
Thresh = Annotated[float, Help("the score above which the mAP's detections are counted")]
IouThresh = Annotated[float, Help("how much a detection must overlap a truth to find it", FORK)]
Epochs = Annotated[int, Help("how often the images are trained on between two mAPs", FORK)]
TensorBoard = Annotated[Path | None, Help("a folder for TensorBoard's logs")]


@verb("detector train")
def detector_train(
    run: Run,
    data: Data,
    cfg: Cfg,
    weights: Weights = None,
    *,
    gpus: Gpus = None,
    clear: Clear = False,
    seed: Seed = None,
    workers: Workers = None,
    amp: Amp = None,
    tensorboard: TensorBoard = None,
    map: Map = False,
    thresh: Thresh = 0.25,
    iou_thresh: IouThresh = 0.5,
    mAP_epochs: Epochs = 4,
) -> None:
    """Train a detector; the same command goes on with a training that was stopped.

    Darknet: examples/detector.c train_detector
    """
    from ...training.train import MapOptions, detector_trainer

    flags = Flags(gpus, clear, seed, workers, amp, tensorboard)
    if map:
        flags = flags._replace(map=MapOptions(thresh, iou_thresh, mAP_epochs))
    train(run, detector_trainer, data, cfg, weights, flags)


@verb("classifier train")
def classifier_train(
    run: Run,
    data: Data,
    cfg: Cfg,
    weights: Weights = None,
    *,
    gpus: Gpus = None,
    clear: Clear = False,
    seed: Seed = None,
    workers: Workers = None,
    amp: Amp = None,
    tensorboard: TensorBoard = None,
) -> None:
    """Train a classifier; an image's class is the label that its path has in it.

    Darknet: examples/classifier.c train_classifier
    """
    from ...training.train import classifier_trainer

    flags = Flags(gpus, clear, seed, workers, amp, tensorboard)
    train(run, classifier_trainer, data, cfg, weights, flags)


class Flags(NamedTuple):
    """What a training command was told besides its files."""

    gpus: str | None
    clear: bool
    seed: int | None
    workers: int | None
    amp: str | None
    tensorboard: Path | None
    map: MapOptions | None = None


def train(
    run: Run,
    maker: Callable[[Network, Sources, Options], Trainer],
    data: Path,
    cfg: Path,
    weights: Path | None,
    flags: Flags,
) -> None:
    """Open a network, and train it by what `maker` makes of it."""
    from ...dataset.files import DataFile
    from ...system.resources import locate
    from ...training.checkpoints import base_name
    from ...training.train import Options, Sources, first_seed
    from ..open_network import open_network

    run = on_gpu(run, flags.gpus) if flags.gpus is not None else run
    sources = Sources(DataFile.read(data), locate(cfg), locate(weights) if weights else None)
    say(base_name(cfg))
    seed = first_seed(flags.seed)
    network = open_network(run, cfg, weights, training=True)
    options = Options(
        seed=seed,
        clear=flags.clear,
        workers=flags.workers,
        amp=flags.amp,
        bar=sys.stderr.isatty(),
        map=flags.map,
        callbacks=[tensorboard_log(flags.tensorboard)] if flags.tensorboard else [],
    )
    if not maker(network, sources, options).train():
        raise KeyboardInterrupt


def on_gpu(run: Run, gpus: str) -> Run:
    """Say which GPU is asked for, and take it."""
    say(gpus)
    if not gpus.isdecimal():
        raise UsageError(f"-gpus {gpus}: expected the number of one GPU")
    return replace(run, device=f"cuda:{gpus}")


def tensorboard_log(folder: Path) -> Callback:
    """Return a callback that writes loss and rate where TensorBoard reads them."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UsageError("-tensorboard needs a package: pip install tensorboard") from None
    writer = SummaryWriter(str(folder))

    def write(report: IterationReport) -> None:
        step = report.step
        writer.add_scalar("loss", step.loss, step.batch)
        writer.add_scalar("average loss", step.average, step.batch)
        writer.add_scalar("learning rate", step.rate, step.batch)
        writer.flush()

    return write
