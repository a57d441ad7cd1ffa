"""`detector train` and `pydarknet.train`: open the files, make a trainer, run it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from ..cfg.class_tree import read_tree
from ..dataset.build import classifier_samples, detector_samples
from ..dataset.files import DataFile, read_list, read_names
from ..dataset.input_size import input_size
from ..dataset.sample import Samples
from ..evaluate.dataset_detections import classes_of
from ..graph.header import Header
from ..load import load_network
from ..network import Network
from ..system.console import note
from ..system.resources import locate
from .checkpoints import Files, State, base_name, digest
from .classifier_reporter import CLASSIFIER_REPORTERS
from .learner import Learner
from .loss_chart import LossChart
from .mixed_precision import amp_of
from .progress import Progress
from .reporter import REPORTERS, Reporter
from .trainer import Callback, Trainer
from .unsupported import check_trainable
from .validation import MapValidation


@dataclass(frozen=True)
class MapOptions:
    """The options of the evaluations in a training."""

    thresh: float = 0.25
    iou_thresh: float = 0.5
    epochs: int = 4


@dataclass(frozen=True)
class Options:
    """The options of a training, besides its files."""

    seed: int
    clear: bool = False
    workers: int | None = None
    amp: str | None = None
    chart: bool = True
    bar: bool = False
    map: MapOptions | None = None
    exif: bool | None = None  # None: not given
    callbacks: Sequence[Callback] = ()


@dataclass(frozen=True)
class Sources:
    """The files of a training."""

    data: DataFile
    cfg: Path
    weights: Path | None

    @property
    def hashes(self) -> dict[str, str]:
        """The hashes by which a training recognises its own state."""
        weights = digest(self.weights) if self.weights else ""
        return {"cfg": digest(self.cfg), "data": digest(self.data.path), "weights": weights}


def train(
    data: str | Path,
    cfg: str | Path,
    weights: str | Path | None = None,
    *,
    callback: Callback | None = None,
    dialect: str | None = None,
    device: str | torch.device | None = None,
    batchnorm: str = "gpu",
    strict: bool = True,
    seed: int | None = None,
    workers: int | None = None,
    amp: str | None = None,
    clear: bool = False,
    chart: bool = True,
    exif: bool | None = None,
) -> Network:
    """Train a detector as the command `detector train` does, and return it.

    `callback` is called with an `IterationReport` after every iteration. `seed` makes the run
    reproducible, for any number of `workers` (processes that make the batches). A training that was
    stopped resumes, unless `clear`. `exif` turns photographs as their EXIF data say, or with False
    leaves them; a training that resumes goes on as it began. Raises DarknetError.

    Darknet: examples/detector.c train_detector
    """
    sources = Sources(DataFile.read(data), locate(cfg), locate(weights) if weights else None)
    seed = first_seed(seed)
    network = load_network(
        sources.cfg,
        sources.weights,
        dialect=dialect,
        device=device,
        batchnorm=batchnorm,
        strict=strict,
        exif=exif is not False,
    )
    callbacks = [callback] if callback else []
    options = Options(seed, clear, workers, amp, chart, exif=exif, callbacks=callbacks)
    detector_trainer(network, sources, options).train()
    return network


def first_seed(seed: int | None) -> int:
    """Return the given seed, or a random one, and seed torch for the first weights."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    torch.manual_seed(chosen)
    return chosen


def detector_trainer(network: Network, sources: Sources, options: Options) -> Trainer:
    """Return the trainer of a detector.

    Darknet: examples/detector.c train_detector
    """
    check_trainable(network)
    if network.net.max_batches <= 0:
        raise network.net.error("max_batches = 0: expected how many batches are trained")
    kind = REPORTERS.of(network.dialect)
    paths = read_list(sources.data.get_file("train", kind.list_name))
    samples = partial(detector_samples, network, paths)
    reporter = kind(network, len(paths))
    if options.map:
        reporter.validation = map_validation(network, sources, len(paths), options.map)
    return trainer(reporter, samples, sources, options)


