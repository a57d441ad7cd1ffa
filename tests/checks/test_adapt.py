"""A cfg for a data set."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from conftest import HERE

from pydarknet.cfg.parser import sections_of
from pydarknet.checks.adapt import DataSet, Input, Length, adapt
from pydarknet.errors import CfgError, UsageError

CFGS = HERE.parent / "cfg"


def data(classes: int = 3, images: int = 100) -> DataSet:
    sizes = np.random.default_rng(0).uniform(0.05, 0.6, (200, 2)).astype(np.float32)
    return DataSet(classes, images, sizes)


def values(text: str, section: str, key: str) -> list[str]:
    found = [one.find(key) for one in sections_of(text, "x.cfg") if one.name == section]
    return [entry.value or "" for entry in found if entry]


def adapted(name: str, **how: int) -> str:
    path = CFGS / name
    return adapt(path, path.read_text(), data(**how), Input(608, 416), 8)


@pytest.mark.parametrize(
    ("name", "section", "last"),
    [
        ("yolov4-tiny.cfg", "yolo", ["24", "24"]),  # (5 + 3) * 3
        ("yolov3.cfg", "yolo", ["24", "24", "24"]),
        ("yolov2.cfg", "region", ["40"]),  # (5 + 3) * 5
    ],
)
def test_classes_and_the_filters_before_each_head(name, section, last):
    text = adapted(name)

    assert values(text, section, "classes") == ["3"] * len(last)
    sections = sections_of(text, name)
    heads = [n for n, one in enumerate(sections) if one.name == section]
    assert [sections[n - 1].find("filters").value for n in heads] == last


@pytest.mark.parametrize(
    ("name", "section", "ours", "theirs"),
    [
        ("yolox-s.cfg", "yolox", {"3": 3}, {"80": 3}),
        ("centernet-r18.cfg", "centernet", {"3": 1}, {"80": 1}),
        ("centernet-darknet53.cfg", "centernet", {"3": 1}, {"80": 1}),
        ("retina-r50.cfg", "retina", {"27": 5}, {"720": 5}),  # 9 anchors * 3; all share one
        ("retina-darknet53.cfg", "retina", {"27": 4}, {"720": 4}),
        ("ssd300-vgg16.cfg", "ssd", {"16": 3, "24": 3}, {"84": 3, "126": 3}),  # 4, 6 * (1 + 3)
        ("ssd320-mobilenet.cfg", "ssd", {"24": 6}, {"126": 6}),
    ],
)
def test_heads_over_maps_have_filters_for_classes_where_their_maps_come_from(
    name, section, ours, theirs
):
    before = values((CFGS / name).read_text(), "convolutional", "filters")
    text = adapted(name)

    after = values(text, "convolutional", "filters")
    assert values(text, section, "classes") == ["3"]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert Counter(old for old, _ in changed) == theirs
    assert Counter(new for _, new in changed) == ours


@pytest.mark.parametrize(
    ("name", "size", "first", "steps"),
    [
        ("retina-r50.cfg", (320, 320), "23,11", "8,16,32,64,128"),
        ("ssd300-vgg16.cfg", (300, 300), "21,21", "8,16,32,64,100,300"),
        ("ssd300-vgg16.cfg", (416, 416), "29.12,29.12", "8,16,32,64,83.2,138.667"),
    ],
)
def test_anchors_over_maps_are_as_large_as_the_input_makes_them_and_lie_in_it(
    name, size, first, steps
):
    path = CFGS / name
    text = adapt(path, path.read_text(), data(), Input(*size), 8)

    section = name.partition("-")[0].rstrip("0123456789")
    assert values(text, section, "anchors")[0].replace(" ", "").startswith(f"{first},")
    assert values(text, section, "steps") == [steps]


def test_classes_that_come_from_no_filters_are_told():
    text = "[net]\nwidth=8\nheight=8\nchannels=6\n[centernet]\nclasses=2\n"

    with pytest.raises(CfgError, match="its classes come from no filters that are known"):
        adapt(CFGS / "x.cfg", text, data(), Input(32, 32), 1)


@pytest.mark.parametrize(
    ("classes", "images", "batches"), [(1, 100, 6000), (5, 100, 10000), (2, 30000, 30000)]
)
def test_the_schedule_is_alexeyabs_rule(classes, images, batches):
    text = adapted("yolov4-tiny.cfg", classes=classes, images=images)

    assert values(text, "net", "max_batches") == [str(batches)]
    assert values(text, "net", "steps") == [f"{batches * 8 // 10},{batches * 9 // 10}"]
    assert values(text, "net", "width") + values(text, "net", "height") == ["608", "416"]
    assert values(text, "net", "batch") + values(text, "net", "subdivisions") == ["64", "8"]


def boxes_like(anchors: str, spread: float) -> DataSet:
    """Return boxes about as large as anchors of 608 x 416 are, by chance within a share of that."""
    pairs = np.array([float(side) for side in anchors.split(",")]).reshape(-1, 2) / (608, 416)
    shares = np.random.default_rng(0).uniform(1 - spread, 1 + spread, (40, len(pairs), 2))
    return DataSet(3, 100, (pairs * shares).reshape(-1, 2).astype(np.float32))


def anchors_of_yolov3(found: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """Return the anchors of yolov3.cfg, as large as the input makes them, and those for boxes."""
    path = CFGS / "yolov3.cfg"
    before, after = (
        values(text, "yolo", "anchors")
        for text in (path.read_text(), adapt(path, path.read_text(), found, Input(608, 416), 8))
    )
    assert len(set(after)) == 1
    usual, made = (
        np.array([float(n) for n in text.split(",")]).reshape(-1, 2)
        for text in (before[0], after[0])
    )
    return usual * (1, 416 / 608), made  # the template is of 608 x 608


def test_anchors_are_those_of_the_boxes_where_masks_suit_them():
    template = values((CFGS / "yolov3.cfg").read_text(), "yolo", "anchors")[0]

    usual, made = anchors_of_yolov3(boxes_like(template, 0.2))

    assert (made != usual).any()
    ratios = np.sqrt(made.prod(1) / usual.prod(1))
    assert (ratios < 2).all()
    assert (ratios > 0.5).all()


def test_boxes_of_one_size_leave_each_head_anchors_of_its_size():
    usual, made = anchors_of_yolov3(boxes_like("90,70", 0.3))

    np.testing.assert_allclose(made, usual, rtol=1e-3)


def test_anchors_in_cells_stay_in_cells():
    [text] = values(adapted("yolov2.cfg"), "region", "anchors")

    assert max(float(n) for n in text.split(",")) < 608 / 32


def test_a_head_without_anchors_of_its_own_keeps_its_cells():
    text = adapted("yolo-free-tiny.cfg")

    assert values(text, "yolo", "anchors") == ["8,8,16,16,32,32"] * 3
    assert values(text, "yolo", "classes") == ["3"] * 3
    assert values(text, "convolutional", "filters")[-1] == "3"


@pytest.mark.parametrize(("side", "width"), [(608, "10,"), (320, "5.263,")])
def test_few_boxes_leave_the_templates_anchors_as_large_as_the_input_makes_them(side, width):
    path = CFGS / "yolov3.cfg"
    few = DataSet(1, 10, np.ones((3, 2), np.float32))

    text = adapt(path, path.read_text(), few, Input(side, side), 8)

    assert values(text, "yolo", "anchors")[0].startswith(width)


def test_a_classifier_is_no_template():
    path = CFGS / "darknet19.cfg"
    with pytest.raises(UsageError, match="has no head with maps for classes"):
        adapt(path, path.read_text(), data(), Input(416, 416), 8)


def test_a_length_of_ones_own_has_steps_and_a_burn_in_to_match():
    path = CFGS / "yolov4-tiny.cfg"
    text = adapt(path, path.read_text(), data(), Input(416, 416), 1, Length(8, 300))

    assert values(text, "net", "batch") + values(text, "net", "max_batches") == ["8", "300"]
    assert values(text, "net", "steps") + values(text, "net", "burn_in") == ["240,270", "50"]


def test_anchors_of_a_head_without_a_mask_are_in_pixels_too():
    text = "[net]\nwidth=608\nheight=416\nchannels=3\n[convolutional]\nfilters=14\n"
    text += "[yolo]\nnum=2\nclasses=2\nanchors=100,100,200,200\n"
    large = DataSet(3, 9, np.full((9, 2), 0.5, np.float32))

    made = adapt(CFGS / "my.cfg", text, large, Input(608, 416), 8)

    anchors = [float(side) for side in values(made, "yolo", "anchors")[0].split(",")]
    assert anchors == pytest.approx([304, 208] * 2, abs=1)  # .5 of 608 x 416
    assert values(made, "convolutional", "filters") == ["16"]  # (5 + 3) * 2
