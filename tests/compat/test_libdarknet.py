"""The functions of libdarknet: boxes, suppression, batches."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_char_p
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import recording

from pydarknet import DarknetError, DataError, load_network
from pydarknet.compat import darknet
from pydarknet.compat.libdarknet import load_meta
from pydarknet.compat.library_images import free_image, letterbox_image, load_image
from pydarknet.compat.network_handle import Handle

LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}


def recorded_rows(folder: Path, which: str) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes and probabilities of a recording."""
    arrays = np.load(folder / "expected.npz")
    boxes = next(arrays[k] for k in arrays if k.startswith(which) and k.endswith("bbox"))
    probs = next(arrays[k] for k in arrays if k.startswith(which) and k.endswith("prob"))
    return boxes, probs


def rows_of(dets: object, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Read boxes and probabilities one attribute at a time, as programs do."""
    boxes = [[dets[j].bbox.x, dets[j].bbox.y, dets[j].bbox.w, dets[j].bbox.h] for j in range(count)]
    return np.array(boxes), np.array(
        [[dets[j].prob[i] for i in range(classes)] for j in range(count)]
    )


def predicted(name: str) -> tuple[Handle, darknet.IMAGE]:
    """Let a recorded network see its image as the C's CPU code did."""
    folder = recording(name)
    dialect = LINEAGES[name.split("_")[1]]
    network = load_network(
        folder / "net.cfg", folder / "net.weights", dialect=dialect, batchnorm="cpu", device="cpu"
    )
    handle = Handle(network, 1, network.dialect.letterbox)
    image = darknet.load_image(str(folder / "input.png"), 0, 0)
    darknet.predict_image(handle, image)
    return handle, image


@pytest.mark.parametrize("name", ["infer_pj_yolov3_a", "infer_ab_yolov3_a", "infer_ab_yolov2_a"])
def test_boxes_are_the_library_s(name: str) -> None:
    handle, image = predicted(name)
    number = darknet.pointer(darknet.c_int(0))
    letter = (0,) if "_ab_" in name else ()  # the original's function has no such word

    dets = darknet.get_network_boxes(handle, image.w, image.h, 0.25, 0.5, None, 1, number, *letter)

    boxes, probs = recorded_rows(recording(name), "det_raw")
    ours = rows_of(dets, number[0], probs.shape[1])
    np.testing.assert_allclose(ours[0], boxes, atol=1e-3)
    np.testing.assert_allclose(ours[1], probs, atol=1e-3)


@pytest.mark.parametrize("name", ["infer_pj_yolov3_a", "infer_ab_yolov3_a"])
@pytest.mark.parametrize(
    ("which", "function"),
    [("det_nms_", darknet.do_nms_sort), ("det_nmsobj_", darknet.do_nms_obj)],
)
def test_suppression_reorders_boxes_in_place(name: str, which: str, function: object) -> None:
    handle, image = predicted(name)
    number = darknet.c_int(0)
    dets = darknet.get_network_boxes(handle, image.w, image.h, 0.25, 0.5, None, 1, number)
    boxes, probs = recorded_rows(recording(name), which)

    function(dets, number.value, probs.shape[1], 0.45)

    ours = rows_of(dets, number.value, probs.shape[1])
    np.testing.assert_allclose(ours[1], probs, atol=1e-3)
    np.testing.assert_allclose(ours[0], boxes, atol=1e-3)


def test_a_box_says_by_which_class_it_was_sorted_at_last() -> None:
    handle, image = predicted("infer_ab_yolov3_a")
    number = darknet.c_int(0)
    dets = darknet.get_network_boxes(handle, image.w, image.h, 0.25, 0.5, None, 1, number)
    dets[0].objectness = 0  # which is not sorted
    count = number.value

    def sort_classes() -> list[int]:
        return [dets[i].sort_class for i in range(count)]

    assert sort_classes() == [0] * count
    darknet.do_nms_sort(dets, count, dets[0].classes, 0.45)
    assert sort_classes() == [dets[0].classes - 1] * (count - 1) + [0]
    darknet.do_nms_obj(dets, count, dets[0].classes, 0.45)
    assert sort_classes() == [-1] * (count - 1) + [0]


@pytest.mark.parametrize("form", [lambda number: number, ctypes.pointer, ctypes.byref])
def test_the_number_of_boxes_goes_where_c_would_put_it(net: Handle, form: object) -> None:
    darknet.predict_image(net, darknet.load_image("input.png"))
    number = darknet.c_int(-1)

    dets = darknet.get_network_boxes(net, 48, 48, 0.25, 0.5, None, 0, form(number))

    assert number.value > 0
    assert dets[number.value - 1].objectness > 0.25


def test_no_boxes_are_no_error(net: Handle) -> None:
    darknet.predict_image(net, darknet.load_image("input.png"))
    number = darknet.c_int(-1)

    dets = darknet.get_network_boxes(net, 48, 48, 0.9999, 0.5, None, 0, number, 0)
    darknet.do_nms_sort(dets, number.value, 3, 0.45)

    assert number.value == 0
    assert darknet.remove_negatives(dets, ["a", "b", "c"], 0) == []
    assert darknet.remove_negatives_faster(dets, ["a", "b", "c"], 0) == []


def test_boxes_before_any_image_are_an_error(net: Handle) -> None:
    with pytest.raises(DarknetError, match="there is no image yet"):
        darknet.get_network_boxes(net, 48, 48, 0.5, 0.5, None, 0, darknet.c_int(0), 0)


def test_a_batch_lies_in_the_memory_of_one_image(fork: tuple) -> None:
    network, names, _ = fork
    rgb = cv2.cvtColor(cv2.imread("input.png"), cv2.COLOR_BGR2RGB)
    small = cv2.resize(rgb, (48, 48)).transpose(2, 0, 1)
    batch = np.concatenate([small, small * 0], axis=0).ravel().astype(np.float32) / 255
    data = batch.ctypes.data_as(darknet.POINTER(darknet.c_float))
    one, _ = darknet.array_to_image(small.transpose(1, 2, 0))

    image = darknet.IMAGE(999, 777, 3, data)  # the sizes do not matter
    pairs = darknet.network_predict_batch(network, image, 2, 48, 48, 0.25, 0.5, None, 0, 0)

    darknet.do_nms_sort(pairs[0].dets, pairs[0].num, len(names), 0.45)
    found = darknet.decode_detection(darknet.remove_negatives(pairs[0].dets, names, pairs[0].num))
    expected = sorted(darknet.detect_image(network, names, one, thresh=0.25))
    assert [one[:2] for one in sorted(found)] == [one[:2] for one in expected]
    boxes = [one[2] for one in expected]
    np.testing.assert_allclose([one[2] for one in sorted(found)], boxes, atol=1e-3)
    assert pairs[1].num != pairs[0].num
    darknet.free_batch_detections(pairs, 2)


def test_whoever_says_letter_is_of_the_fork(net: Handle) -> None:
    image = darknet.load_image("input.png", 0, 0)
    stretched, names = Handle(net.network), [b"a", b"b", b"c"]
    expected = darknet.detect_image(stretched, names, image, 0.25, nms=0)
    number = darknet.c_int(0)

    darknet.predict_image(net, image)  # a letterbox: nothing has said yet whose program this is
    dets = darknet.get_network_boxes(net, image.w, image.h, 0.25, 0.5, None, 0, number, 0)

    found = darknet.decode_detection(darknet.remove_negatives(dets, names, number.value))
    assert sorted(found, key=lambda one: one[1]) == expected


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that writes a .data file beside a list of three names."""
    monkeypatch.chdir(tmp_path)
    Path("my.names").write_bytes("ant\nbée\n".encode() + b"c\xe9\n")

    def write(text: str) -> str:
        Path("my.data").write_text(text)
        return "my.data"

    return write


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("names=my.names", 3),
        ("labels=my.names", 3),
        ("names=my.names\nclasses=1", 1),  # as it is written
        ("names=my.names\nclasses=4", 4),
        ("train=train.txt", 2),  # the C's default
    ],
)
def test_a_data_file_without_classes_has_as_many_as_names(data, text: str, classes: int) -> None:
    assert load_meta(data(text)).classes == classes


@pytest.mark.parametrize(("least", "classes"), [(2, 3), (5, 5)])
def test_a_network_may_have_more_classes_than_names(data, least: int, classes: int) -> None:
    assert load_meta(data("names=my.names"), least).classes == classes


def test_names_are_the_bytes_of_the_file(data) -> None:
    meta = load_meta(data("names=my.names"))

    assert [meta.names[k] for k in range(3)] == [b"ant", "bée".encode(), b"c\xe9"]


@pytest.mark.parametrize(
    "path", [b"input.png", "input.png", Path("input.png"), c_char_p(b"input.png")]
)
def test_a_path_may_have_any_form_that_ctypes_takes(folder, path) -> None:
    assert load_image(path, 0, 0).w == load_image("input.png").w


@pytest.mark.parametrize(("path", "kind"), [(None, "None"), (7, "int"), (c_char_p(), "None")])
def test_what_is_no_path_is_told(path, kind: str) -> None:
    with pytest.raises(DataError, match=f"a path is {kind}: expected text or bytes"):
        load_image(path, 0, 0)


def test_an_image_may_be_freed_twice(folder) -> None:
    image = load_image(b"input.png", 0, 0)

    free_image(image)
    free_image(image)

    with pytest.raises(DataError, match="an image has no data: it was freed"):
        letterbox_image(image, 8, 8)
