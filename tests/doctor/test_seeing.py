from __future__ import annotations

import pytest

from pydarknet.doctor import seeing
from pydarknet.doctor.finding import BAD, GOOD, MORE, Finding
from pydarknet.doctor.of_opencv import look
from pydarknet.doctor.probe import Answer
from pydarknet.doctor.seeing import HEADLESS, look_at_opencv

OPENCV = {
    "version": "5.0.0",
    "windows": "QT6",
    "backends": ["FFMPEG", "V4L2"],
    "films": {"mp4v": True, "DIVX": True, "MJPG": True, "avc1": False},
    "images": [],
    "scripts": {"Latin": True, "Hindi": True},
}


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at a machine with a display and no camera, where only Pillow is installed."""
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(seeing.sys, "platform", "linux")
    monkeypatch.setattr(seeing, "camera_files", list)
    monkeypatch.setattr(seeing, "version_of", lambda name: "5" if name == "opencv-python" else "")
    monkeypatch.setattr(seeing, "find_spec", lambda name: name == "PIL" or None)


def found(**changes: object) -> dict[str, Finding]:
    """Return the findings about an OpenCV, with changes; the last of each thing."""
    return {one.thing: one for one in look_at_opencv(Answer({**OPENCV, **changes}))}


def test_what_works_is_good() -> None:
    told = found()

    assert {one.state for one in told.values()} == {GOOD}
    assert told["films"].text == "writes and reads mp4v, DIVX, MJPG, not avc1"
    assert told["videos"].text == "read by FFMPEG, V4L2; no camera"
    assert told["windows"].text == "by QT6"


@pytest.mark.parametrize(
    ("problem", "mend"),
    [
        ("ModuleNotFoundError: No module named 'cv2'", "pip install opencv-python"),
        ("ImportError: libGL.so.1: cannot open shared object file: No such file", HEADLESS),
        (
            "ImportError: numpy.core.multiarray failed to import",
            "pip install --force-reinstall numpy opencv-python",
        ),
        ("crashes (SIGILL)", "pip install --force-reinstall opencv-python"),
    ],
)
def test_an_opencv_that_cannot_be_imported_is_bad(problem: str, mend: str) -> None:
    [one] = look_at_opencv(Answer({}, problem))

    assert (one.thing, one.state, one.mend) == ("opencv", BAD, mend)


def test_an_opencv_without_its_own_codecs_is_told() -> None:
    told = found(films=dict.fromkeys(OPENCV["films"], False), backends=[])

    assert told["films"].state == told["videos"].state == MORE
    assert told["films"].text == "writes and reads none, not mp4v, DIVX, MJPG, avc1"


def test_a_display_without_windows_is_told_and_no_display_is_no_problem(monkeypatch) -> None:
    assert found(windows="")["windows"].state == MORE
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert found(windows="")["windows"].state == GOOD


def test_scripts_that_cannot_be_drawn_are_told(monkeypatch) -> None:
    scripts = {"Latin": True, "Hindi": False}
    assert found(scripts=scripts)["letters"].mend == "sudo apt install fonts-noto-core"
    monkeypatch.setattr(seeing, "find_spec", lambda name: None)
    assert found(scripts=scripts)["letters"].mend == "pip install pillow"


def test_a_camera_that_may_not_be_read_is_told(monkeypatch) -> None:
    monkeypatch.setattr(seeing, "camera_files", lambda: ["/dev/video7"])

    told = found()

    assert told["videos"].text.endswith("; cameras: /dev/video7")
    assert told["cameras"].text == "/dev/video7 may not be read"


def test_this_opencv_writes_films_and_reads_images_again() -> None:
    said = look()

    assert said["films"]["MJPG"]
    assert said["images"] == []
    assert said["scripts"]["Latin"] or said["version"] < "5"
