"""The boxes of one image."""

import json
import sys
import types
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import recording
from torch import Tensor

from pydarknet import UsageError
from pydarknet.boxes.detections import Detection, Detections
from pydarknet.boxes.draw import class_color
from pydarknet.boxes.origin import Origin
from pydarknet.image.files import load_image, save_image


def found(*boxes: tuple[float, ...], probabilities: list[list[float]] | None = None) -> Detections:
    """Make detections of objectness 0.5, 0.25, 0.125 ..."""
    return Detections(
        torch.tensor(boxes),
        0.5 ** torch.arange(1, len(boxes) + 1),
        torch.tensor(probabilities or [[0.0, 0.5]] * len(boxes)),
    )


CENTER = (0.5, 0.5, 0.5, 0.25)


def test_xyxy_are_pixels_of_the_image():
    # (0.5 -+ 0.25) * 640 and (0.5 -+ 0.125) * 480
    assert found(CENTER).xyxy(640, 480).tolist() == [[160, 180, 480, 300]]


def test_xyxy_may_reach_beyond_the_image():
    assert found((0.0, 0.5, 0.5, 2.0)).xyxy(100, 100).tolist() == [[-25, -50, 25, 150]]


def test_a_box_has_the_class_of_its_best_score():
    detections = found(CENTER, CENTER, probabilities=[[0.25, 0.75, 0.5], [0.5, 0.0, 0.5]])

    assert detections.scores.tolist() == [0.75, 0.5]
    assert detections.classes.tolist() == [1, 0]  # the first of equals


def test_kept_leaves_out_boxes_without_a_class():
    detections = found(CENTER, CENTER, CENTER, probabilities=[[0, 0.5], [0, 0], [0.25, 0]])

    assert detections.kept().objectness.tolist() == [0.5, 0.125]


def test_iterating_gives_a_record_a_box():
    detections = Detections(
        torch.tensor([CENTER]),
        torch.tensor([0.75]),
        torch.tensor([[0.0, 0.5]]),
        None,
        ("cat", "dog"),
    )

    assert list(detections) == [Detection("dog", 1, 0.5, CENTER, 0.75)]


def test_a_class_without_a_name_is_none():
    detections = Detections(
        torch.tensor([CENTER]), torch.tensor([0.75]), torch.tensor([[0.0, 0.5]]), None, ("cat",)
    )

    assert [d.name for d in detections] == [None]


def test_no_boxes_are_detections_too():
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 3))

    assert (len(nothing.kept()), list(nothing), nothing.scores.tolist()) == (0, [], [])


def test_cat_joins_heads_in_order():
    heads = [found((0.1, 0, 0, 0)), found((0.2, 0, 0, 0), (0.3, 0, 0, 0))]

    joined = Detections.cat(heads)

    assert len(joined) == 3
    assert joined.objectness.tolist() == [0.5, 0.5, 0.25]
    assert joined.uncertainty is None


def test_cat_keeps_the_uncertainty_of_all():
    head = Detections(torch.zeros(1, 4), torch.ones(1), torch.ones(1, 2), torch.full((1, 4), 0.5))

    assert Detections.cat([head, head]).uncertainty.tolist() == [[0.5] * 4] * 2


def test_to_moves_every_tensor():
    head = Detections(torch.zeros(1, 4), torch.ones(1), torch.ones(1, 2), torch.ones(1, 4))

    moved = head.to("meta")

    tensors = (moved.boxes, moved.objectness, moved.probabilities, moved.uncertainty)
    assert {t.device.type for t in tensors} == {"meta"}


def test_a_stretched_image_needs_no_fit():
    assert found(CENTER).fit_to_image(640, 480, 416, 416, letterbox=False).boxes.tolist() == [
        list(CENTER)
    ]


def test_fit_to_image_takes_the_margins_off():
    # 640 x 480 in 416 x 416 is 416 x 312: 52 grey rows above, a quarter of the 416 is 1/3 of 312
    fitted = found((0.25, 0.5, 0.5, 0.25)).fit_to_image(640, 480, 416, 416).boxes[0]

    assert fitted.tolist() == pytest.approx([0.25, 0.5, 0.5, 1 / 3])


def test_fit_to_image_halves_an_odd_margin_as_a_real_number():
    # 90 x 70 in 48 x 48 is 48 x 37: the image begins at row 5, the sum is done with 5.5
    y = found((0.5, 5 / 48, 0.1, 0.1)).fit_to_image(90, 70, 48, 48).boxes[0, 1]

    assert y.item() == pytest.approx(-0.5 / 37)


def centers(head: Tensor, thresh: float) -> Tensor:
    """Return the centres x, y of a [yolo] output [3 * (5 + classes), H, W], cell by cell."""
    height, width = head.shape[1:]
    anchors = head.view(3, -1, height, width)
    x = (anchors[:, 0] + torch.arange(width)) / width
    y = (anchors[:, 1] + torch.arange(height)[:, None]) / height
    rows = torch.stack((x, y, anchors[:, 4]), -1).permute(1, 2, 0, 3).reshape(-1, 3)
    return rows[rows[:, 2] > thresh, :2]


