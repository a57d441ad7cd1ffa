"""Programs that import this one, under its own interface or another's, and were seen to fail."""

from __future__ import annotations

import copy
import importlib
import io
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from conftest import HERE

import pydarknet
import pydarknet.compat.darknet
from pydarknet.backends.cuda_graph import Graph
from pydarknet.backends.recorder import Recorder
from pydarknet.boxes.detections import Detection, Detections


@pytest.fixture
def network(fault) -> pydarknet.Network:
    """Load the network of a program that passed what is no image."""
    fault("inference/api_detect_none")
    return pydarknet.load_network("net.cfg", "net.weights", device="cpu")


def test_an_image_that_opencv_could_not_read_is_told(network) -> None:
    with pytest.raises(pydarknet.DarknetError) as raised:
        network.detect(cv2.imread("missing.png"))

    said = "an image is None: expected a path or uint8 [height, width, 3]"
    assert str(raised.value).startswith(said)


def test_no_images_give_no_detections(network) -> None:
    assert network.detect([]) == []


def test_a_path_in_bytes_is_told_from_a_file_s_bytes(network) -> None:
    with pytest.raises(pydarknet.DataError, match="a path in bytes: expected text"):
        network.detect(b"img.png")


def test_detections_have_places(network) -> None:
    found = network.detect("img.png")

    assert found[0] == next(iter(found))
    assert isinstance(found[-1], Detection)
    assert isinstance(found[:2], Detections)
    assert len(found[1:]) == len(found) - 1


@pytest.fixture
def shim(fault, monkeypatch) -> str:
    """Install darknet.py beside a .data file that has no classes=, and let programs import it."""
    monkeypatch.syspath_prepend(fault("inference/darknet_py_finds_two_classes_only"))
    yield
    sys.modules.pop("darknet", None)


def imported(answer, *words: str) -> ModuleType:
    """Install the shim with these words into the working folder, and import it."""
    assert answer(" ".join(["install-shim", ".", *words])).status == 0
    return importlib.import_module("darknet")


@pytest.mark.usefixtures("shim")
def test_the_fork_s_interface_finds_every_named_class(answer) -> None:
    darknet = imported(answer)

    net, names, _ = darknet.load_network("c3.cfg", "my.data", "c3.weights")
    found = darknet.detect_image(net, names, darknet.load_image(b"img.png", 0, 0), thresh=0.3)

    assert names == ["ant", "bee", "cat"]
    assert {one[0] for one in found} == {"ant", "bee", "cat"}


@pytest.mark.usefixtures("shim")
def test_the_original_s_interface_finds_every_named_class(answer) -> None:
    darknet = imported(answer)

    net, meta = darknet.load_net(b"c3.cfg", b"c3.weights", 0), darknet.load_meta(b"my.data")

    assert {one[0] for one in darknet.detect(net, meta, b"img.png", thresh=0.3)} == {
        b"ant",
        b"bee",
        b"cat",
    }


@pytest.mark.usefixtures("shim")
def test_yolo34py_finds_every_named_class() -> None:
    detector = pydarknet.Detector(b"c3.cfg", b"c3.weights", 0, b"my.data")

    found = detector.detect(pydarknet.Image(cv2.imread("img.png")), thresh=0.3)

    assert {one[0] for one in found} == {"ant", "bee", "cat"}


@pytest.mark.usefixtures("shim")
def test_alpr_gets_the_size_with_the_boxes(answer) -> None:
    dn = imported(answer, "-api", "alpr")

    net, meta = dn.load_net(b"c3.cfg", b"c3.weights", 0), dn.load_meta(b"my.data")
    found, (width, height) = dn.detect(net, meta, "img.png", thresh=0.3)

    assert (height, width) == cv2.imread("img.png").shape[:2]
    assert {one[0] for one in found} == {b"ant", b"bee", b"cat"}


@pytest.mark.usefixtures("shim")
@pytest.mark.parametrize("api", ["alexeyab", "hank-ai", "alpr"])
def test_programs_take_ctypes_from_the_module(answer, api: str) -> None:
    darknet = imported(answer, "-api", api)

    assert darknet.ct.pointer(darknet.ct.c_int(5))[0] == darknet.c_int(5).value


def test_names_that_are_loaded_late_are_listed() -> None:
    assert set(pydarknet.__all__) <= set(dir(pydarknet))
    assert "load_network" in dir(pydarknet)
    assert not {"LATER", "import_module"} & set(dir(pydarknet))


@pytest.mark.parametrize("shape", [(0, 10, 3), (10, 0, 3)])
def test_a_picture_without_pixels_is_told(network, shape: tuple[int, ...]) -> None:
    with pytest.raises(pydarknet.DataError, match="expected at least one pixel"):
        network.detect(np.zeros(shape, np.uint8))


TINY = HERE / "reference" / "infer_ab_yolov4tiny_a"


@pytest.fixture
def tiny() -> pydarknet.Network:
    """Load a recorded network of thirty layers."""
    return pydarknet.load_network(
        TINY / "net.cfg", TINY / "net.weights", dialect="alexeyab", device="cpu"
    )


