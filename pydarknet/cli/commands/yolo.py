"""The commands yolo test, demo, train, valid and recall."""

from __future__ import annotations

from pathlib import Path

from ..demo_flags import DemoFlags, Video
from ..operands import Cfg, CfgOrOnnx, Images, TrainFlags, Weights
from ..sharing import ShardFlags, Sharing
from ..train import train
from ..verbs import TRAIN, Run, verb
from ..yolov1 import YoloFlags, detect, open_tested, open_yolo, recall, show, validate

DATA, NAMES = Path("cfg/voc.data"), "data/voc.names"


@verb("yolo test", lazy=True)
def yolo_test(
    run: Run,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *images: Images,
    flags: YoloFlags,
    shards: ShardFlags,
) -> None:
    """Print and draw the boxes that a YOLOv1 network of the 20 VOC classes finds.

    Darknet: examples/yolo.c test_yolo
    """
    sharing = Sharing.of(shards, "yolo test", run, cfg, weights)
    detect(run, open_tested(run, cfg, weights, NAMES, images), images, flags, sharing)


@verb("yolo demo", lazy=True)
def yolo_demo(
    run: Run, cfg: CfgOrOnnx, weights: Weights = None, video: Video = None, *, flags: DemoFlags
) -> None:
    """Find boxes of the 20 VOC classes in the frames of a film, a camera or a stream.

    Darknet: src/demo.c demo
    """
    from ...dataset.files import read_names

    show(run, cfg, weights, tuple(read_names(NAMES)), video, flags)


@verb("yolo train", uses=TRAIN)
def yolo_train(run: Run, cfg: Cfg, weights: Weights = None, *, flags: TrainFlags) -> None:
    """Train a YOLOv1 network on the images of data/voc/train.txt.

    Darknet: examples/yolo.c train_yolo
    """
    from ...training.train import detector_trainer

    train(run, detector_trainer, DATA, cfg, weights, flags)


@verb("yolo valid", many=True)
def yolo_valid(run: Run, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags) -> None:
    """Write one result file per class for the images of data/voc/2007_test.txt, pixels from 0.

    Darknet: examples/yolo.c validate_yolo
    """
    from ...evaluate.result_files import VocFromZero

    sharing = Sharing.of(shards, "yolo valid", run, cfg, weights)
    network = open_yolo(run, cfg, weights, NAMES)
    results = VocFromZero(Path("results"), None, network.names or ())
    validate(network, results, "data/voc/2007_test.txt", thresh=0.001, sharing=sharing)


@verb("yolo recall", many=True)
def yolo_recall(run: Run, cfg: CfgOrOnnx, weights: Weights = None, *, shards: ShardFlags) -> None:
    """Print after each image of data/voc.2007.test how many boxes so far are found.

    Darknet: examples/yolo.c validate_yolo_recall
    """
    sharing = Sharing.of(shards, "yolo recall", run, cfg, weights)
    recall(open_yolo(run, cfg, weights, NAMES), "data/voc.2007.test", sharing)
