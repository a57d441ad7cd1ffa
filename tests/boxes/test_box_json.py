"""Boxes as JSON, of which every bit comes back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.box_json import array_of_json, boxes_of_json, json_of_array, json_of_boxes

NUMBERS = [np.nan, -0.0, np.inf, 1e-45, 1 / 3]


@pytest.mark.parametrize("kind", ["<f4", ">f4", "f8", "f2", "i8", "i4"])
def test_an_array_comes_back(kind):
    array = np.array([NUMBERS, NUMBERS[::-1]] if "f" in kind else [[1, -2]]).astype(kind)

    again = array_of_json(json.loads(json.dumps(json_of_array(array))))

    assert again.dtype == array.dtype.newbyteorder("=")
    assert again.tobytes() == array.astype(again.dtype).tobytes()
    assert again.shape == array.shape


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("uncertain", [False, True])
def test_boxes_come_back(count, uncertain):
    numbers = np.random.default_rng(1).random((count, 12), np.float32)
    numbers[numbers < 0.5] = 0
    uncertainty = numbers[:, :4] if uncertain else None
    found = BoxArrays(numbers[:, :4], numbers[:, 4], numbers[:, 5:], uncertainty)

    again = boxes_of_json(json.loads(json.dumps(json_of_boxes(found))), names=("a",))

    assert again.names == ("a",)
    for name in ("boxes", "objectness", "probabilities"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name), strict=True)
    assert (again.uncertainty is None) is not uncertain


@pytest.mark.parametrize(
    "change",
    [{"type": "O"}, {"type": "<f8"}, {"shape": [7]}, {"bytes": "%%%%"}],
    ids=["objects", "wider", "shape", "no base64"],
)
def test_other_json_is_refused(change):
    said = json_of_array(np.zeros(3, np.float32))

    with pytest.raises((KeyError, TypeError, ValueError)):
        array_of_json({**said, **change})
