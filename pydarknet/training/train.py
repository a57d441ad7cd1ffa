"""`detector train` and `pydarknet.train`: open the files, make a trainer, run it."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import torch

from ..cfg.class_tree import read_tree
from ..cfg.net import Net
from ..dataset.build import classifier_samples, detector_samples
from ..dataset.class_labels import check_labelled
from ..dataset.files import DataFile, read_labelled, read_list, read_names
from ..dataset.input_size import input_size
from ..dataset.labels import check_usable
from ..dataset.loader import MOST_WORKERS
from ..dataset.sample import Samples
from ..errors import DataError
from ..evaluate.dataset_detections import classes_of
from ..graph.header import Header
from ..load import load_network
from ..network import Network
from ..ranks.company import company, device_of
from ..ranks.place import place_of
from ..ranks.ranks import ALONE, Ranks
from ..system.cores import usable_cores
from ..system.files import remove_partial_files
from ..system.inputs import keep_inputs
from ..system.text import count_of
from .arguments import MapOptions, Options, check_arguments, files_of
from .callbacks import Callback, Callbacks
from .chart import TrainingChart
from .checkpoints import Files
from .classifier_reporter import CLASSIFIER_REPORTERS
from .learner import Learner
from .mixed_precision import amp_of
from .progress import Progress
from .reporter import REPORTERS, Reporter
from .resume import Start, check_unfinished, resume
from .sources import Sources, find_files_and_start
from .start_together import start_together
from .team import Team
from .trainer import Trainer
from .unsupported import check_trainable
from .validation import MapValidation


@keep_inputs()
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
    tune: bool | None = None,
    map: bool | MapOptions = False,
) -> Network:
    """Train a detector as the command `detector train` does, and return it.

    `callback` is called with an `IterationReport` after every iteration: its `step` has `batch`,
    the number of the iteration, `loss`, `average` and `rate`. If it returns False or raises
    `pydarknet.Stop`, the training ends as by Ctrl-C: weights and state are saved, and the same call
    resumes. `map` evaluates the `valid` images from time to time, as `-map` does; the
    report's `map` is the mean average precision then, and None otherwise. `seed` makes the run
    reproducible, for any number of `workers` (processes that make the batches). A training that was
    stopped resumes, unless `clear`. `amp` "bf16" computes convolutions in bfloat16, on GPUs and
    CPUs that have it. `exif` turns photographs as their EXIF data say, or with False leaves them; a
    training that resumes goes on as it began. `tune` says whether a CPU measures how convolutions
    compute fastest; if omitted, it does without a `seed`. Processes that torchrun started train
    together; the first calls back. Raises DarknetError.

    Darknet: examples/detector.c train_detector
    """
    check_arguments(seed, workers, callback, map)
    data, cfg, weights = files_of(data, cfg, weights)
    sources = Sources(DataFile.read(data), cfg, weights)
    chosen = first_seed(seed)
    place = place_of(os.environ)
    here = device or device_of(place)
    with company(place, torch.device(here or "cpu")) as ranks:
        network = load_network(
            sources.cfg,
            sources.weights,
            dialect=dialect,
            device=here,
            batchnorm=batchnorm,
            strict=strict,
            exif=exif is not False,
            tune=tune,
            transfer=True,
            seen="map=True" if map else "",
        )
        options = Options(
            seed=chosen,
            given_seed=seed,
            clear=clear,
            workers=workers,
            amp=amp,
            chart=chart,
            exif=exif,
            map=MapOptions() if map is True else map or None,
            callbacks=[callback] if callback else [],
            ranks=ranks,
        )
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
    team = team_of(network, options)
    check_trainable(network)
    if network.net.max_batches <= 0:
        raise network.net.error("max_batches = 0: expected how many batches are trained")
    kind = REPORTERS.of(network.dialect)
    train = sources.data.get_file("train", kind.list_name)
    paths = read_labelled(train)
    check_listed(paths, train)
    files, start = find_files_and_start(network, sources, kind.newest, train, options)
    samples = usable_samples(network, paths, sources.data.polygons)
    reporter = kind(network, len(paths))
    judges = team.ranks if team.joint else ALONE
    if options.map and (team.joint or team.ranks.first):
        reporter.validation = map_validation(network, sources, len(paths), options.map, judges)
    reporter.read(sources.data, options.saveweights)
    return make_trainer(reporter, team, samples, files, start, sources, options)


def check_listed(paths: Sequence[str], file: str) -> None:
    """Raise DataError for a file that lists nothing."""
    if not any(path.strip() for path in paths):
        raise DataError("is empty: expected the path of an image on each line", where=file)


def usable_samples(network: Network, paths: Sequence[str], polygons: bool) -> Samples:
    """Return the training samples of a detector; raise DataError if none of them has a box."""
    samples = detector_samples(network, paths, polygons)
    check_usable(samples.images.paths, samples.rules)
    return samples


def map_validation(
    network: Network,
    sources: Sources,
    listed: int,
    options: MapOptions,
    ranks: Ranks = ALONE,
) -> MapValidation:
    """Return the evaluation on the images of `valid`, for `-map`.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """
    data = sources.data
    named = data.find_file("valid") or data.get_file("train", "data/train.txt")
    names = read_names(data.get_file("names", "data/names.list"))
    if not os.path.isfile(named):
        raise data.error(
            f"There is no {named} file for mAP calculation: expected valid=, or no -map flag"
        )
    if len(names) != (classes := classes_of(network)):
        raise data.error(
            f"{count_of(len(names), 'name')}: expected {classes}, a name a class, for -map"
        )
    network.names = tuple(names)
    return MapValidation(
        network,
        read_labelled(named),
        listed,
        options.thresh,
        options.iou_thresh,
        options.epochs,
        data.polygons,
        ranks,
    )


def classifier_trainer(network: Network, sources: Sources, options: Options) -> Trainer:
    """Return the trainer of a classifier.

    Darknet: examples/classifier.c train_classifier
    """
    team = team_of(network, options)
    check_trainable(network)
    data = sources.data
    labels = read_names(data.get_file("labels", "data/labels.list"))
    train = data.get_file("train", "data/train.list")
    paths = read_list(train)
    check_listed(paths, train)
    named = data.find("tree")
    tree = read_tree(named, data.section) if named else None
    tags = bool(data.find("tag") and data.integer("tag", 0))
    kind = CLASSIFIER_REPORTERS.of(network.dialect)
    files, start = find_files_and_start(network, sources, kind.newest, train, options)
    samples = classifier_samples(network, paths, labels, tree, tags=tags)
    if not tags and not network.net.unsupervised:
        check_labelled(paths, labels)
    reporter = kind(network, len(paths))
    return make_trainer(reporter, team, samples, files, start, sources, options)


def team_of(network: Network, options: Options) -> Team:
    """Return the processes that train; the network then says what they do together.

    Raises the error of [net] if they cannot share its batches.
    """
    return Team(network) if options.ranks.alone else options.team(network, options.ranks)


def make_trainer(
    reporter: Reporter,
    team: Team,
    samples: Samples,
    files: Files,
    start: Start,
    sources: Sources,
    options: Options,
) -> Trainer:
    """Return the trainer of a reporter's network, which resumes where `start` says.

    Of several processes the first calls back, draws and writes.
    """
    network, net, first = reporter.network, reporter.network.net, team.ranks.first
    if options.clear:
        network.header = Header(*network.dialect.version, seen=0)
    amp = amp_of(options.amp, network.device)
    tune = options.may_tune(network)
    learner = Learner(network, seed=options.seed, amp=amp, team=team, tune=tune)
    resume(learner, start, options.given_seed)
    start_together(learner, start)
    check_unfinished(sources.weights, learner.batch, net.max_batches, "-clear counts from 0")
    start.tell()
    result = Trainer(
        learner,
        samples,
        input_size(network, learner.seed),
        files,
        reporter,
        start,
        workers_of(options),
        Callbacks(options.callbacks if first else ()),
        chart=training_chart(files.base, net) if options.chart and first else None,
        validation=reporter.validation,
        ranks=team.ranks,
        clear=options.clear,
    )
    result.restore(sources.weights)
    if options.bar and first:
        result.progress = reporter.progress = Progress(learner.batch, net.max_batches)
    return result


def workers_of(options: Options) -> int | None:
    """Return how many processes make batches: of all on this machine, as many as it has cores."""
    if options.workers is not None or options.ranks.alone:
        return options.workers
    return max(min(usable_cores() // options.ranks.near, MOST_WORKERS), 1)


def training_chart(base: str, net: Net) -> TrainingChart:
    """Return the chart of a training, with the fork's names; `max_chart_loss` ends its axis.

    What killed trainings left of theirs is removed.

    Darknet: src/detector.c train_detector (AlexeyAB)
    """
    paths = (Path("chart.png"), Path(f"chart_{base}.png"))
    remove_partial_files(Path(), re.compile("|".join(re.escape(path.name) for path in paths)))
    most = net.max_chart_loss if net.section.find("max_chart_loss") else None
    return TrainingChart(paths, base, net.max_batches, most)
