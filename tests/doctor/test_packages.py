from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydarknet.doctor import packages
from pydarknet.doctor.finding import BAD, GOOD, MORE, Finding
from pydarknet.doctor.packages import (
    EXTRAS,
    look_at_extras,
    look_at_numpy,
    look_at_opencvs,
    look_at_python,
)
from pydarknet.doctor.probe import Answer

FINE = Answer({"numpy": "", **{one.module: "" for one in EXTRAS}})


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the versions by distribution that there are, and no others, to be changed."""
    versions = {one.name: "9.1" for one in EXTRAS} | {"numpy": "2.0", "opencv-python": "5.0"}
    modules = {one.module: one.name for one in EXTRAS} | {"numpy": "numpy"}
    monkeypatch.setattr(packages, "version_of", lambda name: versions.get(name, ""))
    monkeypatch.setattr(packages, "least_versions", lambda: {"numpy": "1.24", "onnx": "1.18"})
    monkeypatch.setattr(
        packages, "find_spec", lambda name: True if modules[name] in versions else None
    )
    return versions


def told(findings: Iterator[Finding]) -> list[tuple[str, str, str]]:
    """Return thing, state and what mends it, of findings."""
    return [(one.thing, one.state, one.mend) for one in findings]


def test_python_and_this_package_are_named() -> None:
    python, ours, *_ = look_at_python()

    assert python.state == ours.state == GOOD
    assert sys.executable in python.text


def test_an_old_python_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "PYTHON", (9, 9))

    [python, *_] = look_at_python()

    assert python.state == BAD
    assert python.text.endswith(": expected 9.9 or later")


def test_another_package_of_the_same_name_is_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "site-packages"
    (home / "yolo34py-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(home))

    assert ("pydarknet", BAD, "pip uninstall yolo34py") in told(look_at_python())


@pytest.mark.usefixtures("installed")
def test_what_is_there_is_good() -> None:
    assert told(look_at_numpy(FINE)) == [("numpy", GOOD, "")]
    [found] = look_at_extras(FINE)
    assert (found.thing, found.state) == ("packages", GOOD)
    assert "onnxruntime 9.1" in found.text


def test_a_missing_old_or_broken_numpy_is_bad(installed: dict[str, str]) -> None:
    installed["numpy"] = "1.9"
    assert told(look_at_numpy(FINE)) == [("numpy", BAD, "pip install -U numpy")]
    broken = Answer({"numpy": "ImportError: no"})
    assert told(look_at_numpy(broken)) == [("numpy", BAD, "pip install --force-reinstall numpy")]
    del installed["numpy"]
    assert told(look_at_numpy(Answer({}))) == [("numpy", BAD, "pip install numpy")]


def test_other_packages_are_told_with_what_they_are_for(installed: dict[str, str]) -> None:
    del installed["av"]
    installed["onnx"] = "1.2"
    broken = Answer({**FINE.said, "openvino": "OSError: x"})

    found = list(look_at_extras(broken))

    assert told(found) == [
        ("onnx", MORE, "pip install -U onnx"),
        ("openvino", MORE, "pip install --force-reinstall openvino"),
        ("av", MORE, "pip install av"),
        ("packages", GOOD, ""),
    ]
    assert found[2].text == (
        "is not installed: it writes H.264, and reads films and streams that OpenCV does not"
    )


@pytest.mark.usefixtures("installed")
def test_without_numpy_those_that_need_it_are_not_told_too() -> None:
    broken = {one.module: "ImportError: numpy fails" for one in EXTRAS}

    assert told(look_at_extras(Answer({"numpy": "ImportError: x", **broken}))) == []


@pytest.mark.usefixtures("installed")
def test_packages_that_cannot_be_asked_are_told() -> None:
    found = list(look_at_extras(Answer({}, "crashes (SIGILL)")))

    assert found[0] == Finding("packages", MORE, "asking them fails: crashes (SIGILL)")


def test_two_that_bring_opencv_are_told(installed: dict[str, str]) -> None:
    assert told(look_at_opencvs()) == []
    installed["opencv-contrib-python"] = "5.0"

    [(thing, state, mend)] = told(look_at_opencvs())

    assert (thing, state) == ("opencv", MORE)
    assert mend == (
        "pip uninstall -y opencv-contrib-python &&"
        " pip install --force-reinstall --no-deps opencv-python"
    )


@pytest.mark.parametrize(
    ("version", "least", "old"),
    [("2.13.0+cpu", "2.4", False), ("2.3.9", "2.4", True), ("2.4", "2.4", False), ("", "2", False)],
)
def test_versions_are_compared_as_numbers(
    monkeypatch: pytest.MonkeyPatch, version: str, least: str, old: bool
) -> None:
    monkeypatch.setattr(packages, "least_versions", lambda: {"torch": least})

    assert packages.too_old("torch", version) == old


def test_metadata_that_cannot_be_read_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> None:
        raise OSError("damaged")

    monkeypatch.setattr(packages.metadata, "requires", broken)
    monkeypatch.setattr(packages.metadata, "version", broken)

    assert packages.least_versions() == {}
    assert packages.version_of("numpy") == ""
