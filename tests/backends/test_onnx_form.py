"""A network as a graph for another program."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pydarknet.backends.onnx_form import onnx_form

CONV = "[convolutional]\nfilters=18\n[yolo]\nclasses=1\nnum=3\nmask=0,1,2\nanchors=1,1,2,2,3,3\n"


def test_it_names_what_goes_into_each_head_and_what_comes_out(net):
    pytest.importorskip("onnx")
    network = net(CONV, c=3, h=4, w=4)
    network.initialize(torch.Generator().manual_seed(1))
    form = onnx_form(network, torch.rand(2, 3, 4, 4))

    raw, activated = (np.full((2, 18, 4, 4), value, np.float32) for value in (1, 2))
    [head] = form.heads_of([raw, activated])

    assert len(form.names) == 2
    assert head.node is network.nodes[1]
    assert head.raw.unique().tolist() == [1]
    assert head.activated.unique().tolist() == [2]
    assert all(name.encode() in form.content for name in form.names)


def test_a_network_that_keeps_a_state_has_none(net):
    pytest.importorskip("onnx")
    network = net("[rnn]\noutput=3\nhidden=2\nactivation=tanh\n", inputs=4)
    network.initialize(torch.Generator().manual_seed(1))

    with pytest.raises(RuntimeError, match="its layers keep a state"):
        onnx_form(network, torch.rand(1, 4))
