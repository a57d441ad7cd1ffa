"""What result files call an image."""

from __future__ import annotations

import pytest

from pydarknet.evaluate.image_names import base_name, coco_id


@pytest.mark.parametrize(
    ("path", "pjreddie", "alexeyab"),
    [
        ("val2014/COCO_val2014_000000000042.jpg", 42, 0),
        ("val2017/000000000042.jpg", 42, 42),
        ("val_2017/000000000042.jpg", 2017, 42),  # the last _ is in the folder
        ("000000000042.jpg", 42, 42),
        ("images/im07.png", 0, 0),
        ("a_-7.jpg", -7, 0),
    ],
)
def test_each_lineage_reads_the_number_of_an_image_in_its_way(path, pjreddie, alexeyab):
    assert (coco_id(path, "_"), coco_id(path, "/")) == (pjreddie, alexeyab)


def test_a_base_name_ends_at_its_first_dot():
    assert base_name("x.y/frame.0001.jpg") == "frame"
    assert base_name("x\\frame.jpg") == "frame"
