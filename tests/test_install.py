"""A wheel contains the shipped files; an editable install finds them beside the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import forked
import pytest
from conftest import HERE
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pydarknet

PROJECT = HERE.parent
KERNELS = PROJECT / "pydarknet" / "boxes" / "kernels"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the project, with the tools that are installed."""
    folder = tmp_path_factory.mktemp("wheel")
    unwanted = shutil.ignore_patterns(".*", "build", "*.egg-info", "reference", "__pycache__")
    copy = shutil.copytree(PROJECT, folder / "project", ignore=unwanted)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q"]
    subprocess.run([*command, "-w", str(folder), str(copy)], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_a_wheel_carries_every_shipped_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())

    beside = {
        f"pydarknet/files/{folder}/{file.name}"
        for folder in ("cfg", "data", "weights")
        for file in (PROJECT / folder).iterdir()
        if file.is_file()
    }

    assert beside
    assert beside <= held
    assert "pydarknet/py.typed" in held


def test_a_wheel_carries_the_sources_of_the_kernels(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())

    beside = {f"pydarknet/boxes/kernels/{file.name}" for file in KERNELS.glob("*.cu")}

    assert "pydarknet/boxes/kernels/nms.cu" in beside
    assert beside <= held


def test_an_unpacked_wheel_finds_its_files(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "from pydarknet.system.resources import shipped_file; print(shipped_file('yolov3.cfg'))"

    out = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert out.stdout.strip() == str(tmp_path / "pydarknet/files/cfg/yolov3.cfg")


SMALL = ("numpy", "cv2", "onnxruntime", "flatbuffers", "google", "packaging")
LIBRARIES = ("numpy.libs", "opencv_python.libs", "opencv_python_headless.libs")  # if they are there


@pytest.fixture
def small(wheel: Path, tmp_path: Path) -> Path:
    """Make an environment of the wheel, numpy, OpenCV and onnxruntime alone."""
    pytest.importorskip("onnxruntime")
    site = tmp_path / "small"
    zipfile.ZipFile(wheel).extractall(site)
    for name in (*SMALL, *LIBRARIES):
        found = next((folder for folder in map(Path, sys.path) if (folder / name).is_dir()), None)
        if found:
            shutil.copytree(found / name, site / name, copy_function=link)
    return site


def link(source: str, target: str) -> None:
    """Let a file have a second name, or copy it where the disk is another."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def test_a_small_device_needs_no_torch(small: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    files = [str(PROJECT / folder / f"digits.{folder}") for folder in ("cfg", "weights", "data")]
    digits = str(PROJECT / "data" / "digits.png")
    network = pydarknet.load_network(*files[:2], names=PROJECT / "data" / "digits.names")
    pydarknet.export_onnx(network, tmp_path / "digits.onnx")
    code = "import sys; sys.path[:] = [*sys.argv.pop(1).split(':'), *sys.path]; import runpy; " + (
        "runpy.run_module('pydarknet', run_name='__main__')"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", "-c", code, str(small), *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    found, missing = run("detect", "digits.onnx", digits), run("detect", *files[:2], digits)

    assert found.returncode == 0, found.stderr
    assert "\n6: " in found.stdout
    assert (tmp_path / "predictions.jpg").is_file()
    assert missing.returncode == 1
    assert missing.stderr.endswith(
        "this needs torch, which is not installed\n    hint: pip install torch; compiled networks"
        " and exported .onnx files run without it\n"
    )


def test_an_unpacked_wheel_finds_digits_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "work").mkdir()

    out = forked.run(
        *("-m", "pydarknet", "detect", str(PROJECT / "data/digits.png")),
        cwd=tmp_path / "work",
        env={"PYTHONPATH": str(tmp_path / "site"), "HOME": str(tmp_path)},
    )

    assert out.returncode == 0, out.stderr
    assert str(tmp_path / "site/pydarknet/files/weights/digits.weights") in out.stderr
    assert "\n6: " in out.stdout
    assert (tmp_path / "work/predictions.jpg").is_file()


def test_the_built_in_model_is_small() -> None:
    assert (PROJECT / "weights/digits.weights").stat().st_size < 1_000_000


@pytest.mark.parametrize("version", ["3.10", "3.13"])
def test_constraints_ask_for_one_version_of_a_package(version: str) -> None:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    asked = [Requirement(line) for line in lines if not line.startswith("#")]

    names = [
        canonicalize_name(one.name)
        for one in asked
        if not one.marker or one.marker.evaluate({"python_version": version})
    ]

    assert [name for name in set(names) if names.count(name) > 1] == []
    assert len(names) > 40
