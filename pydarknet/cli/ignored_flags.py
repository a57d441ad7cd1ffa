"""Flags of the C programs that do nothing here, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..cfg.lineage import FORK
from .verbs import Help, Parameter

KINDS: Final = {"": bool, "int": int, "float": float, "str": str}

CAMERA = "cameras and videos are not read yet"
CHART = "the training's chart is always written as chart.png"
COLOUR = "no text is coloured"
FEATURES = "images are not reconstructed from features"
NO_VIDEO = "videos are not written yet"
PYTORCH = "PyTorch chooses"
SERVER = "images and boxes are not served yet"
TABLE = "the table is always printed"
TIMES = "`speed` times the whole network"
WINDOWS = "training opens no window"


@dataclass(frozen=True)
class IgnoredFlag:
    """A flag that does nothing here, and the families of commands that have it; () for all."""

    flag: Parameter
    families: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it does nothing."""
        return self.flag.help.text


def ignored(word: str, reason: str, families: str = "", lineage: str | None = None) -> IgnoredFlag:
    """Make the row of a flag: `name`, or `name:type` where the word after it is its value."""
    name, _, kind = word.partition(":")
    default: Any = None if kind else False
    flag = Parameter(name, KINDS[kind], default, Help(reason, lineage))
    return IgnoredFlag(flag, tuple(families.split()))


# Darknet: examples/detector.c run_detector, src/detector.c run_detector (AlexeyAB), and so on
IGNORED: Final = (
    ignored("fullscreen", "a window is as large as its image"),
    ignored("cuda_debug_sync", "CUDA_LAUNCH_BLOCKING=1 does it"),
    ignored("log:str", "the shell's `> FILE` does it"),
    ignored("colour", COLOUR),
    ignored("nocolour", COLOUR),
    ignored("verbose", TABLE),
    ignored("trace", TABLE),
    ignored("fuse", PYTORCH),
    ignored("nofuse", PYTORCH),
    ignored("fp16", PYTORCH),
    ignored("fp32", PYTORCH),
    ignored("boxes", "boxes are always drawn"),
    ignored("noboxes", "boxes are always drawn"),
    ignored("heatmaps", "no heatmap is drawn"),
    ignored("reconstruct", FEATURES),
    ignored("smooth:int", FEATURES),
    ignored("momentum:float", FEATURES),
    ignored("lambda:float", FEATURES),
    ignored("skipclasses:str", "a class whose name begins with dont_show is left out"),
    ignored("benchmark_layers", TIMES),
    ignored("benchmark_layers", TIMES, "detector classifier", FORK),
    ignored("benchmark", TIMES, "detector detect classifier", FORK),
    ignored("c:int", CAMERA, "detector yolo classifier"),
    ignored("s:int", CAMERA, "detector yolo"),
    ignored("avg:int", CAMERA, "detector yolo"),
    ignored("w:int", CAMERA, "detector"),
    ignored("h:int", CAMERA, "detector"),
    ignored("fps:int", CAMERA, "detector"),
    ignored("avgframes:int", CAMERA, "detector", FORK),
    ignored("prefix:str", NO_VIDEO, "detector detect yolo"),
    ignored("out_filename:str", NO_VIDEO, "detector yolo", FORK),
    ignored("dontdraw_bbox", NO_VIDEO, "detector", FORK),
    ignored("time_limit_sec:int", CAMERA, "detector", FORK),
    ignored("json_file_output:str", "`-out NAME.json` writes it", "detector yolo", FORK),
    ignored("mjpeg_port:int", SERVER, "detector yolo classifier", FORK),
    ignored("json_port:int", SERVER, "detector yolo", FORK),
    ignored("http_post_host:str", SERVER, "detector", FORK),
    ignored("chart:str", CHART, "detector classifier", FORK),
    ignored("show_imgs", "training shows no images", "detector classifier", FORK),
    ignored("dont_show", WINDOWS, "classifier", FORK),
    ignored("dont_show", "classes are printed, in no window", "classify", FORK),
    ignored("dontuse_opencv", "OpenCV reads every image", "classifier", FORK),
    ignored("topk", "`classifier valid` prints it", "classifier", FORK),
    ignored("gpus:str", "only training uses it", "detect"),
    ignored("iou_thresh:float", "only `detector map` uses it", "detect", FORK),
    ignored("map", "only `detector train` uses it", "detect", FORK),
    ignored("hier:float", "YOLOv1 has no tree of classes", "yolo", FORK),
    ignored("ext_output", "only `detector test` uses it", "yolo", FORK),
)


def ignored_flags(family: str) -> dict[str, IgnoredFlag]:
    """Return a family's ignored flags by name; its own row wins over one of all families."""
    rows = [row for row in IGNORED if not row.families]
    rows += [row for row in IGNORED if family in row.families]
    return {row.flag.name: row for row in rows}
