"""What a GPU, its driver or torch's support of it fails with, each as one line with the mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import DarknetError, GpuError

WITHOUT = "-nogpu, or device='cpu' in Python, computes without it"
INSTALL = "https://pytorch.org/get-started/locally says what to install"


class Failure(NamedTuple):
    """Words of CUDA or torch, what they mean, and the mend."""

    words: re.Pattern[str]
    problem: str  # with the groups of the words
    hint: str


def failure(words: str, problem: str, hint: str) -> Failure:
    """Return a failure that these words, in any case of letters, tell."""
    return Failure(re.compile(words, re.IGNORECASE), problem, hint)


FAILURES = (
    failure(
        r"not compiled with CUDA|not linked with support for cuda",
        "this torch is built without CUDA",
        f"{INSTALL}; {WITHOUT}",
    ),
    failure(
        r"Found no NVIDIA driver",
        "no NVIDIA driver is installed",
        f"https://www.nvidia.com/drivers has it; {WITHOUT}",
    ),
    failure(
        r"driver on your system is too old \(found version (?P<version>\d+)\)",
        "the NVIDIA driver is too old for this torch: it knows CUDA {version}",
        "update the driver, or install a torch for that CUDA:"
        f" https://pytorch.org/get-started/previous-versions; {WITHOUT}",
    ),
    failure(
        r"driver version is insufficient for CUDA runtime",
        "the NVIDIA driver is too old for this torch",
        "update the driver, or install an older torch:"
        f" https://pytorch.org/get-started/previous-versions; {WITHOUT}",
    ),
    failure(
        r"no kernel image is available",
        "this torch has no code for this generation of GPUs",
        f"install a torch that has: https://pytorch.org/get-started/previous-versions; {WITHOUT}",
    ),
    failure(
        r"No CUDA GPUs are available|no CUDA-capable device",
        "the driver shows this process no GPU",
        f"look at nvidia-smi, and at CUDA_VISIBLE_DEVICES; {WITHOUT}",
    ),
    failure(
        r"invalid device ordinal",
        "this machine has no GPU of that number",
        "nvidia-smi lists their numbers, from 0 on",
    ),
    failure(
        r"(?P<what>(an )?illegal (memory access|instruction)|misaligned address"
        r"|unspecified launch failure|device-side assert|uncorrectable ECC error"
        r"|CUDNN_STATUS_EXECUTION_FAILED|CUBLAS_STATUS_EXECUTION_FAILED)",
        "the GPU failed: {what}",
        "start the program anew, with CUDA_LAUNCH_BLOCKING=1 in its environment: it then ends at"
        " what failed",
    ),
)


def gpu_error(error: BaseException) -> GpuError | None:
    """Return an error of torch as one line with the mend; None if it is not of a GPU."""
    text = str(error)
    for known in FAILURES:
        if found := known.words.search(text):
            groups = found.groupdict()
            if "version" in groups:
                groups["version"] = cuda_version(int(groups["version"]))
            return GpuError(known.problem.format(**groups), hint=known.hint)
    return None


def cuda_version(number: int) -> str:
    """Return the version that a driver tells as 1000 * major + 10 * minor."""
    return f"{number // 1000}.{number % 1000 // 10}"


@contextmanager
def gpu_errors() -> Iterator[None]:
    """Turn an error of a GPU into one line that says what to do."""
    try:
        yield
    except DarknetError:
        raise
    except Exception as error:
        if (told := gpu_error(error)) is None:
            raise
        raise told from error
