"""Boxes and labels can be seen and read on images of any size."""

import cv2
import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.draw import (
    FONT,
    Mark,
    Tag,
    best_first,
    class_color,
    draw,
    every_name,
    load_letters,
    place,
    write,
)

NAMES = ("cat", "dog", "dont_show_me")
MIDDLE = (0.5, 0.5, 0.5, 0.5)
WHITE = (255, 255, 255)


def white_image(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 255, np.uint8)


def found(*scores: float, box: tuple[float, ...] = MIDDLE) -> BoxArrays:
    rows = (np.array([box]), np.ones(1), np.array([scores]))
    return BoxArrays(*(row.astype(np.float32) for row in rows))


@pytest.mark.parametrize(
    ("k", "classes", "expected"),
    [
        (0, 80, (255, 0, 255)),  # place 0: component 2, 1, 0 of (1, 0, 1)
        (1, 80, (255, 16, 0)),  # 123457 % 80 = 17, place 1.0625: 0.0625 of the way to (0, 1, 1)
        (
            1,
            20,
            (0, 191, 255),
        ),  # 123457 % 20 = 17, place 4.25: a quarter from (1, 1, 0) to (1, 0, 0)
    ],
)
def test_classes_have_the_colours_of_the_reference(k, classes, expected):
    assert class_color(k, classes) == expected


@pytest.mark.parametrize(
    ("style", "height", "thickness"),
    [
        ("pjreddie", 500, 3),  # 500 * 0.006
        ("alexeyab", 1500, 3),  # 1500 * 0.002
        ("pjreddie", 100, 1),  # 100 * 0.006 = 0: the C draws nothing
        ("alexeyab", 100, 1),
    ],
)
def test_lines_grow_inward_with_the_height_of_the_picture(style, height, thickness):
    drawn = draw(white_image(height, height), found(0.75), NAMES, 0.5, style)

    row = drawn[height // 2, height // 4 : height // 4 + thickness + 1].tolist()
    assert row == [list(class_color(0, 1))] * thickness + [list(WHITE)]
    assert drawn[height // 2, height // 4 - 1].tolist() == list(WHITE)


def test_boxes_stop_at_the_edge_of_the_picture():
    drawn = draw(white_image(40, 60), found(0.75, box=(0.5, 0.5, 3.0, 3.0)), NAMES)

    color = list(class_color(0, 1))
    assert [drawn[59, 20].tolist(), drawn[40, 0].tolist(), drawn[40, 39].tolist()] == [color] * 3


@pytest.mark.parametrize("score", [0.0, 0.5])
def test_what_is_not_above_the_threshold_is_not_drawn(score):
    assert (draw(white_image(40, 40), found(score), NAMES, 0.5) == 255).all()


def test_the_threshold_is_compared_in_float32():
    # as a Python number the float32 nearest to 0.3 is 0.30000001: above 0.3
    assert (draw(white_image(40, 40), found(0.3), NAMES, 0.3) == 255).all()


def test_nothing_found_is_an_unchanged_copy():
    image = white_image(20, 20)
    nothing = BoxArrays(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 3)))

    drawn = draw(image, nothing, NAMES)

    assert (drawn == image).all()
    assert drawn is not image


def test_draw_leaves_its_input_alone():
    image = white_image(40, 40)

    draw(image, found(0.75), NAMES)

    assert (image == 255).all()


def test_grey_pictures_are_drawn_on_in_colour():
    assert draw(np.zeros((40, 50, 1), np.uint8), found(0.75), NAMES).shape == (40, 50, 3)


def test_a_class_without_a_name_is_drawn_by_its_number():
    by_number = draw(white_image(99, 99), found(0.0, 0.75))

    assert (by_number == draw(white_image(99, 99), found(0.0, 0.75), ["", "1"])).all()


# The words


def test_pjreddie_names_every_class_of_a_box():
    assert every_name({0: 0.5, 1: 0.75}, lambda k: NAMES[k]) == (0, "cat, dog")


def test_alexeyab_names_the_best_class_first():
    assert best_first({0: 0.5, 1: 0.931}, lambda k: NAMES[k]) == (1, "dog: 0.93, cat")


def test_alexeyab_never_calls_dont_show_the_best():
    assert best_first({0: 0.5, 2: 0.75}, lambda k: NAMES[k]) == (0, "cat: 0.50, dont_show_me")


def test_alexeyab_does_not_draw_a_box_of_dont_show_alone():
    assert best_first({2: 0.75}, lambda k: NAMES[k]) is None


# The labels


@pytest.mark.parametrize(
    "text", ["cat", "gypsy: 0.93, jug", "a very long name, and another one", ""]
)
@pytest.mark.parametrize("size", [(90, 70), (48, 48), (640, 480), (2000, 1500)])
@pytest.mark.parametrize("letters", [2, 14, 60])
def test_letters_do_not_touch_the_edge_of_their_label(text, size, letters):
    width, height = size
    canvas = np.zeros((height, width, 3), np.uint8)
    color = (255, 255, 0)
    mark = Mark(width // 3, height // 3, width - 1, height - 1, color, text)

    tag = write(canvas, mark, letters, [])

    ground = canvas[tag.top : tag.bottom, tag.left : tag.right]
    assert ground.shape == (tag.bottom - tag.top, tag.right - tag.left, 3)  # inside the image
    edge = np.concatenate((ground[0], ground[-1], ground[:, 0], ground[:, -1]))
    assert (edge == color).all()


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((20, 50, 60, 90), (20, 40)),  # above the box
        ((20, 5, 60, 90), (20, 0)),  # no room above: as high as can be
        ((90, 50, 99, 90), (70, 40)),  # no room on the right
    ],
)
def test_a_label_lies_above_its_box_and_inside_the_picture(box, expected):
    tag = place(Mark(*box, WHITE, "cat"), (30, 10), (100, 100), [])

    assert tag[:2] == expected


def test_a_label_makes_way_for_another():
    taken = [Tag(15, 35, 45, 45)]

    tag = place(Mark(20, 50, 60, 90, WHITE, "cat"), (30, 10), (100, 100), taken)

    assert tag == Tag(20, 50, 50, 60)  # within the box, at its top


def test_a_label_without_any_room_is_still_written():
    taken = [Tag(0, 0, 100, 100)]

    assert place(Mark(20, 50, 60, 90, WHITE, "cat"), (30, 10), (100, 100), taken)[:2] == (20, 40)


def test_labels_of_equal_boxes_do_not_cover_each_other():
    canvas = np.zeros((200, 200, 3), np.uint8)
    mark = Mark(50, 100, 150, 180, WHITE, "cat")
    first = write(canvas, mark, 14, [])

    second = write(canvas, mark, 14, [first])

    assert not first.covers(second)


def test_dark_labels_have_white_letters():
    canvas = np.zeros((60, 90, 3), np.uint8)

    tag = write(canvas, Mark(10, 30, 50, 50, (0, 0, 255), "HHH"), 14, [])

    assert (canvas[tag.top : tag.bottom, tag.left : tag.right, 0] > 200).any()


def test_letters_can_be_loaded_before() -> None:
    load_letters()  # nothing is drawn, and nothing returned: the first label is only sooner there

    assert cv2.getTextSize("x", FONT, 1, 1)[0][0] > 0
