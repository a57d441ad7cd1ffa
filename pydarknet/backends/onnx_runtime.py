"""A network run by onnxruntime, as the ONNX graph that its layers write: for long runs on a CPU.

It is faster where a network has a hundred small layers, since torch takes about 50 microseconds to
start each.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..graph.onnx_network import INPUT
from ..runtime.installed import import_onnxruntime
from .onnx_form import onnx_form
from .recorder import Run


def onnx_session(network: Executor, images: Tensor) -> Run:
    """Return a function that runs a network by onnxruntime on images of a size.

    Raises RuntimeError where onnxruntime cannot run the network.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        form = onnx_form(network, images)
        running = onnxruntime.InferenceSession(form.content, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base class
        raise RuntimeError(str(error)) from None
    names, form = form.names, form._replace(content=b"")

    def run(images: Tensor) -> list[Head]:
        return form.heads_of(running.run(names, {INPUT: images.contiguous().numpy()}))

    return run
