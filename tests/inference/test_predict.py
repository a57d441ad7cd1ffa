"""From an image to boxes: what the recordings of the C programs hold, through our own pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import HERE, SHARED, needs_shared, recording

import pydarknet
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.settings import Settings, settings
from pydarknet.graph.executor import Executor
from pydarknet.inference.predict import batch_of, decode, network_input, predict
from pydarknet.modules.transforms import load_image

LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}


def recordings() -> list[tuple[str, str]]:
    """Return folder and suffix of every recorded image with detections."""
    folders = {f.name: f for f in (SHARED / "golden").glob("infer_*") if (f / "net.cfg").exists()}
    folders |= {f.name: f for f in (HERE / "reference").glob("infer_*")}
    files = [file for name in sorted(folders) for file in sorted(folders[name].glob("meta*.json"))]
    return [
        (file.parent.name, file.stem.removeprefix("meta"))
        for file in files
        if "detections" in json.loads(file.read_text())
    ]


def case(name: str, suffix: str) -> tuple[pydarknet.Network, np.ndarray, Settings, dict]:
    """Return a recording's network, image, settings and arrays."""
    folder = recording(name)
    meta = json.loads((folder / f"meta{suffix}.json").read_text())
    network = pydarknet.load_network(
        folder / "net.cfg",
        folder / "net.weights",
        dialect=LINEAGES[name.split("_")[1]],
        batchnorm="cpu",
        device="cpu",
    )
    chosen = settings(
        network, thresh=meta["thresh"], nms=meta["nms"], letterbox=bool(meta["letterbox"])
    )
    image = load_image(folder / f"input{suffix}.png", channels=network.input.c)
    return network, image, chosen, dict(np.load(folder / f"expected{suffix}.npz"))


def assert_same(found: Detections, arrays: dict, stage: str) -> None:
    """Assert that boxes are the recorded ones, in order."""
    for ours, theirs in (("boxes", "bbox"), ("objectness", "obj"), ("probabilities", "prob")):
        values = torch.from_numpy(arrays[f"det_{stage}_{theirs}"])
        torch.testing.assert_close(getattr(found, ours), values, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("name", "suffix"), recordings())
def test_the_network_reads_the_recorded_pixels(name: str, suffix: str) -> None:
    network, image, chosen, arrays = case(name, suffix)

    pixels = network_input(network, image, letterboxed=chosen.letterbox).numpy()

    whole = arrays.get("net_input")
    got, want = (
        (pixels, whole) if whole is not None else (pixels.ravel()[::5], arrays["net_input_sub5"])
    )
    np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize(("name", "suffix"), recordings())
def test_boxes_before_suppression_are_the_recorded_ones(name: str, suffix: str) -> None:
    network, image, chosen, arrays = case(name, suffix)

    with torch.inference_mode():
        heads = network(network_input(network, image, letterboxed=chosen.letterbox)[None])
        [found] = decode(network, heads, [image], chosen)

    assert_same(found, arrays, "raw")


@pytest.mark.parametrize(("name", "suffix"), recordings())
def test_boxes_after_suppression_are_the_recorded_ones(name: str, suffix: str) -> None:
    network, image, chosen, arrays = case(name, suffix)

    [found] = predict(network, [image], chosen)

    assert_same(found, arrays, "nms")


def test_pictures_are_here() -> None:
    assert len(recordings()) >= 10


@needs_shared
def test_all_pictures_are_compared() -> None:
    assert len(recordings()) == 31


HEADS = (  # a recording for each way of decoding a head
    "infer_ab_gaussian_yolo_corners",
    "infer_ab_yolov2_a",
    "infer_ab_yolov4_mish_diounms",
    "infer_pj_yolov1_a",
    "infer_pj_yolov2_a",
    "infer_pj_yolov3_a",
)


@pytest.mark.parametrize("name", HEADS)
def test_a_list_of_pictures_is_one_batch(name: str) -> None:
    network, image, chosen, _ = case(name, "")
    others = [np.ascontiguousarray(image[:, ::-1]), np.zeros((9, 30, image.shape[2]), np.uint8)]
    images = [others[0], image, others[1]]

    both = predict(network, images, chosen)

    assert len({len(found.kept()) for found in both}) > 1, "they show different things"
    for together, one in zip(both, images, strict=True):
        [single] = predict(network, [one], chosen)
        for part in ("boxes", "objectness", "probabilities"):
            a, b = getattr(together, part), getattr(single, part)
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_a_path_and_its_pixels_give_the_same(tmp_path: Path) -> None:
    network, image, _, _ = case("infer_pj_yolov3_a", "")

    from_path = network.detect(recording("infer_pj_yolov3_a") / "input.png")

    torch.testing.assert_close(from_path.boxes, network.detect(image).boxes)
    assert len(from_path) > 0


@pytest.mark.parametrize("name", ["infer_pj_darknet19_a", "infer_pj_connected_chain"])
def test_a_network_without_a_detection_head_says_so(name: str) -> None:
    folder = recording(name)
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")

    with pytest.raises(pydarknet.CfgError, match="no detection head"):
        network.detect(np.zeros((8, 8, 3), np.uint8))


def test_an_image_of_another_form_is_refused() -> None:
    network, _, _, _ = case("infer_pj_yolov3_a", "")

    with pytest.raises(pydarknet.DataError, match=r"float32 \[3, 8, 8\]: expected uint8"):
        network.detect(np.zeros((3, 8, 8), np.float32))


def test_many_images_are_worked_on_some_at_a_time(net, monkeypatch) -> None:
    head = "[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=8,8\n"
    network = net(f"[convolutional]\nfilters=6\nsize=1\nactivation=linear\n{head}", h=2, w=2)
    network.initialize()
    sizes, seen = [], Executor.forward
    monkeypatch.setattr(Executor, "forward", lambda self, x: sizes.append(len(x)) or seen(self, x))
    monkeypatch.setattr("pydarknet.network.MAPS", 2 * network.map_bytes())
    read = []

    found = network.find_in_turn(
        range(5),
        lambda place: read.append(place) or np.zeros((2, 2, 3), np.uint8),
        settings(network),
    )

    next(found)
    assert read == [0, 1]  # the others are not read yet
    assert len(list(found)) == 4
    assert sizes == [2, 2, 1]


def test_on_a_cpu_an_input_and_a_batch_have_channels_last(net):
    network = net("[maxpool]\n", c=3, h=16, w=24)
    network.initialize()
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    one = network_input(network, pixels, letterboxed=True)

    batch = batch_of([one, 1 - one], network)

    assert one.permute(1, 2, 0).is_contiguous()
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(batch, torch.stack([one, 1 - one]))


def test_a_batch_of_what_is_no_image_is_stacked(net):
    network = net("[connected]\noutput=1\n", c=5, h=1, w=1)
    network.initialize()

    assert torch.equal(batch_of([torch.arange(5.0)] * 2, network), torch.arange(5.0).expand(2, 5))


def test_another_program_gets_channels_first(net):
    network = net("[maxpool]\n", c=3, h=16, w=24)
    network.initialize()
    network.backend = "openvino"
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), np.uint8)
    one = network_input(network, pixels, letterboxed=True)

    batch = batch_of([one, 1 - one], network)

    assert one.is_contiguous()
    assert batch.is_contiguous()
    assert torch.equal(batch, torch.stack([one, 1 - one]))
