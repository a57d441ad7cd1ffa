"""Files that can be made again, and only by this user."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pydarknet.boxes.kernels import cubin as module
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.kernels.cubin import cubin
from pydarknet.system import cache
from pydarknet.system.cache import cache_folder, cached_content


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
    monkeypatch.setattr(module, "compiler", lambda: ("nvrtc 13.0", [75, 80, 90]))
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


# Whose files are taken

posix = pytest.mark.skipif(sys.platform == "win32", reason="of users and modes")


@pytest.fixture
def made(compiling):
    """Return a function that asks for a content, and returns how often it was made."""
    times: list[int] = []

    def ask(name: str = "a.onnx", content: bytes = b"ours") -> int:
        def make() -> bytes:
            times.append(1)
            return content

        assert cached_content(name, make) == content
        return len(times)

    return ask


@pytest.fixture
def _foreign(monkeypatch):
    """Let every file of today belong to someone else."""
    user = os.geteuid()
    monkeypatch.setattr(cache.os, "geteuid", lambda: user + 1)


@posix
def test_the_folder_and_its_files_are_the_users_alone(made):
    before = os.umask(0)
    try:
        made()
    finally:
        os.umask(before)

    folder = cache_folder()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "a.onnx").stat().st_mode & 0o777 == 0o600
    assert made() == 1


@posix
def test_a_folder_that_others_could_write_is_closed(made):
    made()
    cache_folder().chmod(0o777)

    assert made() == 1
    assert cache_folder().stat().st_mode & 0o777 == 0o700


@posix
def test_a_file_that_others_could_write_is_made_anew(made):
    made()
    (cache_folder() / "a.onnx").chmod(0o666)

    assert [made(), made()] == [2, 2]


@posix
def test_nothing_is_taken_from_the_folder_of_another_user(made, capsys, request):
    made()
    request.getfixturevalue("_foreign")

    assert [made(), made()] == [2, 3]
    assert capsys.readouterr().err == (
        f"{cache_folder()}: another user owns this cache folder: nothing is cached\n"
    )


@posix
def test_a_link_to_a_file_elsewhere_is_not_followed(made, tmp_path):
    made()
    path, elsewhere = cache_folder() / "a.onnx", tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()

    assert made("a.onnx", b"other") == 2
    assert not path.is_symlink()
    assert elsewhere.read_bytes() == before


@posix
def test_a_pipe_in_the_folder_is_not_waited_for(made):
    made()
    path = cache_folder() / "a.onnx"
    path.unlink()
    os.mkfifo(path)

    assert [made(), made()] == [2, 2]


def test_without_a_home_nothing_is_cached(made, monkeypatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("LOCALAPPDATA")
    monkeypatch.setattr(cache.Path, "home", homeless)

    assert [made(), made()] == [1, 2]
    assert cache_folder() is None


def test_a_folder_that_cannot_be_made_is_done_without(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    assert [made(), made()] == [1, 2]


# How many are kept


def test_the_latest_used_are_kept_and_the_users_weights(made, monkeypatch):
    monkeypatch.setattr(cache, "MOST_FILES", 2)
    made("old.onnx")
    (cache_folder() / "yolov3.weights").write_text("theirs")
    made("used.onnx")
    for age, name in enumerate(("used.onnx", "old.onnx")):
        os.utime(cache_folder() / name, ns=(age, age))
    made("used.onnx")

    made("new.onnx")

    assert {path.name for path in cache_folder().iterdir()} == {
        "new.onnx",
        "used.onnx",
        "yolov3.weights",
    }


def test_large_files_are_fewer(made, monkeypatch):
    monkeypatch.setattr(cache, "MOST_BYTES", 100)
    made("a.onnx", bytes(60))

    made("b.onnx", bytes(200))

    assert [path.name for path in cache_folder().iterdir()] == ["b.onnx"]
