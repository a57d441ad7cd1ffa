"""The boxes of one image are drawn on it, saved and handed on, as arrays and as tensors."""

import sys
import types
from dataclasses import replace

import numpy as np
import pytest

from pydarknet import UsageError
from pydarknet.boxes.box_arrays import BoxArrays, BoxRows
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.origin import Origin
from pydarknet.boxes.palette import distinct_color
from pydarknet.image.files import load_image, save_image

CENTER = (0.5, 0.5, 0.5, 0.25)
# A box around the middle of a black image 40 wide and 20 high: 10 to 30 across, 7.5 to 12.5 down.
BLACK = np.zeros((20, 40, 3), np.uint8)
KINDS = {"numpy": lambda boxes: boxes, "torch": Detections.of_arrays}


@pytest.fixture(params=KINDS)
def boxes(request):
    """That box, of the second of two classes."""
    one = BoxArrays(np.float32([CENTER]), np.float32([0.5]), np.float32([[0, 0.5]]))
    return KINDS[request.param](one)


@pytest.fixture
def located(boxes):
    """Returns that box as found in an image."""

    def locate(image: np.ndarray, bgr: bool = False) -> BoxRows:
        return replace(boxes, origin=Origin.of(image, image, "alexeyab", bgr, True))

    return locate


def test_arrays_are_their_own_arrays():
    nothing = BoxArrays(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 2)))

    assert nothing.numpy() is nothing


def test_boxes_are_drawn_on_their_image_which_stays(located):
    drawn = located(BLACK).draw()

    assert drawn.any()
    assert not BLACK.any()
    assert drawn[12, 30].tolist() == drawn[12, 10].tolist() == list(distinct_color(1))


def test_boxes_are_drawn_in_the_order_that_detect_was_told(located):
    drawn = located(BLACK).draw()

    np.testing.assert_array_equal(located(BLACK, bgr=True).draw(), drawn[:, :, ::-1])
    np.testing.assert_array_equal(located(BLACK, bgr=True).draw(bgr=False), drawn)
    np.testing.assert_array_equal(located(BLACK).draw(bgr=True), drawn[:, :, ::-1])


def test_boxes_are_drawn_on_a_given_image(boxes, located):
    blue = BLACK + np.array([0, 0, 255], np.uint8)

    assert boxes.draw(blue)[0, 0].tolist() == [0, 0, 255]
    assert located(BLACK, bgr=True).draw(blue)[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("bgr", [False, True])
def test_a_drawn_image_is_saved_in_its_colours(located, tmp_path, bgr):
    located(BLACK, bgr).save(tmp_path / "drawn.png")

    np.testing.assert_array_equal(load_image(tmp_path / "drawn.png"), located(BLACK).draw())


@pytest.mark.parametrize("name", ["boxes.json", "drawn", "drawn.bmp"])
def test_a_name_that_says_no_known_kind_of_image_is_refused(located, tmp_path, name):
    with pytest.raises(UsageError) as error:
        located(BLACK).save(tmp_path / name)

    assert str(error.value) == (
        f"{tmp_path / name}: expected a name that ends in .jpg, .jpeg or .png"
    )
    assert not (tmp_path / name).exists()


def test_the_image_in_which_boxes_were_found_is_not_written_over(boxes, located, tmp_path):
    save_image(BLACK, tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    read = replace(boxes, origin=Origin.of(tmp_path / "a.png", BLACK, "alexeyab", False, True))

    with pytest.raises(UsageError, match=r"a\.png is read by this command"):
        read.save(tmp_path / "a.png")
    with pytest.raises(UsageError, match=r"a\.png is read by this command"):
        located(BLACK).save(tmp_path / "a.png", tmp_path / "a.png")

    assert (tmp_path / "a.png").read_bytes() == before


def test_without_an_image_there_is_nothing_to_draw_on(boxes):
    with pytest.raises(UsageError, match="no longer in memory"):
        boxes.draw()


class Supervised:
    """What supervision 0.31 takes."""

    def __init__(self, xyxy, mask=None, confidence=None, class_id=None, tracker_id=None, data=None):
        self.xyxy, self.confidence, self.class_id, self.data = xyxy, confidence, class_id, data
        self.tracker_id = tracker_id


@pytest.fixture
def supervision(monkeypatch):
    """Stand in for the package."""
    module = types.ModuleType("supervision")
    module.Detections = Supervised
    monkeypatch.setitem(sys.modules, "supervision", module)


@pytest.mark.usefixtures("supervision")
def test_supervision_gets_pixels_scores_and_names(located):
    made = replace(located(BLACK), names=("cat", "dog")).to_supervision()

    assert made.xyxy.tolist() == [[10, 7.5, 30, 12.5]]
    assert (made.confidence.tolist(), made.class_id.tolist()) == ([0.5], [1])
    assert made.data["class_name"].tolist() == ["dog"]
    assert (made.xyxy.dtype, made.class_id.dtype.kind) == (np.float32, "i")
    assert made.tracker_id is None


@pytest.mark.usefixtures("supervision")
def test_supervision_gets_the_ids_of_boxes_that_are_followed(located):
    ids = located(BLACK).numpy().classes + 6

    made = replace(located(BLACK).numpy(), track_ids=ids).to_supervision()

    assert made.tracker_id.tolist() == [7]


@pytest.mark.usefixtures("supervision")
def test_supervision_gets_nothing_of_no_boxes(located):
    made = located(BLACK)[:0].to_supervision()

    assert (made.xyxy.shape, made.data["class_name"].shape) == ((0, 4), (0,))


def test_a_missing_package_is_told_with_the_mend(located, monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)  # as if it were not installed

    with pytest.raises(UsageError, match="supervision cannot be imported\n    hint: pip install"):
        located(BLACK).to_supervision()


def test_supervision_needs_the_size_of_the_image(boxes):
    with pytest.raises(UsageError, match="boxes in pixels need the size of their image"):
        boxes.to_supervision()
