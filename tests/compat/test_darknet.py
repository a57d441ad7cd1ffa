"""The functions of all versions of darknet.py return what they returned with the C libraries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import HERE, SHARED, needs_shared, recording

from pydarknet import load_network
from pydarknet.compat import darknet
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
    """Run a recorded network on its image, with batch norm as in C on a CPU."""
    folder = recording(name)
    dialect = LINEAGES[name.split("_")[1]]
    network = load_network(
        folder / "net.cfg", folder / "net.weights", dialect=dialect, batchnorm="cpu", device="cpu"
    )
    handle = Handle(network, 1, network.dialect.letterbox)
    image = darknet.load_image(str(folder / "input.png"), 0, 0)
    darknet.predict_image(handle, image)
    return handle, image


def test_the_original_s_detect_gives_names_in_bytes_and_pixels_best_first(net: Handle) -> None:
    meta = darknet.load_meta(b"net.data")

    found = darknet.detect(net, meta, b"input.png", thresh=0.25)

    assert [type(part) for part in found[0]] == [bytes, float, tuple]
    assert [one[1] for one in found] == sorted((one[1] for one in found), reverse=True)
    assert found == darknet.detect(net, meta, "input.png", thresh=0.25)
    assert max(one[2][0] for one in found) > 1


def test_the_original_s_detect_letterboxes_and_suppresses_by_objectness(folder: Path) -> None:
    handle, image = predicted("infer_pj_yolov3_a")
    meta = darknet.load_meta("net.data")
    boxes, probs = recorded_rows(folder, "det_nmsobj")

    found = darknet.detect(handle, meta, image, thresh=0.25)

    rows, classes = np.nonzero(probs)
    best = np.argsort(-probs[rows, classes], kind="stable")
    ours = np.array([one[2] for one in found]) / ([image.w, image.h] * 2)
    assert [one[0] for one in found] == [meta.names[k] for k in classes[best]]
    np.testing.assert_allclose(ours, boxes[rows[best]], atol=1e-3)


def test_an_older_fork_s_detect_image_takes_metadata(fork: tuple) -> None:
    network, names, _ = fork
    meta, image = darknet.load_meta("net.data"), darknet.load_image("input.png", 0, 0)

    older = darknet.detect_image(network, meta, image, 0.25, 0.5, 0.45, False)
    newer = darknet.detect_image(network, names, image, thresh=0.25)

    assert [type(part) for part in older[0]] == [bytes, float, tuple]
    assert [type(part) for part in newer[0]] == [str, str, tuple]
    assert sorted((name.decode(), str(round(p * 100, 2)), box) for name, p, box in older) == sorted(
        newer
    )
    assert [one[1] for one in newer] == sorted(one[1] for one in newer)  # as text


def test_detect_image_says_what_the_steps_of_it_say(fork: tuple) -> None:
    network, names, _ = fork
    image = darknet.load_image("input.png", 0, 0)
    number = darknet.pointer(darknet.c_int(0))

    darknet.predict_image(network, image)
    dets = darknet.get_network_boxes(network, image.w, image.h, 0.25, 0.5, None, 0, number, 0)
    darknet.do_nms_sort(dets, number[0], len(names), 0.45)
    found = darknet.decode_detection(darknet.remove_negatives(dets, names, number[0]))
    darknet.free_detections(dets, number[0])

    expected = darknet.detect_image(network, names, image, 0.25)
    assert sorted(found, key=lambda one: one[1]) == expected


def test_a_box_has_its_best_class_in_best_class_idx(fork: tuple) -> None:
    network, names, _ = fork
    number = darknet.c_int(0)
    darknet.predict_image(network, darknet.load_image("input.png"))
    dets = darknet.get_network_boxes(network, 48, 48, 0.25, 0.5, None, 0, number, 0)

    best = darknet.remove_negatives_faster(dets, names, number.value)

    scores = rows_of(dets, number.value, len(names))[1]
    assert [one[0] for one in best] == [names[row.argmax()] for row in scores if row.any()]
    assert [dets[j].best_class_idx == -1 for j in range(number.value)] == (~scores.any(1)).tolist()
    assert dets[0].classes == len(names)


def test_classes_come_best_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recording("infer_pj_darknet19_a"))
    net = darknet.load_net(b"net.cfg", b"net.weights", 0)
    meta = darknet.load_meta(b"net.data")

    found = darknet.classify(net, meta, darknet.load_image(b"input.png", 0, 0))

    assert len(found) == meta.classes
    assert isinstance(found[0][0], bytes)
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)


@pytest.fixture
def perform(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Return the arguments of performDetect for the recorded network, and clear its cache."""
    for name in ("netMain", "metaMain", "altNames"):
        monkeypatch.setattr(darknet, name, None)
    monkeypatch.delenv("DISPLAY", raising=False)
    return {
        "imagePath": "input.png",
        "configPath": "net.cfg",
        "weightPath": "net.weights",
        "metaPath": "net.data",
    }