def map_validation(
    network: Network, sources: Sources, listed: int, options: MapOptions
) -> MapValidation:
    """Return the evaluation on the images of `valid`, for `-map`.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """
    data = sources.data
    named = data.find_file("valid") or data.get_file("train", "data/train.txt")
    names = read_names(data.get_file("names", "data/names.list"))
    if not Path(named).is_file():
        raise data.error(
            f"There is no {named} file for mAP calculation: expected valid=, or no -map flag"
        )
    if len(names) != (classes := classes_of(network)):
        raise data.error(f"{len(names)} names: expected {classes}, a name a class, for -map")
    network.names = tuple(names)
    return MapValidation(
        network, read_list(named), listed, options.thresh, options.iou_thresh, options.epochs
    )


def classifier_trainer(network: Network, sources: Sources, options: Options) -> Trainer:
    """Return the trainer of a classifier.

    Darknet: examples/classifier.c train_classifier
    """
    check_trainable(network)
    data = sources.data
    labels = read_names(data.get_file("labels", "data/labels.list"))
    paths = read_list(data.get_file("train", "data/train.list"))
    named = data.find("tree")
    tree = read_tree(named, data.section) if named else None
    tags = bool(data.find("tag") and data.integer("tag", 0))
    samples = partial(classifier_samples, network, paths, labels, tree, tags=tags)
    reporter = CLASSIFIER_REPORTERS.of(network.dialect)(network, len(paths))
    return trainer(reporter, samples, sources, options)


def trainer(
    reporter: Reporter, make_samples: Callable[[], Samples], sources: Sources, options: Options
) -> Trainer:
    """Return the trainer of a reporter's network; it resumes from a state if there is one.

    The samples are made last, since the state says how images are read.
    """
    network = reporter.network
    reporter.read(sources.data)
    files = Files(
        sources.data.get_folder("backup", "/backup/"), base_name(sources.cfg), reporter.newest
    )
    files.make_folder()
    if options.clear:
        network.header = Header(*network.dialect.version, seen=0)
    learner = Learner(network, seed=options.seed, amp=amp_of(options.amp, network.device))
    run = sources.hashes
    run = run if options.clear else resume(learner, files, run, options.exif)
    return make_trainer(learner, make_samples(), files, reporter, run, options)


def make_trainer(
    learner: Learner,
    samples: Samples,
    files: Files,
    reporter: Reporter,
    run: dict[str, str],
    options: Options,
) -> Trainer:
    """Return a trainer made of these parts."""
    net = learner.net
    charts = (Path("chart.png"), Path(f"chart_{files.base}.png"))
    result = Trainer(
        learner,
        samples,
        input_size(learner.network, learner.seed),
        files,
        reporter,
        run,
        options.workers,
        list(options.callbacks),
        chart=LossChart(charts, net.max_batches, net.max_chart_loss) if options.chart else None,
    )
    result.validation = reporter.validation
    if result.validation:
        result.validation.at = learner.batch
    if options.bar:
        result.progress = reporter.progress = Progress(learner.batch, net.max_batches)
    return result


def resume(
    learner: Learner, files: Files, run: dict[str, str], exif: bool | None
) -> dict[str, str]:
    """Resume from the state that the same run left, if any; return the hashes of the run.

    The weights may also be those that the state belongs to.
    """
    pair = files.whole_pair(lambda state: is_same_run(state, run))
    if pair is None or pair[1].numbers["batch"] >= learner.net.max_batches:
        return run
    path, state = pair
    learner.network.load_weights(path)
    learner.restore(state)
    learner.network.exif = exif_of(state, exif)
    note(f"resuming after batch {learner.batch} from {path}; -clear starts over")
    return dict(state.run)


def exif_of(state: State, given: bool | None) -> bool:
    """Return whether a training that resumes turns images: as it began, unless otherwise given."""
    known = state.numbers.get("exif")
    if given is None and known is None:
        note(
            "this training began before images were turned by their EXIF data: they stay as they"
            " are stored; -exif on turns them, -clear starts over"
        )
    if given is not None and given != bool(known):
        before = "turned by their EXIF data" if known else "left as they are stored"
        note(f"until now this training's images were {before}: -exif changes that from here on")
    return bool(known) if given is None else given


def is_same_run(state: State, run: dict[str, str]) -> bool:
    """Return whether a state is of this run, or of one whose newest weights this run starts with.

    Cfg and data must be the same.
    """
    started = state.run.get("weights") == run["weights"] or state.weights == run["weights"]
    return started and all(state.run.get(key) == run[key] for key in ("cfg", "data"))
