"""A network's work is recorded the second time it is done on images of a size, and replayed."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import torch

from pydarknet.backends.cuda_graph import Graph
from pydarknet.backends.recorder import MOST, Record, Recorder
from pydarknet.graph.head import Head


class Counted:
    """A network of one head that doubles its images, and counts how often it runs."""

    def __init__(self) -> None:
        self.runs = 0

    def heads(self, images: torch.Tensor) -> list[Head]:
        self.runs += 1
        return [Head(None, images, images * 2)]


def fake(network: Counted, images: torch.Tensor) -> Graph:
    """Record as CUDA does: replaying computes again, from one place into another."""
    place = images.clone()
    heads = network.heads(place)
    return Graph(place, heads, lambda: heads[0].activated.copy_(place * 2))


def recorder_of(record: Record) -> Recorder:
    """Return a recorder."""
    return Recorder(record, "images of {size} are not recorded")


def test_it_is_recorded_for_each_size_when_that_comes_again():
    run, recorder = Counted(), recorder_of(fake)

    with torch.inference_mode():
        for size, runs in ((2, 1), (2, 2), (2, 2), (3, 3), (2, 3), (3, 4), (3, 4)):
            images = torch.rand(size, 3)
            [head] = recorder(run, images)
            assert torch.equal(head.activated, images * 2)
            assert run.runs == runs


def test_what_was_given_stays_when_other_images_come():
    recorder, images = recorder_of(fake), torch.rand(3, 2, 3)

    with torch.inference_mode():
        given = [recorder(Counted(), image) for image in images]

    for image, [head] in zip(images, given, strict=True):
        assert torch.equal(head.activated, image * 2)


def test_where_gradients_are_wanted_nothing_is_recorded():
    run, recorder = Counted(), recorder_of(fake)

    for _ in range(3):
        recorder(run, torch.rand(2))

    assert run.runs == 3


def refuse_two(network: Counted, images: torch.Tensor) -> Graph:
    """Record all but images of the size 2."""
    if len(images) == 2:
        raise RuntimeError("operation not permitted when stream is capturing\nand more")
    return fake(network, images)


def test_what_cannot_be_recorded_is_told_once_and_runs(capsys):
    run, recorder = Counted(), recorder_of(refuse_two)

    with torch.inference_mode():
        for _ in range(4):
            [head] = recorder(run, torch.ones(2))

    assert head.activated.tolist() == [2, 2]
    assert run.runs == 4
    reason = "operation not permitted when stream is capturing"
    assert capsys.readouterr().err == f"images of 2 are not recorded: {reason}\n"


def test_other_sizes_are_recorded_nevertheless():
    run, recorder = Counted(), recorder_of(refuse_two)

    with torch.inference_mode():
        for size in (2, 2, 3, 3, 3, 3):
            recorder(run, torch.ones(size))

    assert list(recorder.records) == [torch.Size([3])]
    assert run.runs == 2 + 2  # of the others one plain, one recorded


def test_one_reason_is_told_once_where_sizes_do_not_matter(capsys):
    def refuse(network: Counted, images: torch.Tensor) -> Graph:
        raise RuntimeError("no such operator")

    recorder = Recorder(refuse, "nothing is recorded")

    with torch.inference_mode():
        for size in (2, 2, 3, 3):
            recorder(Counted(), torch.ones(size))

    assert capsys.readouterr().err == "nothing is recorded: no such operator\n"


def test_recordings_of_the_sizes_that_came_last_are_kept():
    recorder = recorder_of(fake)

    with torch.inference_mode():
        for size in (*range(1, MOST + 1), 1, MOST + 1):
            for _ in range(2):
                recorder(Counted(), torch.ones(size))

    kept = [size for [size] in recorder.records]
    assert kept == [*range(3, MOST + 1), 1, MOST + 1]


def slow_graph(network: Counted, images: torch.Tensor) -> Graph:
    """Record as `fake` does; a replay lets other threads run between its two halves."""
    graph = fake(network, images)

    def replay() -> None:
        seen = graph.images.clone()
        for _ in range(20):
            time.sleep(0)
        graph.heads[0].activated.copy_(seen * 2)

    return Graph(graph.images, graph.heads, replay)


def test_threads_get_the_heads_of_their_own_images():
    recorder, run = recorder_of(slow_graph), Counted()
    given = [torch.full((2,), float(k)) for k in range(4)]

    def work(images: torch.Tensor) -> int:
        with torch.inference_mode():
            results = [recorder(run, images)[0].activated for _ in range(30)]
        return sum(not torch.equal(result, images * 2) for result in results)

    with torch.inference_mode():
        recorder(run, given[0])
        recorder(run, given[0])
    with ThreadPoolExecutor(4) as pool:
        wrong = list(pool.map(work, given))

    assert wrong == [0] * 4


def test_threads_record_once():
    recorded, gate = [], threading.Barrier(4)
    recorder = recorder_of(lambda network, images: recorded.append(1) or fake(network, images))
    recorder.seen[torch.Size([2])] = 1

    def work(images: torch.Tensor) -> None:
        gate.wait()
        with torch.inference_mode():
            recorder(Counted(), images)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, torch.rand(4, 2)))

    assert recorded == [1]
