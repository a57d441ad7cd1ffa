"""The flags of the demos, in the words of either lineage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..cfg.lineage import FORK
from ..cfg.numbers import Range
from .operands import Colors, DontShow, ExtOutput, Font, Nms
from .verbs import COUNT, NATURAL, SHARE, Help

if TYPE_CHECKING:
    from ..video.capture import Camera

PORT = Range(least=-1, most=65535)
Video = Annotated[
    str | None,
    Help("a film, a camera's number or device, or the URL of a stream; if omitted, a camera"),
]


@dataclass(frozen=True)
class DemoFlags:
    """The flags of `detector demo`, `yolo demo` and `coco demo`."""

    c: Annotated[int, Help("the camera, by number", range=NATURAL)] = 0
    w: Annotated[int, Help("the width that the camera is asked for", range=NATURAL)] = 0
    h: Annotated[int, Help("the height that the camera is asked for", range=NATURAL)] = 0
    fps: Annotated[int, Help("the frames a second that it is asked for", range=NATURAL)] = 0
    thresh: Annotated[
        float | None,
        Help("the score a box must exceed (0.5, fork 0.25; yolo and coco 0.2)", range=SHARE),
    ] = None
    hier: Annotated[
        float | None,
        Help("the probability each class on a tree's path must exceed (0.5, fork thresh)"),
    ] = None
    nms: Nms = None
    s: Annotated[int, Help("look at every frame (0), every second (1), ...", range=NATURAL)] = 0
    skip: Annotated[int, Help("the same as -s", range=NATURAL)] = 0
    avgframes: Annotated[
        int | None, Help("average the outputs of so many frames (3, fork 1)", FORK, range=COUNT)
    ] = None
    avg: Annotated[int | None, Help("the same as -avgframes", range=COUNT)] = None
    prefix: Annotated[
        str | None, Help("write each frame as NAME_00000001.jpg and so on, and open no window")
    ] = None
    out_filename: Annotated[
        Path | None, Help("write the frames as a film", FORK, shows=True, writes=True)
    ] = None
    json_file_output: Annotated[
        Path | None, Help("write the boxes of each frame as JSON", FORK, shows=True, writes=True)
    ] = None
    json_port: Annotated[
        int, Help("serve the boxes as a stream of JSON", FORK, shows=True, range=PORT)
    ] = -1
    mjpeg_port: Annotated[
        int, Help("serve the frames as MJPEG, with a page at /", FORK, shows=True, range=PORT)
    ] = -1
    bind: Annotated[str, Help("the address at which they are served")] = "127.0.0.1"
    http_post_host: Annotated[
        str | None, Help("post what is found to HOST/PATH", FORK, shows=True)
    ] = None
    dont_show: DontShow = False
    dontdraw_bbox: Annotated[bool, Help("draw and list no boxes", FORK, shows=True)] = False
    colors: Colors = None
    font: Font = None
    ext_output: ExtOutput = False
    letter_box: Annotated[
        bool, Help("keep the frame's proportions in the network's input", FORK)
    ] = False
    benchmark: Annotated[
        bool, Help("look at one frame again and again: only the network is timed", FORK)
    ] = False
    fullscreen: Annotated[bool, Help("let the window fill the screen")] = False
    time_limit_sec: Annotated[int, Help("end after so many seconds", FORK, range=NATURAL)] = 0
    track: Annotated[bool, Help("follow objects: each keeps its number")] = False
    count: Annotated[
        str | None,
        Help(
            "follow objects, and count who crosses the line x1,y1,x2,y2, in pixels or in 0..1 of"
            " the frame; several lines: 'LINE;LINE'"
        ),
    ] = None
    zone: Annotated[
        str | None,
        Help(
            "follow objects, and count who is inside the corners x1,y1,x2,y2,x3,y3,...; several"
            " zones: 'ZONE;ZONE'"
        ),
    ] = None

    def __post_init__(self) -> None:
        """Raises UsageError for what is no line or zone, or if nothing can follow objects."""
        if not self.follows:
            return
        from ..tracking.places import read_lines, read_zones
        from ..tracking.tracker import check_installed

        read_lines(self.count, "-count")
        read_zones(self.zone, "-zone")
        check_installed()

    @property
    def follows(self) -> bool:
        """Whether objects are followed."""
        return bool(self.track or self.count or self.zone)

    @property
    def between(self) -> int:
        """How many frames are passed over after each."""
        return self.s or self.skip

    @property
    def camera(self) -> Camera:
        """The camera, and what it is asked for."""
        from ..video.capture import Camera

        return Camera(self.c, self.w, self.h, self.fps)
