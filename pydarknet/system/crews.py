"""Crews of threads work on many items, whose results come in order; the fastest crew is found."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar, copy_context
from itertools import islice
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

ROUNDS: Final = 2  # items that each thread of a crew works on while it is measured
FASTER: Final = 1.05  # times as fast must a crew be that takes the place of the first

AT_ONCE: ContextVar[int] = ContextVar("at_once", default=1)

Given = TypeVar("Given")
Made = TypeVar("Made")
Result = TypeVar("Result", covariant=True)


class Task(Protocol[Result]):
    """What will have been made: now, or by a thread."""

    def result(self) -> Result:
        """Return it, or raise what went wrong."""


class Done(Generic[Made]):
    """A task that is done: what it made, or what went wrong."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self.error: Exception | None = None
        try:
            self.made = make()
        except Exception as error:  # raised where the result is asked for
            self.error = error

    def result(self) -> Made:
        if self.error is not None:
            raise self.error
        return self.made


class Crew(NamedTuple):
    """So many `workers`, threads that work at the same time, each of which does `begin` first."""

    workers: int
    begin: Callable[[], None]


def at_once() -> int:
    """Return how many workers share the cores while this one works."""
    return AT_ONCE.get()


def in_order(
    work: Callable[[Given], Made], items: Iterable[Given], crews: Sequence[Crew]
) -> Iterator[tuple[Given, Task[Made]]]:
    """Yield each item and the task that worked on it, which is done.

    A crew works on the next items meanwhile. Of several `crews` each works on some items, and the
    fastest on the others. The first item is worked on alone, by this thread: it prepares what the
    others use. Without crews this thread works on all.
    """
    rest = iter(items)
    for item in islice(rest, 1 if crews else None):
        yield item, Done(lambda item=item: work(item))  # type: ignore[misc]  # mypy: the default
    if crews:
        try:
            yield from by_fastest(work, rest, crews)
        finally:
            crews[-1].begin()  # in this thread


def by_fastest(
    work: Callable[[Given], Made], items: Iterator[Given], crews: Sequence[Crew]
) -> Iterator[tuple[Given, Task[Made]]]:
    """Yield what the crews do: each a few rounds, then all others by the fastest of them."""
    rates: dict[Crew, float] = {}
    for crew in crews if len(crews) > 1 else ():
        start, count = time.perf_counter(), 0
        for pair in by_crew(work, islice(items, ROUNDS * crew.workers), crew):
            count += 1
            yield pair
        rates[crew] = count / (time.perf_counter() - start)
    yield from by_crew(work, items, fastest(crews, rates))


def fastest(crews: Sequence[Crew], rates: dict[Crew, float]) -> Crew:
    """Return the crew of the best rate: the first, unless another is clearly better."""
    first = crews[0]
    best = max(crews, key=lambda crew: rates.get(crew, 0))
    return best if rates.get(best, 0) > FASTER * rates.get(first, 0) else first


def by_crew(
    work: Callable[[Given], Made], items: Iterable[Given], crew: Crew
) -> Iterator[tuple[Given, Task[Made]]]:
    """Yield each item and its task, done, while the threads of a crew work on the next ones.

    One item more than there are threads is taken, so that none waits for this one.
    """
    from concurrent.futures import Future, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(crew.workers, initializer=crew.begin) as pool:
        waiting: deque[tuple[Given, Future[Made]]] = deque()
        try:
            for item in items:
                context = copy_context()
                context.run(AT_ONCE.set, crew.workers)
                waiting.append((item, pool.submit(context.run, work, item)))
                if len(waiting) > crew.workers:
                    wait([waiting[0][1]])
                    yield waiting.popleft()
            while waiting:
                wait([waiting[0][1]])
                yield waiting.popleft()
        finally:
            for _, task in waiting:
                task.cancel()
