"""A GPU replays what it recorded: shown on posing GPUs, whose streams and recordings are CUDA's."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from unittest.mock import Mock

import pytest
import torch
from conftest import on_cuda
from posing_cuda import CUDAGraph
from posing_gpu import Gpus, threads_of
from posing_torch import posing_gpus
from torch import Tensor

from pydarknet.backends.cuda_graph import PROBLEM, CudaGraphs
from pydarknet.backends.recorder import Recorder
from pydarknet.graph.head import Head
from pydarknet.modules import parameters
from pydarknet.modules.parameters import constant

RULES = {"inference mode": torch.inference_mode, "no gradients": torch.no_grad}


@pytest.fixture
def gpus() -> Iterator[Gpus]:
    """Let there be two posing GPUs."""
    with posing_gpus(2) as gpus:
        yield gpus


def network_of(compute: Callable[[Tensor], Tensor]) -> Mock:
    """Return a network of one head."""
    return Mock(heads=lambda x: [Head(None, x, compute(x))])


def doubling() -> Mock:
    """Return a network that doubles its images."""
    return network_of(lambda x: x * 2)


def recorder_on(device: str) -> Recorder:
    """Return what records and runs networks on a GPU."""
    return Recorder(CudaGraphs(torch.device(device)), PROBLEM)


def answer(recorder: Recorder, network: Mock, number: float, device: str, size: int = 2) -> float:
    """Return the only number of a network's head, for images that are all of one number."""
    [head] = recorder(network, torch.full((size, 3), number, device=device))
    assert head.activated.device == torch.device(device)
    [found] = set(head.activated.flatten().tolist())
    return found


@pytest.mark.parametrize("device", ["cuda:0", "cuda:1"])
def test_each_gpu_records_its_own_work(gpus, device):
    for one in ("cuda:0", device):  # torch.cuda.graph would record all on the first
        recorder, network = recorder_on(one), doubling()
        with torch.inference_mode():
            found = [answer(recorder, network, number, one) for number in range(4)]

    assert found == [0, 2, 4, 6]
    assert len(recorder.records) == 1


@pytest.mark.parametrize("others", RULES)
@pytest.mark.parametrize("recorded", RULES)
def test_a_recording_serves_in_any_mode(gpus, recorded, others):
    recorder, network = recorder_on("cuda:0"), network_of(lambda x: x.clone().mul_(2))

    with RULES[recorded]():
        found = [answer(recorder, network, number, "cuda:0") for number in range(3)]
    with RULES[others]():
        found.append(answer(recorder, network, 3, "cuda:0"))

    assert found == [0, 2, 4, 6]


def test_streams_of_callers_wait_for_each_other(gpus):
    recorder, network = recorder_on("cuda:0"), doubling()
    streams = [torch.cuda.Stream() for _ in range(2)]
    heads = []

    with torch.inference_mode():
        for number in range(6):
            with torch.cuda.stream(streams[number % 2]):
                heads += recorder(network, torch.full((2, 3), float(number), device="cuda"))

    assert [head.activated.inner[0, 0].item() for head in heads] == [0, 2, 4, 6, 8, 10]
    assert not gpus.waits, "the host waits for nothing"


def fail_while_recorded(error: Exception) -> Mock:
    """Return a network that fails where images of the size 2 are recorded."""

    def compute(x: Tensor) -> Tensor:
        if len(x) == 2 and torch.cuda.current_stream().graph:
            raise error
        return x * 2

    return network_of(compute)


def waiting(x: Tensor) -> Tensor:
    """Wait for a number, which cannot be recorded."""
    return x * x.sum().item()


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (network_of(waiting), "operation not permitted when stream is capturing: _local_scalar"),
        (fail_while_recorded(torch.OutOfMemoryError("CUDA out of memory.")), "CUDA out of memory."),
    ],
)
def test_what_fails_while_it_is_recorded_leaves_nothing_behind(gpus, network, reason, capsys):
    recorder, before = recorder_on("cuda:0"), torch.backends.cudnn.benchmark

    with torch.inference_mode():
        for _ in range(3):
            recorder(network, torch.ones(2, 3, device="cuda"))

    told = capsys.readouterr().err
    assert told.startswith(
        f"CUDA cannot record this network for images of 2 x 3, which run without: {reason}"
    )
    assert told.count("\n") == 1
    assert torch.cuda.current_stream() is torch.cuda.default_stream()
    assert not CUDAGraph.open_pools
    assert torch.backends.cudnn.benchmark is before


