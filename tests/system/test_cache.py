"""Files that can be made again."""

from __future__ import annotations

import pytest

from pydarknet.boxes.kernels import cubin as module
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.kernels.cubin import cubin
from pydarknet.system import cache
from pydarknet.system.cache import cache_folder


def compiler() -> str | None:
    """Return NVRTC's version, None where it or cuda.core is not installed."""
    try:
        import cuda.core  # noqa: F401  # whether it is there

        return module.compiler()
    except (ImportError, RuntimeError):
        return None


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    """Keep cubins in a folder of the test, and forget which kernels are loaded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    nms_cuda.load_kernels.cache_clear()
    yield
    nms_cuda.load_kernels.cache_clear()


@pytest.fixture
def compiling(monkeypatch):
    """Stand in for NVRTC 13.0; lists for which architectures it was asked."""
    asked: list[str] = []

    def compiled(text: str, name: str, arch: str) -> bytes:
        asked.append(arch)
        return f"{name} for {arch}".encode()

    monkeypatch.setattr(module, "compile_source", compiled)
    monkeypatch.setattr(module, "compiler", lambda: "nvrtc 13.0")
    return asked


@pytest.mark.parametrize("keep", [0, 10, 40, -1])
def test_a_broken_file_is_made_again(compiling, keep):
    cubin(nms_cuda.SOURCE, "sm_90")
    [path] = cache_folder().iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])

    code = cubin(nms_cuda.SOURCE, "sm_90")

    assert code == b"nms.cu for sm_90"
    assert path.read_bytes() == whole
    assert compiling == ["sm_90", "sm_90"]


def test_a_write_that_fails_leaves_nothing_behind(compiling, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(cache.os, "replace", full)

    cubin(nms_cuda.SOURCE, "sm_90")

    assert list(cache_folder().iterdir()) == []
