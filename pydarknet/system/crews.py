"""Crews of threads work on many items, whose results come in order; the fastest crew is found."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextvars import ContextVar, copy_context
from itertools import chain, islice
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

SHORT: Final = 48  # items of the first crew before others are tried: shorter lists do not pay
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

    A crew works on the next items meanwhile: the first of several `crews`, and in a long list each
    on some items, and the fastest on the others. Without crews this thread works on all, and so it
    does on an item that is the only one.
    """
    rest = iter(items)
    first = list(islice(rest, 2)) if crews else []
    if len(first) < 2:
        for item in chain(first, rest):
            yield item, Done(lambda item=item: work(item))  # type: ignore[misc]  # mypy: the default
        return
    try:
        yield from by_fastest(work, chain(first, rest), crews)
    finally:
        crews[-1].begin()  # in this thread


def by_fastest(
    work: Callable[[Given], Made], items: Iterator[Given], crews: Sequence[Crew]
) -> Iterator[tuple[Given, Task[Made]]]:
    """Yield what the crews do: the first much, each other a few rounds, the fastest the rest."""
    rates: dict[Crew, float] = {}
    for crew in crews if len(crews) > 1 else ():
        prepares, measured = crew.workers, ROUNDS * crew.workers
        some = islice(items, prepares + (measured if rates else max(measured, SHORT)))
        rates[crew] = yield from with_rate(by_crew(work, some, crew), prepares)
    yield from by_crew(work, items, fastest(crews, rates))


def with_rate(
    pairs: Iterable[tuple[Given, Task[Made]]], prepares: int
) -> Generator[tuple[Given, Task[Made]], None, float]:
    """Yield what a crew does, and return its items per second after those where it `prepares`.

    A thread of another crew may pack weights anew for its number of threads.
    """
    start, count = time.perf_counter(), -prepares
    for pair in pairs:
        yield pair
        count += 1
        if count == 0:
            start = time.perf_counter()
    return count / (time.perf_counter() - start)


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
