"""CUDA sources compiled by NVRTC and kept on disk: once per GPU architecture."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ...system.cache import cached_content

INSTALL = "pip install -c constraints.txt '.[cuda]' brings what compiles it"


class NoCubin(Exception):
    """A kernel that cannot be compiled here; `str()` says why, and what mends it."""


def cubin(source: Path, arch: str) -> bytes:
    """Return a CUDA source compiled for an architecture, such as sm_90.

    It is read from the cache folder if this compiler compiled this source before. Raises NoCubin if
    cuda.core or NVRTC is missing, or NVRTC does not know the architecture, and cuda.core's errors
    if it finds a mistake.
    """
    text = source.read_text(encoding="utf-8")
    try:
        version, known = compiler()
    except (ImportError, RuntimeError) as error:  # the library that is not there is one of these
        raise NoCubin(f"{' '.join(str(error).split())}; {INSTALL}") from error
    if int(arch.removeprefix("sm_")) not in known:
        raise NoCubin(unknown(version, known))
    parts = (text, arch, version)
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    name = f"{source.stem}-{arch}-{key[:16]}.cubin"
    return cached_content(name, lambda: compile_source(text, source.name, arch))


def compiler() -> tuple[str, list[int]]:
    """Return NVRTC's version and the architectures it knows; RuntimeError where it is missing."""
    import cuda.core  # noqa: F401  # it loads what NVRTC compiles
    from cuda.bindings import nvrtc

    _, major, minor = nvrtc.nvrtcVersion()
    _, known = nvrtc.nvrtcGetSupportedArchs()
    return f"nvrtc {major}.{minor}", list(known)


def unknown(version: str, known: list[int]) -> str:
    """Return what is wrong where a compiler does not know a GPU: it came before, or after it."""
    return (
        f"{version} knows sm_{min(known)} to sm_{max(known)}; that of CUDA 12 knows older GPUs:"
        " pip install 'cuda-core[cu12]'"
    )


def compile_source(text: str, name: str, arch: str) -> bytes:
    """Compile CUDA C++ without fused multiply-add, so that it rounds as a CPU does."""
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(name=name, arch=arch, std="c++17", fma=False)
    return bytes(Program(text, "c++", options).compile("cubin").code)
