"""The commands that find boxes in images: detector test, detect, yolo test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..console import note
from ..errors import DataError
from .verbs import FORK, Help, Run, verb

if TYPE_CHECKING:
    from ..network import Network
    from ..predict import Settings
    from .report import Found

CACHE = Path("~/.cache/pydarknet")
COCO_WORDS = {  # what `coco` calls the classes that data/coco.names has other words for
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
    "tvmonitor": "tv",
}

Data = Annotated[Path, Help("the .data file, which names the classes")]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path | None, Help("its weights file")]
Images = Annotated[str, Help("images, folders, patterns or lists; without, paths are asked for")]
Thresh = Annotated[float | None, Help("the score a box must exceed")]
Hier = Annotated[float, Help("the probability that a walk down a tree of classes must exceed")]
Nms = Annotated[float | None, Help("boxes of a class that overlap by more are one")]
Out = Annotated[str | None, Help("NAME.json: write JSON; else the picture's name, without .jpg")]
OutDir = Annotated[Path | None, Help("write each drawn picture into this folder")]
DontShow = Annotated[bool, Help("open no window", FORK)]
ExtOutput = Annotated[bool, Help("print where each box is, in pixels", FORK)]
SaveLabels = Annotated[bool, Help("write a label file for each image", FORK)]
LetterBox = Annotated[bool, Help("keep the image's proportions in the network's input", FORK)]
Exif = Annotated[bool, Help("turn images as their EXIF data says")]


@verb("detector test")
def detector_test(
    run: Run,
    data: Data,
    cfg: Cfg,
    weights: Weights = None,
    *images: Images,
    thresh: Thresh = None,
    hier: Hier = 0.5,
    nms: Nms = None,
    out: Out = None,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    ext_output: ExtOutput = False,
    save_labels: SaveLabels = False,
    letter_box: LetterBox = False,
    exif: Exif = False,
) -> None:
    """Print and draw the boxes found in images.

    Darknet: examples/detector.c test_detector
    """
    from ..dataset.files import DataFile, read_list
    from ..predict import settings
    from .loading import open_network
    from .pictures import Source
    from .writing import Writing, check_names, detect_all

    named = DataFile.read(data).get("names", "data/names.list")
    names = tuple(read_list(named))
    network = open_network(run, cfg, weights)
    network.names = names
    check_names(network, named, cfg)
    chosen = settings(network, thresh=thresh, hier=hier, nms=nms, letterbox=letter_box or None)
    source = Source(images, 1 if network.input.c == 1 else 3, exif)
    writing = Writing(network, out, out_dir, ext_output, save_labels, window=not dont_show)
    with writing:
        detect_all(source, chosen, writing)


@verb("detect")
def detect(
    run: Run,
    *words: Annotated[str, Help("<cfg> <weights> [images], or an image for the default model")],
    thresh: Thresh = None,
    hier: Hier = 0.5,
    nms: Nms = None,
    out: Out = None,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    ext_output: ExtOutput = False,
    save_labels: SaveLabels = False,
    letter_box: LetterBox = False,
    exif: Exif = False,
) -> None:
    """Print and draw what a COCO network, the default one unless named, finds in images.

    Darknet: examples/darknet.c main (detect)
    """
    if words and words[0].endswith(".cfg"):
        cfg, weights, *images = [*words, ""] if len(words) == 1 else words
    else:
        cfg, weights, images = "yolov3.cfg", str(default_weights()), list(words)
        note(f"default model: {cfg} with {weights}")
    detector_test(
        run,
        Path("cfg/coco.data"),
        Path(cfg),
        Path(weights) if weights else None,
        *images,
        thresh=thresh,
        hier=hier,
        nms=nms,
        out=out,
        out_dir=out_dir,
        dont_show=dont_show,
        ext_output=ext_output,
        save_labels=save_labels,
        letter_box=letter_box,
        exif=exif,
    )


def default_weights() -> Path:
    """Return yolov3.weights from the folders where it may lie."""
    folders = [Path(), Path("weights"), CACHE.expanduser()]
    for folder in folders:
        if (folder / "yolov3.weights").is_file():
            return folder / "yolov3.weights"
    places = ", ".join(str(folder / "yolov3.weights") for folder in folders)
    raise DataError(
        f"the default model has no weights: expected one of {places}",
        hint="fetch yolov3.weights (248 MB) there, or name yours: detect my.cfg my.weights IMAGE",
    )


@verb("yolo test")
def yolo_test(
    run: Run,
    cfg: Cfg,
    weights: Weights = None,
    *images: Images,
    thresh: Thresh = None,
    nms: Nms = 0.4,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    exif: Exif = False,
) -> None:
    """Print and draw the boxes that a YOLOv1 network of the 20 VOC classes finds.

    Darknet: examples/yolo.c test_yolo
    """
    from .pictures import Source
    from .writing import Writing, detect_all

    network = first_yolo(run, cfg, weights, "data/voc.names")
    chosen = first_settings(network, thresh, nms)
    with Writing(network, out_dir=out_dir, window=not dont_show, text=yolo_lines) as writing:
        detect_all(Source(images, exif=exif), chosen, writing)


@verb("coco test")
def coco_test(
    run: Run,
    cfg: Cfg,
    weights: Weights = None,
    *images: Images,
    thresh: Thresh = None,
    nms: Nms = 0.4,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    exif: Exif = False,
) -> None:
    """Print and draw the boxes that a YOLOv1 network of the 80 COCO classes finds.

    Darknet: examples/coco.c test_coco
    """
    from .pictures import Source
    from .writing import Writing, detect_all

    network = first_yolo(run, cfg, weights, "data/coco.names")
    network.names = tuple(COCO_WORDS.get(name, name) for name in network.names or ())
    chosen = first_settings(network, thresh, nms)
    writing = Writing(network, out_dir=out_dir, window=not dont_show, text=yolo_lines)
    writing.file = "prediction.jpg"
    with writing:
        detect_all(Source(images, exif=exif), chosen, writing)


def first_yolo(run: Run, cfg: Path, weights: Path | None, names: str) -> Network:
    """Open a network of YOLOv1, whose class names are fixed."""
    from ..dataset.files import read_list
    from .loading import open_network
    from .writing import check_names

    network = open_network(run, cfg, weights, training=True)
    network.names = tuple(read_list(names))
    check_names(network, names, cfg)
    return network


def first_settings(network: Network, thresh: float | None, nms: float | None) -> Settings:
    """Return what decides which boxes the programs of YOLOv1 find: they stretch their images."""
    from ..predict import settings

    chosen = settings(network, command="yolo test", thresh=thresh, nms=nms, letterbox=False)
    return replace(chosen, stay=network.dialect.totals)


def yolo_lines(network: Network, found: Found, positions: bool) -> str:
    """Return the lines of one image: all classes of a box in the original, the best in the fork.

    Darknet: src/image.c draw_detections, draw_detections (AlexeyAB)
    """
    from .report import best_only, original_lines, predicted

    listed = best_only(found) if network.dialect.totals else original_lines(found)
    return "\n".join([predicted(found), *listed])
