"""What a GPU, a driver or torch fails with becomes one line that says what to do."""

from __future__ import annotations

import forked
import pytest

from pydarknet.errors import DarknetError, DataError, GpuError
from pydarknet.system.gpu_errors import gpu_errors

AFTERWARDS = (
    "\nCUDA kernel errors might be asynchronously reported at some other API call, so the"
    " stacktrace below might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1."
)
NEEDS = "that your GPU has an NVIDIA driver installed from http://www.nvidia.com/drivers"
SAID = {  # by torch 2.13, after "CUDA error: " where CUDA says it
    "Torch not compiled with CUDA enabled": "this torch is built without CUDA",
    "PyTorch is not linked with support for cuda devices": "this torch is built without CUDA",
    f"Found no NVIDIA driver on your system. Please check {NEEDS}": (
        "no NVIDIA driver is installed"
    ),
    "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU": (
        "the NVIDIA driver is too old for this torch: it knows CUDA 11.4"
    ),
    "CUDA driver version is insufficient for CUDA runtime version": (
        "the NVIDIA driver is too old for this torch"
    ),
    "CUDA error: no kernel image is available for execution on the device": (
        "this torch has no code for this generation of GPUs"
    ),
    "No CUDA GPUs are available": "the driver shows this process no GPU",
    "CUDA error: no CUDA-capable device is detected": "the driver shows this process no GPU",
    "CUDA error: invalid device ordinal": "this machine has no GPU of that number",
    f"CUDA error: an illegal memory access was encountered{AFTERWARDS}": (
        "the GPU failed: an illegal memory access"
    ),
    f"CUDA error: unspecified launch failure{AFTERWARDS}": (
        "the GPU failed: unspecified launch failure"
    ),
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED": "the GPU failed: CUDNN_STATUS_EXECUTION_FAILED",
}


@pytest.mark.parametrize(("said", "problem"), SAID.items(), ids=lambda value: value[:30])
def test_an_error_of_a_gpu_is_one_line_with_the_mend(said, problem):
    with pytest.raises(GpuError) as caught, gpu_errors():
        raise RuntimeError(said)

    first, hint = str(caught.value).split("\n")
    assert first == problem
    assert hint.startswith("    hint: ")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB."),
        DataError("no kernel image is available.jpg: cannot be opened"),
        KeyboardInterrupt(),
    ],
)
def test_other_errors_stay_what_they_are(error):
    with pytest.raises(type(error)) as caught, gpu_errors():
        raise error

    assert caught.value is error


def test_the_error_of_torch_stays_its_cause():
    with pytest.raises(DarknetError) as caught, gpu_errors():
        raise RuntimeError("CUDA error: misaligned address")

    assert str(caught.value.__cause__) == "CUDA error: misaligned address"


def test_torchs_own_error_is_known():
    torch = pytest.importorskip("torch")
    if torch.backends.cuda.is_built():
        pytest.skip("this torch is built with CUDA")

    code = (
        "import torch\n"
        "from pydarknet.system.gpu_errors import gpu_error\n"
        "try: torch.empty(0, device='cuda')\n"
        "except AssertionError as error: print(gpu_error(error))\n"
    )  # in a process of its own: stand-ins for GPUs leave torch another error

    assert forked.run("-c", code).stdout.startswith("this torch is built without CUDA\n")
