"""A network run by OpenVINO in float32, as the ONNX graph that its layers write."""

from __future__ import annotations

import threading

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..runtime.open_vino import compile_float32
from .onnx_form import onnx_form
from .recorder import Run


def openvino_request(network: Executor, images: Tensor) -> Run:
    """Return a function that runs a network by OpenVINO on images of a size.

    Raises RuntimeError where OpenVINO cannot run the network.
    """
    try:
        form = onnx_form(network, images)
        compiled = compile_float32(form.content, torch.get_num_threads())
        outputs = [compiled.output(name) for name in form.names]
    except Exception as error:  # some of OpenVINO's errors are RuntimeError itself, others are not
        raise RuntimeError(str(error)) from None
    form, request = form._replace(content=b""), compiled.create_infer_request()
    lock = threading.Lock()

    def run(images: Tensor) -> list[Head]:
        with lock:  # a request computes one batch at a time
            found = request.infer([images.contiguous().numpy()], share_inputs=True)
        return form.heads_of(found[output] for output in outputs)

    return run
