"""Label files: boxes and polygons, for training, evaluation and checks."""

from __future__ import annotations

import numpy as np
from fuzz.rules import file_of, refusals

from pydarknet.cfg.lineage import FORK
from pydarknet.dataset.labels import LabelRules, read_labels
from pydarknet.evaluate.ground_truth import read_ground_truth

WORDS = ("0 0.5 0.5 0.25 0.25\n", "1.0 ", "0,5", "nan", "1e400", "\r\n", "0 .1 .2 .3 .4 .5 .6\n")
CLASSES = 3
RULES = tuple(
    LabelRules(FORK, CLASSES, unplaced=unplaced, polygons=polygons)
    for unplaced in (False, True)
    for polygons in (False, True)
)


def check(content: bytes) -> None:
    """Read labels for training, whose problems are told by line, and for an evaluation."""
    path = str(file_of(content))
    rules = RULES[len(content) % len(RULES)]
    labels = read_labels(path, rules)
    assert len(labels.boxes) == len(labels.classes) == len(labels.tracks)
    assert np.isfinite(labels.boxes).all()
    assert not ((labels.classes < 0) | (labels.classes >= CLASSES)).any()
    assert all(problem.text.startswith(("Couldn't", path)) for problem in labels.problems)
    with refusals(lines=True):
        read_ground_truth(path, rules.polygons)
