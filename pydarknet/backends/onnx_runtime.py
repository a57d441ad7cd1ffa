"""A network run by onnxruntime from the ONNX file that torch exports: for long runs on a CPU.

It is faster where a network has a hundred small layers, since torch takes about 50 microseconds to
start each. The export takes seconds and is kept on disk.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from ..errors import UsageError
from ..graph.executor import Executor, Head
from ..system.cache import cached_content
from .cuda_graph import Run

BACKENDS = ("onnxruntime",)  # besides torch
NEEDED = ("onnxruntime", "onnx", "onnxscript")
PLAIN = (bool, int, float, str, tuple, type(None))  # types of attributes that are settings


def check_backend(name: str | None, device: torch.device) -> None:
    """Raise UsageError if there is no such backend, or it cannot run on the device."""
    if name is None:
        return
    if name not in BACKENDS:
        raise UsageError(f"backend {name}: expected {' or '.join(BACKENDS)}")
    if device.type != "cpu":
        raise UsageError(f"backend {name}: expected a CPU (-nogpu), the device is {device}")
    missing = [needed for needed in NEEDED if find_spec(needed) is None]
    if missing:
        problem = f"backend {name}: {' and '.join(missing)} cannot be imported"
        raise UsageError(problem, hint=f"pip install 'pydarknet[{name}]'")


class Outputs(nn.Module):
    """A network that returns each head's input and output as a flat tuple."""

    def __init__(self, network: Executor) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        heads = self.network.heads(images)
        return tuple(tensor for head in heads for tensor in (head.raw, head.activated))


def onnx_session(network: Executor, images: Tensor) -> Run:
    """Return a function that runs a network by onnxruntime on images of a size.

    onnxruntime computes the heads too: if torch did, the two programs' threads would spin while
    they wait for each other. Raises RuntimeError where onnxruntime cannot run the network.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        content = cached_content(
            f"{digest(network, images)}.onnx", lambda: export_onnx(network, images)
        )
        running = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base class
        raise RuntimeError(str(error)) from None
    [name] = [given.name for given in running.get_inputs()]
    heads = network.heads(images)

    def run(images: Tensor) -> list[Head]:
        found = running.run(None, {name: images.contiguous().numpy()})
        raw, activated = (map(torch.from_numpy, found[first::2]) for first in (0, 1))
        triples = zip(heads, raw, activated, strict=True)
        return [replace(head, raw=one, activated=other) for head, one, other in triples]

    return run


def export_onnx(network: Executor, images: Tensor) -> bytes:
    """Return the content of the ONNX file that torch exports of a network."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad(), TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")
            path, module = Path(folder, "network.onnx"), Outputs(network).eval()
            torch.onnx.export(
                module,
                (images.clone(),),
                path,
                dynamo=True,
                verbose=False,
                external_data=False,
            )
            return path.read_bytes()
    finally:
        log.setLevel(level)


def digest(network: Executor, images: Tensor) -> str:
    """Return a hash of all that decides a network's outputs for images of a size."""
    key = hashlib.sha256(repr((torch.__version__, tuple(images.shape))).encode())
    for node in network.nodes:
        key.update(repr((node.sources, node.output, node.layer.head)).encode())
    for name, module in network.stack.named_modules():
        values = {k: v for k, v in vars(module).items() if isinstance(v, PLAIN)}
        key.update(repr((name, type(module).__name__, sorted(values.items()))).encode())
    for name, tensor in network.state_dict().items():
        key.update(name.encode())
        key.update(tensor.contiguous().numpy().data)
    return key.hexdigest()[:32]
