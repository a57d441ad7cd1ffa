"""A window is opened only where there is a display."""

import os

import cv2
import numpy as np
import pytest

from pydarknet.image import window


@pytest.fixture
def _linux(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.mark.usefixtures("_linux")
@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_is_named_by_the_environment(monkeypatch, name):
    assert not window.display()

    monkeypatch.setenv(name, ":0")

    assert window.display()


@pytest.mark.usefixtures("_linux")
@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_have_one(monkeypatch, platform):
    monkeypatch.setattr("sys.platform", platform)

    assert window.display()


@pytest.mark.usefixtures("_linux")
def test_without_a_display_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(cv2, "imshow", pytest.fail)

    assert window.show(np.zeros((2, 2, 3), np.uint8), "title") is None


def test_a_picture_is_shown_blue_first_until_a_key_is_pressed(monkeypatch):
    shown, keys = [], [-1, 27]
    monkeypatch.setattr(window, "display", lambda: True)
    monkeypatch.setattr(cv2, "imshow", lambda title, image: shown.append((title, image.tolist())))
    monkeypatch.setattr(cv2, "waitKey", lambda delay: keys.pop(0))
    monkeypatch.setattr(cv2, "getWindowProperty", lambda title, name: 1.0)

    window.show(np.array([[[1, 2, 3]]], np.uint8), "title")

    assert shown == [("title", [[[3, 2, 1]]])]
    assert keys == []


def test_an_opencv_without_windows_is_told(monkeypatch, capsys):
    def fail(*arguments: object) -> None:
        raise cv2.error("not implemented")

    monkeypatch.setattr(window, "display", lambda: True)
    monkeypatch.setattr(cv2, "imshow", fail)

    window.show(np.zeros((2, 2, 3), np.uint8), "title")

    assert capsys.readouterr().err.startswith("no window: ")


class Screen:
    """Stands in for OpenCV's windows."""

    def __init__(self, monkeypatch, keys=(), visible=1.0):
        self.did = []
        keys = iter(keys)
        for name in ("namedWindow", "resizeWindow", "setWindowProperty", "destroyWindow"):
            monkeypatch.setattr(cv2, name, lambda *a, name=name: self.did.append((name, *a)))
        monkeypatch.setattr(cv2, "imshow", lambda title, image: self.did.append(image.tolist()))
        monkeypatch.setattr(cv2, "waitKey", lambda delay: next(keys))
        monkeypatch.setattr(cv2, "getWindowProperty", lambda title, name: visible)


def test_a_film_is_shown_frame_by_frame_and_keys_are_named(monkeypatch):
    screen = Screen(monkeypatch, keys=[-1, 27, 0x100052, 84, ord("a")])
    opened = window.Window("Demo")
    pixels = np.array([[[1, 2, 3]]], np.uint8)

    assert [opened.show(pixels) for _ in range(5)] == ["", "escape", "up", "down", ""]
    opened.close()

    assert screen.did[:3] == [
        ("namedWindow", "Demo", cv2.WINDOW_NORMAL),
        ("resizeWindow", "Demo", 1352, 1013),
        [[[3, 2, 1]]],
    ]
    assert screen.did[-1] == ("destroyWindow", "Demo")


def test_closing_the_window_is_escape(monkeypatch):
    Screen(monkeypatch, keys=[-1], visible=0.0)

    assert window.Window("Demo").show(np.zeros((1, 1, 3), np.uint8)) == "escape"


def test_a_window_may_fill_the_screen(monkeypatch):
    screen = Screen(monkeypatch)

    window.Window("Demo", full_screen=True)

    last = ("setWindowProperty", "Demo", cv2.WND_PROP_FULLSCREEN, cv2.WINDOW_FULLSCREEN)
    assert screen.did[-1] == last


def test_whether_this_opencv_opens_windows(monkeypatch, capsys):
    monkeypatch.setattr(window, "display", lambda: False)
    assert not window.can_open()

    monkeypatch.setattr(window, "display", lambda: True)
    Screen(monkeypatch)
    assert window.can_open()

    def fail(*arguments: object) -> None:
        raise cv2.error("not implemented")

    monkeypatch.setattr(cv2, "namedWindow", fail)
    assert not window.can_open()
    assert capsys.readouterr().err.startswith("no window: ")


def test_qt_says_nothing_of_fonts_unless_it_is_told_what_to_say(monkeypatch):
    monkeypatch.setattr(window, "display", lambda: True)
    Screen(monkeypatch)
    monkeypatch.delenv("QT_LOGGING_RULES", raising=False)
    window.can_open()
    assert os.environ["QT_LOGGING_RULES"] == "*.warning=false"

    monkeypatch.setenv("QT_LOGGING_RULES", "")
    window.can_open()
    assert os.environ["QT_LOGGING_RULES"] == ""
