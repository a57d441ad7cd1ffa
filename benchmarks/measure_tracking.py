#!/usr/bin/env python3
"""Measure how long boxes keep their ids: ours beside the trackers of the package `trackers`.

benchmarks/measure_tracking.py [--scenes 4] [--objects 12] [--riders] [--confused 0.1]

Objects of 40 to 160 pixels walk through a picture of 1280 x 720, cross and hide each other, and
leave it; others come. A detector misses one in ten, several frames on end, is wrong by 2 % of a box
on each side, and sees something that is nothing in every tenth frame. All trackers get the same
boxes, of any score. A row has for each rate of frames the share of boxes with the right id (the one
that their object has most often, if no other object has it more often), how often an object's id
changes, and milliseconds per frame. With --riders each object of one class rides on one of the
other; that share of boxes that is --confused has the other class.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.boxes.box_arrays import BoxArrays  # the copy beside this script
from pydarknet.tracking.tracker import Tracker

SIZE = np.array([1280.0, 720.0])
FINE = 60  # positions a second
SECONDS = 20.0
MISSED, STAYS_MISSED = 0.04, 0.6  # chances that a miss begins and lasts: one in ten together
HIDDEN = 0.6  # share of an object behind another at which it is not found
NOISE = 0.02
MANY = 1000  # more than come in a scene
NOTHING = 0.1  # boxes of nothing per frame
RATES = {"30 fps": 30.0, "10 fps": 10.0, "5 fps": 5.0, "5 to 20 fps": 10.0}

Update = Callable[["View"], np.ndarray]  # returns ids, 0 for none


class View(NamedTuple):
    """What a detector finds in a frame: edges [K, 4], scores, classes, and whose, -1: nobody's."""

    seconds: float
    edges: np.ndarray
    scores: np.ndarray
    kinds: np.ndarray
    whose: np.ndarray


class Score(NamedTuple):
    """How a tracker did: boxes in all, boxes with the right id, changes of ids, seconds, frames."""

    boxes: int
    right: int
    changes: int
    seconds: float
    frames: int


