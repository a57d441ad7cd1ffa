"""Of the forms of a network's convolutions, the one that is fastest on this GPU is kept."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from posing_torch import posing_gpus

from pydarknet.backends import cuda_forms
from pydarknet.backends.cuda import CHANNELS_LAST, PLAIN, CudaConv, Form
from pydarknet.backends.cuda_forms import FastestForm, forms_of
from pydarknet.backends.prepare import PrepareOptions, on_gpu
from pydarknet.network import Network

RELU = "[convolutional]\nfilters=5\nsize=3\npad=1\nactivation=relu\n"
LEAKY = "[convolutional]\nfilters=8\nsize=3\npad=1\nactivation=leaky\n"
GROUPED = "[convolutional]\nfilters=4\nsize=1\ngroups=4\nactivation=relu\n"
PADDED, FUSED = Form(True, padded=True), Form(True, fused=True)
BOTH = Form(True, padded=True, fused=True)
IMAGES = torch.rand(2, 3, 6, 5, generator=torch.Generator().manual_seed(1))


def formed(net, text: str, *, half: bool) -> Network:
    """Return the form of a network for a GPU, on the CPU and not recorded."""
    network = net(text, c=3, h=6, w=5, dialect="alexeyab")
    network.initialize(torch.Generator().manual_seed(1))
    fast = on_gpu(network, PrepareOptions(half=half))
    fast.runner = None
    return fast


def convolutions(network: Network) -> list[CudaConv]:
    """Return the convolutions of a network."""
    return [one for one in network.stack.modules() if isinstance(one, CudaConv)]


@pytest.fixture
def times(monkeypatch):
    """Return a dict of the seconds that forms take, 1 where none are given."""
    given: dict[Form, float] = {}
    monkeypatch.setattr(
        cuda_forms.Watch,
        "best_times",
        lambda watch, runs, every: {one: given.get(one, 1.0) for one in runs},
    )
    monkeypatch.setattr(cuda_forms, "may_measure", lambda tune: tune is not False)
    return given


@pytest.fixture
def fused(monkeypatch):
    """Let torch have cuDNN's convolution with relu on a CPU; return how often it was used."""
    used: list[int] = []

    def convolution(x, weights, bias, stride, padding, dilation, groups):
        used.append(len(bias))
        return F.conv2d(x, weights, bias, stride, padding, dilation, groups).relu()

    monkeypatch.setattr(torch, "cudnn_convolution_relu", convolution)
    return used


def record(network: Network, images: torch.Tensor):
    """Record as CUDA does not: by running."""
    heads = network.heads(images)
    return lambda _: heads


@pytest.mark.usefixtures("fused")
@pytest.mark.parametrize("form", [PLAIN, CHANNELS_LAST, PADDED, FUSED, BOTH])
@pytest.mark.parametrize("text", [RELU, LEAKY, LEAKY + GROUPED])
def test_every_form_computes_the_same(net, text, form):
    network = formed(net, text, half=False)
    with torch.inference_mode():
        [expected] = network(IMAGES)

        for one in convolutions(network):
            one.choose(form)
        [found] = network(IMAGES)

    assert found.activated.shape == expected.activated.shape
    torch.testing.assert_close(found.activated, expected.activated)


def test_a_fused_convolution_has_its_relu_in_its_kernel(net, fused):
    network = formed(net, LEAKY + RELU, half=False)
    for one in convolutions(network):
        one.choose(BOTH)

    with torch.inference_mode():
        network(IMAGES)

    assert fused == [8]  # the second alone, of 5 filters


@pytest.mark.parametrize(
    ("text", "half", "forms"),
    [
        (LEAKY, False, [PLAIN, CHANNELS_LAST]),
        (LEAKY, True, [CHANNELS_LAST]),
        (LEAKY + RELU, True, [CHANNELS_LAST, PADDED, FUSED, BOTH]),
        (LEAKY + GROUPED, True, [CHANNELS_LAST, FUSED]),  # groups are not padded
    ],
)
def test_only_forms_that_differ_are_tried(net, text, half, forms):
    assert forms_of(convolutions(formed(net, text, half=half))) == forms


@pytest.mark.parametrize(
    ("given", "chosen"),
    [({CHANNELS_LAST: 0.5}, CHANNELS_LAST), ({CHANNELS_LAST: 0.99}, PLAIN), ({}, PLAIN)],
)
def test_the_fastest_form_stays_if_it_gains_enough(net, times, given, chosen):
    times.update(given)
    network, fastest = formed(net, LEAKY + RELU, half=False), FastestForm(record)

    with torch.inference_mode():
        fastest(network, IMAGES)

    assert fastest.chosen == chosen
    for one in convolutions(network):
        assert list(one.made) == [chosen]
        assert one.weights.is_contiguous(memory_format=chosen.layout)


def test_a_network_is_measured_once(net, times):
    recorded = []
    network, fastest = formed(net, LEAKY, half=False), FastestForm(record)
    fastest.record = lambda *some: recorded.append(1) or record(*some)

    with torch.inference_mode():
        fastest(network, IMAGES)
        fastest(network, IMAGES[:1])

    assert len(recorded) == 3  # in two forms, then in one


def test_a_form_that_cannot_be_recorded_is_passed_over(net, times):
    times[FUSED] = times[BOTH] = 0.1
    network = formed(net, LEAKY + RELU, half=True)

    def refuse(network: Network, images: torch.Tensor):
        if any(form.fused for one in convolutions(network) for form in one.made):
            raise RuntimeError("torch is not built with cuDNN")
        return record(network, images)

    fastest = FastestForm(refuse)
    with torch.inference_mode():
        [head] = fastest(network, IMAGES)(IMAGES)

    assert fastest.chosen == CHANNELS_LAST
    assert head.activated.dtype == torch.float32


def test_what_the_first_form_raises_is_raised(net, times):
    def refuse(network: Network, images: torch.Tensor):
        raise RuntimeError("operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match="capturing"):
        FastestForm(refuse)(formed(net, LEAKY, half=False), IMAGES)


def test_without_tuning_the_first_form_stays(net, times):
    times[CHANNELS_LAST] = 0.1
    network, fastest = formed(net, LEAKY, half=False), FastestForm(record, tune=False)

    with torch.inference_mode():
        fastest(network, IMAGES)

    assert list(convolutions(network)[0].made) == [PLAIN]


@pytest.mark.usefixtures("times")
@pytest.mark.parametrize("fastest", [PLAIN, CHANNELS_LAST])
def test_on_a_posing_gpu_either_form_is_recorded_and_replayed(net, times, fastest):
    times[fastest] = 0.1
    network = net(LEAKY + RELU, c=3, h=6, w=5)
    network.initialize(torch.Generator().manual_seed(1))
    with torch.inference_mode():
        [expected] = network(IMAGES)

    with posing_gpus():
        fast, images = network.to("cuda").prepared(), IMAGES.to("cuda")
        with torch.inference_mode():
            found = [fast(images)[0].activated.inner for _ in range(4)]

    assert list(convolutions(fast)[0].made) == [fastest]
    for one in found:
        torch.testing.assert_close(one, expected.activated, rtol=1e-4, atol=1e-5)
