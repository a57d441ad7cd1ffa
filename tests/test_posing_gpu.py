"""The posing GPU refuses and counts what a real one would, so that tests on it can fail."""

from __future__ import annotations

import pytest
import torch
from posing_cuda import CUDAGraph
from posing_gpu import threads_of
from posing_torch import posing_gpus


def test_it_computes_as_the_cpu_does():
    with posing_gpus():
        x = torch.arange(6.0).view(2, 3).to("cuda")
        y = (x[:, 1:] * 2).sum(0)

    assert x.device == torch.device("cuda", 0)
    assert x.is_cuda
    assert y.inner.tolist() == [2 * (1 + 4), 2 * (2 + 5)]


def test_gradients_are_on_it():
    with posing_gpus():
        layer = torch.nn.Conv2d(1, 1, 1).to("cuda")
        layer(torch.ones(1, 1, 2, 2, device="cuda"))[:, :, 0].sum().backward()

    assert layer.weight.grad.device == torch.device("cuda", 0)
    assert layer.weight.grad.inner.item() == 2.0


def test_devices_do_not_mix():
    with posing_gpus(2):
        x, other = torch.ones(2, device="cuda:0"), torch.ones(2, device="cuda:1")

        with pytest.raises(RuntimeError, match="on the same device in add"):
            x + torch.ones(2)
        with pytest.raises(RuntimeError, match="on the same device in add"):
            x + other
        with pytest.raises(TypeError, match="can't convert cuda:0"):
            x.numpy()
        assert (x + torch.tensor(1.0)).inner.tolist() == [2, 2]  # a number may be the host's


def test_copies_and_waits_are_counted():
    with posing_gpus() as gpus:
        x = torch.tensor([3.0, 0.0], device="cuda")
        x[[1]] = 5.0
        x.nonzero(), x.sum().item(), x[x > 3], x.cpu(), torch.ones(2).to("cuda", non_blocking=True)

    assert sum(gpus.copies.values()) == 4  # the numbers, the index, to the host, and later
    assert sum(gpus.waits.values()) == 6  # the same but for the last, and what the values decide


def test_what_is_recorded_is_computed_by_replays():
    with posing_gpus():
        x, graph = torch.ones(2, device="cuda"), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = x * 2
        assert y.inner.isnan().all()

        x.fill_(3)
        graph.replay()
        assert y.inner.tolist() == [6, 6]


@pytest.mark.parametrize(
    "act", [lambda x: x.sum().item(), lambda x: x[[1]], lambda x: x + torch.tensor(1.0).to("cuda")]
)
def test_a_recording_holds_no_copy_and_no_wait(act):
    with posing_gpus():
        x, graph = torch.ones(2, device="cuda"), torch.cuda.CUDAGraph()

        error = pytest.raises(RuntimeError, match="a previous error during capture")
        with error, torch.cuda.graph(graph):
            act(x)

        assert torch.cuda.current_stream() is not torch.cuda.default_stream()  # as torch does
        assert len(CUDAGraph.open_pools) == 1


def test_torch_records_on_the_first_device_alone():
    with posing_gpus(2):
        for gpu in range(2):
            x, graph = torch.ones(2, device=f"cuda:{gpu}"), torch.cuda.CUDAGraph()
            with torch.cuda.device(gpu), torch.cuda.graph(graph):
                x * 2
            assert len(graph.steps) == (1, 0)[gpu]


def test_streams_wait_for_what_they_need():
    with posing_gpus():
        aside, x = torch.cuda.Stream(), torch.ones(2, device="cuda")

        with torch.cuda.stream(aside), pytest.raises(AssertionError, match="does not wait"):
            x * 2

        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            y = x * 2
        with pytest.raises(AssertionError, match="does not wait"):
            x.add_(1)  # it is read there
        torch.cuda.current_stream().wait_event(aside.record_event())
        assert x.add_(1).inner.tolist() == y.inner.tolist()


def test_what_the_host_waited_for_is_done():
    with posing_gpus():
        aside, x = torch.cuda.Stream(), torch.ones(2, device="cuda")
        x.sum().item()

        with torch.cuda.stream(aside):
            assert (x * 2).inner.tolist() == [2, 2]


def test_each_thread_has_its_own_stream():
    with posing_gpus():
        streams = [torch.cuda.Stream() for _ in range(2)]

        def work(index: int) -> bool:
            with torch.cuda.stream(streams[index]):
                torch.ones(2, device="cuda")
                return torch.cuda.current_stream() is streams[index]

        assert list(threads_of(work, 2)) == [True, True]


def test_networks_move_to_it_and_back():
    with posing_gpus():
        layer = torch.nn.Linear(2, 2)
        before = layer.weight.detach().clone()

        there = layer.to("cuda").weight
        back = layer.to("cpu").weight

    assert there.device.type == "cuda"
    assert type(back) is torch.nn.Parameter
    assert torch.equal(back, before)
