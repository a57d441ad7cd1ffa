"""Where the frames of a demo go: texts, a window, a film, image files, JSON, streams."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ..boxes.placement import Memory
from ..cfg.lineage import PerLineage
from ..errors import UsageError
from ..image.files import encode, file_for, write_image
from ..image.window import Window, can_open
from ..system import files
from ..system.console import note, say
from ..system.inputs import check_output
from ..system.json_array import JsonArray
from ..system.problems import guard
from ..video.writer import FilmWriter
from .demo_frames import draw_found
from .demo_texts import DEMO_TEXTS
from .detections_text import json_of
from .terminal import CLEAR

if TYPE_CHECKING:
    from ..boxes.settings import Settings
    from ..runtime.any_network import AnyNetwork
    from ..serving.hub import Hub
    from ..video.rate import Rate
    from ..video.source import Source
    from .demo_flags import DemoFlags
    from .demo_frames import Frame, Seen
    from .detections_text import Found

TITLE: Final = "Demo"
STEP: Final = 0.02  # of the threshold, by a key
FIRST_FILE = PerLineage(pjreddie=0, alexeyab=1)  # the number in the name of -prefix's first file
KEYS: Final = {"up": STEP, "down": -STEP}


class DemoOutputs:
    """What is done with each frame, in the order of the frames."""

    def __init__(
        self, network: AnyNetwork, source: Source, flags: DemoFlags, thresh: float
    ) -> None:
        self.network, self.source, self.flags, self.thresh = network, source, flags, thresh
        self.texts = DEMO_TEXTS.of(network.dialect)
        self.opened = ExitStack()
        self.film: FilmWriter | None = None
        self.json: JsonArray | None = None
        self.window: Window | None = None
        self.hub: Hub | None = None
        self.memory = Memory()
        self.added = 0.0  # to the threshold
        self.stopped = False

    def __enter__(self) -> DemoOutputs:
        with ExitStack() as opened:
            self.open(opened)
            self.opened = opened.pop_all()
        return self

    def __exit__(self, *problem: object) -> None:
        self.opened.close()

    def open(self, opened: ExitStack) -> None:
        """Open all that is written, before the first frame."""
        flags = self.flags
        if flags.json_file_output:
            self.json = opened.enter_context(JsonArray(flags.json_file_output, ", \n", "\n]"))
        if flags.out_filename and flags.benchmark:
            note("-out_filename is ignored: -benchmark draws and writes no frame")
        if flags.out_filename and not flags.benchmark:
            rate = self.source.rate / (flags.between + 1)
            path, live = flags.out_filename, self.source.live
            self.film = FilmWriter(path, rate, self.source.size, live=live)
            opened.callback(self.film.close)
        self.hub = self.serve(opened)
        if flags.prefix:
            check_prefix(flags.prefix)
        elif not (flags.dont_show or flags.benchmark) and can_open():
            self.window = Window(TITLE, full_screen=flags.fullscreen)
            opened.callback(self.window.close)

    def serve(self, opened: ExitStack) -> Hub | None:
        """Open the ports that are wanted, and return where frames are published for them."""
        flags = self.flags
        json_port, mjpeg_port = (
            port if port > 0 else None for port in (flags.json_port, flags.mjpeg_port)
        )
        if not (json_port or mjpeg_port or flags.http_post_host):
            return None
        from ..serving.hub import Hub, serve_streams

        hub = Hub()
        opened.enter_context(
            serve_streams(
                hub,
                json_port=json_port,
                mjpeg_port=mjpeg_port,
                bind=flags.bind,
                thresh=self.thresh,
                source=self.source.name,
                post_host=flags.http_post_host,
                post_once=flags.time_limit_sec > 0,
            )
        )
        return hub

    @property
    def lists(self) -> bool:
        """Whether boxes are listed: the fork does so while it draws them.

        Quirk: UNDRAWN_BOXES_ARE_NOT_LISTED
        """
        return not (self.flags.dontdraw_bbox or self.flags.benchmark)

    @property
    def draws(self) -> bool:
        """Whether boxes are drawn: if anyone looks at them."""
        return self.lists and bool(self.film or self.flags.prefix or self.window)

    def adjust(self, chosen: Settings) -> Settings:
        """Return the settings with the threshold that the keys of the window moved."""
        if not self.added:
            return chosen
        thresh = min(max(chosen.decoding.thresh + self.added, STEP), 1.0)
        return replace(chosen, decoding=replace(chosen.decoding, thresh=thresh))

    def show(self, seen: Seen, rate: Rate) -> None:
        """Print, write and show a frame."""
        say(CLEAR.of(self.network.dialect), end="", steering=True)
        say(self.texts.before(rate), end="")
        self.write_json(seen)
        self.publish(seen, rate)
        if self.lists:
            for line in self.texts.boxes(seen.found, self.flags.ext_output):
                say(line)
        say(self.texts.after(rate), end="")
        pixels = seen.frame.pixels if seen.drawn is None else seen.drawn
        if self.window:
            self.obey(self.window.show(pixels))
        if self.flags.prefix:
            self.write_file(seen.frame.number, pixels)
        if self.flags.mjpeg_port > 0:
            say(" MJPEG-stream sent. ")
        if self.film:
            self.film.write(pixels)
            say("\n cvWriteFrame ")

    def write_json(self, seen: Seen) -> None:
        """Write the boxes of a frame into the file of JSON."""
        if self.json:
            with guard(self.json.path):
                self.json.add(json_of(seen.found, seen.frame.number, named=False))

    def publish(self, seen: Seen, rate: Rate) -> None:
        """Let clients have a frame; it is drawn when the first one wants it."""
        if not self.hub:
            return
        from ..serving.hub import Shown

        pixels = seen.frame.pixels
        drawn = seen.drawn if seen.drawn is not None else partial(self.draw_later, seen)
        text = json_of(seen.found, seen.frame.number)
        self.hub.publish(Shown(seen.frame.number, pixels, drawn, text, rate.present))
        if self.flags.json_port > 0:
            say(" JSON-stream sent. ")

    def draw_later(self, seen: Seen) -> np.ndarray:
        """Return a frame with its boxes, unless none are to be drawn."""
        return self.draw(seen.frame, seen.found) if self.lists else seen.frame.pixels

    def draw(self, frame: Frame, found: Found) -> np.ndarray:
        """Return a frame with its boxes; any thread may do this."""
        lineage = self.network.dialect.name
        return draw_found(frame.pixels, found, lineage, self.flags, self.memory)

    def write_file(self, number: int, pixels: np.ndarray) -> None:
        """Write a frame as an image file; numbers begin as in the lineage."""
        at = number - 1 + FIRST_FILE.of(self.network.dialect)
        path = Path(f"{self.flags.prefix}_{at:08d}.jpg")
        with guard(str(path)):
            check_output(path)
            file = file_for(pixels.shape, path)
            write_image(encode(pixels, file), file, path)

    def obey(self, key: str) -> None:
        """Do what a key in the window asks for.

        Darknet: src/demo.c display_in_thread
        """
        self.stopped = self.stopped or key == "escape"
        self.added += KEYS.get(key, 0.0)

    def end(self) -> None:
        """Close all, and print the fork's last lines."""
        self.opened.close()
        if not ENDS.of(self.network.dialect):
            return
        say("input video stream closed. ")
        if self.film:
            say("output_video_writer closed. ")


ENDS = PerLineage(pjreddie=False, alexeyab=True)


def check_prefix(prefix: str) -> None:
    """Make the folder of image files. Raises UsageError if that is impossible."""
    try:
        files.make_folder(Path(f"{prefix}_").parent)
    except OSError as error:
        raise UsageError(f"-prefix {prefix}: {error.strerror}") from None
