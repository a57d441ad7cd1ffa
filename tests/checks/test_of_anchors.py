"""What is found of anchors."""

from pathlib import Path

import pytest

from pydarknet.checks.of_anchors import fit_of


@pytest.fixture
def boxes(data):
    """Let 100 boxes be half as wide and high as their image: 32 x 32 pixels of the input."""
    Path("a.txt").write_text("".join(f"0 .5 .{k} .5 .5\n" for k in range(400, 500)))
    for name in "bcdvw":
        Path(f"{name}.txt").write_text("")


def test_the_fit_is_the_mean_iou_with_the_nearest_anchor(boxes, survey):
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("32,32", "16,32"))

    fit = fit_of(survey())

    assert fit.given == pytest.approx(0.5)  # 16 x 32 of 32 x 32
    assert fit.calculated == pytest.approx(1)


@pytest.mark.parametrize(("anchor", "found_one"), [("32,32", False), ("16,32", True)])
def test_anchors_beside_which_others_fit_better_are_told(boxes, found, anchor, found_one):
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("32,32", anchor))

    told = [one for one in found().values() if one.thing == "anchors"]

    assert bool(told) == found_one
    assert all("-num_of_clusters 2 -width 64 -height 64" in one.mend for one in told)


def test_anchors_that_are_the_sides_of_cells_need_no_fit(boxes, survey):
    cfg = Path("my.cfg").read_text().replace("32,32", "16,32")
    Path("my.cfg").write_text(cfg.replace("[yolo]", "[yolo]\nassign=simota\nmask=0"))

    assert fit_of(survey()) is None


@pytest.mark.parametrize(("width", "told"), [(640, False), (64000, True)])
def test_anchors_far_beyond_the_input_are_wrong(found, width, told):
    cfg = Path("my.cfg").read_text().replace("32,32", f"{width},32")
    Path("my.cfg").write_text(cfg)

    text = "1 anchor far beyond the 64x64 input, 64000 x 32"
    assert ({text: "wrong"}.items() <= {k: v.state for k, v in found().items()}.items()) == told


def test_calculated_anchors_are_of_boxes_as_training_cuts_them(boxes, survey):
    rows = Path("a.txt").read_text().replace("0 .5 .450 .5 .5", "0 .5 .450 500 .5")
    Path("a.txt").write_text(rows)

    assert survey().box_sizes.max() == 64


TWO_HEADS = """
[convolutional]
filters=7
size=1
activation=linear

[yolo]
mask={}
anchors=16,16, 32,32
classes=2
num=2

[route]
layers=-3

[convolutional]
filters=7
size=2
stride=2
activation=linear

[yolo]
mask={}
anchors=16,16, 32,32
classes=2
num=2
"""


@pytest.mark.parametrize(("masks", "told"), [((0, 1), 0), ((1, 0), 1)])
def test_the_finest_cells_have_the_smallest_anchors(found, masks, told):
    text = Path("my.cfg").read_text()
    Path("my.cfg").write_text(text[: text.index("[yolo]")] + TWO_HEADS.format(*masks))

    assert sum("has larger anchors" in text for text in found()) == told


@pytest.mark.parametrize(("anchors", "state"), [("1,1, 2,2", "wrong"), ("16,16, 16,16", "look")])
def test_anchors_that_hardly_overlap_boxes_are_wrong(boxes, found, anchors, state):
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("16,16, 32,32", anchors))

    assert [one.state for text, one in found().items() if "mean IoU" in text] == [state]


@pytest.mark.parametrize(
    ("anchors", "told"),
    [
        ("16,16", ["1 anchor below a pixel, 0.5 x 0.5"]),  # of two: MISSING_ANCHORS
        (".3,.3, .4,.5", ["2 anchors below a pixel, 0.3 x 0.3"]),
        (".3,16, 32,32", []),
    ],
)
def test_anchors_below_a_pixel_are_wrong(found, anchors, told):
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("16,16, 32,32", anchors))

    findings = [one for one in found().values() if "below a pixel," in one.text]

    assert [one.text.partition(":")[0] for one in findings] == told
    assert all(one.state == "wrong" and one.places == ("my.cfg:18 [yolo]",) for one in findings)


@pytest.mark.parametrize(("heads", "told"), [(1, 1), (2, 0)])
def test_anchors_of_one_size_are_not_advised_where_heads_divide_them(boxes, found, heads, told):
    text = Path("my.cfg").read_text()
    if heads == 2:
        text = text[: text.index("[yolo]")] + TWO_HEADS.format(0, 1)
    Path("my.cfg").write_text(text.replace("16,16, 32,32", "8,8, 24,24"))

    assert sum("mean IoU" in text for text in found()) == told
