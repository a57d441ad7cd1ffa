"""The dialects of Darknet: what a network prints, expects and stores in each lineage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .lineage import FORK, PJREDDIE, PerLineage


@dataclass(frozen=True)
class Dialect:
    """The texts, defaults and file forms of a network in one lineage."""

    name: str
    title: str  # of the layer table
    index: str  # how a row's index is printed
    totals: bool  # whether totals stand below the table
    version: tuple[int, int, int]  # in the header of the weights it writes
    long_seen_when_transposed: bool
    letterbox: bool  # whether images keep their proportions in the network's input
    cropped: bool  # whether a classifier sees the middle of an image, not all of it
    thresholds: Mapping[str, float]  # of scores, by command
    nms: float = 0.45
    valid_nms: float = 0.45  # of detector valid
    valid_seconds: bool = True  # whether it tells fractions of a second
    coco_id_after: str = "/"  # what stands before the number in an image's path
    recall_list: str = ""  # the images of detector recall, whatever the .data file says
    single_epsilon: bool = False  # whether what folds a matrix's batch norm adds in 32 bits
    whole_iterations: bool = False  # whether weights say the images of whole iterations only


ORIGINAL = Dialect(
    name=PJREDDIE,
    title="layer     filters    size              input                output",
    index="{:5d} ",
    totals=False,
    version=(0, 2, 0),
    long_seen_when_transposed=False,
    letterbox=True,
    cropped=False,
    thresholds={
        "detector test": 0.5,
        "detect": 0.5,
        "yolo test": 0.2,
        "yolo valid": 0.001,
        "coco valid": 0.01,
        "detector valid": 0.005,
        "detector recall": 0.001,
        "detector map": 0.005,
    },
    coco_id_after="_",
    recall_list="data/coco_val_5k.list",
)
ALEXEYAB = Dialect(
    name=FORK,
    title="   layer   filters  size/strd(dil)      input                output",
    index="{:4d} ",
    totals=True,
    version=(0, 2, 5),
    long_seen_when_transposed=True,
    letterbox=False,
    cropped=True,
    thresholds={
        "detector test": 0.25,
        "detect": 0.24,
        "yolo test": 0.2,
        "yolo valid": 0.001,
        "coco valid": 0.01,
        "detector valid": 0.001,
        "detector recall": 0.001,
        "detector map": 0.005,
    },
    valid_nms=0.6,
    valid_seconds=False,
    single_epsilon=True,
    whole_iterations=True,
)
DIALECTS = PerLineage(pjreddie=ORIGINAL, alexeyab=ALEXEYAB)
