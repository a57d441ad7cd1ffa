"""What this machine says of its processor: its name, and the instructions that it has."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

CPUINFO = Path("/proc/cpuinfo")  # of Linux
FIRST = 8192  # bytes of it that hold the first processor
# what networks compute with, and the words of which Linux lists one where a processor has it
FEATURES: Final = {
    "AVX2": {"avx2"},
    "AVX-512": {"avx512f"},
    "VNNI": {"avx512_vnni", "avx_vnni"},
    "AMX": {"amx_tile"},
    "NEON": {"asimd", "neon"},
    "SVE": {"sve"},
    "dot products": {"asimddp"},
    "I8MM": {"i8mm"},
    "BF16": {"avx512_bf16", "amx_bf16", "bf16"},  # the last is Arm's
}


def first_processor() -> str:
    """Return what Linux says of the first processor, a key and value a line; else nothing."""
    try:
        with open(CPUINFO, encoding="utf-8", errors="replace") as file:
            text = file.read(FIRST)
    except OSError:
        return ""
    return text.split("\n\n")[0]


def words() -> set[str]:
    """Return the words that Linux says of the first processor, its instructions among them."""
    return set(first_processor().split())


def features() -> list[str]:
    """Return the names of the FEATURES that the processor has, as far as the system says it."""
    said = words()
    return [name for name, signs in FEATURES.items() if signs & said]


def name() -> str:
    """Return the name of the processor, or its kind where the system has no name for it."""
    lines = first_processor().split("\n")
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
