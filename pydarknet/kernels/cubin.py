"""CUDA sources compiled by NVRTC, and kept on disk: a cubin is made once for each GPU's kind."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

DIGEST = 32  # bytes of SHA-256, which stand before the code in a file


def cubin(source: Path, arch: str) -> bytes:
    """Return a CUDA source compiled for an architecture, such as sm_90.

    It is read from the cache folder if it was compiled before, from this source and by this
    compiler. Raises ImportError where cuda.core is missing, and what it raises where NVRTC is
    missing, does not know the architecture, or finds a mistake.
    """
    text = source.read_text(encoding="utf-8")
    parts = (text, arch, compiler())
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    path = cache_folder() / f"{source.stem}-{arch}-{key[:16]}.cubin"
    code = kept(path)
    if code is None:
        code = compiled(text, source.name, arch)
        with suppress(OSError):  # where nothing can be written, it is compiled each time
            keep(path, code)
    return code


def compiler() -> str:
    """Return NVRTC's version; RuntimeError where the library is missing."""
    from cuda.bindings import nvrtc

    _, major, minor = nvrtc.nvrtcVersion()
    return f"nvrtc {major}.{minor}"


def compiled(text: str, name: str, arch: str) -> bytes:
    """Compile CUDA C++; products and sums stay apart, as a CPU computes them."""
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(name=name, arch=arch, std="c++17", fma=False)
    return bytes(Program(text, "c++", options).compile("cubin").code)


def cache_folder() -> Path:
    """Return where this platform keeps what programs can make again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pydarknet"


def kept(path: Path) -> bytes | None:
    """Read a cubin; None where there is none, or not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:DIGEST], content[DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def keep(path: Path, code: bytes) -> None:
    """Write a cubin so that another process finds all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
