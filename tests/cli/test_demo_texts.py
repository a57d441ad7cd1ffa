"""What a demo prints of each frame."""

from __future__ import annotations

import numpy as np

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.cli.demo_texts import DEMO_TEXTS, box_lines
from pydarknet.cli.detections_text import Found
from pydarknet.video.rate import Rate


def found(boxes, probabilities, names=("dog", "cat", "dont_show")) -> Found:
    arrays = BoxArrays(
        np.array(boxes, np.float32),
        np.ones(len(boxes), np.float32),
        np.array(probabilities, np.float32),
        names=names,
    )
    return Found("film.avi", 200, 100, 0.0, arrays, 0.25)


def test_the_fork_lists_all_classes_of_a_box_in_a_line():
    seen = found([[0.5, 0.5, 0.5, 0.5]] * 3, [[0.9, 0.3, 0.9], [0.1, 0.1, 0.9], [0, 0.5, 0]])

    assert list(box_lines(seen, False)) == ["dog: 90% , cat: 30% ", "cat: 50% "]


def test_positions_begin_inside_and_are_not_clipped_at_their_end():
    seen = found([[0.1, 0.5, 0.5, 1.5], [np.nan, 2.0, 0.25, 0.5]], [[0.9, 0, 0], [0.9, 0, 0]])

    assert list(box_lines(seen, True)) == [
        "dog: 90% \t(left_x:    0   top_y:    0   width:  100   height:  100)",
        "dog: 90% \t(left_x:   75   top_y:   75   width:   50   height:   50)",
    ]


def test_the_rates_of_either_lineage():
    rate = Rate()
    rate.took, rate.average = 1 / 12.34, 56.78

    fork, original = DEMO_TEXTS.alexeyab, DEMO_TEXTS.pjreddie
    assert (fork.before(rate), fork.after(rate)) == (
        "Objects:\n\n",
        "\nFPS:12.3 \t AVG_FPS:56.8\n",
    )
    assert (original.before(rate), original.after(rate)) == ("\nFPS:12.3\nObjects:\n\n", "")


def test_the_original_has_a_line_a_class():
    seen = found([[0.5, 0.5, 0.5, 0.5]], [[0.9, 0.3, 0]])

    assert list(DEMO_TEXTS.pjreddie.boxes(seen, False)) == ["dog: 90%", "cat: 30%"]
