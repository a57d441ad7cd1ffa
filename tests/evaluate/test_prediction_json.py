"""The prediction of a classifier as JSON."""

from __future__ import annotations

import json

import pytest

from pydarknet.evaluate.accuracy import Prediction
from pydarknet.evaluate.prediction_json import json_of_prediction, prediction_of_json


@pytest.mark.parametrize(
    "scores",
    [(0.25, 0.75), (1 / 3, 2 / 3), (float("inf"), 0.0), ()],
    ids=["float32", "double", "infinite", "unreadable"],
)
def test_a_prediction_comes_back(scores):
    prediction = Prediction("a/b\udcff.png", (1,), (1, 0), scores)

    said = json.loads(json.dumps(json_of_prediction(prediction)))

    assert prediction_of_json(said) == prediction


def test_scores_of_float32_are_kept_in_four_bytes():
    said = json_of_prediction(Prediction("a", (), (), (0.25,) * 3))

    assert said["scores"]["type"] == "<f4"
