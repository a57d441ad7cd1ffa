"""What answers requests for boxes: in DeepStack's form, and in the fork's JSON."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..errors import DataError
from ..image.files import Remark, image_of_content
from .forms import File, Form, form_of
from .frames import Hub
from .reply import JSON, Reply, json_reply
from .request import Refused, Request
from .shown import Shown
from .site import Poster
from .worker import Worker

CUSTOM = "/v1/vision/custom/"  # DeepStack's models of users; here all names mean the one model
THRESHOLDS = ("min_confidence", "thresh")
SECONDS = 10  # over which pictures a second are counted
LONGEST = 40  # letters of a threshold
READERS = 2  # threads that decode pictures


@dataclass(frozen=True)
class Detected:
    """A picture, the boxes found in it, their threshold, and the seconds that took.

    `number` counts pictures from 1, `name` is the file's, empty if it was sent without one.
    """

    number: int
    name: str
    pixels: np.ndarray
    boxes: BoxArrays
    thresh: float
    seconds: float


@dataclass(frozen=True)
class Model:
    """What is served: its name, how pictures are read, and how boxes are shown.

    `text` makes the fork's JSON, `draw` the picture with boxes, `label` the name of a class, None
    for one that is not shown.
    """

    name: str
    thresh: float
    channels: int
    exif: bool
    text: Callable[[Detected], str]
    draw: Callable[[Detected], np.ndarray]
    label: Callable[[BoxArrays, int], str | None]


class Endpoints:
    """The requests that find boxes: each picture is also published, for the page."""

    def __init__(self, model: Model, worker: Worker, hub: Hub) -> None:
        self.model, self.worker, self.hub = model, worker, hub
        self.threads = ThreadPoolExecutor(READERS, "pydarknet-read")
        self.count = 0
        self.times: deque[float] = deque(maxlen=1000)

    def close(self) -> None:
        """Read and detect no more."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.worker.close()

    @property
    def posts(self) -> Mapping[str, Poster]:
        """What answers under which path."""
        return {
            "/detect": self.detect,
            "/v1/vision/detection": self.deepstack,
            f"{CUSTOM}list": self.list_models,
            CUSTOM: self.deepstack,
        }

    async def detect(self, request: Request, body: bytes) -> Reply:
        """Answer with the fork's JSON of one picture."""
        detected = await self.find(form_of(request, body))
        return Reply(200, JSON, self.model.text(detected).encode(errors="replace") + b"\n")

    async def deepstack(self, request: Request, body: bytes) -> Reply:
        """Answer as DeepStack does, the surest object first: Frigate stops at the first unsure."""
        detected = await self.find(form_of(request, body))
        answer = {
            "success": True,
            "predictions": predictions(detected, self.model.label),
            "duration": round(detected.seconds, 3),
        }
        return json_reply(200, answer)

    async def list_models(self, request: Request, body: bytes) -> Reply:
        """Answer with the name of the only model, for which Blue Iris asks."""
        return json_reply(200, {"success": True, "models": [self.model.name]})

    async def find(self, form: Form) -> Detected:
        """Return what is found in the picture of a form, and publish it; raise Refused."""
        thresh, file = threshold(form, self.model.thresh), picture(form)
        start = time.perf_counter()
        loop = asyncio.get_running_loop()
        pixels = await loop.run_in_executor(self.threads, partial(self.read, file))
        boxes = await asyncio.wrap_future(self.worker.submit(pixels, thresh))
        seconds = time.perf_counter() - start
        self.count += 1
        detected = Detected(self.count, file.name, pixels, boxes, thresh, seconds)
        self.publish(detected)
        return detected

    def read(self, file: File) -> np.ndarray:
        """Return the pixels of a picture; raise Refused if it is none."""
        try:
            return image_of_content(
                file.content, "picture", self.model.channels, self.model.exif, tell_nobody
            )
        except DataError as error:
            raise Refused(400, error.problem) from None

    def publish(self, detected: Detected) -> None:
        """Show a picture to who watches."""
        shown = Shown(
            number=detected.number,
            pixels=detected.pixels,
            drawn=partial(self.model.draw, detected),
            text=self.model.text(detected),
            fps=self.rate(),
        )
        self.hub.publish(shown)

    def rate(self) -> float:
        """Count a picture, and return how many there were a second of late."""
        now = time.monotonic()
        self.times.append(now)
        while self.times[0] < now - SECONDS:
            self.times.popleft()
        return len(self.times) / SECONDS


def tell_nobody(remark: Remark) -> None:
    """Leave out what is worth knowing about a file: there may be thousands."""


def picture(form: Form) -> File:
    """Return the file `image` of a form, else its only one; raise Refused if there is none."""
    file = form.files.get("image")
    if file is None and len(form.files) == 1:
        [file] = form.files.values()
    if file is None or not file.content:
        raise Refused(400, "expected a picture in the field image, or as the body")
    return file


def threshold(form: Form, usual: float) -> float:
    """Return the score that a request asks for, else the usual; raise Refused if it is none."""
    for name in THRESHOLDS:
        text = form.texts.get(name, "").strip()
        if not text:
            continue
        try:
            value = float(text) if len(text) <= LONGEST else -1
        except ValueError:
            value = -1
        if not 0 <= value <= 1:
            raise Refused(400, f"{name} is {text[:LONGEST]}: expected a number from 0 to 1")
        return value
    return usual


def predictions(
    detected: Detected, label: Callable[[BoxArrays, int], str | None]
) -> list[dict[str, object]]:
    """Return DeepStack's list of objects: a box's best class, and its edges inside the picture."""
    height, width = detected.pixels.shape[:2]
    boxes = detected.boxes
    found: list[dict[str, object]] = []
    for row, edges in zip(boxes.probabilities, boxes.xyxy(width, height).tolist(), strict=True):
        shown = [
            (float(score), name)
            for index, score in enumerate(row.tolist())
            if score > detected.thresh and (name := label(boxes, index)) is not None
        ]
        if not shown:
            continue
        score, name = max(shown, key=lambda pair: pair[0])
        left, top, right, bottom = map(round, edges)
        found.append(
            {
                "confidence": score,
                "label": name,
                "x_min": min(max(left, 0), width),
                "y_min": min(max(top, 0), height),
                "x_max": min(max(right, 0), width),
                "y_max": min(max(bottom, 0), height),
            }
        )
    return sorted(found, key=lambda one: -float(str(one["confidence"])))
