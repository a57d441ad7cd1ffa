"""What a command writes about the boxes it finds: lines, images, JSON, label files, a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import numpy as np

from ..boxes.draw import draw
from ..cfg.lineage import PerLineage
from ..dataset.files import label_path
from ..errors import DataError, UsageError
from ..image.files import save_image
from ..image.window import show
from ..system.console import note, say
from .detections_text import Found, json_of, labels_of, lines
from .image_source import Source

if TYPE_CHECKING:
    from ..inference.predict import Settings
    from ..network import Network

BATCH = 4  # images that go through the network at once
OUT_IS_JSON = PerLineage(pjreddie=False, alexeyab=True)  # however the name that `-out` gives ends

Given = TypeVar("Given")
Made = TypeVar("Made")
Named = list[tuple[str, np.ndarray]]  # images and where they come from


@dataclass
class Writing:
    """Where the boxes found in images go."""

    network: Network
    out: str | None = None
    out_dir: Path | None = None
    positions: bool = False
    labels: bool = False
    window: bool = False
    text: Callable[[Network, Found, bool], str] = lines
    file: str = "predictions.jpg"
    frames: int = 0
    open_files: ExitStack = field(default_factory=ExitStack)
    json: IO[str] | None = None

    def __enter__(self) -> Writing:
        if self.wants_json and self.out:
            try:
                self.json = self.open_files.enter_context(open(self.out, "w", encoding="utf-8"))
            except OSError as error:
                raise UsageError(f"-out {self.out}: {error.strerror}") from None
            self.json.write("[\n")
        if self.out_dir:
            try:
                self.out_dir.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"-out_dir {self.out_dir}: {error.strerror}") from None
        return self

    def __exit__(self, *problem: object) -> None:
        if self.json:
            self.json.write("\n]")
        self.open_files.close()

    @property
    def wants_json(self) -> bool:
        """Whether `-out` names a JSON file: by its ending, or always."""
        always = OUT_IS_JSON.of(self.network.dialect)
        return bool(self.out) and (always or str(self.out).endswith(".json"))

    def write(self, found: Found, pixels: np.ndarray) -> None:
        """Print, draw, save and show what was found in one image."""
        self.frames += 1
        say(self.text(self.network, found, self.positions))
        drawn = draw(
            pixels, found.boxes.kept(), found.boxes.names, found.thresh, self.network.dialect.name
        )
        save_image(drawn, self.image_path(found.path))
        if self.json:
            self.json.write((", \n" if self.frames > 1 else "") + json_of(found, self.frames))
        if self.labels:
            save_labels(found.path, labels_of(found))
        if self.window:
            show(drawn, "predictions")

    def image_path(self, path: str) -> Path:
        """Return where the drawn image is saved."""
        if self.out_dir:
            return self.out_dir / f"{Path(path).stem}.jpg"
        return Path(f"{self.out}.jpg" if self.out and not self.wants_json else self.file)


def save_labels(path: str, text: str) -> None:
    """Write the label file of an image.

    Darknet: src/detector.c test_detector (AlexeyAB)
    """
    file = label_path(path)
    try:
        Path(file).write_text(text)
    except OSError as error:
        raise DataError(f"Couldn't open file: {file} ({error.strerror})") from None


def detect_all(source: Source, chosen: Settings, writing: Writing) -> None:
    """Find and write the boxes of every image of a source."""
    from ..inference.predict import detection_form, predict

    def detect(batch: Named) -> list[tuple[Found, np.ndarray]]:
        start = time.perf_counter()
        images = [pixels for _, pixels in batch]
        several = predict(writing.network, images, chosen, many=not source.single)
        seconds, thresh = (time.perf_counter() - start) / len(batch), chosen.decoding.thresh
        return [
            (Found(path, pixels.shape[1], pixels.shape[0], seconds, boxes.numpy(), thresh), pixels)
            for (path, pixels), boxes in zip(batch, several, strict=True)
        ]

    detection_form(writing.network, not source.single)  # before the time is taken, as the C fuses
    batches = source.batches(BATCH)
    beside = writing.network.device.type == "cuda" and not source.asked
    for several in (one_ahead if beside else map)(detect, batches):
        for one, pixels in several:
            writing.write(one, pixels)


def one_ahead(work: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Yield the result of `work` for each item while a thread works on the next item.

    On a GPU one batch is computed while the one before is drawn and written.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting: list[Future[Made]] = []
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 1:
                yield waiting.pop(0).result()
        for task in waiting:
            yield task.result()


def check_names(network: Network, named: str, cfg: Path) -> None:
    """Warn if there are not as many names as classes, as the fork does.

    Darknet: src/detector.c test_detector (AlexeyAB)
    """
    from ..layers import detection_heads

    heads = detection_heads(network.layers)
    if not heads:
        raise network.net.error(
            "the network has no detection head: expected a detector",
            hint="a classifier is used by: pydarknet classifier predict",
        )
    count, classes = len(network.names or ()), heads[0].classes
    if classes != count:
        note(
            f"Error: in the file {named} number of names {count} that isn't equal to"
            f" classes={classes} in the file {cfg}"
        )
