"""Darknet without the C: any .cfg is a PyTorch network, any .weights file loads into it."""

from .system import starting as _starting  # noqa: F401  # isort: skip  # it must be the first

from importlib import import_module
from typing import TYPE_CHECKING

from .compat.name_clash import warn_of_neighbours
from .errors import (
    CfgError,
    DarknetError,
    DataError,
    GpuError,
    OutOfMemory,
    Stop,
    UsageError,
    WeightsError,
)
from .system.torch_errors import torch_errors
from .system.version import __version__ as __version__

if TYPE_CHECKING:
    from . import opencv as opencv
    from .boxes.detections import Detection as Detection
    from .boxes.detections import Detections as Detections
    from .compat.yolo34py import Detector as Detector
    from .compat.yolo34py import Image as Image
    from .compat.yolo34py import is_compiled_with_gpu as is_compiled_with_gpu
    from .compat.yolo34py import is_compiled_with_opencv as is_compiled_with_opencv
    from .compat.yolo34py import set_cuda_device as set_cuda_device
    from .export.from_python import export_onnx as export_onnx
    from .graph.header import Header as Header
    from .load_any import load_network as load_network
    from .network import Network as Network
    from .predictor import Predictor as Predictor
    from .runtime.network import RuntimeNetwork as RuntimeNetwork
    from .training.callbacks import IterationReport as IterationReport
    from .training.train import train as train

LATER = {  # they need torch, or numpy and OpenCV
    "load_network": ".load_any",
    "Network": ".network",
    "Predictor": ".predictor",
    "RuntimeNetwork": ".runtime.network",
    "Header": ".graph.header",
    "Detection": ".boxes.detections",
    "Detections": ".boxes.detections",
    "train": ".training.train",
    "export_onnx": ".export.from_python",
    "IterationReport": ".training.callbacks",
    "opencv": ".opencv",
    "Detector": ".compat.yolo34py",
    "Image": ".compat.yolo34py",
    "is_compiled_with_gpu": ".compat.yolo34py",
    "is_compiled_with_opencv": ".compat.yolo34py",
    "set_cuda_device": ".compat.yolo34py",
}

__all__ = [
    "CfgError",
    "DarknetError",
    "DataError",
    "Detection",
    "Detections",
    "Detector",
    "GpuError",
    "Header",
    "Image",
    "IterationReport",
    "Network",
    "OutOfMemory",
    "Predictor",
    "RuntimeNetwork",
    "Stop",
    "UsageError",
    "WeightsError",
    "export_onnx",
    "is_compiled_with_gpu",
    "is_compiled_with_opencv",
    "load_network",
    "opencv",
    "set_cuda_device",
    "train",
]


def __getattr__(name: str) -> object:
    """Import what needs torch when it is asked for: `--help` does not wait for it."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with torch_errors():
        module = import_module(LATER[name], __name__)
    return getattr(module, name, module)


def __dir__() -> list[str]:
    """Return the public names of the package, those too that are not imported yet."""
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__})


warn_of_neighbours()
