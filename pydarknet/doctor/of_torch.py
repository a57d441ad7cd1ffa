"""What torch says of itself and its devices, and whether it finds the digits of an image."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any


def look() -> dict[str, Any]:
    """Return version, instructions, devices, and what a trial of the built-in model finds."""
    import torch

    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda or "",
        "instructions": str(torch.backends.cpu.get_cpu_capability()),
        "mkldnn": bool(torch.backends.mkldnn.is_available()),
        "threads": torch.get_num_threads(),
        "apple": bool(torch.backends.mps.is_available()),
        **gpus(torch),
        "trial": trial(),
    }


def gpus(torch: Any) -> dict[str, Any]:
    """Return the GPUs that torch can use, or why it can use none."""
    try:
        torch.cuda.init()
    except (AssertionError, RuntimeError) as error:
        return {"gpus": [], "no_gpu": first_line(error)}
    found = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return {"gpus": [gpu(one) for one in found], "no_gpu": ""}


def gpu(properties: Any) -> dict[str, Any]:
    """Return name, architecture and memory of a GPU, and why its suppression has no kernel."""
    from ..boxes.kernels.cubin import cubin
    from ..boxes.kernels.nms_cuda import SOURCE

    arch = f"sm_{properties.major}{properties.minor}"
    try:
        cubin(SOURCE, arch)
        problem = ""
    except Exception as error:  # compiler and loader have no common base
        problem = first_line(error)
    return {
        "name": properties.name,
        "arch": arch,
        "memory": properties.total_memory,
        "kernel": problem,
    }


def trial() -> dict[str, Any]:
    """Return how many digits the built-in model finds in the shipped image, and in what time."""
    from ..load import load_network
    from ..system.resources import shipped_file

    cfg, weights, image = map(shipped_file, ("digits.cfg", "digits.weights", "digits.png"))
    if not (cfg and weights and image):
        return {"problem": "the built-in model is not in this installation"}
    network = load_network(Path(cfg), Path(weights), dialect="alexeyab")
    start = time.perf_counter()
    found = network.detect(image)
    return {"boxes": len(found), "seconds": time.perf_counter() - start, "on": str(network.device)}


def first_line(error: Exception) -> str:
    """Return an error as one line."""
    return " ".join(str(error).split("\n")[0].split()) or type(error).__name__
