"""The word of -amp and the device decide the precision of training."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from posing_torch import posing_gpus

from pydarknet.backends import bfloat16
from pydarknet.errors import UsageError
from pydarknet.training import learner as learner_module
from pydarknet.training.deltas import heads_of
from pydarknet.training.learner import Learner
from pydarknet.training.mixed_precision import amp_of, widen_heads
from pydarknet.training.state import State, blocks_of, parse_state


@pytest.mark.parametrize(
    ("word", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16), ("off", None)]
)
def test_a_word_names_a_precision(monkeypatch, word, dtype):
    monkeypatch.setattr(bfloat16, "has_bfloat16", lambda: True)
    monkeypatch.setattr(bfloat16, "time_beside_float32", lambda: 1.0)

    assert amp_of(word, torch.device("cpu")) is dtype


def test_a_cpu_without_bfloat16_refuses_it(monkeypatch):
    monkeypatch.setattr(bfloat16, "has_bfloat16", lambda: False)

    with pytest.raises(UsageError, match="-amp bf16: expected a processor with AVX512-BF16"):
        amp_of("bf16", torch.device("cpu"))


def test_that_bfloat16_is_slower_on_a_cpu_is_told(monkeypatch, capsys):
    monkeypatch.setattr(bfloat16, "has_bfloat16", lambda: True)
    monkeypatch.setattr(bfloat16, "time_beside_float32", lambda: 1.94)
    bfloat16.tell_if_slower.cache_clear()

    amp_of("bf16", torch.device("cpu"))

    assert "takes 1.9 times as long; -amp off is faster here\n" in capsys.readouterr().err
    bfloat16.tell_if_slower.cache_clear()


def test_if_omitted_a_cpu_trains_in_full_precision():
    assert amp_of(None, torch.device("cpu")) is None


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [
        ((7, 0), None),  # V100 and T4 say that they support bfloat16, and emulate it
        ((7, 5), None),
        ((8, 0), torch.bfloat16),
        ((12, 0), torch.bfloat16),
    ],
)
def test_if_omitted_a_gpu_trains_in_bfloat16_if_it_computes_in_it(capability, dtype):
    with posing_gpus(capability=capability):
        assert torch.cuda.is_bf16_supported()
        assert amp_of(None, torch.device("cuda")) is dtype


def test_the_gpu_that_trains_decides(monkeypatch):
    capabilities = {0: (8, 0), 1: (7, 5)}

    with posing_gpus(2):
        monkeypatch.setattr(
            torch.cuda, "get_device_capability", lambda device: capabilities[device.index]
        )
        assert amp_of(None, torch.device("cuda:0")) is torch.bfloat16
        assert amp_of(None, torch.device("cuda:1")) is None


def test_another_precision_is_refused_with_the_choices():
    with pytest.raises(UsageError, match="-amp half: expected one of bf16, fp16, off"):
        amp_of("half", torch.device("cpu"))


@pytest.mark.parametrize(
    "head", ["[yolo]\nclasses=1\nmask=0\nnum=1\nanchors=1,1", "[logistic]", "[softmax]"]
)
def test_heads_compute_in_float32_whatever_comes_before_them(net, head):
    text = f"[convolutional]\nfilters=6\nsize=1\nactivation=linear\n{head}"
    network = net(text, c=1, h=1, w=1)
    network.initialize()
    network.stack[0].biases.data.copy_(torch.tensor([0, 0, 0, 0, 6.5, 6.5]))
    network.train()
    images = torch.zeros(1, 1, 1, 1)
    plain = heads_of(network, images)[0].activated.detach()

    widen_heads(network)
    with torch.autocast("cpu", torch.bfloat16):
        [narrow] = heads_of(network, images)

    assert narrow.raw.dtype == torch.bfloat16  # in which 6.5 is itself
    torch.testing.assert_close(narrow.activated, plain)  # logistic(6.5) = .9985, in bfloat16 1


def learner_of(net, amp: torch.dtype | None) -> Learner:
    """Return a learner of a small classifier."""
    network = net("[connected]\noutput=3\n[softmax]", inputs=5, options="batch=2\nmax_batches=9")
    network.initialize(torch.Generator().manual_seed(1))
    return Learner(network, seed=1, amp=amp)


def file_of(state: State) -> bytes:
    """Return the bytes of a state's file."""
    run = {"dialect": "", "images": 1, "train": "", "net": {}, "layers": [], "weights": ""}
    content = b"".join(blocks_of(replace(state, run=run)))
    return content + hashlib.sha256(content).digest()


