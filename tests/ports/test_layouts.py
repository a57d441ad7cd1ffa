import pytest

from pydarknet.ports.layouts import LAYOUTS


@pytest.mark.parametrize("layout", [one for one in LAYOUTS if one.places], ids=lambda one: one.name)
def test_no_place_stands_twice(layout):
    assert len(set(layout.places)) == len(layout.places)


@pytest.mark.parametrize(
    ("name", "count"),  # of the [convolutional] sections of the cfg
    [("yolov7", 92), ("yolov7x", 108), ("yolov7-tiny", 58), ("Yolov4 (neck)", 110)],
)
def test_a_table_has_a_place_for_each_convolution(name, count):
    [layout] = [one for one in LAYOUTS if one.name.endswith(f", {name}")]

    assert len(layout.places) == count
