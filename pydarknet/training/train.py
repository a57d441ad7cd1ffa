"""What `detector train` and `pydarknet.train` do: files to a trainer, and the trainer's run."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ..cfg.class_tree import read_tree
from ..dataset.build import classifier_samples, detector_samples
from ..dataset.files import DataFile, read_list
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
from .loss_chart import Chart
from .progress import Progress
from .reporter import REPORTERS, Reporter
from .trainer import Callback, Trainer
from .unsupported import amp_of, check_trainable
from .validation import Mapping


@dataclass(frozen=True)
class MapOptions:
    """What may be said of the evaluations in a training."""

    thresh: float = 0.25
    iou_thresh: float = 0.5
    epochs: int = 4


@dataclass(frozen=True)
class Options:
    """What may be said of a training besides its files."""

    seed: int
    clear: bool = False
    workers: int | None = None
    amp: str | None = None
    chart: bool = True
    bar: bool = False
    map: MapOptions | None = None
    callbacks: Sequence[Callback] = ()


@dataclass(frozen=True)
class Sources:
    """The files that a training is of, as they are found."""

    data: DataFile
    cfg: Path
    weights: Path | None

    @property
    def hashes(self) -> dict[str, str]:
        """What says whether another training is the same."""
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
) -> Network:
    """Train a detector as the command `detector train` does, and return it.

    `callback` gets a `Report` after every iteration. `seed` makes the run the same each time,
    whatever the number of `workers` (processes that make the batches). A run that was stopped goes
    on where it was, unless `clear`. Raises DarknetError, whose text says where and what.

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
    )
    options = Options(seed, clear, workers, amp, chart, callbacks=[callback] if callback else [])
    detector_trainer(network, sources, options).train()
    return network


def first_seed(seed: int | None) -> int:
    """Return the seed that is given, or any; first weights are drawn from it too."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    torch.manual_seed(chosen)
    return chosen


def detector_trainer(network: Network, sources: Sources, options: Options) -> Trainer:
    """Return what trains a detector that was opened from these files.

    Darknet: examples/detector.c train_detector
    """
    check_trainable(network)
    if network.net.max_batches <= 0:
        raise network.net.error("max_batches = 0: expected how many batches are trained")
    kind = REPORTERS.of(network.dialect)
    paths = read_list(sources.data.get("train", kind.list_name))
    samples = detector_samples(network, paths)
    reporter = kind(network, len(paths))
    if options.map:
        reporter.mapping = mapping(network, sources, len(paths), options.map)
    return trainer(reporter, samples, sources, options)


def mapping(network: Network, sources: Sources, listed: int, options: MapOptions) -> Mapping:
    """Return the evaluations that a training makes, of the images that `valid` names.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """
    data = sources.data
    named = data.find("valid") or data.get("train", "data/train.txt")
    names = read_list(data.get("names", "data/names.list"))
    if not Path(named).is_file():
        raise data.error(
            f"There is no {named} file for mAP calculation: expected valid=, or no -map flag"
        )
    if len(names) != (classes := classes_of(network)):
        raise data.error(f"{len(names)} names: expected {classes}, a name a class, for -map")
    network.names = tuple(names)
    return Mapping(
        network, read_list(named), listed, options.thresh, options.iou_thresh, options.epochs
    )


def classifier_trainer(network: Network, sources: Sources, options: Options) -> Trainer:
    """Return what trains a classifier that was opened from these files.

    Darknet: examples/classifier.c train_classifier
    """
    check_trainable(network)
    data = sources.data
    labels = read_list(data.get("labels", "data/labels.list"))
    paths = read_list(data.get("train", "data/train.list"))
    named = data.find("tree")
    tree = read_tree(named, data.section) if named else None
    tags = bool(data.find("tag") and data.integer("tag", 0))
    samples = classifier_samples(network, paths, labels, tree, tags=tags)
    reporter = CLASSIFIER_REPORTERS.of(network.dialect)(network, len(paths))
    return trainer(reporter, samples, sources, options)


def trainer(reporter: Reporter, samples: Samples, sources: Sources, options: Options) -> Trainer:
    """Return what trains the network of a reporter on samples; it may go on from a state."""
    network = reporter.network
    reporter.read(sources.data)
    files = Files(
        Path(sources.data.get("backup", "/backup/")), base_name(sources.cfg), reporter.newest
    )
    files.make_folder()
    if options.clear:
        network.header = Header(*network.dialect.version, seen=0)
    learner = Learner(network, seed=options.seed, amp=amp_of(options.amp, network.device))
    run = sources.hashes
    run = run if options.clear else gone_on(learner, files, run, sources.weights)
    return assembled(learner, samples, files, reporter, run, options)


def assembled(
    learner: Learner,
    samples: Samples,
    files: Files,
    reporter: Reporter,
    run: dict[str, str],
    options: Options,
) -> Trainer:
    """Return a trainer of its parts."""
    net = learner.net
    charts = (Path("chart.png"), Path(f"chart_{files.base}.png"))
    made = Trainer(
        learner,
        samples,
        input_size(learner.network, learner.seed),
        files,
        reporter,
        run,
        options.workers,
        list(options.callbacks),
        chart=Chart(charts, net.max_batches, net.max_chart_loss) if options.chart else None,
    )
    made.mapping = reporter.mapping
    if made.mapping:
        made.mapping.at = learner.batch
    if options.bar:
        made.progress = reporter.progress = Progress(learner.batch, net.max_batches)
    return made


def gone_on(
    learner: Learner, files: Files, run: dict[str, str], weights: Path | None
) -> dict[str, str]:
    """Go on from the state that a run of the same files left, if any; return what the run is.

    The weights given may also be those that the state belongs to.
    """
    pair = files.whole_pair(lambda state: same(state, run))
    if pair is None or pair[1].numbers["batch"] >= learner.net.max_batches:
        return run
    path, state = pair
    learner.network.load_weights(path)
    learner.restore(state)
    note(f"going on after batch {learner.batch} from {path}; -clear starts over")
    return dict(state.run)


def same(state: State, run: dict[str, str]) -> bool:
    """Say whether a state is of a run, or of one whose newest weights this one was given."""
    started = state.run.get("weights") == run["weights"] or state.weights == run["weights"]
    return started and all(state.run.get(key) == run[key] for key in ("cfg", "data"))
