"""The machine that a benchmark runs on: its processor, its cores, and the versions of programs."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CPUINFO = Path("/proc/cpuinfo")
STAT = Path("/proc/stat")
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # microseconds, or "max", and those of a period
FEATURES = re.compile(r"avx2|avx512\w*|avx_vnni\w*|amx_\w+|asimddp|i8mm|bf16|sve2?|fphp|asimdhp")
FOUND_BY = {  # the modules of packages that have their own names
    "opencv": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
}


def cpu_lines() -> dict[str, str]:
    """Return what Linux says of the first processor; nothing elsewhere."""
    if not CPUINFO.exists():
        return {}
    first = CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def processor() -> str:
    """Return the processor's name, with its family and model, which tell generations apart."""
    lines = cpu_lines()
    name = lines.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in lines:
        return f"{name}, family {lines['cpu family']} model {lines['model']}"
    return name


def features() -> list[str]:
    """Return the instructions for vectors and matrices of the processor, as Linux names them."""
    lines = cpu_lines()
    words = (lines.get("flags") or lines.get("Features") or "").split()
    return sorted(word for word in words if FEATURES.fullmatch(word))


def cores() -> float:
    """Return how many cores this process may use: by its affinity, and by its control group."""
    affine = getattr(os, "sched_getaffinity", None)
    count = float(len(affine(0)) if affine else os.cpu_count() or 1)
    words = QUOTA.read_text().split() if QUOTA.exists() else ["max"]
    if words[0] != "max":
        count = min(count, round(int(words[0]) / int(words[1]), 2))
    return count


def machine() -> dict[str, object]:
    """Return what decides the speed of programs here. Equal machines have equal facts."""
    return {"processor": processor(), "features": features(), "cores": cores()}


def load() -> float:
    """Return how many processes were running or waiting, on average of the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else math.nan


class Watch:
    """Watches what other processes than this one, and those that it names, take of all cores."""

    def __init__(self, processes: Sequence[int] = ()) -> None:
        self.processes = [os.getpid(), *processes]
        self.start = self.read()

    def read(self) -> tuple[int, int, int]:
        """Return the time of all cores, the part of it in which they worked, and our part."""
        spent = ticks()
        idle = sum(spent[3:5])  # also while waiting for a disk
        return sum(spent), sum(spent) - idle, sum(map(process_ticks, self.processes))

    def share(self) -> float:
        """Return the share that others took since the start, 0 to 1; 0 where it is not told."""
        pairs = zip(self.read(), self.start, strict=True)
        every, worked, ours = (now - then for now, then in pairs)
        return min(max((worked - ours) / every, 0.0), 1.0) if every else 0.0


def busy(seconds: float = 0.5) -> float:
    """Return the share of all cores' time that other processes take while this one sleeps."""
    watch = Watch()
    time.sleep(seconds)
    return watch.share()


def ticks() -> list[int]:
    """Return the time of all cores by what they did, as Linux counts it; nothing elsewhere.

    Time that a hypervisor gives to other machines is work of others too.
    """
    if not STAT.exists():
        return []
    return [int(word) for word in STAT.read_text().split("\n")[0].split()[1:9]]


def process_ticks(process: int) -> int:
    """Return the time that a process took of cores, in the units of `ticks`; 0 if it is gone."""
    path = STAT.parent / str(process) / "stat"
    if not path.exists():
        return 0
    words = path.read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def version(package: str, folder: str | None = None) -> str | None:
    """Return the version of a package in a folder, or else of this Python; None without it."""
    for name in FOUND_BY.get(package, (package,)):
        given = {"path": [folder]} if folder else {}
        for one in importlib.metadata.distributions(name=name, **given):
            return one.version
    return None


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of Python, of ours, and of those packages that are installed."""
    named = {package: version(package) for package in packages}
    found = {"python": platform.python_version(), "pydarknet": commit(), **named}
    if named.get("torch"):
        found["oneDNN"] = onednn()
    return {name: value for name, value in found.items() if value}


def onednn() -> str:
    """Return the version of oneDNN within torch."""
    import torch

    told = re.search(r"(?:MKL-DNN|oneDNN) v([\d.]+)", torch.__config__.show())
    return told[1] if told else "none"


def commit() -> str:
    """Return the commit that last changed pydarknet, with a + where files differ from it."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words, "--", "pydarknet"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stdout.strip() if not done.returncode else ""

    found = git("log", "-1", "--format=%h", "--abbrev=10")
    changed = git("status", "--porcelain")
    return (found or "unknown") + "+" * bool(changed)


def headline(facts: dict[str, object]) -> str:
    """Return a machine in a line."""
    words = " ".join(facts["features"]) or "no features known"
    return f"{facts['processor']} ({words}), {facts['cores']:g} cores"


if __name__ == "__main__":
    packages = ("torch", "numpy", "onnxruntime", "openvino", "opencv")
    sys.stdout.write(f"{headline(machine())}, load {load()}\n{versions(packages)}\n")
