"""What computes: the processor, memory, torch and GPUs; and whether finding boxes works at all."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..runtime.environment import GPUS
from ..system import processor
from ..system.cores import allowed_cores, usable_cores
from ..system.memory import UNKNOWN, lines_of, size_text, usable_memory
from .finding import BAD, GOOD, MORE, Finding
from .packages import too_old
from .probe import Answer

DIGITS: Final = 6  # in the shipped image
LITTLE: Final = 1 << 30  # bytes
DRIVER: Final = Path("/proc/driver/nvidia/version")
INSTALL: Final = "pip install torch"


def look_at_processor() -> Iterator[Finding]:
    """Yield the processor, its instructions, and the cores that the process may use."""
    has = processor.features()
    cores = usable_cores()
    all_cores = max(os.cpu_count() or 1, allowed_cores())
    share = f"{cores} of {all_cores} cores" if cores < all_cores else f"{cores} cores"
    text = ", ".join([processor.name(), *has, share])
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    if x86 and processor.words() and "AVX2" not in has:
        yield Finding("processor", MORE, f"{text}: without AVX2 computing takes much longer")
    else:
        yield Finding("processor", GOOD, text)


def look_at_memory() -> Iterator[Finding]:
    """Yield the memory that the process may have, and how much is free where Linux says it."""
    most = usable_memory()
    said = [line.split() for line in lines_of(Path("/proc/meminfo")) if "MemAvailable" in line]
    free = min(int(said[0][1]) << 10, most) if said else most
    text = "unknown" if most >= UNKNOWN else f"{size_text(most)}, {size_text(free)} of it free"
    few = free < LITTLE
    more = ": too little for large networks and for training" if few else ""
    yield Finding("memory", MORE if few else GOOD, text + more)


def look_at_torch(answer: Answer) -> Iterator[Finding]:
    """Yield whether torch works, and finds what is in the shipped image."""
    if answer.problem:
        missing = "No module named 'torch'" in answer.problem
        text = "is not installed" if missing else answer.problem
        alone = "; without it only exported .onnx files run" if missing else ""
        mend = INSTALL if missing else "pip install --force-reinstall torch"
        yield Finding("torch", BAD, text + alone, mend)
        return
    version = str(answer.said["version"])
    if too_old("torch", version):
        yield Finding("torch", BAD, f"{version} is too old", "pip install -U torch")
        return
    parts = [version, f"{answer.said['instructions']}", f"{answer.said['threads']} threads"]
    if not answer.said["mkldnn"]:
        parts.append("without oneDNN, which makes CPUs several times as fast")
    yield Finding("torch", GOOD if answer.said["mkldnn"] else MORE, ", ".join(parts))
    yield trial(answer.said["trial"])


def trial(said: dict[str, object]) -> Finding:
    """Return what became of the trial: an image of digits, by the built-in model."""
    if "problem" in said:
        mend = "pip install --force-reinstall --no-deps . in the folder of pydarknet's sources"
        return Finding("trial", BAD, str(said["problem"]), mend)
    if said["boxes"] != DIGITS:
        return Finding("trial", BAD, f"{said['boxes']} of {DIGITS} digits are found: wrong numbers")
    text = f"the {DIGITS} digits of data/digits.png are found, on {said['on']}"
    return Finding("trial", GOOD, text)


def look_at_gpus(answer: Answer) -> Iterator[Finding]:
    """Yield the GPUs that torch can use, or why it uses none; and the kernel of suppression."""
    said = answer.said
    if answer.problem:
        return
    for gpu in said["gpus"]:
        memory = size_text(gpu["memory"])
        text = f"{gpu['name']}, {gpu['arch']}, {memory}, CUDA {said['cuda']}{driver()}"
        yield Finding("gpu", GOOD, text)
        if gpu["kernel"]:
            text = f"suppression has no kernel, the CPU does it: {gpu['kernel']}"
            yield Finding("gpu", MORE, text, "pip install cuda-core nvidia-cuda-nvrtc")
        else:
            yield Finding("gpu", GOOD, f"suppression's kernel is compiled for {gpu['arch']}")
    if said["gpus"]:
        return
    there = [path for path in GPUS if os.path.exists(path)]
    if said["apple"]:
        yield Finding("gpu", GOOD, "Apple's, by MPS")
    elif there and not said["cuda"]:
        text = f"{there[0]} is there, but this torch is built without CUDA"
        yield Finding("gpu", MORE, text, "pip install --force-reinstall torch")
    elif there:
        text = f"{there[0]} is there, but torch cannot use it: {said['no_gpu']}{driver()}"
        yield Finding("gpu", MORE, text)
    else:
        yield Finding("gpu", GOOD, "none: the CPU computes")


def driver() -> str:
    """Return NVIDIA's driver as Linux names it; nothing where there is none."""
    line = next(iter(lines_of(DRIVER)), "")
    version = next((word for word in line.split() if word[:1].isdigit() and "." in word), "")
    return f", driver {version}" if version else ""
