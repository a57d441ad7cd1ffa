"""The commands coco test, demo, train, valid and recall."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..demo_flags import DemoFlags, Video
from ..operands import Cfg, CfgOrOnnx, Images, TrainFlags, Weights
from ..sharing import ShardFlags, Sharing
from ..train import train
from ..verbs import TRAIN, Run, verb
from ..yolov1 import YoloFlags, detect, open_tested, open_yolo, recall, show, validate

DATA, NAMES = Path("cfg/yolov1-coco.data"), "data/coco.names"
NAMES_IN_C = {  # classes that `coco` names otherwise than data/coco.names
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
    "tvmonitor": "tv",
}


@verb("coco test", lazy=True)
def coco_test(
    run: Run,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *images: Images,
    flags: YoloFlags,
    shards: ShardFlags,
) -> None:
    """Print and draw the boxes that a YOLOv1 network of the 80 COCO classes finds.

    Darknet: examples/coco.c test_coco
    """
    sharing = Sharing.of(shards, "coco test", run, cfg, weights)
    network = open_tested(run, cfg, weights, NAMES, images)
    network.names = names_in_c(network.names or ())
    detect(run, network, images, flags, sharing, file="prediction.jpg")


@verb("coco demo", lazy=True)
def coco_demo(
    run: Run, cfg: CfgOrOnnx, weights: Weights = None, video: Video = None, *, flags: DemoFlags
) -> None:
    """Find boxes of the 80 COCO classes in the frames of a film, a camera or a stream.

    Darknet: src/demo.c demo
    """
    from ...dataset.files import read_names

    show(run, cfg, weights, names_in_c(read_names(NAMES)), video, flags)


def names_in_c(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as the C program `coco` has them."""
    return tuple(NAMES_IN_C.get(name, name) for name in names)


@verb("coco train", uses=TRAIN)
def coco_train(run: Run, cfg: Cfg, weights: Weights = None, *, flags: TrainFlags) -> None:
    """Train a YOLOv1 network on the images of data/coco.trainval.txt.

    Darknet: examples/coco.c train_coco
    """
    from ...training.train import detector_trainer

    train(run, detector_trainer, DATA, cfg, weights, flags)


@verb("coco valid", many=True)
def coco_valid(run: Run, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags) -> None:
    """Write the result file of COCO for the images of data/coco_val_5k.list.

    Darknet: examples/coco.c validate_coco
    """
    from ...evaluate.result_files import Coco

    sharing = Sharing.of(shards, "coco valid", run, cfg, weights)
    network = open_yolo(run, cfg, weights, NAMES)
    results = Coco(Path("results"), None, network.names or (), "_")
    validate(network, results, "data/coco_val_5k.list", thresh=0.01, sharing=sharing)


@verb("coco recall", many=True)
def coco_recall(run: Run, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags) -> None:
    """Print after each image of data/coco_val_5k.list how many boxes so far are found.

    Darknet: examples/coco.c validate_coco_recall
    """
    sharing = Sharing.of(shards, "coco recall", run, cfg, weights)
    recall(open_yolo(run, cfg, weights, NAMES), "data/coco_val_5k.list", sharing)
