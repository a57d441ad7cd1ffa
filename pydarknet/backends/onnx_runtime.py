"""A network run by onnxruntime, as the ONNX graph that its layers write: for long runs on a CPU.

It is faster where a network has a hundred small layers, since torch takes about 50 microseconds to
start each.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import torch
from torch import Tensor

from ..errors import UsageError
from ..graph.executor import Executor, Head
from ..graph.onnx_network import INPUT, onnx_model, write_network
from ..runtime.engine import ENGINES
from ..runtime.installed import import_onnxruntime
from .recorder import Run

BACKENDS = ("onnxruntime",)  # besides torch
NEEDED = ("onnxruntime", "onnx")
PROBLEM = "onnxruntime cannot run this network; continuing without it"


def check_backend(name: str | None, device: torch.device) -> None:
    """Raise UsageError if there is no such backend, or it cannot run on the device."""
    if name is None:
        return
    if name not in BACKENDS:
        expected = "an exported .onnx, or " if name in ENGINES else ""
        raise UsageError(f"backend {name}: expected {expected}{' or '.join(BACKENDS)}")
    if device.type != "cpu":
        raise UsageError(f"backend {name}: expected a CPU (-nogpu), the device is {device}")
    missing = [needed for needed in NEEDED if find_spec(needed) is None]
    if missing:
        problem = f"backend {name}: {' and '.join(missing)} cannot be imported"
        raise UsageError(problem, hint=f"pip install 'pydarknet[{name}]'")


def onnx_session(network: Executor, images: Tensor) -> Run:
    """Return a function that runs a network by onnxruntime on images of a size.

    onnxruntime computes the heads too: if torch did, the two programs' threads would spin while
    they wait for each other. Raises RuntimeError where onnxruntime cannot run the network.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        writer, written = write_network(network, batch=len(images))
        if writer.states:
            raise RuntimeError("its layers keep a state")
        values = [value for head in written for value in (head.raw, head.activated)]
        content = onnx_model(writer, values).SerializeToString()
        running = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base class
        raise RuntimeError(str(error)) from None
    names, heads = [value.name for value in values], network.heads(images)

    def run(images: Tensor) -> list[Head]:
        found = running.run(names, {INPUT: images.contiguous().numpy()})
        raw, activated = (map(torch.from_numpy, found[first::2]) for first in (0, 1))
        triples = zip(heads, raw, activated, strict=True)
        return [replace(head, raw=one, activated=other) for head, one, other in triples]

    return run
