"""What tests of other projects' interfaces share: a recorded network as their programs load it.

Each such test runs twice: with torch's network, and with one that was compiled before.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HERE, recording

import pydarknet
from pydarknet import opencv
from pydarknet.compat import darknet
from pydarknet.compat.network_handle import Handle
from pydarknet.runtime.network import RuntimeNetwork

DIALECT = "PYDARKNET_DIALECT"
OPENED = [  # recordings, how they are opened, the dialect that is told, and what comes of it
    ("infer_pj_yolov3_a", darknet.load_net, "pjreddie", "pjreddie"),
    ("infer_pj_yolov3_a", darknet.load_net, None, "alexeyab"),  # the fork wrote the weights
    ("infer_pj_yolov3_a", darknet.load_net_custom, None, "alexeyab"),
    ("infer_ab_yolov3_a", darknet.load_net_custom, None, "alexeyab"),
    ("infer_pj_darknet19_a", darknet.load_net, None, None),
]


def use_cache(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let compiled networks be kept in a folder."""
    patch.setenv("XDG_CACHE_HOME", str(folder))
    patch.setenv("LOCALAPPDATA", str(folder))
    patch.setenv("PYDARKNET_CACHE_SIZE", "1G")


@pytest.fixture(scope="session")
def compiled_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache folder with the recordings, compiled, and opened once as programs do."""
    pytest.importorskip("onnx")
    cache = tmp_path_factory.mktemp("cache")
    for name, load, told, dialect in OPENED:
        with pytest.MonkeyPatch.context() as patch:
            use_cache(patch, cache)
            patch.chdir(recording(name))
            if told:
                patch.setenv(DIALECT, told)
            pydarknet.load_network("net.cfg", "net.weights", dialect=dialect, backend="runtime")
            load("net.cfg", "net.weights")
    return cache


@pytest.fixture(params=["torch", "compiled"])
def road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """Return the kind of network that handles have."""
    if request.param == "torch":
        return pydarknet.Network
    use_cache(monkeypatch, request.getfixturevalue("compiled_before"))
    return RuntimeNetwork


@pytest.fixture
def folder(road: type, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the folder of a recorded network of the original."""
    path = recording("infer_pj_yolov3_a")
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def net(folder: Path, road: type, monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Load that network as the original's programs do, although the fork wrote its weights."""
    monkeypatch.setenv(DIALECT, "pjreddie")
    handle = darknet.load_net(b"net.cfg", b"net.weights", 0)
    assert isinstance(handle.any_network, road)
    return handle


@pytest.fixture
def fork(folder: Path, road: type) -> tuple[Handle, list[str], dict[str, tuple[int, int, int]]]:
    """Load that network as the fork's programs do."""
    loaded = darknet.load_network("net.cfg", "net.data", "net.weights", batch_size=1)
    assert isinstance(loaded[0].any_network, road)
    return loaded


def opencv_folder(name: str) -> Path:
    """Return the folder of a network whose outputs of OpenCV are recorded."""
    beside = HERE / "reference" / "opencv" / name
    return beside if beside.is_dir() else HERE / "reference" / name


@pytest.fixture(scope="session")
def compiled_for_opencv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cache folder with those networks, compiled for OpenCV's programs."""
    pytest.importorskip("onnx")
    cache = tmp_path_factory.mktemp("opencv")
    with pytest.MonkeyPatch.context() as patch:
        use_cache(patch, cache)
        for file in (HERE / "reference" / "opencv").glob("*.npz"):
            place = opencv_folder(file.stem)
            paths = str(place / "net.cfg"), str(place / "net.weights")
            opencv.readNetFromDarknet(*paths, backend="runtime")
    return cache


@pytest.fixture(params=["torch", "compiled"])
def opencv_road(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """Return the kind of network that OpenCV's programs get."""
    if request.param == "torch":
        return pydarknet.Network
    use_cache(monkeypatch, request.getfixturevalue("compiled_for_opencv"))
    return RuntimeNetwork
