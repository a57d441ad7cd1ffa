"""A folder to work in, and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Return a function that writes a grey image of 200 x 100 pixels."""
    content = bytes(cv2.imencode(".png", np.full((100, 200, 3), 128, np.uint8))[1])

    def write(path: str | Path) -> Path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
        return Path(path)

    return write
