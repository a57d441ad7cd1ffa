"""One thread finds boxes for all who ask."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.serving.worker import Worker

PIXELS = np.zeros((2, 2, 3), np.uint8)


def boxes_of(value: float) -> BoxArrays:
    return BoxArrays(np.full((1, 4), value, np.float32), np.ones(1), np.ones((1, 1)))


class Network:
    """It notes what it is asked, and waits where it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, float]] = []
        self.threads: set[int] = set()
        self.may = threading.Event()

    def find(self, images: Sequence[np.ndarray], thresh: float) -> list[BoxArrays]:
        self.may.wait(5)
        self.asked.append((len(images), thresh))
        self.threads.add(threading.get_ident())
        if any(image[0, 0, 0] == 13 for image in images):
            raise ValueError("unlucky")
        return [boxes_of(float(image[0, 0, 0])) for image in images]


def test_pictures_that_wait_go_together_and_each_gets_its_own_boxes() -> None:
    network = Network()
    worker = Worker(network.find, together=4)

    first = worker.submit(PIXELS, 0.5)
    while worker.waiting:
        pass
    rest = [worker.submit(PIXELS + number, 0.5) for number in range(1, 6)]
    network.may.set()
    values = [float(one.result(5).boxes[0, 0]) for one in (first, *rest)]
    worker.close()

    assert values == [0, 1, 2, 3, 4, 5]
    assert network.asked == [(1, 0.5), (4, 0.5), (1, 0.5)]
    assert len(network.threads) == 1


def test_thresholds_are_not_mixed() -> None:
    network = Network()
    worker = Worker(network.find, together=4)

    asked = [worker.submit(PIXELS, thresh) for thresh in (0.1, 0.2, 0.2)]
    network.may.set()
    for one in asked:
        one.result(5)
    worker.close()

    assert [thresh for _, thresh in network.asked] in ([0.1, 0.2], [0.1, 0.2, 0.2])


def test_a_picture_that_fails_costs_no_other_its_answer() -> None:
    network = Network()
    worker = Worker(network.find, together=3)

    worker.submit(PIXELS, 0.5)
    while worker.waiting:
        pass
    good, bad, other = (worker.submit(PIXELS + number, 0.5) for number in (1, 13, 2))
    network.may.set()

    assert good.result(5).boxes[0, 0] == 1
    assert other.result(5).boxes[0, 0] == 2
    with pytest.raises(ValueError, match="unlucky"):
        bad.result(5)
    worker.close()


def test_the_end_cancels_what_waits() -> None:
    network = Network()
    worker = Worker(network.find)

    running = worker.submit(PIXELS, 0.5)
    while worker.waiting:
        pass
    waiting = worker.submit(PIXELS, 0.5)
    threading.Timer(0.1, network.may.set).start()
    worker.close()

    assert running.done()
    assert waiting.cancelled()
    assert worker.submit(PIXELS, 0.5).cancelled()
    assert not worker.thread.is_alive()
