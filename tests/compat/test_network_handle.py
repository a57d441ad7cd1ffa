"""The handle that stands for a network in programs of C's."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import recording

from pydarknet import DarknetError
from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the folder of a recorded network of the original's."""
    path = recording("infer_pj_yolov3_a")
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def net(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Load that network as the original's programs do; its weights say that the fork wrote them."""
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    return darknet.load_net(b"net.cfg", b"net.weights", 0)


def test_a_network_s_size_is_told(net: Handle) -> None:
    assert (darknet.network_width(net), darknet.network_height(net)) == (48, 48)
    assert darknet.lib.network_width(net) == 48


def test_a_freed_network_is_an_error_not_a_crash(net: Handle) -> None:
    darknet.free_network_ptr(net)

    with pytest.raises(DarknetError, match="the network was freed"):
        darknet.network_width(net)