def resumed(net, state: State, amp: torch.dtype | None) -> Learner:
    """Return a learner that resumes from a state, which was written and read."""
    learner = learner_of(net, amp)
    learner.restore(parse_state(file_of(state)))
    return learner


def test_fp16_resumes_with_its_scale_and_with_how_long_that_was_right(net):
    learner = learner_of(net, torch.float16)
    learner.scaler = torch.amp.GradScaler("cpu", init_scale=1024)
    for _ in range(3):
        learner.learn(torch.rand(2, 5), torch.eye(3)[:2])

    again = resumed(net, learner.state({}), torch.float16)

    assert again.scaler.get_scale() == 1024
    assert again.scaler.state_dict()["_growth_tracker"] == 3


def test_a_state_without_a_growth_count_has_its_scale(net):
    state = learner_of(net, torch.float16).state({})
    older = {name: value for name, value in state.numbers.items() if name != "growth"}

    again = resumed(net, State({}, {**older, "scale": 512.0}, state.tensors), torch.float16)

    assert again.scaler.get_scale() == 512


def test_fp16_that_goes_on_a_training_of_another_precision_has_a_scale_of_its_own(net):
    again = resumed(net, learner_of(net, None).state({}), torch.float16)

    assert again.scaler.get_scale() == learner_of(net, torch.float16).scaler.get_scale() > 1


def test_another_precision_goes_on_a_training_in_fp16(net):
    again = resumed(net, learner_of(net, torch.float16).state({}), torch.bfloat16)

    assert again.scaler.get_scale() == 1


def test_gradients_are_computed_in_full_precision_too(net, monkeypatch):
    learner, asked, during = learner_of(net, None), [], []

    @contextmanager
    def recorded(device: torch.device) -> Iterator[None]:
        asked.append(device)
        yield
        asked.clear()

    monkeypatch.setattr(learner_module, "full_precision", recorded)
    learner.network.stack[0].weights.register_hook(lambda _: during.extend(asked))

    learner.learn(torch.rand(2, 5), torch.eye(3)[:2])

    assert during == [learner.network.device]


CONVOLUTION = "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\npad=1\nactivation=leaky\n"


def narrow_learner(net) -> Learner:
    """Return a learner in bfloat16 of a small classifier of images."""
    text, options = f"{CONVOLUTION}[connected]\noutput=3\n[softmax]", "batch=2\nmax_batches=9"
    network = net(text, c=3, h=6, w=6, options=options)
    network.initialize(torch.Generator().manual_seed(1))
    return Learner(network, seed=1, amp=torch.bfloat16)


def test_bfloat16_resumes_with_the_same_bits(net):
    draws = torch.Generator().manual_seed(2)
    lessons = [(torch.rand(2, 3, 6, 6, generator=draws), torch.eye(3)[:2]) for _ in range(4)]
    whole, first = narrow_learner(net), narrow_learner(net)
    for lesson in lessons:
        whole.learn(*lesson)
    for lesson in lessons[:2]:
        first.learn(*lesson)

    again = narrow_learner(net)
    again.network.load_state_dict(first.network.state_dict())
    again.restore(parse_state(file_of(first.state({}))))
    for lesson in lessons[2:]:
        again.learn(*lesson)

    for one, other in zip(
        whole.network.state_dict().values(), again.network.state_dict().values(), strict=True
    ):
        assert torch.equal(one, other)


def test_bfloat16_keeps_weights_and_statistics_in_float32(net):
    learner = narrow_learner(net)
    conv, images = learner.network.stack[0], torch.rand(2, 3, 6, 6) + 100
    before = conv.weights.detach().clone()

    learner.learn(images, torch.eye(3)[:2])

    with torch.no_grad():
        y = torch.nn.functional.conv2d(images.bfloat16(), before.bfloat16(), padding=1)
    expected = 0.01 * y.float().mean((0, 2, 3))  # of values that are bfloat16, in float32
    torch.testing.assert_close(conv.norm.rolling_mean, expected, rtol=1e-4, atol=1e-6)
    assert {tensor.dtype for tensor in learner.network.state_dict().values()} == {torch.float32}
    assert not torch.equal(conv.weights, before)