def test_other_sizes_are_recorded_after_one_failed(gpus):
    recorder = recorder_on("cuda:0")
    network = fail_while_recorded(torch.OutOfMemoryError("CUDA out of memory."))

    with torch.inference_mode():
        found = [
            answer(recorder, network, number, "cuda:0", size)
            for size in (2, 4)
            for number in range(3)
        ]

    assert found == [0, 2, 4, 0, 2, 4]
    assert list(recorder.records) == [torch.Size([4, 3])]


def test_what_is_no_error_of_torch_leaves_nothing_behind_either(gpus):
    recorder, network = recorder_on("cuda:0"), fail_while_recorded(KeyboardInterrupt())

    images = torch.ones(2, 3, device="cuda")
    with torch.inference_mode():
        recorder(network, images)
        with pytest.raises(KeyboardInterrupt):
            recorder(network, images)

    assert torch.cuda.current_stream() is torch.cuda.default_stream()
    assert not CUDAGraph.open_pools
    assert not recorder.recording.locked()


def test_constants_live_as_long_as_what_reads_them(gpus):
    recorder = recorder_on("cuda:0")
    network = network_of(lambda x: x * constant((0.5, 2.5, 4.5), x))

    with torch.inference_mode():
        for _ in range(2):
            recorder(network, torch.ones(2, 3, device="cuda"))
        kept = weakref.ref(constant((0.5, 2.5, 4.5), torch.ones(1, device="cuda")))
        parameters.kept.cache_clear()  # as 256 others would
        gc.collect()
        assert kept() is not None

        recorder.records.clear()
        gc.collect()
        assert kept() is None


@pytest.fixture
def _hurried() -> Iterator[None]:
    """Let threads take turns more often than they would."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hurried")
def test_threads_get_what_is_theirs_from_two_networks_on_two_gpus(gpus):
    devices = ("cuda:0", "cuda:1")
    networks = {
        device: (recorder_on(device), network_of(lambda x, factor=factor: x * factor))
        for device, factor in zip(devices, (2, 3), strict=True)
    }

    def work(index: int) -> int:
        wrong, stream = 0, [torch.cuda.Stream(device) for device in devices]
        for number in range(30):
            gpu = (index + number) % 2
            device = devices[gpu]
            with torch.inference_mode(), torch.cuda.stream(stream[gpu] if index % 2 else None):
                found = answer(*networks[device], 100.0 * index + number, device)
            wrong += found != (100 * index + number) * (2, 3)[gpu]
        return wrong

    assert sum(threads_of(work, 8)) == 0
    assert [len(recorder.records) for recorder, _ in networks.values()] == [1, 1]


def test_one_network_is_recorded_at_a_time(gpus):
    begun = threading.Event()

    def slow(x: Tensor) -> Tensor:
        if torch.cuda.current_stream().graph:
            begun.set()
            time.sleep(0.05)
        return x * 2

    def work(index: int) -> list[float]:
        device = f"cuda:{index}"
        recorder, network = recorder_on(device), (network_of(slow), doubling())[index]
        with torch.inference_mode():
            first = answer(recorder, network, 1, device)
            assert index == 0 or begun.wait(10)
            return [first, answer(recorder, network, 2, device)]

    assert list(threads_of(work, 2)) == [[2, 4], [2, 4]]


@pytest.mark.cuda
@on_cuda
def test_a_gpu_replays_what_it_recorded(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # 10 bits, by any algorithm
    layer = torch.nn.Conv2d(3, 8, 3).cuda()
    recorder, network = recorder_on("cuda"), network_of(layer)

    with torch.inference_mode():
        for _ in range(4):
            images = torch.rand(2, 3, 20, 20, device="cuda")
            [head] = recorder(network, images)
            torch.testing.assert_close(head.activated, layer(images))

    assert not recorder.refused
    assert len(recorder.records) == 1
