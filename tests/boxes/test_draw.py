"""Boxes and labels can be seen and read on images of any size."""

import threading
from functools import partial

import numpy as np
import pytest

from pydarknet.boxes import words
from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.draw import (
    Extras,
    Mark,
    best_first,
    check_look,
    draw,
    draw_marks,
    every_name,
    letters_for,
)
from pydarknet.boxes.palette import class_color, distinct_color
from pydarknet.boxes.placement import Memory
from pydarknet.errors import DataError, UsageError

NAMES = ("cat", "dog", "dont_show_me")
MIDDLE = (0.5, 0.5, 0.5, 0.5)
WHITE = (255, 255, 255)
COLOR = list(distinct_color(0))


def white_image(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 255, np.uint8)


def found(*scores: float, box: tuple[float, ...] = MIDDLE) -> BoxArrays:
    rows = (np.array([box]), np.ones(1), np.array([scores]))
    return BoxArrays(*(row.astype(np.float32) for row in rows))


@pytest.mark.parametrize("style", ["pjreddie", "alexeyab"])
@pytest.mark.parametrize(
    ("width", "height", "thickness"),
    [
        (160, 120, 1),  # 139 * 0.003 = 0: the C draws nothing
        (768, 576, 2),  # the root of 768 * 576 is 665, * 0.003
        (1920, 1080, 4),  # 1440 * 0.003
        (4032, 3024, 10),  # 3492 * 0.003
    ],
)
def test_lines_grow_inward_with_the_size_of_the_picture(style, width, height, thickness):
    drawn = draw(white_image(width, height), found(0.75), NAMES, 0.5, style)

    row = drawn[height // 2, width // 4 : width // 4 + thickness + 1].tolist()
    assert row == [COLOR] * thickness + [list(WHITE)]
    assert drawn[height // 2, width // 4 - 2].tolist() == list(WHITE)


def test_a_line_is_dark_on_its_outer_side():
    drawn = draw(white_image(768, 576), found(0.75), NAMES)

    assert drawn[288, 191].tolist() == [85, 20, 40]  # a third of the edge's at 768 / 4, beside it


def test_lines_of_small_boxes_are_thin():
    drawn = draw(white_image(1000, 1000), found(0.75, box=(0.5, 0.5, 0.02, 0.02)), NAMES)

    inner = drawn[492:508, 492:508]  # of 490 to 510
    assert (inner == 255).all()


@pytest.mark.parametrize(
    ("width", "height", "letters"), [(160, 120, 8), (768, 576, 11), (4032, 3024, 58)]
)
def test_letters_grow_with_the_picture(monkeypatch, width, height, letters):
    asked = []

    def record(texts, size, *_):
        asked.append(size)
        return [np.zeros((9, 9), np.uint8) for _ in texts]

    monkeypatch.setattr("pydarknet.boxes.draw.labels", record)

    draw(white_image(width, height), found(0.75), NAMES)

    assert asked == [letters]  # 0.0165 of the root of its area, 8 at least


def test_letters_of_a_crowd_are_smaller(monkeypatch):
    asked = []

    def record(texts, size, *_):
        asked.append(size)
        return [np.zeros((9, 9), np.uint8) for _ in texts]

    monkeypatch.setattr("pydarknet.boxes.draw.labels", record)
    marks = [Mark(5, 5, 50, 50, WHITE, "person: 0.99")] * 100

    for count in (1, 17, 20, 100):
        draw_marks(white_image(1920, 1080), marks[:count])

    assert asked == [24, 24, 19, 12]  # 0.0165 * 1440 = 23.8, 0.8 and 0.51 of it


def test_boxes_stop_at_the_edge_of_the_picture():
    drawn = draw(white_image(40, 60), found(0.75, box=(0.5, 0.5, 3.0, 3.0)), NAMES)

    color = COLOR
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


def tag_of(drawn: np.ndarray, color: list[int]) -> tuple[slice, slice]:
    """Return the rows and columns that have a colour."""
    rows, columns = (drawn == color).all(2).nonzero()
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (9, 9), (30, 700)])
@pytest.mark.parametrize("box", [MIDDLE, (0.5, 0.5, 1, 1), (0.0, 0.0, 0.0, 0.0)])
def test_the_smallest_pictures_are_drawn_on(size, box):
    width, height = size

    drawn = draw(white_image(width, height), found(0.75, box=box), ["a long name, longer"])

    assert drawn.shape == (height, width, 3)
    assert (drawn != 255).any()


@pytest.mark.parametrize(
    "box",
    [
        (5.0, 5.0, 0.1, 0.1),
        (-3.0, 0.5, 0.1, 0.1),
        (0.5, 0.5, 9.0, 9.0),
        (float("nan"), 0.5, 0.1, 0.1),
        (float("inf"), 0.5, 0.1, 0.1),
        (0.5, 0.5, -1.0, 0.1),
    ],
)
def test_boxes_outside_the_picture_are_drawn_at_its_edge(box):
    drawn = draw(white_image(300, 200), found(0.75, box=box), NAMES)

    rows, columns = tag_of(drawn, COLOR)
    assert rows.stop - rows.start >= 8
    assert columns.stop - columns.start >= 8


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "\x00", "\udcff", "a\nb", ""])
def test_names_with_control_characters_are_drawn(name):
    drawn = draw(white_image(300, 200), found(0.75), [name])

    assert (drawn == draw(white_image(300, 200), found(0.75), [name.replace("\x00", "?")])).all()
    assert (drawn == COLOR).all(2).any()


