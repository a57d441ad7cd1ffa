"""The demos of detectors: a film, a camera or a stream goes through a network, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count, islice, repeat
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ..boxes.draw import check_look
from ..boxes.settings import Settings
from ..boxes.suppression import suppress_objects
from ..boxes.words import LETTERS
from ..cfg.lineage import PerLineage
from ..errors import DataError
from ..system.console import note, say
from ..system.crews import Crew, in_order
from ..video.rate import Rate
from ..video.writer import DEFAULT_RATE
from .demo_flags import DemoFlags
from .demo_frames import Frame, Seen
from .demo_outputs import DemoOutputs
from .detections_text import Found
from .image_source import BATCH

if TYPE_CHECKING:
    from ..boxes.box_arrays import BoxRows
    from ..runtime.any_network import AnyNetwork
    from ..video.source import Source
    from .follower import Follower

Find = Callable[..., Sequence["BoxRows[Any]"]]


@dataclass(frozen=True)
class DemoRules:
    """How a lineage finds boxes in frames.

    `nms` is the overlap above which boxes are one, of one class or `by_objectness` of any; the
    outputs of `frames` frames are averaged. `resized` frames are bytes when they are stretched.
    `hier` is the threshold of a tree; None: that of boxes.
    """

    nms: float
    by_objectness: bool
    frames: int
    resized: bool
    hier: float | None


# Darknet: src/demo.c demo
DEMO_RULES = PerLineage(
    pjreddie=DemoRules(nms=0.4, by_objectness=True, frames=3, resized=False, hier=0.5),
    alexeyab=DemoRules(nms=0.45, by_objectness=False, frames=1, resized=True, hier=None),
)


@dataclass
class Demo:
    """A network that looks at a source, and where the frames go that it has seen."""

    network: AnyNetwork
    source: Source
    settings: Settings
    flags: DemoFlags
    outputs: DemoOutputs
    follower: Follower | None = None
    rate: Rate = field(default_factory=Rate)

    @cached_property
    def rules(self) -> DemoRules:
        """How its lineage finds boxes."""
        return rules_of(self.network)

    @cached_property
    def find(self) -> Find:
        """What finds boxes in frames, which come in their order if they are averaged."""
        frames = self.averages
        if frames < 2:
            return self.network.find_boxes
        from ..inference.averages import FrameAverage
        from ..network import Network

        if isinstance(self.network, Network):
            return FrameAverage(self.network, frames).find_boxes
        note("frames are not averaged: that needs one network, of a cfg and its weights")
        return self.network.find_boxes

    @property
    def averages(self) -> int:
        """How many frames are averaged: as told, else as the lineage does.

        Quirk: AVGFRAMES_DO_NOTHING
        """
        return self.flags.avgframes or self.flags.avg or self.rules.frames

    def run(self) -> None:
        """Look at every frame and write what is seen, until the source ends or someone stops it.

        Quirk: DEMO_KEEPS_EVERY_FRAME
        """
        self.network.get_ready(many=True)
        crews = self.crews()
        if crews:
            cv2.setNumThreads(1)  # threads share the cores
        LETTERS.start()
        try:
            self.look_at_all(crews)
        finally:
            for line in self.follower.report() if self.follower else ():
                say(line)

    def look_at_all(self, crews: Sequence[Crew]) -> None:
        """Look at every frame until the source ends or someone stops it."""
        until = time.monotonic() + (self.flags.time_limit_sec or float("inf"))
        self.rate = Rate()
        for group, task in in_order(self.look, self.groups(), crews):
            for seen in task.result():
                self.outputs.show(self.draw(seen), self.rate)
            self.rate.count(len(group))
            if self.outputs.stopped or time.monotonic() > until:
                return
        say("Stream closed.")

    def crews(self) -> Sequence[Crew]:
        """Return the threads that look at frames ahead; none at what is live, which would wait."""
        if self.source.live:
            return ()
        crews = self.network.crews(BATCH) or (Crew(1, nothing),)
        return crews[-1:] if self.averages > 1 else crews

    def groups(self) -> Iterator[list[Frame]]:
        """Yield the frames that are looked at together, of a live source one."""
        pixels = self.source.frames()
        if self.flags.benchmark:
            pixels = repeat(next(pixels))
        numbered = map(self.frame, count(1), islice(pixels, 0, None, self.flags.between + 1))
        size = 1 if self.source.live else BATCH
        while group := list(islice(numbered, size)):
            yield group

    def frame(self, number: int, pixels: np.ndarray) -> Frame:
        """Return a frame with its time: of a film that in the film, else now."""
        rate = (self.source.rate or DEFAULT_RATE) / (self.flags.between + 1)
        return Frame(number, pixels, time.monotonic() if self.source.live else number / rate)

    def look(self, group: Sequence[Frame]) -> list[Seen]:
        """Return frames with their boxes; any thread may do this."""
        chosen = self.outputs.adjust(self.settings)
        found = self.find([self.input_of(frame, chosen) for frame in group], chosen, many=True)
        return [
            self.look_at(frame, boxes, chosen) for frame, boxes in zip(group, found, strict=True)
        ]

    def input_of(self, frame: Frame, chosen: Settings) -> np.ndarray:
        """Return what of a frame the network is given: the fork's programs stretch bytes.

        Darknet: src/image_opencv.cpp get_image_from_stream_resize (AlexeyAB)
        """
        if self.rules.resized and not chosen.letterbox:
            return np.asarray(cv2.resize(frame.pixels, self.network.sides))
        return frame.pixels

    def look_at(self, frame: Frame, boxes: BoxRows[Any], chosen: Settings) -> Seen:
        """Return a frame with the boxes found in it."""
        arrays = boxes.numpy()
        if self.rules.by_objectness and self.flags.nms != 0:
            arrays = suppress_objects(arrays, self.flags.nms or self.rules.nms)
        height, width = frame.pixels.shape[:2]
        found = Found(self.source.name, width, height, 0.0, arrays, chosen.decoding.thresh)
        return Seen(frame, found, None)

    def draw(self, seen: Seen) -> Seen:
        """Return the next frame as it is shown: objects followed, boxes drawn if anyone looks.

        Frames come in their order here, in `look` they may not: a label stays where it was in the
        frame before, and an object keeps its number.
        """
        found = seen.found
        if self.follower:
            found = self.follower.follow(found, seen.frame.seconds)
        drawn = self.outputs.draw(seen.frame, found) if self.outputs.draws else None
        return Seen(seen.frame, found, drawn)


def nothing() -> None:
    """Prepare nothing."""


def run_demo(
    network: AnyNetwork,
    word: str | None,
    flags: DemoFlags,
    *,
    thresh: float | None,
    classes: int | None,
) -> None:
    """Open a source and look at it.

    Darknet: src/demo.c demo
    """
    check_classes(network, classes)
    check_look(flags.colors, flags.font)
    source = open_named(word, flags)
    try:
        say_size(network, source)
        follower = follower_of(flags, source)
        chosen = settings_of(network, flags, thresh)
        with DemoOutputs(network, source, flags, chosen.decoding.thresh) as outputs:
            Demo(network, source, chosen, flags, outputs, follower).run()
            outputs.end()
    finally:
        source.close()


def open_named(word: str | None, flags: DemoFlags) -> Source:
    """Say what is opened, and open it."""
    from ..video.source import open_source, without_password

    word = word.rstrip("\r") if word else None
    if word:
        say(f"video file: {without_password(word)}")
    else:
        say(f"Webcam index: {flags.c}")
    return open_source(word, flags.camera)


def follower_of(flags: DemoFlags, source: Source) -> Follower | None:
    """Return what follows objects, where that is wanted."""
    if not flags.follows:
        return None
    from .follower import Follower

    return Follower(flags, source.size)


def say_size(network: AnyNetwork, source: Source) -> None:
    """Say how large frames are, as the fork does; programs wait for this line."""
    if SAYS_SIZE.of(network.dialect):
        say("Video stream: {} x {} ".format(*source.size))


SAYS_SIZE = PerLineage(pjreddie=False, alexeyab=True)


def rules_of(network: AnyNetwork) -> DemoRules:
    """Return how a network's lineage finds boxes, unless the cfg has a suppression of its own."""
    rules = DEMO_RULES.of(network.dialect)
    usual = network.suppression.known_to_darknet
    return replace(rules, by_objectness=rules.by_objectness and usual)


