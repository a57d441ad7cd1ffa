"""What a cfg says about a training."""

from pathlib import Path

import numpy as np
import pytest

from pydarknet.checks.plan import read_plan

REGION = """[net]
width=64
height=32
channels=3
{}

[convolutional]
filters=14
size=16
stride=16
activation=linear

[region]
anchors=1,2, 3,1
classes=2
num=2
"""


def test_anchors_of_a_region_are_cells(tmp_path):
    path = tmp_path / "my.cfg"
    path.write_text(REGION.format(""))

    [head] = read_plan(path, "pjreddie").anchored

    assert head.stride == 16
    assert head.anchors.tolist() == [[16, 32], [48, 16]]


@pytest.mark.parametrize(
    ("dialect", "option", "sides"),
    [
        ("alexeyab", "", [64, 32]),
        ("alexeyab", "letter_box=1", [32, 32]),  # 100 x 100 by the smaller of .64 and .32
        ("pjreddie", "", [32, 32]),
    ],
)
def test_images_are_stretched_or_keep_their_proportions(tmp_path, dialect, option, sides):
    path = tmp_path / "my.cfg"
    path.write_text(REGION.format(option))

    plan = read_plan(path, dialect)

    assert plan.sides_of_images(np.array([[100.0, 100.0]])).tolist() == [sides]


def test_a_cfg_that_cannot_be_built_has_its_classes(data):
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("filters=14", "filters=21"))

    plan = read_plan(Path("my.cfg"), "alexeyab")

    assert plan.classes == 2
    assert len(plan.problems) == 1
    assert not plan.anchored
