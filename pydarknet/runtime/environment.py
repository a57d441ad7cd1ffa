"""What of this machine and installation a compiled form depends on."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..cfg.dialect import VARIABLE
from ..system.processor import first_processor
from ..system.resources import PACKAGE
from ..system.version import __version__
from .installed import best_engine

PACKAGES = ("numpy", "onnxruntime", "cv2", "onnx")
WINDOWS_GPU = "C:/Windows/System32/nvcuda.dll"  # NVIDIA's driver there
GPUS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd", WINDOWS_GPU)  # WSL's, AMD's too
VARIABLES = ("CUDA_VISIBLE_DEVICES", VARIABLE)
# lines that tell one kind of processor from another
DECIDES = ("model", "cpu family", "stepping", "cache size", "flags", "Feat", "CPU ")


def environment() -> dict[str, Any]:
    """Return versions, processor and devices, as far as they decide answers or speed; for JSON."""
    return {
        "pydarknet": [__version__, code_state()],
        "python": sys.version,
        "engine": best_engine(),
        "packages": [package_state(name) for name in PACKAGES],
        "processor": processor(),
        "gpus": [path for path in GPUS if os.path.exists(path)],
        "variables": [os.environ.get(name) for name in VARIABLES],
    }


def gpu_may_be_there() -> bool:
    """Return whether torch may find a better device than the CPU."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return apple or any(os.path.exists(path) for path in GPUS)


def package_state(name: str) -> list[Any] | None:
    """Return where a package is and when it was installed; None if it is not there."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    status = os.stat(spec.origin)
    return [spec.origin, status.st_size, status.st_mtime_ns]


def code_state() -> str:
    """Return the SHA-256 of this package's modules: their names, bytes, and times of change."""
    said = []
    for entry in modules(PACKAGE):
        status = entry.stat()
        said.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}\n")
    text = "".join(sorted(said))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def modules(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """Yield the Python files in a folder and below it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    yield from modules(entry.path)
            elif entry.name.endswith(".py"):
                yield entry


def processor() -> str:
    """Return the processor's name and what it can do, as Linux lists it; else its kind."""
    first = first_processor()
    if not first:
        return f"{platform.machine()} {platform.processor()}"
    return "\n".join(line for line in first.split("\n") if line.startswith(DECIDES))
