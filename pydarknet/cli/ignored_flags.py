"""Flags that the C's families of commands look for, whatever the verb: for us to take out too.

A flag that a verb declares is its own; the others are told to mean nothing, with their values.
"""

from __future__ import annotations

from typing import Final

from ..cfg.lineage import FORK
from .verbs import Help, Parameter

# By family, `-name` alone or with the type of its value: those of the original, then those that
# only the fork has. Darknet: examples/detector.c run_detector, src/detector.c run_detector
# (AlexeyAB), and so on.
PASSED: Final = {
    "detector": (
        "prefix:str c:int s:int avg:int gpus:str out:str clear fullscreen w:int h:int fps:int"
        " thresh:float hier:float",
        "dont_show benchmark benchmark_layers show letter_box map points:int show_imgs"
        " mjpeg_port:int avgframes:int dontdraw_bbox json_port:int http_post_host:str"
        " time_limit_sec:int out_filename:str json_file_output:str iou_thresh:float"
        " num_of_clusters:int width:int height:int ext_output save_labels chart:str"
        " mAP_epochs:int",
    ),
    "detect": ("fullscreen prefix:str gpus:str", "iou_thresh:float map benchmark"),
    "yolo": (
        "prefix:str thresh:float c:int s:int avg:int",
        "dont_show mjpeg_port:int json_port:int out_filename:str hier:float ext_output"
        " json_file_output:str",
    ),
    "classifier": (
        "gpus:str c:int t:int clear",
        "mjpeg_port:int dont_show benchmark benchmark_layers dontuse_opencv show_imgs topk"
        " chart:str",
    ),
    "classify": ("", "dont_show"),
}
KINDS: Final = {"": bool, "int": int, "float": float, "str": str}


def passed(family: str) -> list[Parameter]:
    """Return the flags that the C's programs look for in all commands of a family."""
    both, fork = PASSED.get(family, ("", ""))
    return [*parameters(both, None), *parameters(fork, FORK)]


def parameters(words: str, lineage: str | None) -> list[Parameter]:
    """Return the flags of a line of words."""
    pairs = [word.partition(":") for word in words.split()]
    return [Parameter(name, KINDS[kind], None, Help("", lineage)) for name, _, kind in pairs]
