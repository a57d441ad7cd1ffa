"""What torch.cuda offers, for posing GPUs: streams, events, recordings, and whose turn it is."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import Any

import torch
from posing_gpu import CLOCKS, NOW, Posing, Usage, address, caller, merge
from torch import Tensor

CAPTURING = "operation not permitted when stream is capturing"
COUNT = itertools.count(1)
TURN = threading.local()  # the GPU and the streams that are current in a thread


class Stream:
    """A queue of a GPU. `known` is what it waited for: the clocks of streams, its own included."""

    def __init__(self, device: Any = None, **_: object) -> None:
        self.gpu = NOW[-1].index_of("cuda" if device is None else device)
        self.number, self.known = next(COUNT), {}
        self.graph: CUDAGraph | None = None  # that records it
        self.cuda_stream = self.number

    @property
    def device(self) -> torch.device:
        return torch.device("cuda", self.gpu)

    def wait_stream(self, other: Stream) -> None:
        merge(self.known, other.known)

    def wait_event(self, event: Event) -> None:
        merge(self.known, event.known)

    def record_event(self, event: Event | None = None) -> Event:
        event = event or Event()
        event.record(self)
        return event

    def synchronize(self) -> None:
        NOW[-1].wait("synchronize")
        merge(NOW[-1].host, self.known)

    def refuse(self, what: str) -> None:
        """Raise RuntimeError, and spoil the recording, if this stream is recorded."""
        if self.graph is not None:
            self.graph.broken = True
            raise RuntimeError(f"{CAPTURING}: {what}")

    def step(self, func: Any, given: list[Tensor], written: list[Tensor]) -> int:
        """Return the time of a step; AssertionError if what it needs may not be done yet."""
        if self.graph is not None:
            return 0  # it is done when the recording is replayed
        with CLOCKS:
            return self.step_of(given, written, func)

    def step_of(self, given: list[Tensor], written: list[Tensor], func: Any) -> int:
        """Return the time of a step that is not recorded."""
        gpus = NOW[-1]
        merge(self.known, gpus.host)
        for tensor in given:
            usage = gpus.usage_of(tensor)
            before = dict([usage.written]) if usage.written else {}
            if any(tensor is other for other in written):
                before = {**usage.read, **before}
            late = [s for s, time in before.items() if self.known.get(s, 0) < time]
            assert not late, f"{func} does not wait for another stream's work, {caller()}"
        clock = self.known[self] = self.known.get(self, 0) + 1
        for tensor in given:
            gpus.usage_of(tensor).read[self] = clock
        for tensor in written:
            gpus.set_usage(tensor, Usage((self, clock)))
        return clock

    def keep(self, func: Any, args: Any, kwargs: Any, out: Any, made: list[Tensor], clock: int):
        """Note what a step made, or keep it for replays if this stream is recorded."""
        for tensor in made:
            NOW[-1].set_usage(tensor, Usage((self, clock) if self.graph is None else None))
        if self.graph is not None:
            self.graph.steps.append(Step(func, args, kwargs, out, made))


class Event:
    """A place in a stream."""

    def __init__(self, *_: object, **__: object) -> None:
        self.known: dict[Stream, int] = {}

    def record(self, stream: Stream | None = None) -> None:
        self.known = dict((stream or current_stream()).known)

    def wait(self, stream: Stream | None = None) -> None:
        (stream or current_stream()).wait_event(self)

    def query(self) -> bool:
        return True

    def synchronize(self) -> None:
        NOW[-1].wait("an event")
        merge(NOW[-1].host, self.known)


@dataclass
class Step:
    """A recorded operation, and which results have memory of their own."""

    func: Any
    args: Any
    kwargs: Any
    out: Any
    made: list[Tensor]

    def again(self) -> None:
        """Compute again, into the same memory."""
        out = self.func(*self.args, **self.kwargs)
        kept = [t for t in torch.utils._pytree.tree_leaves(self.out) if isinstance(t, Tensor)]
        new = [t for t in torch.utils._pytree.tree_leaves(out) if isinstance(t, Tensor)]
        for old, value in zip(kept, new, strict=True):
            if any(old is one for one in self.made):
                old.copy_(value)


class CUDAGraph:
    """A recording. As with CUDA, nothing is computed before it is replayed."""

    open_pools: set[object] = set()
    dead_pools: set[object] = set()

    def __init__(self, **_: object) -> None:
        self.steps: list[Step] = []
        self.broken = self.ended = False
        self.stream: Stream | None = None

    def capture_begin(self, pool: object = None, capture_error_mode: str = "global", **_: object):
        self.stream, self.pool_id = current_stream(), pool or object()
        assert self.stream is not default_stream(self.stream.gpu), "a default stream is recorded"
        assert not any(s.graph for s in STREAMS.values()), "two recordings at a time"
        if self.pool_id in CUDAGraph.dead_pools:
            raise RuntimeError("INTERNAL ASSERT FAILED: use_count > 0")  # of torch's allocator
        CUDAGraph.open_pools.add(self.pool_id)
        STREAMS[id(self.stream)] = self.stream
        self.stream.graph = self

    def capture_end(self) -> None:
        assert self.stream is not None
        if current_stream() is not self.stream:
            raise RuntimeError("Capture must end on the same stream it began on.")
        self.stream.graph = None
        if self.broken:  # torch leaves the pool open
            raise RuntimeError("operation failed due to a previous error during capture")
        CUDAGraph.open_pools.discard(self.pool_id)
        self.ended = True
        for tensor in (t for step in self.steps for t in step.made if t.is_floating_point()):
            tensor.fill_(torch.nan)

    def pool(self) -> object:
        return self.pool_id

    def reset(self) -> None:
        self.steps.clear()

    def replay(self) -> None:
        assert self.stream, "replayed before it was recorded"
        assert self.ended, "replayed before it was recorded"
        stream = current_stream(self.stream.gpu)
        made = {address(t) for step in self.steps for t in step.made}
        leaves = torch.utils._pytree.tree_leaves([(s.args, s.kwargs) for s in self.steps])
        given = [t for t in leaves if isinstance(t, Tensor) and address(t) not in made]
        fresh = [t for step in self.steps for t in step.made]
        stream.step("a replay", [*given, *fresh], fresh)
        for step in self.steps:
            step.again()


STREAMS: dict[int, Stream] = {}  # those that were ever recorded


class Graph:
    """torch.cuda.graph: its stream is one for the whole class, made on the first device."""

    default_capture_stream: Stream | None = None

    def __init__(self, record: CUDAGraph, pool=None, stream=None, **_: object) -> None:
        if stream is None and Graph.default_capture_stream is None:
            Graph.default_capture_stream = Stream()
        self.record, self.pool = record, pool
        self.turn = use_stream(stream or Graph.default_capture_stream)

    def __enter__(self) -> None:
        synchronize()
        self.turn.__enter__()
        self.record.capture_begin(self.pool)

    def __exit__(self, *error: Any) -> None:
        self.record.capture_end()  # if that fails, torch leaves the thread on the stream
        self.turn.__exit__(*error)


def streams() -> dict[int, Stream]:
    """Return the current stream of each GPU in this thread."""
    return TURN.__dict__.setdefault("streams", {})


DEFAULTS: dict[int, Stream] = {}


def default_stream(device: Any = None) -> Stream:
    gpu = NOW[-1].index_of("cuda" if device is None else device)
    return DEFAULTS.setdefault(gpu, Stream(gpu))


def current_stream(device: Any = None) -> Stream:
    gpu = NOW[-1].index_of("cuda" if device is None else device)
    return streams().get(gpu) or default_stream(gpu)


class use_device:
    """torch.cuda.device: makes a GPU the current one of this thread."""

    def __init__(self, device: Any) -> None:
        self.gpu = NOW[-1].index_of(device)

    def __enter__(self) -> None:
        self.before = NOW[-1].index_of("cuda")
        TURN.gpu = self.gpu

    def __exit__(self, *_: object) -> None:
        TURN.gpu = self.before


class use_stream:
    """torch.cuda.stream: makes a stream and its GPU the current ones of this thread."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream
        self.device = use_device("cuda" if stream is None else stream.gpu)

    def __enter__(self) -> None:
        self.device.__enter__()
        self.before = dict(streams())
        if self.stream is not None:
            streams()[self.stream.gpu] = self.stream

    def __exit__(self, *_: object) -> None:
        TURN.streams = self.before
        self.device.__exit__()


def synchronize(device: Any = None) -> None:
    current_stream(device).synchronize()


def close_pool(device: int, pool: object) -> None:
    """End allocating to a pool, as torch's allocator does; RuntimeError if it is not open."""
    if pool not in CUDAGraph.open_pools:
        raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
    CUDAGraph.open_pools.discard(pool)


def release_pool(device: int, pool: object) -> None:
    """Let go of a pool, which no recording can use again."""
    CUDAGraph.dead_pools.add(pool)


def launch(name: str, grid: Any, block: int, *arguments: Any) -> None:
    """Launch a kernel for suppression on a posing GPU."""
    from kernel_twins import numpy_twin

    inner = [a.inner if isinstance(a, Posing) else a for a in arguments]
    gpus = NOW[-1]
    gpus.operations += 1
    numpy_twin(name, grid, block, *inner)


def forget() -> None:
    """Forget all streams."""
    for known in (DEFAULTS, STREAMS, CUDAGraph.open_pools, CUDAGraph.dead_pools, TURN.__dict__):
        known.clear()
    Graph.default_capture_stream = None
