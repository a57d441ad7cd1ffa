"""A network recorded as a CUDA graph, and replayed as a whole.

Launching a hundred kernels takes the CPU longer than a small network takes the GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..modules.parameters import hold_constants
from .recorder import Run

WARM_UPS = 3  # runs in which cuDNN finds its fastest algorithms before the recording
ONE = threading.Lock()  # held while recording: cuDNN's setting is the process's
PROBLEM = "CUDA cannot record this network for images of {size}, which run without"


@dataclass(frozen=True, eq=False)
class Graph:
    """A recorded network: where it reads images, and where its heads are after a replay.

    In the context `turn` a thread has both for itself. `constants` are what the recording reads
    besides the network's values.
    """

    images: Tensor
    heads: list[Head]
    replay: Callable[[], None]
    turn: AbstractContextManager[object] = field(default_factory=threading.Lock)
    constants: list[Tensor] = field(default_factory=list)

    def __call__(self, images: Tensor) -> list[Head]:
        """Return the heads for other images, copied before another thread's replay."""
        with self.turn:
            self.images.copy_(images)
            self.replay()
            return [head.clone() for head in self.heads]


class Turn:
    """The context in which a thread has some memory of a GPU for itself.

    Its stream waits for what the one before it queued there.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.lock, self.done = device, threading.Lock(), torch.cuda.Event()
        self.last: torch.cuda.Stream | None = None

    def __enter__(self) -> None:
        stream = torch.cuda.current_stream(self.device)
        self.lock.acquire()
        before, self.last = self.last, stream
        if before is not None and stream != before:
            stream.wait_event(self.done)

    def __exit__(self, *_: object) -> None:
        assert self.last is not None
        self.done.record(self.last)
        self.lock.release()


class CudaGraphs:
    """Records a network on a GPU. Its recordings share their memory, and replay by turns.

    torch.cuda.graph would record on a stream of the first GPU that recorded anything, where work
    for another leaves the graph empty. If it fails, it leaves the thread on that stream, and the
    graph's memory open.
    """

    def __init__(self, device: torch.device) -> None:
        with torch.cuda.device(device):
            self.device = torch.device("cuda", torch.cuda.current_device())
            self.stream, self.turn = torch.cuda.Stream(), Turn(self.device)
        self.memory = torch.cuda.graph_pool_handle()

    def __call__(self, network: Executor, images: Tensor) -> Run:
        """Record a network for images of a size, in the same mode whatever the caller's is."""
        with ONE, torch.cuda.device(self.device), torch.inference_mode(False), torch.no_grad():
            place, stream = images.clone(), torch.cuda.current_stream()
            self.stream.wait_stream(stream)
            try:
                with torch.cuda.stream(self.stream), hold_constants() as constants:
                    record, heads = self.capture(network, place)
            finally:
                stream.wait_stream(self.stream)
        return Graph(place, heads, record.replay, self.turn, constants)

    def capture(self, network: Executor, place: Tensor) -> tuple[torch.cuda.CUDAGraph, list[Head]]:
        """Record a network on the current stream; if that fails, close the graph's memory."""
        with fastest_algorithms():
            for _ in range(WARM_UPS):
                network.heads(place)
            torch.cuda.empty_cache()
            record = torch.cuda.CUDAGraph()
            try:
                # other threads may copy images meanwhile: that is allowed and not recorded
                record.capture_begin(pool=self.memory, capture_error_mode="thread_local")
                with capture_of(record):
                    heads = network.heads(place)
            except BaseException:
                self.close_memory()
                raise
        return record, heads

    def close_memory(self) -> None:
        """Close the memory of a recording that failed, and have other memory for the next.

        torch's capture_end closes it, unless CUDA says that the recording is invalid.
        """
        with suppress(RuntimeError):  # it is closed
            torch._C._cuda_endAllocateToPool(self.device.index, self.memory)
            torch._C._cuda_releasePool(self.device.index, self.memory)
        self.memory = torch.cuda.graph_pool_handle()


@contextmanager
def capture_of(record: torch.cuda.CUDAGraph) -> Iterator[None]:
    """End a recording after the block; if the block failed, raise its error, which tells more."""
    try:
        yield
    except BaseException:
        with suppress(RuntimeError):
            record.capture_end()
        raise
    record.capture_end()


@contextmanager
def fastest_algorithms() -> Iterator[None]:
    """Let cuDNN try its algorithms and use the fastest."""
    cudnn = torch.backends.cudnn
    before, cudnn.benchmark = cudnn.benchmark, True
    try:
        yield
    finally:
        cudnn.benchmark = before
