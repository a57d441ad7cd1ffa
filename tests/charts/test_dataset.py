"""Pictures of a data set."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from pydarknet.charts.dataset import classes_figure, sizes_figure
from pydarknet.charts.figure import pixels


def test_each_class_has_a_bar_as_long_as_its_boxes():
    figure = classes_figure(["a", "b"], np.array([10, 20]), np.array([1, 2]))

    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == [20, 10, 2, 1]  # the commonest first; train, then valid
    assert pixels(figure).shape[1] == 1200


@pytest.mark.parametrize(("classes", "bars"), [(60, 60), (90, 60)])
def test_of_many_classes_the_commonest_and_the_rarest_are_shown(classes, bars):
    counts = np.arange(classes)

    figure = classes_figure([str(k) for k in range(classes)], counts, counts * 0)

    assert len(figure.axes[0].patches) == bars
    assert figure.axes[0].patches[0].get_width() == classes - 1
    assert figure.axes[0].patches[-1].get_width() == 0


def test_sizes_and_cells_are_drawn():
    figure = sizes_figure(
        np.array([5.0, 6.0, np.inf, 0]), np.array([[9.0, 4.0]]), [16, 32], "pixels"
    )

    boxes, images = figure.axes
    assert sum(bar.get_height() for bar in boxes.patches) == 2
    assert sum(bar.get_height() for bar in images.patches) == 1
    assert [line.get_xdata()[0] for line in boxes.lines] == [16, 32]
    assert pixels(figure).shape == (500, 1200, 3)


def test_images_of_one_size_have_a_scale_that_can_be_read():
    figure = sizes_figure(np.array([5.0, 6.0]), np.array([[320.0, 240.0]] * 3), [], "pixels")

    left, right = figure.axes[1].get_xlim()
    assert left < 20  # the root of 320 * 240 is 277
    assert right > 500
