"""The memory that a process may have, and the errors that say it ran out."""

from __future__ import annotations

import errno
import resource
from pathlib import Path

import pytest

from pydarknet.errors import DataError, OutOfMemory
from pydarknet.system import memory as module
from pydarknet.system.memory import group_limits, is_lack_of_memory, memory_errors, usable_memory

LACKS = {
    MemoryError(): "nothing more fits into the 3.0 GiB of this process",
    MemoryError("Unable to allocate 3.35 GiB for an array with shape (30000, 30000)"): (
        "another 3.4 GiB does not fit into the 3.0 GiB of this process"
    ),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory:"
        " you tried to allocate 18874368 bytes. Error code 12 (Cannot allocate memory)"
    ): "another 18.0 MiB does not fit into the 3.0 GiB of this process",
    RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"): (
        "nothing more fits into the 3.0 GiB of this process"
    ),
    RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity"): (
        "another 20.0 MiB does not fit into the GPU"
    ),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"): "nothing more fits into the GPU",
    RuntimeError("std::bad_alloc"): "nothing more fits into the 3.0 GiB of this process",
    OSError(errno.ENOMEM, "Cannot allocate memory"): (
        "nothing more fits into the 3.0 GiB of this process"
    ),
    ImportError("libtorch_cpu.so: failed to map segment from shared object"): (
        "nothing more fits into the 3.0 GiB of this process"
    ),
    Exception("(-4:Insufficient memory) Failed to allocate 1200000000 bytes in function"): (
        "another 1.1 GiB does not fit into the 3.0 GiB of this process"
    ),
}


@pytest.mark.parametrize(("error", "problem"), LACKS.items(), ids=lambda value: str(value)[:30])
def test_a_lack_of_memory_is_one_line_with_what_to_do(error, problem, monkeypatch):
    monkeypatch.setattr(module, "usable_memory", lambda: 3 << 30)

    with pytest.raises(OutOfMemory) as caught, memory_errors("buy more"):
        raise error

    assert str(caught.value) == f"out of memory: {problem}\n    hint: buy more"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        OSError(errno.ENOSPC, "No space left on device"),
        DataError("out of memory.jpg: cannot be opened"),
        KeyboardInterrupt(),
    ],
)
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error)) as caught, memory_errors():
        raise error

    assert caught.value is error


def test_the_innermost_hint_is_told():
    with (
        pytest.raises(OutOfMemory, match="hint: inner"),
        memory_errors("outer"),
        memory_errors("inner"),
    ):
        raise MemoryError


def test_numpys_own_error_is_a_lack_of_memory():
    np = pytest.importorskip("numpy")

    with pytest.raises(MemoryError) as caught:
        np.ones(1 << 60, np.uint8)

    assert is_lack_of_memory(caught.value)


def test_torchs_own_error_is_a_lack_of_memory():
    torch = pytest.importorskip("torch")

    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60, dtype=torch.uint8)

    assert is_lack_of_memory(caught.value)


# Limits


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Return a function that lays out cgroups and the limit in each: the list, and the folder."""

    def lay_out(listed: str, **limits: str) -> tuple[Path, Path]:
        (tmp_path / "cgroup").write_text(listed)
        for place, text in limits.items():
            file = tmp_path / "fs" / place.replace("__", "/").replace("MAX", "memory.max")
            file = Path(str(file).replace("BYTES", "memory.limit_in_bytes"))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        return tmp_path / "cgroup", tmp_path / "fs"

    return lay_out


def test_a_group_of_version_2_has_the_limits_of_those_around_it(groups):
    listed = groups("0::/slice/job\n", slice__job__MAX="max", slice__MAX="5000", MAX="9000")

    assert group_limits(*listed) == [5000, 9000]


def test_a_group_of_version_1_has_the_limits_of_those_around_it(groups):
    listed = groups(
        "3:cpuset:/\n4:memory:/docker/a\n", memory__docker__a__BYTES="700", memory__BYTES="9000"
    )

    assert group_limits(*listed) == [700, 9000]


def test_in_a_container_the_folder_itself_is_the_group(groups):
    assert group_limits(*groups("0::/../../host/path\n", MAX="300")) == [300]


def test_without_groups_there_is_no_limit(tmp_path):
    assert group_limits(tmp_path / "none", tmp_path) == []


def test_the_least_limit_counts(groups, monkeypatch):
    listed, folder = groups("0::/\n", MAX="5000")
    monkeypatch.setattr(module, "GROUPS", listed)
    monkeypatch.setattr(module, "GROUP_FOLDER", folder)

    assert usable_memory() == 5000


def test_the_address_space_is_a_limit(monkeypatch):
    monkeypatch.setattr(module, "GROUPS", Path("nowhere"))
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (4000, resource.RLIM_INFINITY))

    assert usable_memory() == 4000
