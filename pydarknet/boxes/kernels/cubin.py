"""CUDA sources compiled by NVRTC and kept on disk: once per GPU architecture."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ...system.cache import cached_content


def cubin(source: Path, arch: str) -> bytes:
    """Return a CUDA source compiled for an architecture, such as sm_90.

    It is read from the cache folder if this compiler compiled this source before. Raises
    ImportError if cuda.core is missing, and cuda.core's errors if NVRTC is missing, does not know
    the architecture, or finds a mistake.
    """
    text = source.read_text(encoding="utf-8")
    parts = (text, arch, compiler())
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    name = f"{source.stem}-{arch}-{key[:16]}.cubin"
    return cached_content(name, lambda: compile_source(text, source.name, arch))


def compiler() -> str:
    """Return NVRTC's version; RuntimeError where the library is missing."""
    from cuda.bindings import nvrtc

    _, major, minor = nvrtc.nvrtcVersion()
    return f"nvrtc {major}.{minor}"


def compile_source(text: str, name: str, arch: str) -> bytes:
    """Compile CUDA C++ without fused multiply-add, so that it rounds as a CPU does."""
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(name=name, arch=arch, std="c++17", fma=False)
    return bytes(Program(text, "c++", options).compile("cubin").code)
