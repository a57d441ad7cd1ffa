"""A convolution in its fastest form computes what the plain one does."""

from __future__ import annotations

import pytest
import torch
from fast_forms import assert_same, filled

import pydarknet

CONV = "[convolutional]\nfilters=8\nsize=3\npad=1\n"


@pytest.mark.parametrize("form", ["gpu", "cpu"])
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_either_batch_norm_is_folded_as_it_divides(tmp_path, form, dialect):
    cfg = tmp_path / "a.cfg"
    text = f"[net]\nwidth=6\nheight=6\nchannels=3\n{CONV}batch_normalize=1\nactivation=linear\n"
    cfg.write_text(text)
    network = pydarknet.load_network(cfg, dialect=dialect, batchnorm=form, device="cpu")
    filled(network)
    network.state_dict()["stack.0.norm.rolling_variance"].mul_(1e-5)  # epsilon is felt

    assert_same(network, torch.randn(1, 3, 6, 6))