def test_perform_detect_gives_a_list_with_names_as_text(perform: dict) -> None:
    found = darknet.performDetect(**perform, showImage=False)

    assert isinstance(found[0][0], str)
    assert darknet.altNames == Path("net.names").read_text().split()


def test_perform_detect_gives_a_picture_and_a_caption(perform: dict, capsys) -> None:
    shown = darknet.performDetect(**perform)

    said = capsys.readouterr().out
    name, probability, _ = shown["detections"][0]
    assert f"*** {len(shown['detections'])} Results, color coded by confidence ***" in said
    assert shown["caption"].startswith(f"{name}: {np.rint(100 * probability)}%")
    assert shown["image"].dtype == np.uint8


def test_perform_detect_may_only_load(perform: dict, capsys) -> None:
    assert darknet.performDetect(**perform, initOnly=True) is None
    assert capsys.readouterr().out == "Initialized detector\n"


def test_perform_detect_names_what_is_missing(perform: dict) -> None:
    with pytest.raises(ValueError, match=r"the weights file does not exist: .*none\.weights"):
        darknet.performDetect(**{**perform, "weightPath": "none.weights"})


@pytest.mark.parametrize("thresh", [0, 1])
def test_perform_detect_asserts_its_threshold(perform: dict, thresh: float) -> None:
    with pytest.raises(AssertionError, match="expected more than 0 and less than 1"):
        darknet.performDetect(**perform, thresh=thresh)


def test_detections_are_printed_in_lines(capsys) -> None:
    found = [("dog", "93.3", (250.2, 362.0, 272.2, 347.3))]

    darknet.print_detections(found)
    darknet.print_detections(found, coordinates=True)

    assert capsys.readouterr().out == (
        "\nObjects:\ndog: 93.3%\n"
        "\nObjects:\ndog: 93.3%    (left_x: 250   top_y:  362   width:   272   height:  347)\n"
    )


def test_boxes_are_drawn_into_the_picture() -> None:
    image = np.zeros((100, 100, 3), np.uint8)

    same = darknet.draw_boxes([("dog", "93.3", (50, 50, 20, 40))], image, {"dog": (1, 2, 3)})

    assert same is image
    assert image[30, 50].tolist() == image[50, 40].tolist() == [1, 2, 3]
    assert darknet.bbox2points((50, 50, 20, 41)) == (40, 30, 60, 70)  # 29.5 and 70.5 to even


def test_lower_boxes_suppress_those_they_cover() -> None:
    box, higher, apart = (50, 50, 20, 20), (50, 46, 20, 20), (10, 10, 5, 5)
    listed = [("a", 1, 1, higher), ("b", 1, 1, box), ("c", 1, 1, apart)]

    assert darknet.non_max_suppression_fast(listed, 0.5) == [listed[1], listed[2]]
    assert darknet.non_max_suppression_fast([], 0.5) == []


def test_colours_are_random_bytes(fork: tuple) -> None:
    _, names, colors = fork

    assert list(colors) == names
    assert all(0 <= shade <= 255 for color in colors.values() for shade in color)


@needs_shared
def test_a_published_model_gives_what_the_fork_s_darknet_py_gave() -> None:
    folder = SHARED / "models" / "yolo-fastest-1.1-xl"
    image = darknet.load_image(str(SHARED / "images" / "dog.stb.png"), 0, 0)
    network = darknet.load_net_custom(str(folder / "model.cfg"), str(folder / "model.weights"))
    names = (HERE.parent / "data" / "coco.names").read_text().split("\n")

    found = darknet.detect_image(network, names, image, thresh=0.25)

    assert [one[:2] for one in found] == [
        ("cat", "34.69"),
        ("truck", "46.23"),
        ("car", "80.04"),
        ("bicycle", "90.18"),
        ("dog", "93.3"),
    ]
    dog = (250.28672790527344, 362.08526611328125, 272.27203369140625, 347.3141784667969)
    np.testing.assert_allclose(found[-1][2], dog, atol=1e-3)
