"""A window is opened only where there is a display."""

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
