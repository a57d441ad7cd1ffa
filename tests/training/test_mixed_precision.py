"""The word of -amp and the device decide the precision of training."""

import pytest
import torch

from pydarknet.errors import UsageError
from pydarknet.training.deltas import heads_of
from pydarknet.training.mixed_precision import amp_of, widen_heads


@pytest.mark.parametrize(
    ("word", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16), ("off", None)]
)
def test_a_word_names_a_precision(word, dtype):
    assert amp_of(word, torch.device("cpu")) is dtype


def test_if_omitted_a_cpu_trains_in_full_precision():
    assert amp_of(None, torch.device("cpu")) is None


@pytest.mark.parametrize(("able", "dtype"), [(True, torch.bfloat16), (False, None)])
def test_if_omitted_a_gpu_trains_in_bfloat16_if_it_has_it(monkeypatch, able, dtype):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: able)

    assert amp_of(None, torch.device("cuda")) is dtype


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
