#!/usr/bin/env python3
"""Draw the same boxes as pydarknet, supervision and ultralytics do, side by side, and time it.

    benchmarks/compare_drawings.py [--out docs/drawings.jpg] [--rounds 15]

The scenes are drawn here, too: a street at 160x120 and 768x576, a crowd at 4032x3024. supervision
draws with the thickness and the scale that it recommends for a size, once as it does by itself and
once with `smart_position`; ultralytics as its Annotator does by itself. What is not installed is
left out (ultralytics needs torchvision, but no more of its requirements). Printed are the
milliseconds that each takes on one core, the median of the rounds, and how much it paints over: the
share of the pixels within small boxes, their own edges left out, that differ from the scene.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet.boxes.box_arrays import BoxArrays  # noqa: E402  # the copy beside this script
from pydarknet.boxes.draw import draw  # noqa: E402

NAMES = (ROOT / "data/coco.names").read_text().splitlines()
PERSON, BICYCLE, CAR, BUS, LIGHT, BIRD, DOG = 0, 1, 2, 5, 9, 14, 16
PANEL = 400, 300  # pixels of one drawing in the picture
SMALL = 0.01  # of an image's area: below it, a box is small
Image = np.ndarray
Color = tuple[int, int, int]


class Found(NamedTuple):
    """Boxes in an image: left, top, right, bottom in pixels [N, 4], classes and scores [N]."""

    xyxy: np.ndarray
    classes: np.ndarray
    scores: np.ndarray

    def label(self, index: int) -> str:
        """Return the label that all of them draw."""
        return f"{NAMES[self.classes[index]]}: {self.scores[index]:.2f}"


class Scene:
    """An image that is drawn in parts of its width and height, and the boxes of its things."""

    def __init__(self, width: int, height: int, seed: int = 0) -> None:
        self.pixels = np.zeros((height, width, 3), np.uint8)
        self.size = np.array([width, height])
        self.random = np.random.default_rng(seed)
        self.boxes: list[tuple[float, float, float, float]] = []
        self.classes: list[int] = []

    def points(self, *xy: tuple[float, float]) -> np.ndarray:
        return np.rint(np.array(xy) * self.size).astype(np.int32)

    def area(self, color: Color, *xy: tuple[float, float]) -> None:
        cv2.fillPoly(self.pixels, [self.points(*xy)], color, cv2.LINE_AA)

    def block(self, color: Color, x: float, y: float, w: float, h: float) -> None:
        self.area(color, (x, y), (x + w, y), (x + w, y + h), (x, y + h))

    def disc(self, color: Color, x: float, y: float, radius: float) -> None:
        [center] = self.points((x, y))
        sides = max(round(radius * self.size[1]), 1)
        cv2.circle(self.pixels, tuple(center.tolist()), sides, color, cv2.FILLED, cv2.LINE_AA)

    def add(self, kind: int, x: float, y: float, w: float, h: float) -> None:
        """Note the box of a thing, by its left top corner and its size."""
        self.boxes.append((x, y, x + w, y + h))
        self.classes.append(kind)

    def found(self) -> Found:
        """Return the boxes in pixels, with scores."""
        edges = np.array(self.boxes, np.float32) * np.tile(self.size, 2)
        scores = self.random.uniform(0.5, 1, len(edges)).astype(np.float32)
        return Found(np.rint(edges), np.array(self.classes), scores)


def person(scene: Scene, x: float, y: float, h: float) -> None:
    """Draw a person who stands at a point."""
    color = tuple(scene.random.integers(30, 230, 3).tolist())
    w = 0.3 * h
    scene.block((40, 40, 60), x - 0.2 * w, y - 0.45 * h, 0.4 * w, 0.45 * h)
    scene.block(color, x - 0.35 * w, y - 0.8 * h, 0.7 * w, 0.42 * h)
    scene.disc((225, 180, 150), x, y - 0.9 * h, 0.1 * h)
    scene.add(PERSON, x - w / 2, y - h, w, h)


def car(scene: Scene, x: float, y: float, w: float, color: Color) -> None:
    """Draw a car that stands on a point, its left end."""
    h = 0.5 * w
    scene.block(color, x, y - 0.6 * h, w, 0.45 * h)
    roof = (x + 0.2 * w, y - 0.6 * h), (x + 0.3 * w, y - h), (x + 0.7 * w, y - h)
    scene.area(color, *roof, (x + 0.85 * w, y - 0.6 * h))
    scene.block((190, 215, 230), x + 0.33 * w, y - 0.92 * h, 0.34 * w, 0.28 * h)
    for wheel in (0.22, 0.78):
        scene.disc((30, 30, 30), x + wheel * w, y - 0.14 * h, 0.14 * h)
    scene.add(CAR, x, y - h, w, h)


def light(scene: Scene, x: float, y: float, h: float) -> None:
    """Draw a traffic light on its pole, its head at a point."""
    scene.block((60, 60, 60), x - 0.08 * h, y, 0.16 * h, 3 * h)
    scene.block((30, 30, 30), x - 0.25 * h, y - h, 0.5 * h, h)
    for place, color in ((0.8, (230, 40, 40)), (0.5, (90, 80, 20)), (0.2, (20, 80, 40))):
        scene.disc(color, x, y - place * h, 0.11 * h)
    scene.add(LIGHT, x - 0.25 * h, y - h, 0.5 * h, h)


def bird(scene: Scene, x: float, y: float, w: float) -> None:
    """Draw a bird in the sky."""
    for side in (-1, 1):
        wing = (x, y), (x + side * w / 2, y - 0.3 * w), (x + side * w / 4, y - 0.3 * w)
        scene.area((50, 50, 60), *wing)
    scene.add(BIRD, x - w / 2, y - 0.4 * w, w, 0.5 * w)


def backdrop(scene: Scene) -> None:
    """Draw sky, houses, a pavement and a road."""
    height = len(scene.pixels)
    sky = np.linspace((150, 195, 235), (225, 235, 245), height)
    scene.pixels[:] = sky[:, None].round().astype(np.uint8)
    for k in range(7):
        tall = 0.22 + 0.12 * scene.random.random()
        wall = tuple((np.array([170, 130, 110]) + scene.random.integers(-40, 40, 3)).tolist())
        scene.block(wall, k / 7, 0.55 - tall, 0.135, tall)
        for row, column in np.ndindex(4, 3):
            y = 0.55 - tall + 0.025 + 0.07 * row
            if y < 0.5:
                scene.block((205, 220, 225), k / 7 + 0.02 + 0.037 * column, y, 0.02, 0.035)
    scene.block((190, 185, 175), 0, 0.55, 1, 0.1)
    scene.block((105, 105, 110), 0, 0.65, 1, 0.35)
    for k in range(8):
        scene.block((235, 235, 225), 0.03 + k / 8, 0.81, 0.06, 0.012)


def street(width: int, height: int) -> Scene:
    """Return a street with things of all sizes."""
    scene = Scene(width, height, 4)
    backdrop(scene)
    for x, y in ((0.3, 0.1), (0.36, 0.14), (0.55, 0.08)):
        bird(scene, x, y, 0.04)
    light(scene, 0.62, 0.42, 0.09)
    for x in (0.42, 0.455, 0.5, 0.8, 0.83):
        person(scene, x, 0.62, 0.1)
    car(scene, 0.06, 0.78, 0.3, (170, 50, 45))
    car(scene, 0.55, 0.72, 0.12, (225, 225, 220))
    car(scene, 0.66, 0.73, 0.12, (60, 90, 150))
    person(scene, 0.47, 0.95, 0.36)
    scene.block((120, 80, 50), 0.53, 0.86, 0.09, 0.06)
    scene.disc((120, 80, 50), 0.63, 0.85, 0.03)
    scene.add(DOG, 0.53, 0.81, 0.13, 0.14)
    return scene


def crowd(width: int, height: int) -> Scene:
    """Return a square full of people, small ones behind, large ones in front."""
    scene = Scene(width, height, 1)
    backdrop(scene)
    for y in np.linspace(0.6, 0.97, 90):
        person(scene, scene.random.uniform(0.03, 0.97), y, 0.05 + 0.35 * (y - 0.6))
    return scene


def ours(pixels: Image, found: Found) -> Image:
    """Draw as pydarknet does."""
    height, width = pixels.shape[:2]
    edges = found.xyxy / np.array([width, height, width, height], np.float32)
    centers, sides = (edges[:, :2] + edges[:, 2:]) / 2, edges[:, 2:] - edges[:, :2]
    scores = np.zeros((len(edges), len(NAMES)), np.float32)
    scores[np.arange(len(edges)), found.classes] = found.scores
    boxes = BoxArrays(np.concatenate((centers, sides), 1), found.scores, scores)
    return draw(pixels, boxes, NAMES, 0.25, "alexeyab")


def by_supervision(smart: bool, pixels: Image, found: Found) -> Image:
    """Draw as supervision does, with what it recommends for the size of the image."""
    import supervision

    size = pixels.shape[1], pixels.shape[0]
    line = supervision.calculate_optimal_line_thickness(size)
    scale = supervision.calculate_optimal_text_scale(size)
    detections = supervision.Detections(found.xyxy, None, found.scores, found.classes)
    words = [found.label(index) for index in range(len(found.classes))]
    drawn = supervision.BoxAnnotator(thickness=line).annotate(pixels[:, :, ::-1].copy(), detections)
    annotator = supervision.LabelAnnotator(
        text_scale=scale, text_thickness=max(line // 2, 1), smart_position=smart
    )
    return annotator.annotate(drawn, detections, labels=words)[:, :, ::-1]


def by_ultralytics(pixels: Image, found: Found) -> Image:
    """Draw as ultralytics does."""
    from ultralytics.utils.plotting import Annotator, colors

    annotator = Annotator(pixels[:, :, ::-1].copy(), pil=False)
    for index, box in enumerate(found.xyxy.tolist()):
        color = colors(int(found.classes[index]), True)
        annotator.box_label(box, found.label(index), color=color)
    return annotator.result()[:, :, ::-1]


def painters() -> dict[str, Callable[[Image, Found], Image]]:
    """Return what draws, of what is installed."""
    known: dict[str, Callable[[Image, Found], Image]] = {"pydarknet": ours}
    if find_spec("supervision"):
        known["supervision"] = partial(by_supervision, False)
        known["supervision, smart_position"] = partial(by_supervision, True)
    if find_spec("ultralytics") and find_spec("torchvision"):
        known["ultralytics"] = by_ultralytics
    return known


def painted_over(scene: Image, drawn: Image, found: Found) -> float:
    """Return the share of pixels within small boxes, without their edges, that were changed."""
    changed = (np.abs(scene.astype(int) - drawn) > 8).any(2)
    shares = []
    for left, top, right, bottom in found.xyxy.astype(int):
        edge = max(min(right - left, bottom - top) // 8, 1)
        inner = changed[top + edge : bottom - edge, left + edge : right - edge]
        if inner.size and (right - left) * (bottom - top) < SMALL * changed.size:
            shares.append(inner.mean())
    return float(np.mean(shares)) if shares else 0.0


def milliseconds(work: Callable[[], Any], rounds: int) -> float:
    """Return the median time of a call, after one that does not count."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def panel(image: Image, title: str) -> Image:
    """Return an image in the size of a panel, under its title; small ones with larger pixels."""
    small = image.shape[1] < PANEL[0]
    how = cv2.INTER_NEAREST if small else cv2.INTER_AREA
    shown = cv2.resize(image, PANEL, interpolation=how)
    head = np.full((26, PANEL[0], 3), 255, np.uint8)
    cv2.putText(head, title, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.pad(np.concatenate((head, shown)), ((0, 4), (2, 2), (0, 0)), constant_values=255)


def crop(image: Image) -> Image:
    """Return the middle of an image, in which its own pixels are seen."""
    width, height = PANEL[0] * 2, PANEL[1] * 2
    top, left = int(0.5 * len(image)), (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def timing_scenes() -> dict[str, Scene]:
    """Return the scenes that are timed only."""
    scenes = {}
    for count, width, height in ((20, 1280, 720), (100, 1920, 1080)):
        scene = Scene(width, height, count)
        backdrop(scene)
        for _ in range(count):
            x, y = scene.random.uniform(0.02, 0.85, 2)
            scene.add(int(scene.random.integers(80)), x, y, *scene.random.uniform(0.02, 0.12, 2))
        scenes[f"{count} boxes, {width}x{height}"] = scene
    return scenes


def main() -> None:
    """Draw, time, and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/drawings.jpg")
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    known = painters()
    scenes = {
        "street, 160x120": street(160, 120),
        "street, 768x576": street(768, 576),
        "crowd, 4032x3024": crowd(4032, 3024),
    }
    rows: list[list[Image]] = []
    for name, scene in (scenes | timing_scenes()).items():
        found = scene.found()
        drawn = {painter: known[painter](scene.pixels, found) for painter in known}
        for painter, image in drawn.items():
            spent = milliseconds(partial(known[painter], scene.pixels, found), chosen.rounds)
            covered = painted_over(scene.pixels, image, found)
            print(f"{name}: {painter}: {spent:.1f} ms, {covered:.0%} of small boxes painted over")
        if name in scenes:
            rows.append([panel(image, f"{painter}: {name}") for painter, image in drawn.items()])
        if name.startswith("crowd"):
            rows.append([panel(crop(image), "a part of it") for image in drawn.values()])
    picture = np.concatenate([np.concatenate(row, 1) for row in rows])
    cv2.imwrite(str(chosen.out), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 72])


if __name__ == "__main__":
    main()
