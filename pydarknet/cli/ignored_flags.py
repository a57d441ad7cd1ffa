"""Flags of the C programs that do nothing here, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ..cfg.lineage import FORK
from .verbs import Help, Parameter

KINDS: Final = {"": bool, "int": int, "float": float, "str": str}

CHART = "the training's chart is always written as chart.png"
COLOUR = "no text is coloured"
DEMOS = "only `detector demo`, `yolo demo` and `coco demo` use it"
FEATURES = "images are not reconstructed from features"
PIXELS = "pixels are always scaled to 0..1, as in Darknet, and no mean is subtracted"
PYTORCH = "PyTorch chooses"
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


def row(word: str, reason: str, families: str = "", lineage: str | None = None) -> IgnoredFlag:
    """Make the row of a flag: `name`, or `name:type` where the word after it is its value."""
    name, _, kind = word.partition(":")
    default: Any = None if kind else False
    flag = Parameter(name, KINDS[kind], default, Help(reason, lineage, shows=True))
    return IgnoredFlag(flag, tuple(families.split()))


# Darknet: examples/detector.c run_detector, src/detector.c run_detector (AlexeyAB), and so on
IGNORED: Final = (
    row("fullscreen", "a window is as large as its image"),
    row("cuda_debug_sync", "CUDA_LAUNCH_BLOCKING=1 does it"),
    row("log:str", "the shell's `> FILE` does it"),
    row("colour", COLOUR),
    row("nocolour", COLOUR),
    row("srand:int", "only training and `rnn` draw random numbers"),
    row("mean:float", PIXELS),
    row("var:float", PIXELS),
    row("verbose", TABLE),
    row("trace", TABLE),
    row("fuse", PYTORCH),
    row("nofuse", PYTORCH),
    row("fp16", PYTORCH),
    row("fp32", PYTORCH),
    row("boxes", "boxes are always drawn"),
    row("noboxes", "boxes are always drawn"),
    row("heatmaps", "no heatmap is drawn"),
    row("reconstruct", FEATURES),
    row("smooth:int", FEATURES),
    row("momentum:float", FEATURES),
    row("lambda:float", FEATURES),
    row("skipclasses:str", "a class whose name begins with dont_show is left out"),
    row("benchmark_layers", TIMES),
    row("benchmark_layers", TIMES, "detector classifier", FORK),
    row("benchmark", TIMES, "detector detect classifier", FORK),
    row("prefix:str", DEMOS, "detect"),
    row("json_file_output:str", "only the demos write it: `-out NAME.json`", "detector yolo", FORK),
    row("mjpeg_port:int", DEMOS, "classifier", FORK),
    row("chart:str", CHART, "detector classifier", FORK),
    row("show_imgs", "only `detector train` writes images", "detector classifier", FORK),
    row("dont_show", WINDOWS, "classifier", FORK),
    row("dont_show", "it opens no window", "detector", FORK),
    row("dont_show", "classes are printed, in no window", "classify", FORK),
    row("dontuse_opencv", "OpenCV reads every image", "classifier", FORK),
    row("topk", "`classifier valid` prints it", "classifier", FORK),
    row("gpus:str", "only training uses it", "detect"),
    row("iou_thresh:float", "only `detector map` uses it", "detect", FORK),
    row("map", "only `detector train` uses it", "detect", FORK),
    row("hier:float", "YOLOv1 has no tree of classes", "yolo", FORK),
    row("ext_output", "only `detector test` uses it", "yolo", FORK),
)

VALUED: Final = (  # the flags that some command of the C programs has with a value
    "avg avgframes b c chart class cpuct file fps gpus height hier http_post_host iou_thresh iters"
    " json_file_output json_port len mAP_epochs mjpeg_port norm num_of_clusters octaves out"
    " out_filename points prefix range rate resign rotate rounds s seed t temp thresh time"
    " time_limit_sec tokens w width zoom"
)


def foreign_flags(known: Iterable[Parameter]) -> list[Parameter]:
    """Return the flags with a value that commands other than those of the known flags have.

    Darknet: examples/darknet.c main, examples/detector.c run_detector, and so on
    """
    words = {flag.word for flag in known}
    flags = [row(f"{name}:str", "").flag for name in VALUED.split()]
    return [flag for flag in flags if flag.word not in words]


def ignored_flags(family: str) -> dict[str, IgnoredFlag]:
    """Return a family's ignored flags by name; its own row wins over one of all families."""
    rows = [row for row in IGNORED if not row.families]
    rows += [row for row in IGNORED if family in row.families]
    return {row.flag.name: row for row in rows}