@pytest.mark.parametrize(("convert", "most"), [("double", 0), ("half", 1), ("bfloat16", 5)])
def test_a_network_of_another_precision_still_detects(tiny, convert: str, most: int) -> None:
    image = np.random.default_rng(0).integers(0, 255, (60, 50, 3), dtype=np.uint8)
    expected = tiny.detect(image, thresh=0.7)

    found = getattr(tiny, convert)().detect(image, thresh=0.7)

    assert len(expected) > 20
    assert abs(len(found) - len(expected)) <= most  # the scores of some stand near the threshold
    torch.testing.assert_close(found.scores.max(), expected.scores.max(), atol=0.01, rtol=0)


def test_a_write_through_data_counts_at_once(tiny) -> None:
    image = np.random.default_rng(0).integers(0, 255, (60, 50, 3), dtype=np.uint8)
    before = tiny.detect(image, thresh=0.01).boxes

    tiny.stack[0].weights.data.mul_(2)
    after = tiny.detect(image, thresh=0.01).boxes

    assert before.shape != after.shape or not torch.equal(before, after)


def through_torch_save(network: pydarknet.Network) -> pydarknet.Network:
    """Return a network after a way through torch's own files."""
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


WAYS = {
    "pickle": lambda network: pickle.loads(pickle.dumps(network)),
    "torch.save": through_torch_save,
    "deepcopy": copy.deepcopy,
    "train and eval": lambda network: network.train().eval().to("cpu"),
}
RECORDED = sorted(path.parent.name for path in (HERE / "reference").glob("infer_*/net.cfg"))


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_network_is_the_same_after_every_way(name: str) -> None:
    """A process that is spawned gets it by pickle.

    On some processors a matrix at another address is summed in another order, so the last digits
    may differ.
    """
    folder = HERE / "reference" / name
    dialect = {"pj": "pjreddie", "ab": "alexeyab"}[name.split("_")[1]]
    network = pydarknet.load_network(
        folder / "net.cfg", folder / "net.weights", dialect=dialect, device="cpu", strict=False
    )
    images = torch.rand(1, *network.input.tensor)
    expected = heads_of(network, images)  # after this it has a fast form

    for way in WAYS.values():
        for head, one in zip(heads_of(way(network), images), expected, strict=True):
            torch.testing.assert_close(head, one, rtol=1e-4, atol=1e-5, equal_nan=True)


def heads_of(network: pydarknet.Network, images: torch.Tensor) -> list[torch.Tensor]:
    """Return the outputs of the heads of a network's fast form, from no state of before."""
    network.reset()
    with torch.inference_mode():
        return [head.activated for head in network.prepared()(images)]


@pytest.mark.usefixtures("one_thread")
def test_threads_detect_at_the_same_time(tiny) -> None:
    images = np.random.default_rng(1).integers(0, 255, (4, 60, 50, 3), dtype=np.uint8)
    expected = [tiny.detect(image).boxes for image in images]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: tiny.detect(images[k % 4]).boxes, range(24)))

    assert all(torch.equal(boxes, expected[k % 4]) for k, boxes in enumerate(found))


def replayed(network: pydarknet.Network, images: torch.Tensor) -> Graph:
    """Record as on a GPU: a replay computes from one place into another, here on the CPU."""
    place = images.clone()
    heads = [head.clone() for head in network.heads(place)]

    def replay() -> None:
        for kept, new in zip(heads, network.heads(place), strict=True):
            kept.raw.copy_(new.raw)
            kept.activated.copy_(new.activated)

    return Graph(place, heads, replay)


@pytest.mark.usefixtures("one_thread")
def test_a_recorded_graph_gives_threads_their_own_images(tiny) -> None:
    recorder, given = Recorder(replayed, "not recorded"), torch.rand(4, 1, *tiny.input.tensor)

    def first_head(k: int) -> torch.Tensor:
        with torch.inference_mode():
            return recorder(tiny, given[k % 4])[0].activated

    expected = [tiny(images)[0].activated for images in given]
    first_head(0), first_head(0)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(first_head, range(40)))

    assert all(torch.equal(head, expected[k % 4]) for k, head in enumerate(found))


@pytest.mark.parametrize("module", ["compat.alpr", "compat.hank_ai", "training", "opencv"])
def test_a_star_imports_what_is_there(module: str) -> None:
    made = importlib.import_module(f"pydarknet.{module}")

    for name in getattr(made, "__all__", []):
        assert hasattr(made, name), name
    assert set(getattr(made, "__all__", [])) <= {*dir(made), *dir(pydarknet.compat.darknet)}


def test_a_function_of_the_library_takes_whole_numbers(fault) -> None:
    fault("inference/darknet_py_finds_two_classes_only")
    darknet = pydarknet.compat.darknet
    net, meta = darknet.load_net("c3.cfg", "c3.weights", 0), darknet.load_meta("my.data")

    all_of_them = darknet.detect(net, meta, "img.png", thresh=0, nms=1)

    assert len(all_of_them) > len(darknet.detect(net, meta, "img.png", thresh=np.float64(0.3)))
    assert darknet.detect(net, meta, "img.png", thresh=1) == []


def test_a_network_in_training_detects_by_what_it_learned(fault):
    fault("inference/api_detect_none")
    network = pydarknet.load_network("net.cfg", "net.weights", device="cpu")
    before = network.detect("img.png", thresh=0.1).boxes

    after = network.train().detect("img.png", thresh=0.1).boxes

    assert network.training
    assert len(before)
    assert torch.equal(before, after)