def test_boxes_leave_the_letterbox_as_in_the_reference():
    folder = recording("infer_pj_yolov3_a")  # 90 x 70 in 48 x 48, see above
    expected = np.load(folder / "expected.npz")
    meta = json.loads((folder / "meta.json").read_text())
    xy = centers(torch.from_numpy(expected["layer_015"]), meta["thresh"])
    boxes = torch.cat((xy, torch.zeros_like(xy)), 1)
    raw = Detections(boxes, torch.ones(len(xy)), torch.ones(len(xy), 1))

    fitted = raw.fit_to_image(meta["image_w"], meta["image_h"], 48, 48).boxes[:, :2]

    recorded = torch.from_numpy(expected["det_raw_bbox"])[: len(xy), :2]
    torch.testing.assert_close(fitted, recorded, atol=1e-6, rtol=0)


def test_torch_s_indices_give_boxes_or_one():
    detections = found(CENTER, CENTER, CENTER)

    assert detections[detections.objectness.argmax()].objectness == 0.5
    assert detections[detections.objectness < 0.4].objectness.tolist() == [0.25, 0.125]
    assert detections[::-1].objectness.tolist() == [0.125, 0.25, 0.5]
    assert detections[torch.tensor([1])].objectness.tolist() == [0.25]


# A box around the middle of a black image 40 wide and 20 high: 10 to 30 across, 7.5 to 12.5 down.
BLACK = np.zeros((20, 40, 3), np.uint8)


def located(image: np.ndarray, bgr: bool = False) -> Detections:
    """Return that box, found in an image."""
    return replace(found(CENTER), origin=Origin.of(image, image, "alexeyab", bgr, True))


def test_boxes_are_drawn_on_their_image_which_stays():
    drawn = located(BLACK).draw()

    assert drawn.any()
    assert not BLACK.any()
    assert drawn[12, 30].tolist() == drawn[12, 10].tolist() == list(class_color(1, 2))


def test_boxes_are_drawn_in_the_order_that_detect_was_told():
    drawn = located(BLACK).draw()

    np.testing.assert_array_equal(located(BLACK, bgr=True).draw(), drawn[:, :, ::-1])
    np.testing.assert_array_equal(located(BLACK, bgr=True).draw(bgr=False), drawn)
    np.testing.assert_array_equal(located(BLACK).draw(bgr=True), drawn[:, :, ::-1])


def test_boxes_are_drawn_on_a_given_image():
    blue = BLACK + np.array([0, 0, 255], np.uint8)

    assert found(CENTER).draw(blue)[0, 0].tolist() == [0, 0, 255]
    assert located(BLACK, bgr=True).draw(blue)[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("bgr", [False, True])
def test_a_drawn_image_is_saved_in_its_colours(tmp_path, bgr):
    located(BLACK, bgr).save(tmp_path / "drawn.png")

    np.testing.assert_array_equal(load_image(tmp_path / "drawn.png"), located(BLACK).draw())


@pytest.mark.parametrize("name", ["boxes.json", "drawn", "drawn.bmp"])
def test_a_name_that_says_no_known_kind_of_image_is_refused(tmp_path, name):
    with pytest.raises(UsageError) as error:
        located(BLACK).save(tmp_path / name)

    assert str(error.value) == (
        f"{tmp_path / name}: expected a name that ends in .jpg, .jpeg or .png"
    )
    assert not (tmp_path / name).exists()


def test_the_image_in_which_boxes_were_found_is_not_written_over(tmp_path):
    save_image(BLACK, tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    boxes = replace(
        found(CENTER), origin=Origin.of(tmp_path / "a.png", BLACK, "alexeyab", False, True)
    )

    with pytest.raises(UsageError, match=r"a\.png is read by this command"):
        boxes.save(tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"a\.png is read by this command"):
        located(BLACK).save(tmp_path / "a.png", tmp_path / "a.png")

    assert (tmp_path / "a.png").read_bytes() == before


def test_without_an_image_there_is_nothing_to_draw_on():
    with pytest.raises(UsageError, match="no longer in memory"):
        found(CENTER).draw()


class Supervised:
    """What supervision 0.31 takes."""

    def __init__(self, xyxy, mask=None, confidence=None, class_id=None, data=None):
        self.xyxy, self.confidence, self.class_id, self.data = xyxy, confidence, class_id, data


@pytest.fixture
def supervision(monkeypatch):
    """Stand in for the package."""
    module = types.ModuleType("supervision")
    module.Detections = Supervised
    monkeypatch.setitem(sys.modules, "supervision", module)


@pytest.mark.usefixtures("supervision")
def test_supervision_gets_pixels_scores_and_names():
    made = replace(located(BLACK), names=("cat", "dog")).to_supervision()

    assert made.xyxy.tolist() == [[10, 7.5, 30, 12.5]]
    assert (made.confidence.tolist(), made.class_id.tolist()) == ([0.5], [1])
    assert made.data["class_name"].tolist() == ["dog"]
    assert (made.xyxy.dtype, made.class_id.dtype.kind) == (np.float32, "i")


@pytest.mark.usefixtures("supervision")
def test_supervision_gets_nothing_of_no_boxes():
    made = located(BLACK)[:0].to_supervision()

    assert (made.xyxy.shape, made.data["class_name"].shape) == ((0, 4), (0,))


def test_a_missing_package_is_told_with_the_mend(monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)  # as if it were not installed

    with pytest.raises(UsageError, match="supervision cannot be imported\n    hint: pip install"):
        located(BLACK).to_supervision()


def test_supervision_needs_the_size_of_the_image():
    with pytest.raises(UsageError, match="boxes in pixels need the size of their image"):
        found(CENTER).to_supervision()
