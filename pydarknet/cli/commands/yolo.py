"""The programs of YOLOv1, whose lists and class names are fixed: yolo and coco."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...cfg.lineage import PerLineage
from ...system.console import note
from ..verbs import Run, verb
from .detector_test import Cfg, DontShow, Exif, Images, Nms, OutDir, Thresh, Weights
from .detector_train import Amp, Clear, Flags, Gpus, Seed, TensorBoard, Workers, train
from .detector_valid import images_of, rates, write_results

if TYPE_CHECKING:
    from ...evaluate.result_files import Results
    from ...inference.predict import Settings
    from ...network import Network
    from ..detections_text import Found

# Whether boxes stay where the network has them while others are suppressed
LEFT_IN_PLACE = PerLineage(pjreddie=False, alexeyab=True)
VOC, COCO = Path("cfg/voc.data"), Path("cfg/yolov1-coco.data")
COCO_WORDS = {  # what `coco` calls the classes that data/coco.names has other words for
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
    "tvmonitor": "tv",
}


@verb("yolo test")
def yolo_test(
    run: Run,
    cfg: Cfg,
    weights: Weights = None,
    *images: Images,
    thresh: Thresh = 0.2,
    nms: Nms = 0.4,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    exif: Exif = False,
) -> None:
    """Print and draw the boxes that a YOLOv1 network of the 20 VOC classes finds.

    Darknet: examples/yolo.c test_yolo
    """
    from ..image_source import Source
    from ..output import Writing, detect_all

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
    thresh: Thresh = 0.2,
    nms: Nms = 0.4,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    exif: Exif = False,
) -> None:
    """Print and draw the boxes that a YOLOv1 network of the 80 COCO classes finds.

    Darknet: examples/coco.c test_coco
    """
    from ..image_source import Source
    from ..output import Writing, detect_all

    network = first_yolo(run, cfg, weights, "data/coco.names")
    network.names = tuple(COCO_WORDS.get(name, name) for name in network.names or ())
    chosen = first_settings(network, thresh, nms)
    writing = Writing(network, out_dir=out_dir, window=not dont_show, text=yolo_lines)
    writing.file = "prediction.jpg"
    with writing:
        detect_all(Source(images, exif=exif), chosen, writing)


def first_yolo(run: Run, cfg: Path, weights: Path | None, names: str) -> Network:
    """Open a network of YOLOv1, whose class names are fixed."""
    from ...dataset.files import read_list
    from ..open_network import open_network
    from ..output import check_names

    network = open_network(run, cfg, weights, training=True)
    network.names = tuple(read_list(names))
    check_names(network, names, cfg)
    return network


def first_settings(network: Network, thresh: float | None, nms: float | None) -> Settings:
    """Return what decides which boxes the programs of YOLOv1 find: they stretch their images."""
    from ...inference.predict import settings

    chosen = settings(network, thresh=thresh, nms=nms, letterbox=False)
    return replace(chosen, stay=LEFT_IN_PLACE.of(network.dialect))


def yolo_lines(network: Network, found: Found, positions: bool) -> str:
    """Return the lines of one image: all classes of a box in the original, the best in the fork.

    Darknet: src/image.c draw_detections, draw_detections (AlexeyAB)
    """
    from ..detections_text import CLASS_LINES, predicted

    return "\n".join([predicted(found), *CLASS_LINES.of(network.dialect)(found)])


@verb("yolo train")
def yolo_train(
    run: Run,
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
    """Train a YOLOv1 network on the images of data/voc/train.txt.

    Darknet: examples/yolo.c train_yolo
    """
    from ...training.train import detector_trainer

    flags = Flags(gpus, clear, seed, workers, amp, tensorboard)
    train(run, detector_trainer, VOC, cfg, weights, flags)


@verb("coco train")
def coco_train(
    run: Run,
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
    """Train a YOLOv1 network on the images of data/coco.trainval.txt.

    Darknet: examples/coco.c train_coco
    """
    from ...training.train import detector_trainer

    flags = Flags(gpus, clear, seed, workers, amp, tensorboard)
    train(run, detector_trainer, COCO, cfg, weights, flags)


@verb("yolo valid")
def yolo_valid(run: Run, cfg: Cfg, weights: Weights = None) -> None:
    """Write a result file a class for the images of data/voc/2007_test.txt, pixels from 0.

    Darknet: examples/yolo.c validate_yolo
    """
    from ...evaluate.result_files import VocFromZero

    network = first_yolo(run, cfg, weights, "data/voc.names")
    results = VocFromZero(Path("results"), None, network.names or ())
    validate(network, results, "data/voc/2007_test.txt", thresh=0.001)


@verb("coco valid")
def coco_valid(run: Run, cfg: Cfg, weights: Weights = None) -> None:
    """Write the result file of COCO for the images of data/coco_val_5k.list.

    Darknet: examples/coco.c validate_coco
    """
    from ...evaluate.result_files import Coco

    network = first_yolo(run, cfg, weights, "data/coco.names")
    results = Coco(Path("results"), None, network.names or (), "_")
    validate(network, results, "data/coco_val_5k.list", thresh=0.01)


def validate(network: Network, results: Results, listed: str, *, thresh: float) -> None:
    """Write what is found in the images of a list."""
    from ...inference.predict import settings

    chosen = settings(network, thresh=thresh, nms=0.5, letterbox=False)
    note(rates(network))
    write_results(network, images_of(listed), results, chosen, threads=8)


@verb("yolo recall")
def yolo_recall(run: Run, cfg: Cfg, weights: Weights = None) -> None:
    """Tell how many truths lie under some box, image by image of data/voc.2007.test.

    Darknet: examples/yolo.c validate_yolo_recall
    """
    recall(first_yolo(run, cfg, weights, "data/voc.names"), "data/voc.2007.test")


@verb("coco recall")
def coco_recall(run: Run, cfg: Cfg, weights: Weights = None) -> None:
    """Tell how many truths lie under some box, image by image of data/coco_val_5k.list.

    Darknet: examples/coco.c validate_coco_recall
    """
    recall(first_yolo(run, cfg, weights, "data/coco.names"), "data/coco_val_5k.list")


def recall(network: Network, listed: str) -> None:
    """Print a line an image.

    Darknet: examples/yolo.c validate_yolo_recall
    Quirk: RECALL_IN_PIXELS
    """
    from ...evaluate.recall import recall

    note(rates(network))
    for now in recall(network, images_of(listed), overlap=0):
        note(now.line())
