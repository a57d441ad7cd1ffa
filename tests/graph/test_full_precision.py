"""A network on a GPU computes without TF32, and leaves the process's setting as it was."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest
import torch

from pydarknet.graph.full_precision import full_precision

CUDA = torch.device("cuda")
cudnn = torch.backends.cudnn


@pytest.fixture(autouse=True)
def _as_before():
    """Restore what torch sets by itself."""
    yield
    cudnn.allow_tf32 = True


@pytest.mark.parametrize("before", [True, False])
def test_tf32_is_off_while_a_gpu_computes_and_then_as_it_was(before):
    cudnn.allow_tf32 = before

    with full_precision(CUDA):
        assert not cudnn.allow_tf32

    assert cudnn.allow_tf32 is before


def test_a_cpu_changes_nothing():
    with full_precision(torch.device("cpu")):
        assert cudnn.allow_tf32


def test_an_error_leaves_it_as_it_was():
    with pytest.raises(KeyError), full_precision(CUDA):
        raise KeyError

    assert cudnn.allow_tf32


def test_the_last_of_those_who_compute_restores_it():
    with ExitStack() as first:
        first.enter_context(full_precision(CUDA))
        with full_precision(CUDA):
            first.close()
            assert not cudnn.allow_tf32

    assert cudnn.allow_tf32


def test_threads_that_come_and_go_leave_it_as_it_was():
    def work() -> None:
        for _ in range(300):
            with full_precision(CUDA):
                assert not cudnn.allow_tf32

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert cudnn.allow_tf32


@pytest.mark.skipif(not hasattr(cudnn, "conv"), reason="torch has no setting by operator")
def test_a_setting_by_operator_is_kept_too():
    cudnn.conv.fp32_precision = "ieee"
    cudnn.conv.fp32_precision = "none"  # from now on the setting for all of cuDNN cannot be read
    with pytest.raises(RuntimeError):
        assert cudnn.allow_tf32

    with full_precision(CUDA):
        assert cudnn.conv.fp32_precision == "ieee"

    assert cudnn.conv.fp32_precision == "none"


class OnGpu(torch.Tensor):
    """A tensor of the CPU that says that it is a GPU's."""

    device = CUDA


def test_a_network_computes_without_it(net):
    network, seen = net("[convolutional]\nfilters=2\n", c=1, h=2, w=2), []
    network.initialize()
    network.stack[0].register_forward_hook(lambda *_: seen.append(cudnn.allow_tf32))
    images = torch.zeros(1, 1, 2, 2).as_subclass(OnGpu)

    network(images)
    next(network.steps(images))  # that nobody takes to the end

    assert seen == [False, False]
    assert cudnn.allow_tf32
