"""The command classifier demo."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import FORK, PerLineage
from ...system.console import say
from ..demo_flags import Video
from ..operands import CfgOrOnnx, Data, Weights
from ..terminal import CLEAR
from ..verbs import NATURAL, Help, Run, verb
from .classifier_predict import (
    CHECKS_CLASSES,
    Top,
    check_classifier,
    check_outputs,
    name,
    names_of,
    tell_names,
)

if TYPE_CHECKING:
    import numpy as np

    from ...image.window import Window
    from ...runtime.any_network import AnyNetwork
    from ...video.rate import Rate
    from ...video.source import Source

TITLE = "Classifier"


@verb("classifier demo", lazy=True)
def classifier_demo(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    video: Video = None,
    *,
    c: Annotated[int, Help("the camera, by number", range=NATURAL)] = 0,
    t: Top = 0,
    dont_show: Annotated[bool, Help("open no window", FORK, shows=True)] = False,
    benchmark: Annotated[
        bool, Help("classify one frame again and again: only the network is timed", FORK)
    ] = False,
) -> None:
    """Print the best classes of the frames of a film, a camera or a stream, and show them.

    Darknet: examples/classifier.c demo_classifier
    """
    from ...dataset.files import DataFile
    from ..open_any import open_any

    say("Classifier Demo")
    options = DataFile.read(data)
    network = open_any(run, cfg, weights, boxes=False)
    from ...image.window import Window, can_open  # which import OpenCV
    from ...video.capture import Camera
    from ...video.source import open_source

    check_classifier(network)
    network.names = names_of(options)
    tell_names(network)
    top = t or options.integer("top", 1)
    if CHECKS_CLASSES.of(network.dialect):
        check_outputs(network, options)
    source = open_source(video, Camera(c))
    window = None if benchmark or dont_show or not can_open() else Window(TITLE)
    try:
        classify_frames(network, source, top, window, benchmark=benchmark)
    finally:
        source.close()
        if window:
            window.close()


def classify_frames(
    network: AnyNetwork, source: Source, top: int, window: Window | None, *, benchmark: bool
) -> None:
    """Print the best classes of each frame, until the source ends or the window is closed."""
    from itertools import repeat

    from ...video.rate import Rate

    rate = Rate()
    frames = source.frames()
    for frame in repeat(next(frames)) if benchmark else frames:
        start = time.perf_counter()
        [scores] = network.class_scores([frame])
        seconds = time.perf_counter() - start
        DEMO_LINES.of(network.dialect)(network, scores, top, rate, benchmark)
        rate.count(1, seconds)
        if window and window.show(frame) == "escape":
            return


def lines_pjreddie(
    network: AnyNetwork, scores: np.ndarray, top: int, rate: Rate, benchmark: bool
) -> None:
    """Print the original's lines of a frame.

    Darknet: examples/classifier.c demo_classifier
    """
    say(CLEAR.pjreddie, end="", steering=True)
    say(f"\nFPS:{rate.present:.0f}")
    say_best(network, scores, top)


def lines_alexeyab(
    network: AnyNetwork, scores: np.ndarray, top: int, rate: Rate, benchmark: bool
) -> None:
    """Print the fork's lines of a frame.

    Darknet: src/classifier.c demo_classifier (AlexeyAB)
    """
    say(CLEAR.alexeyab, end="", steering=True)
    if benchmark:
        say(f"\rFPS: {rate.present:.2f} \t AVG_FPS = {rate.average:.2f} ", end="", steering=True)
        return
    hint = "(use -benchmark command line flag for correct measurement)"
    say(f"\rFPS: {rate.present:.2f}  {hint}", steering=True)
    say_best(network, scores, top)
    say()


DEMO_LINES = PerLineage(pjreddie=lines_pjreddie, alexeyab=lines_alexeyab)


def say_best(network: AnyNetwork, scores: np.ndarray, top: int) -> None:
    """Print the best classes of a frame."""
    from ...runtime.classes import top as best

    for index in best(scores, top):
        say(f"{scores[index] * 100:.1f}%: {name(network, index)}")
