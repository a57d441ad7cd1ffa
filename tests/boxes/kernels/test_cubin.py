"""Cubins are compiled without a GPU, kept on disk, and done without where they cannot be had."""

from __future__ import annotations

from importlib import metadata

import forked
import pytest
import torch

from pydarknet.boxes.detections import Detections
from pydarknet.boxes.kernels import cubin as module
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.kernels.cubin import NoCubin, cubin
from pydarknet.boxes.nms import nms
from pydarknet.system.cache import cache_folder

COMPILER = ("cuda-core", "nvidia-cuda-nvrtc")  # which `[test]` brings, but for macOS


def installed(package: str) -> bool:
    """Return whether a package is installed, whether or not it can be loaded."""
    try:
        return bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


needs_nvrtc = pytest.mark.skipif(
    not all(map(installed, COMPILER)),
    reason="cuda-core or NVRTC is not installed: pip install -c constraints.txt '.[cuda]'",
)
ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_87", "sm_88", "sm_89", "sm_90")
ARCHITECTURES += ("sm_100", "sm_103", "sm_110", "sm_120", "sm_121")  # all that NVRTC 13.0 knows


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


# By the compiler itself


@needs_nvrtc
@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_kernels_compile_without_a_gpu(arch):
    code = cubin(nms_cuda.SOURCE, arch)

    assert code.startswith(b"\x7fELF")
    assert b".text.crowd" in code
    assert b".text.sweep" in code


@needs_nvrtc
def test_every_architecture_that_the_compiler_knows_is_tried():
    from cuda.bindings import nvrtc

    _, known = nvrtc.nvrtcGetSupportedArchs()

    assert {f"sm_{number}" for number in known} == set(ARCHITECTURES)


@needs_nvrtc
def test_products_and_sums_are_not_fused():
    from cuda.core import ProgramOptions

    assert b"--fmad=false" in ProgramOptions(arch="sm_80", fma=False).as_bytes("nvrtc")


@needs_nvrtc
def test_a_mistake_in_a_source_is_told_with_its_place(tmp_path):
    (tmp_path / "wrong.cu").write_text("\nnonsense;")

    with pytest.raises(Exception, match=r"wrong.cu\(2\)"):
        cubin(tmp_path / "wrong.cu", "sm_80")


# The files


def test_a_cubin_is_compiled_once(compiling):
    first = cubin(nms_cuda.SOURCE, "sm_90")
    second = cubin(nms_cuda.SOURCE, "sm_90")

    assert first == second == b"nms.cu for sm_90"
    assert compiling == ["sm_90"]


def test_another_gpu_compiler_or_source_has_a_file_of_its_own(compiling, monkeypatch, tmp_path):
    changed = tmp_path / "nms.cu"
    changed.write_text(nms_cuda.SOURCE.read_text() + "\n")
    cubin(nms_cuda.SOURCE, "sm_90")
    cubin(nms_cuda.SOURCE, "sm_80")
    cubin(changed, "sm_90")
    monkeypatch.setattr(module, "compiler", lambda: ("nvrtc 13.1", [75, 80, 90]))

    cubin(nms_cuda.SOURCE, "sm_90")

    assert compiling == ["sm_90", "sm_80", "sm_90", "sm_90"]
    assert len(list(cache_folder().iterdir())) == 4


def test_where_nothing_can_be_written_it_is_compiled_each_time(compiling, tmp_path):
    (tmp_path / "pydarknet").write_text("a file in the folder's place")

    codes = [cubin(nms_cuda.SOURCE, "sm_90") for _ in range(2)]

    assert codes == [b"nms.cu for sm_90"] * 2
    assert compiling == ["sm_90", "sm_90"]


# Without the kernels


NO_NVRTC = RuntimeError("Failed to dlopen libnvrtc.so.13")
NO_BINDINGS = ImportError("No module named 'cuda.bindings'")


@pytest.mark.parametrize("error", [NO_NVRTC, NO_BINDINGS], ids=["library", "package"])
def test_a_missing_compiler_is_told_once_with_what_brings_it(monkeypatch, capsys, error):
    def missing() -> str:
        raise error

    monkeypatch.setattr(module, "compiler", missing)

    launches = [nms_cuda.load_kernels("sm_90") for _ in range(2)]

    assert launches == [None, None]
    assert capsys.readouterr().err == (
        f"suppression on sm_90 runs without its kernel, on the CPU: {error}; "
        "pip install -c constraints.txt '.[cuda]' brings what compiles it\n"
    )


@pytest.mark.parametrize("arch", ["sm_61", "sm_70"])
def test_a_gpu_that_the_compiler_does_not_know_is_told_with_one_that_does(compiling, capsys, arch):
    assert nms_cuda.load_kernels(arch) is None

    assert compiling == []
    assert capsys.readouterr().err == (
        f"suppression on {arch} runs without its kernel, on the CPU: nvrtc 13.0 knows sm_75 to"
        " sm_90; that of CUDA 12 knows older GPUs: pip install 'cuda-core[cu12]'\n"
    )


@needs_nvrtc
def test_nvrtc_itself_knows_neither_pascal_nor_volta():
    for arch in ("sm_61", "sm_70"):
        with pytest.raises(NoCubin, match="knows sm_75 to sm_121"):
            cubin(nms_cuda.SOURCE, arch)


def test_what_another_reason_has_names_no_compiler(compiling, monkeypatch, capsys):
    def refuse(code: bytes) -> None:
        raise RuntimeError("CUDA_ERROR_UNSUPPORTED_PTX_VERSION:\nthe driver is too old")

    monkeypatch.setattr(nms_cuda, "cuda_launch", refuse)

    assert nms_cuda.load_kernels("sm_90") is None

    assert capsys.readouterr().err == (
        "suppression on sm_90 runs without its kernel, on the CPU: RuntimeError:"
        " CUDA_ERROR_UNSUPPORTED_PTX_VERSION: the driver is too old\n"
    )


def test_without_the_kernels_boxes_are_suppressed_on_the_cpu(monkeypatch):
    two = Detections(
        torch.tensor([[0.0, 0.0, 2.0, 2.0]] * 2), torch.ones(2), torch.tensor([[0.75], [0.5]])
    )
    monkeypatch.setattr(nms_cuda, "launcher", lambda boxes: None)

    left = nms(two, 0.45)

    assert left.probabilities.tolist() == [[0.75], [0]]


def test_boxes_on_a_cpu_import_nothing_of_cuda():
    code = (
        "import sys, torch; from pydarknet.boxes.nms import Detections, nms; "
        "nms(Detections(torch.zeros(2, 4), torch.ones(2), torch.ones(2, 1)), 0.45); "
        "print('cuda.core' in sys.modules)"
    )

    assert forked.run("-c", code).stdout == "False\n"
