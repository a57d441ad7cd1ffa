"""What attacks found: resources that run out, and work that grows faster than its input."""

from __future__ import annotations

import time

import torch

from pydarknet import load_network

SECONDS = 5  # of a processor, far more than any of these needs


def test_many_boxes_are_suppressed_in_seconds(fault):
    # all pairs of 27,648 boxes took 10 to 80 seconds
    network = load_network(fault("breaker/nms_quadratic") / "net.cfg", device="cpu")
    image = torch.randint(256, (48, 48, 3), dtype=torch.uint8).numpy()
    start = time.process_time()

    left = network.detect(image, thresh=0.1)

    assert time.process_time() - start < SECONDS
    assert 0 < len(left) < len(network.detect(image, thresh=0.1, nms=0)) == 48 * 48 * 12
