"""State dicts of small torch networks under the names that ports give them, and files of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

State = dict[str, Tensor]
KINDS = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}

CFG = """
[net]
width=8
height=8
channels=3

[convolutional]
batch_normalize=1
filters=4
size=3
stride=1
pad=1
activation=leaky

[convolutional]
filters=5
size=1
activation=linear
"""


class Port(nn.Module):
    """The network of CFG, by torch's own layers."""

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4, eps=epsilon)
        self.last = nn.Conv2d(4, 5, 1)
        for tensor in (self.norm.weight, self.norm.bias, self.norm.running_mean):
            nn.init.normal_(tensor)
        nn.init.uniform_(self.norm.running_var, 0.0001, 0.01)  # where an epsilon matters
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.last(nn.functional.leaky_relu(self.norm(self.conv(x)), 0.1))

    def named(self, conv: str, norm: str, last: str) -> State:
        """Return the state dict with other names for the three modules."""
        names = {"conv": conv, "norm": norm, "last": last}
        state = self.state_dict().items()
        return {f"{names[n.split('.')[0]]}.{n.split('.')[1]}": value for n, value in state}


ERIK = ("module_list.0.conv_0", "module_list.0.batch_norm_0", "module_list.1.conv_1")
ULTRALYTICS = ("module_list.0.Conv2d", "module_list.0.BatchNorm2d", "module_list.1.Conv2d")
TIANXIAOMO = ("models.0.conv1", "models.0.bn1", "models.1.conv2")


def bytes_of(tensor: Tensor) -> bytes:
    """Return the bytes of a tensor, little endian."""
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def safetensors(path: Path, state: Mapping[str, Tensor]) -> Path:
    """Write a file as its format is described: length, JSON, bytes."""
    header, start = {}, 0
    for name, tensor in state.items():
        place = [start, start + tensor.numel() * tensor.element_size()]
        kind = KINDS[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": place}
        start = place[1]
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(map(bytes_of, state.values()))
    return path


def npz(path: Path, state: Mapping[str, Tensor]) -> Path:
    """Write a file of numpy.savez."""
    np.savez(path, **{name: tensor.numpy() for name, tensor in state.items()})
    return path
