"""The packages that are used: which must be there, and what the others are for."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from typing import Final

from ..compat.name_clash import HOMES, neighbours
from ..system.resources import PACKAGE
from ..system.version import __version__
from .finding import BAD, GOOD, MORE, Finding
from .probe import Answer

PYTHON: Final = (3, 10)
OPENCVS: Final = tuple(
    f"opencv-{kind}"
    for kind in ("python", "python-headless", "contrib-python", "contrib-python-headless")
)
AGAIN: Final = "pip install --force-reinstall"
NUMBER: Final = re.compile(r"\d+")
LEAST: Final = re.compile(r"([\w.-]+)\s*>=\s*([\d.]+)")


@dataclass(frozen=True)
class Extra:
    """A package that need not be there: its module, its distribution, and what it is for."""

    module: str
    name: str
    use: str


EXTRAS: Final = (
    Extra("tqdm", "tqdm", "shows progress, and training needs it"),
    Extra("matplotlib", "matplotlib", "draws charts of training and evaluation"),
    Extra("onnx", "onnx", "compiles networks, so that the next call starts sooner"),
    Extra("onnxruntime", "onnxruntime", "runs .onnx files, and compiled networks faster"),
    Extra("openvino", "openvino", "runs small networks faster: -backend openvino"),
    Extra("PIL", "pillow", "draws labels in scripts whose letters are joined"),
    Extra("trackers", "trackers", "follows objects in films: -track"),
    Extra("yaml", "pyyaml", "reads the data.yaml of a data set: new"),
    Extra("av", "av", "writes H.264, and reads films and streams that OpenCV does not"),
)


def look_at_python() -> Iterator[Finding]:
    """Yield which Python and which pydarknet this is."""
    version, place = platform.python_version(), f"{platform.system()} {platform.machine()}"
    if sys.version_info < PYTHON:
        wanted = ".".join(map(str, PYTHON))
        yield Finding("python", BAD, f"{version}: expected {wanted} or later")
    else:
        yield Finding("python", GOOD, f"{version} on {place}, {sys.executable}")
    yield Finding("pydarknet", GOOD, f"{__version__} in {PACKAGE}")
    homes = [path for path in map(str, sys.path) if path.endswith(HOMES)]
    for name in sorted(set(neighbours([str(PACKAGE.parent), *homes]))):
        text = f"{name} is installed too, whose package has the same name: one hides the other"
        yield Finding("pydarknet", BAD, text, f"pip uninstall {name}")


def look_at_numpy(answer: Answer) -> Iterator[Finding]:
    """Yield whether numpy is there, works, and is new enough."""
    version, broken = version_of("numpy"), answer.said.get("numpy")
    if find_spec("numpy") is None:
        yield Finding("numpy", BAD, "is not installed", "pip install numpy")
    elif broken:
        yield Finding("numpy", BAD, f"is broken: {broken}", f"{AGAIN} numpy")
    elif too_old("numpy", version):
        yield Finding("numpy", BAD, f"{version} is too old", "pip install -U numpy")
    else:
        yield Finding("numpy", GOOD, version or "is there")


def look_at_opencvs() -> Iterator[Finding]:
    """Yield a finding where several distributions bring OpenCV, of which one wrote over others."""
    there = [name for name in OPENCVS if version_of(name)]
    if len(there) > 1:
        keep, *others = there
        mend = f"pip uninstall -y {' '.join(others)} && {AGAIN} --no-deps {keep}"
        yield Finding("opencv", MORE, f"{' and '.join(there)} write over each other", mend)


def look_at_extras(answer: Answer) -> Iterator[Finding]:
    """Yield which of the other packages are there, and what those are for that are not."""
    good = []
    no_numpy = answer.said.get("numpy", "it is missing")
    for one in EXTRAS:
        version, broken = version_of(one.name), answer.said.get(one.module, "")
        if no_numpy and "numpy" in broken:
            continue  # numpy's own finding is enough
        if broken:
            text = f"is broken: {broken}"
            yield Finding(one.name, MORE, text, f"{AGAIN} {one.name}")
        elif find_spec(one.module) is None:
            text = f"is not installed: it {one.use}"
            yield Finding(one.name, MORE, text, f"pip install {one.name}")
        elif too_old(one.name, version):
            text = f"{version} is too old: it {one.use}"
            yield Finding(one.name, MORE, text, f"pip install -U {one.name}")
        else:
            good.append(f"{one.name} {version}".strip())
    if answer.problem:
        yield Finding("packages", MORE, f"asking them fails: {answer.problem}")
    if good:
        yield Finding("packages", GOOD, ", ".join(good))


def version_of(name: str) -> str:
    """Return the version of an installed distribution; empty if there is none, or it is unknown."""
    try:
        return metadata.version(name) or ""
    except Exception:  # no such package, or metadata that cannot be read
        return ""


def too_old(name: str, version: str) -> bool:
    """Return whether a version is less than what this package asks for, as far as that is known."""
    least = least_versions().get(name, "")
    return bool(least and version) and numbers(version) < numbers(least)


def least_versions() -> dict[str, str]:
    """Return the least version of each package that this one asks for."""
    try:
        lines: Sequence[str] = metadata.requires("pydarknet") or ()
    except Exception:  # it is used from a folder, or its metadata cannot be read
        return {}
    found = [LEAST.match(line) for line in lines]
    return {one[1].lower(): one[2] for one in found if one}


def numbers(version: str) -> tuple[int, ...]:
    """Return the first numbers of a version, to be compared."""
    return tuple(map(int, NUMBER.findall(version.partition("+")[0])[:3]))