def settings_of(network: AnyNetwork, flags: DemoFlags, thresh: float | None) -> Settings:
    """Return the settings of a demo."""
    from ..boxes.settings import settings

    rules = rules_of(network)
    given = flags.thresh if flags.thresh is not None else thresh
    chosen = settings(network, thresh=given, nms=flags.nms, letterbox=flags.letter_box or None)
    hier = flags.hier if flags.hier is not None else rules.hier
    decoding = replace(chosen.decoding, hier=chosen.decoding.thresh if hier is None else hier)
    nms = 0.0 if rules.by_objectness else rules.nms if flags.nms is None else flags.nms
    return replace(chosen, decoding=decoding, nms=nms)


def check_classes(network: AnyNetwork, classes: int | None) -> None:
    """Refuse a .data file of another number of classes than the network's, as the fork does.

    One that says none is taken, as other commands take it.

    Darknet: src/demo.c demo (AlexeyAB)
    Quirk: CLASSES_OF_THE_CFG
    """
    found = network.traits.classes
    if not found:
        raise network.traits.error(
            "the network has no detection head: expected a detector",
            hint="a classifier is used by: pydarknet classifier demo",
        )
    if CHECKS_CLASSES.of(network.dialect) and classes not in (None, found[-1]):
        say(
            f"\n Parameters don't match: in cfg-file classes={found[-1]},"
            f" in data-file classes={classes} "
        )
        problem = f"classes={classes} in the .data file: expected {found[-1]}, as the cfg has"
        raise DataError(problem, where=network.traits.place[0])


CHECKS_CLASSES = PerLineage(pjreddie=False, alexeyab=True)
