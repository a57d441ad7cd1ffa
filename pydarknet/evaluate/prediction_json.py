"""The prediction for an image of a list as JSON that keeps every bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..boxes.box_json import array_of_json, json_of_array
from .accuracy import Prediction


def json_of_prediction(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction as JSON; scores that are float32, as most are, are kept so."""
    scores = np.array(prediction.scores, np.float64)
    narrow = scores.astype(np.float32)
    same = np.array_equal(narrow.astype(np.float64), scores, equal_nan=True)
    return {
        "path": prediction.path,
        "truths": list(prediction.truths),
        "best": list(prediction.best),
        "scores": json_of_array(narrow if same else scores),
    }


def prediction_of_json(said: Mapping[str, Any]) -> Prediction:
    """Return the prediction that `json_of_prediction` wrote.

    Raises KeyError, TypeError or ValueError for anything else.
    """
    truths, best = (tuple(map(int, said[word])) for word in ("truths", "best"))
    scores = tuple(array_of_json(said["scores"]).tolist())
    return Prediction(str(said["path"]), truths, best, scores)
