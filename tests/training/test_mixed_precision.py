"""The word of -amp and the device decide the precision of training."""

import pytest
import torch

from pydarknet.errors import UsageError
from pydarknet.training.mixed_precision import amp_of


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
