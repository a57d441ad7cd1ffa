"""What the state dicts of well-known ports are called, as tables; nothing here is computed.

In a name, {layer} is a layer's index in the cfg, {count} the number of its convolution from 1,
{place} the place that the table of a port gives that convolution; of a place `a/b`, {of} is a and
{nth} b. {node} is what an ONNX file of ours calls the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .places import spread, yolox

COUNTED: Final = r".*\.num_batches_tracked"


@dataclass(frozen=True)
class Branch:
    """A convolution and the batch norm after it, by what their arrays' names begin with.

    Without a convolution, it is the identity.
    """

    conv: str = ""
    norm: str = ""


@dataclass(frozen=True)
class Form:
    """How a port keeps one convolution: branches whose sum it is, and learned constants.

    `added` is added to its input, `factor` multiplies its output. With `focus`, the port's reads
    2 x 2 pixels as channels, in the order left column, right column, each from above; pixels are
    BGR in 0..255. The cfg's reads the image, by a window of twice the size and steps of two pixels.
    """

    branches: tuple[Branch, ...]
    added: str = ""
    factor: str = ""
    focus: bool = False


@dataclass(frozen=True)
class Layout:
    """The state dict of a port: its forms, of which a convolution has the first that is there.

    `epsilon` is that of its batch norms. `places` name the convolutions in the order of the cfg;
    none: names count as the cfg does. After a place, `@` and digits say in which order the port
    joins the layers that are its input, where 0 is the one that comes first in the cfg. `anchors`
    hold anchors in pixels; arrays in `ignored` have no part in what a network computes. `others`
    are the arrays of layers that are no convolutions, in the order of the cfg. `pixels` are the
    mean and the deviation by which the port normalises images: a batch norm that reads the image
    gets them. With `bgr`, its first convolution reads blue, green, red.
    """

    name: str
    epsilon: float
    forms: tuple[Form, ...]
    places: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    ignored: tuple[str, ...] = (COUNTED,)
    others: tuple[str, ...] = ()
    pixels: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    bgr: bool = False


def one(conv: str, norm: str = "") -> Form:
    """Return the form of a convolution with or without batch norm."""
    return Form((Branch(conv, norm),))


DOWN: Final = " ".join(
    f"down{number}.conv1-3 "
    + " ".join(f"down{number}.resblock.module_list.{block}.0-1" for block in range(blocks))
    + f" down{number}.conv4-5"
    for number, blocks in ((2, 2), (3, 8), (4, 8), (5, 4))
)


def tianxiaomo(neck: str) -> Layout:
    """Return the layout of the class Yolov4; its neck was called neek when its files were made."""
    return Layout(
        f"Tianxiaomo/pytorch-YOLOv4, Yolov4 ({neck})",
        1e-5,
        (one("{place}.conv.0", "{place}.conv.1"),),
        spread(f"down1.conv1-8 {DOWN} {neck}.conv1-20 head.conv1-18"),
    )


YOLOV7: Final = spread(
    """
    0-9 11 13-15 17-22 24 26-28 30-35 37 39-41 43-48 50
    51.cv2 51.cv1 51.cv3-7
    52 54 56-61 63 64 66 68-73 75 77-79 81-86 88 90-92 94-99 101
    102 105/0 103 105/1 104 105/2
    """
)
YOLOV7X: Final = spread(
    """
    0-11 13 15-17 19-26 28 30-32 34-41 43 45-47 49-56 58
    59.cv2 59.cv1 59.cv3-7
    60 62 64-71 73 74 76 78-85 87 89-91 93-100 102 104-106 108-115 117
    118 121/0 119 121/1 120 121/2
    """
)
YOLOV7_TINY: Final = spread(
    """
    0-5 7@3210 9-12 14@3210 16-19 21@3210 23-26 28@3210
    29 30 35@3210 37@10
    38 40 42-45 47@3210 48 50 52-55 57@3210
    58 60-63 65@3210 66 68-71 73@3210
    74 77/0 75 77/1 76 77/2
    """
)
WONGKINYIU: Final = (
    one("model.{place}.conv", "model.{place}.bn"),
    one("model.{place}.rbr_reparam"),
    Form(
        (
            Branch("model.{place}.rbr_dense.0", "model.{place}.rbr_dense.1"),
            Branch("model.{place}.rbr_1x1.0", "model.{place}.rbr_1x1.1"),
            Branch("", "model.{place}.rbr_identity"),
        )
    ),
    Form(
        (Branch("model.{of}.m.{nth}"),),
        added="model.{of}.ia.{nth}.implicit",
        factor="model.{of}.im.{nth}.implicit",
    ),
)


def wongkinyiu(name: str, places: tuple[str, ...]) -> Layout:
    """Return the layout of one of the networks of WongKinYiu/yolov7."""
    last = places[-1].partition("/")[0]
    return Layout(
        f"WongKinYiu/yolov7, {name}",
        1e-3,
        WONGKINYIU,
        places,
        anchors=(rf"model\.{last}\.anchor_grid",),
        ignored=(COUNTED, rf"model\.{last}\.anchors"),  # the same, divided by the strides
    )


MEGVII: Final = (
    one("{place}.conv", "{place}.bn"),
    one("{place}"),
    Form((Branch("{place}.conv.conv", "{place}.conv.bn"),), focus=True),
)


def megvii(name: str, places: tuple[str, ...]) -> Layout:
    """Return the layout of one of the networks of Megvii-BaseDetection/YOLOX."""
    return Layout(f"Megvii-BaseDetection/YOLOX, {name}", 1e-3, MEGVII, places)


BOXES_THEN_CLASSES: Final = ("regression", "classification")
RESNET50: Final = " ".join(
    f"backbone.body.layer{stage}.0/1-3 backbone.body.layer{stage}.0.downsample "
    + " ".join(f"backbone.body.layer{stage}.{block}/1-3" for block in range(1, blocks))
    for stage, blocks in ((1, 3), (2, 4), (3, 6), (4, 3))
)
RETINANET: Final = spread(
    f"""
    backbone.body/1 {RESNET50}
    backbone.fpn.inner_blocks.2.0 backbone.fpn.layer_blocks.2.0 backbone.fpn.extra_blocks.p6-7
    backbone.fpn.inner_blocks.1.0 backbone.fpn.layer_blocks.1.0
    backbone.fpn.inner_blocks.0.0 backbone.fpn.layer_blocks.0.0
    head.regression_head.conv.0-3.0 head.regression_head.bbox_reg
    head.classification_head.conv.0-3.0 head.classification_head.cls_logits
    """
)
SSD300: Final = spread(
    """
    backbone.features.0 backbone.features.2 backbone.features.5 backbone.features.7
    backbone.features.10 backbone.features.12 backbone.features.14
    backbone.features.17 backbone.features.19 backbone.features.21
    backbone.extra.0.1 backbone.extra.0.3 backbone.extra.0.5 backbone.extra.0.7.1
    backbone.extra.0.7.3 backbone.extra.1.0 backbone.extra.1.2 backbone.extra.2.0
    backbone.extra.2.2 backbone.extra.3.0 backbone.extra.3.2 backbone.extra.4.0 backbone.extra.4.2
    """
) + tuple(f"head.{kind}_head.module_list.{k}" for k in range(6) for kind in BOXES_THEN_CLASSES)
TORCHVISION: Final = (
    one("{of}.conv{nth}", "{of}.bn{nth}"),
    one("{place}.0", "{place}.1"),
    one("{place}"),
)


CENTERNET: Final = Layout(
    "xingyizhou/CenterNet, res_18",
    1e-5,
    (
        one("{of}.conv{nth}", "{of}.bn{nth}"),
        one("conv{place}", "bn{place}"),
        one("{place}.0", "{place}.1"),
        one("deconv_layers.{of}", "deconv_layers.{nth}"),
        one("{place}"),
    ),
    spread(
        """
        1 layer1.0-1/1-2
        layer2.0/1-2 layer2.0.downsample layer2.1/1-2
        layer3.0/1-2 layer3.0.downsample layer3.1/1-2
        layer4.0/1-2 layer4.0.downsample layer4.1/1-2
        0/1 3/4 6/7 hm.0 hm.2 wh.0 wh.2 reg.0 reg.2
        """
    ),
    pixels=((0.47026115, 0.44719302, 0.40789654), (0.27809835, 0.27408164, 0.28863828)),
    bgr=True,
)


LAYOUTS: Final = (
    Layout(
        "eriklindernoren/PyTorch-YOLOv3",
        1e-5,
        (one("module_list.{layer}.conv_{layer}", "module_list.{layer}.batch_norm_{layer}"),),
        anchors=(r"module_list\.\d+\.yolo_\d+\.anchors",),
        ignored=(COUNTED, r"module_list\.\d+\.yolo_\d+\.anchor_grid"),
    ),
    Layout(
        "ultralytics/yolov3 (archive) or WongKinYiu/PyTorch_YOLOv4",
        1e-4,
        (one("module_list.{layer}.Conv2d", "module_list.{layer}.BatchNorm2d"),),
    ),
    Layout(
        "Tianxiaomo/pytorch-YOLOv4, of a cfg",
        1e-5,
        (one("models.{layer}.conv{count}", "models.{layer}.bn{count}"),),
    ),
    tianxiaomo("neck"),
    tianxiaomo("neek"),
    wongkinyiu("yolov7", YOLOV7),
    wongkinyiu("yolov7x", YOLOV7X),
    wongkinyiu("yolov7-tiny", YOLOV7_TINY),
    megvii("yolox-s or yolox-tiny", yolox(1)),
    megvii("yolox-m", yolox(2)),
    megvii("yolox-l", yolox(3)),
    megvii("yolox-x", yolox(4)),
    megvii("yolox-nano", yolox(1, depthwise=True)),
    Layout(
        "torchvision, retinanet_resnet50_fpn",
        1e-5,
        TORCHVISION,
        RETINANET,
        pixels=((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ),
    Layout(
        "torchvision, ssd300_vgg16",
        1e-5,
        TORCHVISION,
        SSD300,
        others=("backbone.scale_weight",),
        pixels=((0.48235, 0.45882, 0.40784), (1 / 255,) * 3),
    ),
    CENTERNET,
)