def test_a_label_covers_no_small_box():
    boxes = np.array([(0.5, 0.5, 0.4, 0.4), (0.36, 0.27, 0.03, 0.03)], np.float32)
    both = BoxArrays(boxes, np.ones(2), np.array([(0.9, 0), (0, 0.9)], np.float32))

    drawn = draw(white_image(768, 576), both, NAMES, lineage="alexeyab")

    inner = drawn[150:160, 268:284]  # of a box from 265 to 288 and 146 to 164
    assert (inner == 255).all()


def test_small_boxes_are_drawn_over_large_ones():
    large = Mark(0, 0, 199, 199, (0, 0, 255), "")
    small = Mark(0, 100, 20, 120, (255, 0, 0), "")

    for marks in ([large, small], [small, large]):
        drawn = draw_marks(white_image(200, 200), marks)
        assert drawn[110, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("colors", "expected"), [(None, COLOR), ("distinct", COLOR), ("darknet", class_color(0, 2))]
)
def test_colours_are_those_that_are_chosen(colors, expected):
    drawn = draw(white_image(99, 99), found(0.75, 0.0), NAMES, colors=colors)

    assert drawn[98 // 2, 99 // 4].tolist() == list(expected)


def test_colours_and_fonts_that_are_none_are_refused():
    with pytest.raises(UsageError, match="-colors red: expected distinct or darknet"):
        draw(white_image(9, 9), found(0.75), NAMES, colors="red")
    with pytest.raises(UsageError, match="-colors red: expected distinct or darknet"):
        check_look("red", None)
    for refuse in (check_look, partial(draw, white_image(9, 9), found(0.75), NAMES)):
        with pytest.raises(DataError, match=r"none\.ttf: no such font file"):
            refuse(colors=None, font="none.ttf")


def test_a_note_stands_before_the_names_of_its_box():
    boxes = BoxArrays.cat([found(0.1), found(0.75), found(0.9)])
    extras = Extras(notes=["#1", "#2", "#3"])

    noted = draw(white_image(300, 200), boxes, NAMES, 0.8, extras=extras)

    assert (noted == draw(white_image(300, 200), found(0.9), ["#3 cat"])).all()


def test_an_empty_note_is_none():
    noted = draw(white_image(300, 200), found(0.75), NAMES, extras=Extras(notes=[""]))

    assert (noted == draw(white_image(300, 200), found(0.75), NAMES)).all()


def test_a_trail_is_drawn_thinner_the_older_it_is():
    trail = [(0.1, 0.9), (0.5, 0.9), (0.9, 0.9)]

    drawn = draw(white_image(1000, 1000), found(0.75), NAMES, extras=Extras(trails=[trail]))

    old, new = ((drawn[880:920, x] == COLOR).all(1).sum() for x in (300, 700))
    assert 0 < old < new


@pytest.mark.parametrize("trail", [[], [(0.5, 0.5)], [(float("nan"), 9e9), (-9e9, 0.1)]])
def test_any_trail_can_be_drawn(trail):
    drawn = draw(white_image(99, 99), found(0.75), NAMES, extras=Extras(trails=[trail]))

    assert drawn.shape == (99, 99, 3)


def test_a_label_away_from_its_box_has_a_line_to_it():
    marks = [Mark(100, 100, 119, 119, (255, 0, k), "a label") for k in range(12)]

    drawn = draw_marks(white_image(400, 300), marks)

    # twelve labels cannot all touch a box of 20 pixels; beside the box there are lines only
    assert ((drawn[:, :, 0] == 255) & (drawn[:, :, 1] < 250)).any()
    places = [tag_of(drawn, [255, 0, k]) for k in range(12)]
    assert any(rows.stop < 80 or rows.start > 140 for rows, _ in places)


def test_threads_draw_the_same_as_one_does():
    boxes = BoxArrays.cat([found(0.6 + 0.01 * k) for k in range(30)])
    image, made = white_image(640, 480), []
    expected = draw(image, boxes, NAMES, lineage="alexeyab")
    words.KEPT.clear()

    threads = [
        threading.Thread(target=lambda: made.append(draw(image, boxes, NAMES, lineage="alexeyab")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(one == expected).all() for one in made] == [True] * 6


@pytest.mark.parametrize(
    ("letters", "before", "expected"),
    [
        (200, 0, 23.76),  # 0.0165 * 1440; 200 * 1.3 * 0.0165^2 = 7 % of the image
        (280, 0, 19.008),  # 9.9 %: the next size, 0.8 of it
        (280, 23.76, 23.76),  # that of the frame before stays up to 1.3 * 8 %
        (350, 23.76, 19.008),  # 12 %
        (9999, 23.76, 12.1176),  # the smallest, 0.51 of it
    ],
)
def test_letters_keep_their_size_from_frame_to_frame(letters, before, expected):
    assert letters_for(letters, 1440, before) == pytest.approx(expected)


def test_frames_with_a_memory_are_drawn_as_without_if_nothing_moves():
    boxes = BoxArrays.cat([found(0.6 + 0.01 * k) for k in range(9)])
    image, memory = white_image(640, 480), Memory()
    expected = draw(image, boxes, NAMES)

    assert [(draw(image, boxes, NAMES, memory=memory) == expected).all() for _ in range(3)] == [
        True
    ] * 3
    assert memory.letters == pytest.approx(9.14, abs=0.01)  # 0.0165 * 554
