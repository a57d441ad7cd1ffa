"""Programs get a compiled network where one is there, and torch's where they ask for more."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import recording

import pydarknet
from pydarknet.cli.main import main
from pydarknet.compat import darknet
from pydarknet.compat import open_handle as module
from pydarknet.network import Network
from pydarknet.runtime.network import RuntimeNetwork

pytest.importorskip("onnx")
FILES = "net.cfg", "net.weights"


@pytest.fixture
def files(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test with the files of a recording; return it."""
    shutil.copytree(recording("infer_ab_yolov3_a"), tmp_path / "files")
    monkeypatch.chdir(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def compiled(files: Path) -> Path:
    """Compile them after a program of the fork has opened them; return their folder."""
    darknet.load_net_custom(*FILES)
    pydarknet.load_network(*FILES, dialect="alexeyab", backend="runtime")
    return files


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function after which torch opens nothing."""

    def refuse(*given: object, **options: object) -> None:
        raise AssertionError("torch opens a network that was compiled")

    return lambda: monkeypatch.setattr(module, "by_torch", refuse)


def test_what_was_compiled_meanwhile_is_opened_without_torch(compiled: Path, no_torch) -> None:
    no_torch()

    handle = darknet.load_net_custom(*FILES)

    assert isinstance(handle.any_network, RuntimeNetwork)
    assert (darknet.network_width(handle), handle.classes, handle.channels) == (48, 3, 3)


def test_the_original_s_function_shares_it_with_load_network(files: Path, no_torch) -> None:
    pydarknet.load_network(*FILES, backend="runtime")
    no_torch()

    assert isinstance(darknet.load_net(*FILES).any_network, RuntimeNetwork)


def test_the_boxes_are_torch_s(compiled: Path, no_torch, monkeypatch) -> None:
    image, names = darknet.load_image("input.png"), ["a", "b", "c"]
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "0")
    torchs = darknet.detect_image(darknet.load_net_custom(*FILES), names, image, 0.1, nms=0.3)
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "1G")
    no_torch()

    found = darknet.detect_image(darknet.load_net_custom(*FILES), names, image, 0.1, nms=0.3)

    assert [one[0] for one in found] == [one[0] for one in torchs]
    assert len(found) > 3
    for one, other in zip(found, torchs, strict=True):
        assert float(one[1]) == pytest.approx(float(other[1]), abs=0.011)
        np.testing.assert_allclose(one[2], other[2], atol=1e-3)


def test_what_is_told_is_told_once_on_either_road(files: Path, capfd) -> None:
    text = Path("net.cfg").read_text()
    Path("net.cfg").write_text(text.replace("[net]", "[net]\nletter_box=0", 1))
    darknet.load_net(*FILES)
    told = capfd.readouterr()
    assert "dialect alexeyab: inferred from" in told.err
    pydarknet.load_network(*FILES, backend="runtime")
    capfd.readouterr()

    handle = darknet.load_net(*FILES)
    assert capfd.readouterr() == told

    darknet.predict_image(handle, darknet.load_image("input.png"))
    assert type(handle.any_network) is Network
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "call",
    [
        lambda: darknet.load_net_custom(*FILES, 0, 2),
        lambda: darknet.load_net_custom("net.cfg", None),
        lambda: darknet.load_net(*FILES),  # which nobody has opened before
    ],
)
def test_all_else_is_torch_s(compiled: Path, call) -> None:
    assert type(call().any_network) is Network


@pytest.mark.parametrize("reason", ["size", "gpu", "weights"])
def test_where_none_may_run_torch_does(compiled: Path, monkeypatch, reason: str) -> None:
    if reason == "size":
        monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "0")
    elif reason == "gpu":
        monkeypatch.setattr(module, "gpu_may_be_there", lambda: True)
    else:
        content = bytearray(Path("net.weights").read_bytes())
        content[-1] ^= 1
        Path("net.weights").write_bytes(content)

    assert type(darknet.load_net_custom(*FILES).any_network) is Network


def test_files_that_change_while_they_are_read_are_no_opening(files: Path, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("pydarknet.runtime.openings.Opening.rests", lambda self: False)
        darknet.load_net_custom(*FILES)
    pydarknet.load_network(*FILES, dialect="alexeyab", backend="runtime")

    assert type(darknet.load_net_custom(*FILES).any_network) is Network
    assert isinstance(darknet.load_net_custom(*FILES).any_network, RuntimeNetwork)


def test_no_images_seen_are_forgotten_where_torch_opens_it(compiled: Path) -> None:
    assert darknet.load_net_custom(*FILES, 1).network.header.seen == 0


PROGRAM = """
import sys, cv2
sys.path.insert(0, "shim")
import darknet
from pydarknet import Detector, Image

darknet.set_gpu(0)
network, names, colors = darknet.load_network("net.cfg", "net.data", "net.weights")
array = cv2.imread("input.png")
image = darknet.make_image(array.shape[1], array.shape[0], 3)
darknet.copy_image_from_bytes(image, cv2.cvtColor(array, cv2.COLOR_BGR2RGB).tobytes())
assert darknet.detect_image(network, names, image, thresh=0.1)
assert darknet.performDetect("input.png", 0.1, "net.cfg", "net.weights", "net.data", False)
darknet.free_network_ptr(network)
assert Detector(b"net.cfg", b"net.weights", 0, b"net.data").detect(Image(array), thresh=0.1)
assert "torch" not in sys.modules
"""


def test_a_program_that_looks_at_a_picture_imports_no_torch(compiled: Path) -> None:
    pydarknet.load_network(*FILES, backend="runtime")  # as Detector opens it
    main(["install-shim", "shim"])

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