def walks(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of objects at all times, [T, count, 4], and who they are, -1: not there.

    In the place of one that leaves the picture comes another, elsewhere and up to a second later.
    """
    people = [list(walk(rng, index, count)) for index in range(count)]
    edges = np.array([[one for one, _ in person] for person in people])
    whose = np.array([[who for _, who in person] for person in people])
    return edges.swapaxes(0, 1), whose.T


def walk(rng: np.random.Generator, who: int, count: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the edges of one after the other who walk through the picture, and who they are."""
    centre, times = rng.uniform([0, 0], SIZE), int(SECONDS * FINE)
    while times > 0:
        height = np.exp(rng.uniform(np.log(40), np.log(160)))
        half = np.array([height * rng.uniform(0.4, 1.2), height]) / 2
        aim = rng.uniform(SIZE / 4, SIZE * 3 / 4) - centre
        angle, speed, turn = np.arctan2(aim[1], aim[0]), rng.uniform(60, 300), rng.normal(0, 0.3)
        while times > 0 and ((centre > -half) & (centre < SIZE + half)).all():
            yield np.concatenate((centre - half, centre + half)), who
            turn = turn * 0.99 + rng.normal(0, 0.06)
            angle += turn / FINE
            centre = centre + np.array([np.cos(angle), np.sin(angle)]) * speed / FINE
            times -= 1
        pause = min(int(rng.uniform(0, FINE)), times)
        yield from [(np.zeros(4), -1)] * pause
        times, who = times - pause, who + count
        along = rng.integers(2)  # enter at the left or right, or at the top or bottom
        centre = rng.uniform([0, 0], SIZE)
        centre[along] = rng.choice([0, SIZE[along]])


def with_mounts(riders: np.ndarray) -> np.ndarray:
    """Return objects and those on which they ride: as wide and a third more."""
    left, top, right, bottom = np.moveaxis(riders, -1, 0)
    aside, height = (right - left) * 0.15, bottom - top
    edges = (left - aside, top + 0.45 * height, right + aside, bottom + 0.1 * height)
    return np.concatenate((riders, np.stack(edges, -1)), 1)


def hidden_shares(edges: np.ndarray) -> np.ndarray:
    """Return how much of each object is behind another that is nearer, a later one."""
    first = np.maximum(edges[:, None, :2], edges[None, :, :2])
    last = np.minimum(edges[:, None, 2:], edges[None, :, 2:])
    shared = np.clip(last - first, 0, None).prod(-1)
    return np.triu(shared, 1).max(1) / np.maximum((edges[:, 2:] - edges[:, :2]).prod(1), 1)


def views(
    rng: np.random.Generator,
    truth: np.ndarray,
    people: np.ndarray,
    rate: float,
    varies: bool,
    options: Any,
) -> Iterator[View]:
    """Yield what a detector finds at a rate of frames; `varies`: in half to twice that time."""
    count, now = truth.shape[1], 0.0
    kinds = np.arange(count) * 2 // count
    usual, missing = rng.uniform(0.5, 0.95, count), np.zeros(count, bool)
    while now * FINE < len(truth):
        edges, who = truth[int(now * FINE)], people[int(now * FINE)]
        hidden = np.zeros(count) if options.riders else hidden_shares(edges)
        missing = rng.random(count) < np.where(missing, STAYS_MISSED, MISSED)
        there = np.flatnonzero(~missing & (hidden < HIDDEN) & (who >= 0))
        sides = np.tile(edges[:, 2:] - edges[:, :2], 2)
        found = (edges + sides * rng.normal(0, NOISE, edges.shape))[there]
        scores = np.clip(usual - hidden / 2 + rng.normal(0, 0.1, count), 0.26, 0.99)[there]
        more = rng.poisson(NOTHING)
        middles, halves = rng.uniform([0, 0], SIZE, (more, 2)), rng.uniform(20, 60, (more, 2))
        confused = rng.random(len(there)) < options.confused
        yield View(
            now,
            np.concatenate((found, np.concatenate((middles - halves, middles + halves), 1))),
            np.concatenate((scores, rng.uniform(0.26, 0.5, more))),
            np.concatenate((kinds[there] ^ confused, np.zeros(more, int))),
            np.concatenate((who[there], np.full(more, -1))),
        )
        now += (rng.uniform(0.5, 2.0) if varies else 1.0) / rate


def judge(update: Update, seen: list[View]) -> Score:
    """Return how a tracker does."""
    from scipy.optimize import linear_sum_assignment

    pairs: Counter[tuple[int, int]] = Counter()
    last: dict[int, int] = {}
    changes, start = 0, time.perf_counter()
    answers = [update(view) for view in seen]
    seconds = time.perf_counter() - start
    for view, ids in zip(seen, answers, strict=True):
        for whose, number in zip(view.whose.tolist(), ids.tolist(), strict=True):
            if whose >= 0 and number > 0:
                pairs[whose, number] += 1
                changes += last.setdefault(whose, number) != number
                last[whose] = number
    table = np.zeros((max(last, default=0) + 1, max((n for _, n in pairs), default=0) + 1))
    for place, often in pairs.items():
        table[place] = often
    rows, columns = linear_sum_assignment(-table)
    boxes = sum(int((view.whose >= 0).sum()) for view in seen)
    return Score(boxes, int(table[rows, columns].sum()), changes, seconds, len(seen))


def ours() -> Update:
    """Return pydarknet's tracker."""
    tracker = Tracker()

    def update(view: View) -> np.ndarray:
        first, last = view.edges[:, :2], view.edges[:, 2:]
        boxes = np.concatenate(((first + last) / 2 / SIZE, (last - first) / SIZE), 1)
        scores = np.eye(2)[view.kinds] * view.scores[:, None]
        found = BoxArrays(boxes.astype(np.float32), view.scores, scores)
        followed = tracker.update(found, (int(SIZE[0]), int(SIZE[1])), view.seconds)
        assert followed.track_ids is not None
        return followed.track_ids

    return update


def theirs(tracker: Any) -> Update:
    """Return a tracker of the package."""
    from supervision import Detections

    def update(view: View) -> np.ndarray:
        data = {"row": np.arange(len(view.edges))}
        given = Detections(xyxy=view.edges.reshape(-1, 4), confidence=view.scores, data=data)
        answer = tracker.update(given, timestamp=view.seconds)
        ids = np.zeros(len(view.edges), int)
        if len(answer):
            ids[answer.data["row"]] = answer.tracker_id + 1
        return ids

    return update


def makers() -> dict[str, Callable[[float], Update]]:
    """Return what makes each tracker for a rate of frames."""
    import trackers

    all_scores = {"track_activation_threshold": 0.0, "high_conf_det_threshold": 0.0}
    return {
        "SORT": lambda rate: theirs(
            trackers.SORTTracker(
                frame_rate=rate, minimum_consecutive_frames=2, track_activation_threshold=0.0
            )
        ),
        "OC-SORT": lambda rate: theirs(
            trackers.OCSORTTracker(
                frame_rate=rate, minimum_consecutive_frames=2, high_conf_det_threshold=0.0
            )
        ),
        "BoT-SORT, no camera motion": lambda rate: theirs(
            trackers.BoTSORTTracker(frame_rate=rate, enable_cmc=False, **all_scores)
        ),
        "C-BIoU": lambda rate: theirs(trackers.CBIoUTracker(frame_rate=rate, **all_scores)),
        "ByteTrack": lambda rate: theirs(trackers.ByteTrackTracker(frame_rate=rate, **all_scores)),
        "pydarknet": lambda rate: ours(),
    }


def cell(make: Callable[[float], Update], rate: float, varies: bool, options: Any) -> str:
    """Return how a tracker does at a rate, over all scenes."""
    scores = []
    for seed in range(options.scenes):
        rng = np.random.default_rng(seed)
        truth, people = walks(rng, options.objects // (2 if options.riders else 1))
        if options.riders:
            truth = with_mounts(truth)
            people = np.concatenate((people, np.where(people < 0, -1, people + MANY)), 1)
        seen = list(views(rng, truth, people, rate, varies, options))
        scores.append(judge(make(rate), seen))
    boxes, right, changes, seconds, frames = map(sum, zip(*scores, strict=True))
    return f"{right / boxes:.1%}, {changes}, {1000 * seconds / frames:.2f} ms"


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", type=int, default=4)
    parser.add_argument("--objects", type=int, default=12)
    parser.add_argument("--riders", action="store_true")
    parser.add_argument("--confused", type=float, default=0.0)
    options = parser.parse_args()
    print(f"| tracker | {' | '.join(RATES)} |")
    print("|---|" + "---|" * len(RATES))
    for name, make in makers().items():
        cells = [cell(make, rate, "to" in words, options) for words, rate in RATES.items()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
