"""Operands and flags that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ..cfg.lineage import FORK
from ..cfg.numbers import Range
from ..image.tiles import MOST_OVERLAP, OVERLAP, Tiling
from .verbs import NATURAL, SHARE, Help

WORKERS = Range(least=0, most=256)
TILED = Range(least=0, most=MOST_OVERLAP)

Data = Annotated[Path, Help("the .data file, which names the classes")]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
CfgOrOnnx = Annotated[
    Path,
    Help("the network: a Darknet .cfg, or an .onnx of `export onnx`, without weights", onnx=True),
]
Weights = Annotated[Path | None, Help("its weights file")]
WeightsFile = Annotated[Path, Help("its weights file")]
Images = Annotated[
    str, Help("images, folders, patterns, lists, or - for one on stdin; if omitted, a prompt asks")
]
Thresh = Annotated[float, Help("the score a box must exceed", range=SHARE)]
Nms = Annotated[float | None, Help("boxes of a class that overlap by more are one", range=SHARE)]
OutDir = Annotated[Path | None, Help("write each drawn image into this folder")]
DontShow = Annotated[bool, Help("open no window", FORK, shows=True)]
Tile = Annotated[
    str | None, Help("WxH: see larger images in tiles of that size in pixels, and once as a whole")
]
Overlap = Annotated[
    float, Help("the share of their sides that neighbouring tiles have in common", range=TILED)
]
Recursive = Annotated[bool, Help("look for images in the folders below a folder too")]
NoDraw = Annotated[bool, Help("draw nothing, and open no window", shows=True)]
Colors = Annotated[
    str | None,
    Help("distinct, the default and PYDARKNET_COLORS's, or darknet: the colours of classes"),
]
Font = Annotated[
    str | None,
    Help("a font file for labels, which has the letters of the names; else PYDARKNET_FONT's"),
]
ExtOutput = Annotated[bool, Help("print where each box is, in pixels", FORK, shows=True)]
SaveLabels = Annotated[
    bool, Help("write a label file for each image; replaces existing ones", FORK, shows=True)
]
IouThresh = Annotated[
    float, Help("the least IoU of a detection and its ground-truth box", FORK, range=SHARE)
]


def tiling_of(tile: str | None, overlap: float) -> Tiling | None:
    """Return how images are cut into tiles, if they are."""
    return Tiling.read(tile, overlap) if tile else None


@dataclass(frozen=True)
class DetectFlags:
    """The flags of the commands that print and draw boxes."""

    thresh: Annotated[
        float | None, Help("the score a box must exceed (0.5, fork 0.25)", range=SHARE)
    ] = None
    hier: Annotated[
        float, Help("the probability each class on a tree's path must exceed", range=SHARE)
    ] = 0.5
    nms: Nms = None
    out: Annotated[
        str | None,
        Help(
            "NAME.json: write JSON; else the drawn image's name, without .jpg",
            shows=True,
            forks_ending=".json",
        ),
    ] = None
    out_dir: OutDir = None
    dont_show: DontShow = False
    no_draw: NoDraw = False
    colors: Colors = None
    font: Font = None
    recursive: Recursive = False
    tile: Tile = None
    overlap: Overlap = OVERLAP
    ext_output: ExtOutput = False
    save_labels: SaveLabels = False
    letter_box: Annotated[
        bool, Help("keep the image's proportions in the network's input", FORK)
    ] = False


@dataclass(frozen=True)
class TrainFlags:
    """The flags of the commands that train on images."""

    gpus: Annotated[
        str | None,
        Help("the GPUs to train on, by number; a process trains on each, and weights are averaged"),
    ] = None
    allreduce: Annotated[
        bool,
        Help(
            "the processes of -gpus train one network together: its gradients are added in each"
            " iteration, as torchrun's processes do"
        ),
    ] = False
    clear: Annotated[
        bool, Help("start over: count images from 0; earlier files in backup are kept as *_old1*")
    ] = False
    seed: Annotated[
        int | None,
        Help("the seed of all random numbers: the same seed repeats a run", range=NATURAL),
    ] = None
    srand: Annotated[int | None, Help("the same as -seed", range=NATURAL)] = None
    workers: Annotated[
        int | None, Help("processes that make the batches; if omitted, one per core", range=WORKERS)
    ] = None
    amp: Annotated[
        str | None,
        Help(
            "bf16, also on CPUs that have it, fp16 or off; if omitted, bf16 on GPUs that support it"
        ),
    ] = None
    sync_bn: Annotated[
        bool,
        Help(
            "of several processes: batch norm's statistics are those of all their mini-batches, as"
            " one process with the same subdivisions has them"
        ),
    ] = False
    tensorboard: Annotated[Path | None, Help("a folder for TensorBoard's logs")] = None
