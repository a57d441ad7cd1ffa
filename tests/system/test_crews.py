"""Crews of threads, whose results come in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pydarknet.system import crews
from pydarknet.system.crews import Crew, Done, at_once, in_order

TWO = Crew(2, lambda: None)
ONE = Crew(1, lambda: None)


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when a condition holds; fail if it never does."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.mark.parametrize("some", [(), (ONE,), (TWO,), (TWO, ONE)])
def test_results_come_in_order(some):
    pairs = list(in_order(lambda n: 10 * n, range(65), some))

    assert [item for item, _ in pairs] == list(range(65))
    assert [task.result() for _, task in pairs] == list(range(0, 650, 10))


def test_an_item_is_worked_on_while_the_last_result_is_used():
    begun, release = [], threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            release.wait(30)
        return item

    results = in_order(work, [0, 1, 2, 3], (ONE,))

    assert next(results)[0] == 0
    assert next(results)[0] == 1
    wait_for(lambda: begun == [0, 1, 2])
    release.set()
    assert [item for item, _ in results] == [2, 3]


def test_two_workers_work_at_the_same_time():
    meeting = threading.Barrier(2)

    def work(item: int) -> int:
        meeting.wait(30)
        return at_once()

    shares = [task.result() for _, task in in_order(work, range(4), (TWO,))]

    assert shares == [2, 2, 2, 2]


def test_an_item_that_is_the_only_one_is_worked_on_by_this_thread():
    begun: list[str] = []
    crew = Crew(2, lambda: begun.append("crew"))

    [(_, task)] = in_order(lambda item: (threading.get_ident(), at_once()), [0], (crew,))

    assert task.result() == (threading.get_ident(), 1)
    assert not begun


def test_no_more_items_are_taken_than_workers_need():
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = in_order(str, items(), (TWO,))
    next(results), next(results)

    assert len(taken) == 1 + 3  # one is done; two for the workers, and one that none waits for


def test_what_goes_wrong_is_raised_in_its_place():
    def work(item: int) -> float:
        return 1 / item

    first, second, third = in_order(work, [1, 0, 2], (TWO,))

    assert (first[1].result(), third[1].result()) == (1, 0.5)
    with pytest.raises(ZeroDivisionError):
        second[1].result()


def test_of_several_crews_the_fastest_works_on_the_rest(monkeypatch):
    monkeypatch.setattr(crews, "SHORT", 4)
    begun: list[str] = []

    def work(item: int) -> int:
        time.sleep(0.05 if begun[-1] == "slow" else 0.001)
        return item

    both = (Crew(2, lambda: begun.append("slow")), Crew(1, lambda: begun.append("fast")))
    begun.append("alone")

    list(in_order(work, range(20), both))

    # each in its turn, then the fast one again, and at the end this thread
    assert begun == ["alone", "slow", "slow", "fast", "fast", "fast"]


def test_the_first_crew_works_on_all_of_a_short_list():
    begun: list[str] = []
    both = (Crew(2, lambda: begun.append("first")), Crew(1, lambda: begun.append("second")))

    list(in_order(lambda n: n, range(2 + crews.SHORT), both))

    assert begun == ["first", "first", "second"]  # at the end this thread


def test_what_a_crew_prepares_does_not_count_against_it(monkeypatch):
    monkeypatch.setattr(crews, "SHORT", 4)
    begun: list[str] = []
    prepared = threading.local()

    def work(item: int) -> int:
        if begun and begun[-1] == "first" and not hasattr(prepared, "done"):
            prepared.done = True
            time.sleep(0.1)
        time.sleep(0.001 if begun and begun[-1] == "first" else 0.01)
        return item

    both = (Crew(2, lambda: begun.append("first")), Crew(1, lambda: begun.append("second")))

    list(in_order(work, range(20), both))

    assert begun == ["first", "first", "second", "first", "first", "second"]


def test_whoever_stops_asking_leaves_no_thread_behind():
    before = threading.active_count()
    results = in_order(lambda n: n, range(1000), (TWO,))
    next(results), next(results)

    results.close()

    assert threading.active_count() == before


def test_a_task_that_is_done_keeps_its_error():
    task = Done(lambda: 1 / 0)

    assert isinstance(task.error, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        task.result()
