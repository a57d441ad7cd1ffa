"""What decides how long a network takes on a machine, as a short text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import torch
from torch import Tensor

from ..graph.executor import Executor


def network_key(network: Executor, images: Tensor, more: Sequence[object] = ()) -> str:
    """Return a digest of a network's layers, the size of its images, the threads, and `more`."""
    layers = [
        [node.layer.section.name, [[one.key, one.value] for one in node.layer.section.entries]]
        for node in network.nodes
    ]
    told = [layers, list(images.shape), torch.get_num_threads(), *more]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
