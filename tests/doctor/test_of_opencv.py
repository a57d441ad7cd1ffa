from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.doctor import of_opencv
from pydarknet.doctor.of_opencv import film, films, scripts


def test_a_code_that_is_none_writes_no_film(tmp_path: Path) -> None:
    assert film(tmp_path / "film.avi", "MJPG")
    assert not film(tmp_path / "film.mp4", "QQQQ")


def test_each_code_is_tried() -> None:
    assert list(films()) == ["mp4v", "DIVX", "MJPG", "avc1"]


def test_without_pillow_only_what_opencv_has_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydarknet.boxes.fonts.has_pillow", lambda: False)
    monkeypatch.setattr("pydarknet.boxes.words.MODERN", True)

    drawn = scripts()

    assert [name for name, able in drawn.items() if not able] == [
        "Arabic",
        "Hebrew",
        "Hindi",
        "Thai",
    ]


def test_without_raqm_nothing_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PIL")
    monkeypatch.setattr(of_opencv, "has_raqm", lambda: False)

    assert not scripts()["Arabic"]
