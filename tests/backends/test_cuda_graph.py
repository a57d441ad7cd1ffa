"""A GPU replays what it recorded."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
import torch
from conftest import on_cuda

from pydarknet.backends.cuda_graph import cuda_graph
from pydarknet.backends.recorder import Recorder
from pydarknet.graph.executor import Head


@pytest.mark.cuda
@on_cuda
def test_a_gpu_replays_what_it_recorded(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # 10 bits, by any algorithm
    layer = torch.nn.Conv2d(3, 8, 3).cuda()
    recorder, network = (
        Recorder("CUDA", cuda_graph),
        Mock(heads=lambda x: [Head(None, x, layer(x))]),
    )

    with torch.inference_mode():
        for _ in range(4):
            images = torch.rand(2, 3, 20, 20, device="cuda")
            [head] = recorder(network, images)
            torch.testing.assert_close(head.activated, layer(images))

    assert recorder.works
    assert len(recorder.records) == 1
