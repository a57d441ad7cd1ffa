"""What the programs of YOLOv1, `yolo` and `coco`, share: their lists and class names are fixed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..cfg.lineage import PerLineage
from ..image.tiles import OVERLAP
from ..system.console import note, say
from .data_files import images_of
from .operands import (
    Colors,
    DontShow,
    Font,
    Nms,
    NoDraw,
    OutDir,
    Overlap,
    Recursive,
    Thresh,
    Tile,
    tiling_of,
)
from .results import write_results
from .sharing import Sharing
from .verbs import Run

if TYPE_CHECKING:
    from ..boxes.settings import Settings
    from ..evaluate.result_files import Results
    from ..network import Network
    from ..runtime.any_network import AnyNetwork
    from .demo_flags import DemoFlags
    from .detections_text import Found

# Whether boxes stay where the network has them while others are suppressed
LEFT_IN_PLACE = PerLineage(pjreddie=False, alexeyab=True)


@dataclass(frozen=True)
class YoloFlags:
    """The flags of `yolo test` and `coco test`."""

    thresh: Thresh = 0.2
    nms: Nms = 0.4
    out_dir: OutDir = None
    dont_show: DontShow = False
    no_draw: NoDraw = False
    colors: Colors = None
    font: Font = None
    recursive: Recursive = False
    tile: Tile = None
    overlap: Overlap = OVERLAP


def detect(
    run: Run,
    network: AnyNetwork,
    images: tuple[str, ...],
    flags: YoloFlags,
    sharing: Sharing | None,
    file: str = "predictions.jpg",
) -> None:
    """Print and draw the boxes found in images.

    Darknet: examples/yolo.c test_yolo, examples/coco.c test_coco
    """
    from .detection import detect_all
    from .image_source import Source
    from .output import Writing

    tiling = tiling_of(flags.tile, flags.overlap)
    chosen = replace(settings_of(network, flags.thresh, flags.nms), tiling=tiling)
    writing = Writing(
        network,
        out_dir=flags.out_dir,
        window=not flags.dont_show,
        text=yolo_lines,
        file=file,
        draws=not flags.no_draw,
        colors=flags.colors,
        font=flags.font,
    )
    source = Source.of(network, images, flags.recursive, flags.out_dir)
    if sharing:
        from .shared_test import detect_shared

        detect_shared(sharing, source, chosen, writing)
        return
    with writing:
        detect_all(source, chosen, writing)


def show(
    run: Run,
    cfg: Path,
    weights: Path | None,
    names: tuple[str, ...],
    video: str | None,
    flags: DemoFlags,
) -> None:
    """Find boxes in the frames of a film, a camera or a stream.

    Darknet: src/demo.c demo
    """
    from .open_any import open_any

    say("Demo")
    network = open_any(run, cfg, weights)
    from .demo import run_demo  # which imports OpenCV: the files of a network are read first

    network.names = names
    run_demo(network, video, flags, thresh=0.2, classes=len(names))


def open_yolo(run: Run, cfg: Path, weights: Path | None, names: str) -> Network:
    """Open a network of YOLOv1, whose class names are fixed, by torch."""
    from .open_network import open_network

    network = open_network(run, cfg, weights, training=True)
    name_classes(network, names, cfg)
    return network


def open_tested(
    run: Run, cfg: Path, weights: Path | None, names: str, images: tuple[str, ...]
) -> AnyNetwork:
    """Open the same to find boxes in images, without torch if it was compiled."""
    from .open_any import open_any

    network = open_any(run, cfg, weights, images=images, training=True)
    name_classes(network, names, cfg)
    return network


def name_classes(network: AnyNetwork, names: str, cfg: Path) -> None:
    """Give a network its class names, and warn if they are not as many as its classes."""
    from ..dataset.files import read_names
    from .output import check_names

    network.names = tuple(read_names(names))
    check_names(network, names, cfg)


def settings_of(network: AnyNetwork, thresh: float | None, nms: float | None) -> Settings:
    """Return the settings of YOLOv1's programs, which stretch their images."""
    from ..boxes.settings import settings

    chosen = settings(network, thresh=thresh, nms=nms, letterbox=False)
    return replace(chosen, stay=LEFT_IN_PLACE.of(network.dialect))


def yolo_lines(network: AnyNetwork, found: Found, positions: bool) -> str:
    """Return the lines of one image: all classes of a box in the original, the best in the fork.

    Darknet: src/image.c draw_detections, draw_detections (AlexeyAB)
    """
    from .detections_text import CLASS_LINES, time_line

    return "\n".join([time_line(found), *CLASS_LINES.of(network.dialect)(found)])


def validate(
    network: Network, results: Results, listed: str, *, thresh: float, sharing: Sharing | None
) -> None:
    """Write the result files of the images of a list."""
    from ..boxes.settings import settings

    chosen = settings(network, thresh=thresh, nms=0.5, letterbox=False)
    note(network.net.rates())
    write_results(network, images_of(listed), results, chosen, threads=8, sharing=sharing)


def recall(network: Network, listed: str, sharing: Sharing | None) -> None:
    """Print a line an image.

    Darknet: examples/yolo.c validate_yolo_recall
    Quirk: RECALL_IN_PIXELS
    """
    from ..evaluate.recall import recall
    from .shared_detections import detections

    note(network.net.rates())
    paths, detect = images_of(listed, labels=True), partial(detections, sharing)
    for now in recall(network, paths, overlap=0, detect=detect):
        note(now.line())
