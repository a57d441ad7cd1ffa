"""What of a cfg cannot be trained, and in which precision it is."""

import pytest
import torch

from pydarknet.errors import CfgError, UsageError
from pydarknet.training.unsupported import amp_of, check_trainable

SOFTMAX = "[convolutional]\nfilters=1\n[softmax]"


def test_a_network_with_a_loss_can_be_trained(net):
    assert check_trainable(net(SOFTMAX, dialect="alexeyab")) is None


def test_a_network_without_a_loss_has_nothing_to_learn(net):
    with pytest.raises(CfgError, match="nothing to learn: expected a layer with a loss"):
        check_trainable(net("[convolutional]\nfilters=1"))


def test_an_option_of_net_that_is_not_done_is_refused(net):
    network = net(SOFTMAX, dialect="alexeyab", options="adversarial_lr=0.1")

    with pytest.raises(CfgError, match="adversarial_lr is not supported in training"):
        check_trainable(network)


def test_an_option_of_a_layer_that_is_not_done_is_refused(net):
    network = net(f"[convolutional]\nsway=1\nfilters=1\nsize=3\n{SOFTMAX}", dialect="alexeyab")

    with pytest.raises(CfgError, match=r"\[convolutional\] sway is not supported in training"):
        check_trainable(network)


@pytest.mark.parametrize(
    ("word", "dtype"), [("bf16", torch.bfloat16), ("fp16", torch.float16), ("off", None)]
)
def test_a_precision_may_be_said(word, dtype):
    assert amp_of(word, torch.device("cpu")) is dtype


def test_unsaid_a_cpu_trains_in_full_precision():
    assert amp_of(None, torch.device("cpu")) is None


@pytest.mark.parametrize(("able", "dtype"), [(True, torch.bfloat16), (False, None)])
def test_unsaid_a_gpu_trains_in_bfloat16_if_it_has_it(monkeypatch, able, dtype):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: able)

    assert amp_of(None, torch.device("cuda")) is dtype


def test_another_precision_is_told_with_the_choices():
    with pytest.raises(UsageError, match="-amp half: expected one of bf16, fp16, off"):
        amp_of("half", torch.device("cpu"))
