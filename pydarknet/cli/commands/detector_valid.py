"""The commands that compare a detector with the truth: detector valid, valid2, recall."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...errors import DataError
from ...system.console import note, say
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from ...dataset.files import DataFile
    from ...evaluate.dataset_detections import Heads
    from ...evaluate.result_files import Results
    from ...inference.predict import Settings
    from ...network import Network

THRESH = PerLineage(pjreddie=0.005, alexeyab=0.001)
NMS = PerLineage(pjreddie=0.45, alexeyab=0.6)
COCO_ID_AFTER = PerLineage(pjreddie="_", alexeyab="/")  # before the number in an image's path
WHOLE_SECONDS = PerLineage(pjreddie=False, alexeyab=True)  # of the whole detection time
RECALL_LIST = PerLineage(pjreddie="data/coco_val_5k.list", alexeyab="")  # whatever `valid` says
RECALL_REPORTS_RATES = PerLineage(pjreddie=True, alexeyab=False)
REPORTS_HEADS = PerLineage(pjreddie=False, alexeyab=True)  # in a line per detection head

Data = Annotated[Path, Help("the .data file: valid, names, results, eval, difficult")]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path | None, Help("its weights file")]
Out = Annotated[str | None, Help("the result file's name, or how those of classes begin")]


@verb("detector valid")
def detector_valid(
    run: Run, data: Data, cfg: Cfg, weights: Weights = None, *, out: Out = None
) -> None:
    """Write the result files that the programs of VOC, COCO, ImageNet, KITTI and BDD read.

    Darknet: examples/detector.c validate_detector
    """
    from ...network import Network

    validate(run, data, cfg, weights, out, Network.__call__)


@verb("detector valid2")
def detector_valid2(
    run: Run, data: Data, cfg: Cfg, weights: Weights = None, *, out: Out = None
) -> None:
    """Write result files of what is seen in images and in their mirror images, averaged.

    Darknet: examples/detector.c validate_detector_flip
    """
    from ...evaluate.flip import mirror_average

    validate(run, data, cfg, weights, out, mirror_average)


def validate(
    run: Run, data: Path, cfg: Path, weights: Path | None, out: str | None, heads: Heads
) -> None:
    """Write result files of what is found by the heads that `heads` gives for a batch.

    Darknet: examples/detector.c validate_detector
    """
    from ...dataset.files import DataFile
    from ...evaluate.result_files import FORMATS
    from ...inference.predict import settings
    from ..open_network import open_network

    options = DataFile.read(data)
    valid = options.get("valid", "data/train.list")
    named = options.get("names", "data/names.list")
    folder = Path(options.get("results", "results"))
    mapped = class_map(options)
    network = open_network(run, cfg, weights)
    dialect, names = network.dialect, enough_names(network, named)
    note(rates(network))
    say(heads_told(network), end="")
    kind = options.get("eval", "voc")
    if kind not in FORMATS:
        note(f"eval={kind}: expected one of {', '.join(FORMATS)}; taken for voc")
    results = FORMATS.get(kind, FORMATS["voc"])(folder, out, names, COCO_ID_AFTER.of(dialect))
    chosen = settings(network, thresh=THRESH.of(dialect), nms=NMS.of(dialect), map=mapped)
    write_results(network, images_of(valid), results, chosen, heads)


def write_results(
    network: Network,
    paths: list[str],
    results: Results,
    chosen: Settings,
    heads: Heads | None = None,
    threads: int = 4,
) -> None:
    """Write what is found in images, count them on stderr, and tell the time.

    Darknet: examples/detector.c validate_detector
    """
    from ...evaluate.dataset_detections import DatasetDetector
    from ..progress import counted

    start = time.perf_counter()
    detector = DatasetDetector(network, chosen, pixels=True)
    if heads:
        detector = replace(detector, heads=heads)
    with results:
        found = detector.detect(paths)
        for seen in counted("{}\n", len(paths), threads)(found):
            results.add(seen)
    seconds = time.perf_counter() - start
    shown = int(seconds) if WHOLE_SECONDS.of(network.dialect) else seconds
    note(f"Total Detection Time: {shown:f} Seconds")


@verb("detector recall")
def detector_recall(run: Run, data: Data, cfg: Cfg, weights: Weights = None) -> None:
    """Tell after each image how many truths so far lie under some box.

    Darknet: examples/detector.c validate_detector_recall
    """
    from ...dataset.files import DataFile
    from ...evaluate.recall import recall
    from ..open_network import open_network

    options = DataFile.read(data)
    network = open_network(run, cfg, weights)
    if RECALL_REPORTS_RATES.of(network.dialect):
        note(rates(network))
    for now in recall(network, images_of(recall_list(network, options))):
        note(now.line())


def recall_list(network: Network, options: DataFile) -> str:
    """Return the list of images of `detector recall`: the original's own, where it is there.

    Darknet: examples/detector.c validate_detector_recall
    Quirk: RECALL_LIST
    """
    fixed = RECALL_LIST.of(network.dialect)
    if fixed and Path(fixed).is_file():
        note(f"images are those of {fixed}, whatever {options.section.path} says")
        return fixed
    return options.get("valid", "data/train.txt")


def images_of(valid: str) -> list[str]:
    """Return the images of a list; an empty one is told."""
    from ...dataset.files import read_list

    paths = read_list(valid)
    if not paths:
        note(f"{valid} is empty: no image, and no figure that means anything")
    return paths


def class_map(options: DataFile) -> tuple[int, ...] | None:
    """Return the classes of a tree that the file of `map` lists, if there is one.

    Darknet: src/option_list.c read_map
    """
    from ...cfg.options import integer
    from ...dataset.files import read_list

    path = options.find("map")
    return None if path is None else tuple(integer(line, False) for line in read_list(path))


def enough_names(network: Network, named: str) -> tuple[str, ...]:
    """Return the names of the classes, or refuse a file of too few."""
    from ...dataset.files import read_list
    from ...evaluate.dataset_detections import classes_of

    names, classes = read_list(named), classes_of(network)
    if len(names) < classes:
        raise DataError(f"{len(names)} names: expected {classes}, a name a class", where=named)
    network.names = tuple(names[:classes])
    return network.names


def rates(network: Network) -> str:
    """Return what is told of the rates of training.

    Darknet: examples/detector.c validate_detector
    """
    net = network.net
    return f"Learning Rate: {net.learning_rate:g}, Momentum: {net.momentum:g}, Decay: {net.decay:g}"


def heads_told(network: Network) -> str:
    """Return what the fork tells of the detection heads; the original tells nothing.

    Darknet: src/detector.c validate_detector (AlexeyAB)
    """
    from ...layers import type_lines

    if not REPORTS_HEADS.of(network.dialect):
        return ""
    return "".join(f"{line}\n" for line in type_lines(network.nodes))


def write_text(path: Path, text: str) -> None:
    """Write a file, or say why not."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=path) from None
