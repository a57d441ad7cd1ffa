"""What tests of other projects' interfaces share: a recorded network as their programs load it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import recording

from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the folder of a recorded network of the original."""
    path = recording("infer_pj_yolov3_a")
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def net(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Load that network as the original's programs do, although the fork wrote its weights."""
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    return darknet.load_net(b"net.cfg", b"net.weights", 0)


@pytest.fixture
def fork(folder: Path) -> tuple[Handle, list[str], dict[str, tuple[int, int, int]]]:
    """Load that network as the fork's programs do."""
    return darknet.load_network("net.cfg", "net.data", "net.weights", batch_size=1)
