"""The command detector map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from ...cfg.lineage import FORK, PerLineage
from ...errors import DataError
from ...image.tiles import OVERLAP
from ...system.console import note, say
from ...system.problems import guard
from ..data_files import check_outputs, images_of, tell_classes, write_text
from ..ensemble import EnsembleFlag, network_files, open_networks
from ..operands import CfgOrOnnx, IouThresh, Overlap, Tile, Weights, tiling_of
from ..sharing import ShardFlags, Sharing
from ..verbs import SHARE, Help, Run, verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...evaluate.average_precision import MapReport
    from ...evaluate.dataset_detections import ImageDetections
    from ...image.tiles import Tiling
    from ...network import Network

REPORTS_HEADS = PerLineage(pjreddie=False, alexeyab=True)  # in a line per detection head

Data = Annotated[Path, Help("the .data file: valid, names, difficult, polygons")]
Thresh = Annotated[
    float, Help("the score above which detections are counted as right or wrong", range=SHARE)
]
Points = Annotated[
    int,
    Help(
        "average the precision at so many recalls, evenly from 0 to 1: VOC takes 11, COCO 101;"
        " 0 is the area under the curve",
        FORK,
    ),
]
CocoFigures = Annotated[bool, Help("print the twelve figures of COCO too")]
Json = Annotated[Path | None, Help("write the whole report into this file", writes=True)]
Plot = Annotated[Path | None, Help("draw curves, confusions and the worst images into this folder")]


@verb("detector map", lineage=FORK, many=True)
def detector_map(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *,
    thresh: Thresh = 0.25,
    iou_thresh: IouThresh = 0.5,
    points: Points = 0,
    coco: CocoFigures = False,
    json: Json = None,
    plot: Plot = None,
    tile: Tile = None,
    overlap: Overlap = OVERLAP,
    ensemble: EnsembleFlag = None,
    shards: ShardFlags,
) -> None:
    """Print the average precision of each class, and their mean.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    from ...charts.library import check_installed
    from ...dataset.files import DataFile
    from ...evaluate.dataset_detections import classes_of
    from ...evaluate.map_report import HINT, text
    from ...layers import type_lines

    tiling = tiling_of(tile, overlap)
    sharing = Sharing.of(shards, "detector map", run, *network_files(cfg, weights, ensemble))
    options = DataFile.read(data)
    valid = options.get_file("valid", "data/train.txt")
    difficult = options.find_file("difficult")
    named = options.get_file("names", "data/names.list")
    paths = images_of(valid, labels=True)
    excused = images_of(difficult, labels=True) if difficult else None
    check_outputs(json, plot)
    if plot:
        check_installed()
    network, others = open_networks(run, cfg, weights, ensemble)
    set_exact_names(network, named, cfg)
    tell_classes(options, classes_of(network))
    say("\n calculation mAP (mean average precision)...")
    for line in type_lines(network.nodes) if REPORTS_HEADS.of(network.dialect) else ():
        say(line)
    start = time.perf_counter()
    counted = Counted(thresh, iou_thresh, points)
    networks = [network, *others]
    found = shared_detections(sharing, networks, paths, tiling) if sharing else None
    if sharing and found is None:
        return
    report = report_of(networks, paths, excused, counted, options.polygons, tiling, found)
    say(text(report))
    seconds = int(time.perf_counter() - start)
    note(f"Total Detection Time: {seconds} Seconds", continues=True)  # the counter's line, as in C
    say(HINT)
    write_extras(report, coco, json, plot, network.exif)


class Counted(NamedTuple):
    """What decides which detections count, and at how many recalls precision is taken."""

    thresh: float
    iou_thresh: float
    points: int


def shared_detections(
    sharing: Sharing, networks: list[Network], paths: list[str], tiling: Tiling | None
) -> Iterator[ImageDetections] | None:
    """Return what several processes have found; None where this one recorded its part of that."""
    from ...evaluate.average_precision import ranking_detector
    from ...evaluate.dataset_detections import evaluation_mode
    from ..shared_detections import detections

    with evaluation_mode(networks[0]):
        return detections(sharing, ranking_detector(networks[0], networks[1:], tiling), paths)


def report_of(
    networks: list[Network],
    paths: list[str],
    difficult: list[str] | None,
    counted: Counted,
    polygons: bool,
    tiling: Tiling | None,
    found: Iterator[ImageDetections] | None,
) -> MapReport:
    """Evaluate a network, or an ensemble, on images and count them on stderr.

    What it finds may be `found` already.
    """
    from ...evaluate.average_precision import average_precision
    from ...evaluate.dataset_detections import DatasetDetector
    from ..progress import count_items

    return average_precision(
        networks[0],
        paths,
        **counted._asdict(),
        others=networks[1:],
        difficult=difficult,
        polygons=polygons,
        tiling=tiling,
        watch=count_items("\r{}", len(paths)),
        detect=DatasetDetector.detect if found is None else lambda *_: found,
    )


def write_extras(
    report: MapReport, coco: bool, json: Path | None, plot: Path | None, exif: bool
) -> None:
    """Print the figures of COCO, and write JSON and plots, as far as flags ask for them."""
    from ...evaluate.coco import figures, lines
    from ...evaluate.map_report import as_json

    computed = figures(report.dataset) if coco else None
    if computed:
        say("\n" + "\n".join(lines(computed)))
    if json:
        with guard(str(json)):
            write_text(json, as_json(report, computed) + "\n")
    if plot:
        from ...evaluate.plots import plots

        plots(report, plot, exif)


def set_exact_names(network: Network, named: str, cfg: Path) -> None:
    """Give the network its names, or refuse a file that has not one per class.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    from ...dataset.files import read_names
    from ...evaluate.dataset_detections import classes_of

    names, classes = read_names(named), classes_of(network)
    if len(names) != classes:
        raise DataError(
            f"Error: in the file {named} number of names {len(names)} that isn't equal to"
            f" classes={classes} in the file {cfg}"
        )
    network.names = tuple(names)
