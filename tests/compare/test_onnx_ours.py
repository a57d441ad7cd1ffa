"""Our boxes in the form of an ONNX file, and a file's boxes as ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import HERE
from onnx_files import recorded_network

from pydarknet.boxes.settings import settings
from pydarknet.compare.objects import Allowed, Objects, match
from pydarknet.compare.onnx_forms import SUPPRESSED, Table
from pydarknet.compare.onnx_ours import (
    classifier_pass,
    every_box,
    forward,
    of_maps,
    our_objects,
    scores_of,
    their_objects,
)
from pydarknet.errors import DataError
from pydarknet.inference.classify import classify
from pydarknet.inference.predict import predict
from pydarknet.load import load_network

CASE = HERE / "reference" / "infer_ab_yolov3_a"
PIXELS = np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)
CLOSE = Allowed(1e-4, 1e-4)


@pytest.fixture(scope="module")
def network():
    return recorded_network(CASE)


@pytest.mark.parametrize("letterbox", [False, True])
def test_our_boxes_are_those_of_detect(network, letterbox):
    chosen = settings(network, thresh=0.3, letterbox=letterbox)
    seen = forward(network, PIXELS, chosen)
    everything = every_box(seen.heads, network)
    table = Table("a form", everything.boxes.numpy(), everything.probabilities.numpy())

    [boxes] = predict(network, [PIXELS], chosen)
    expected = Objects.of_boxes(boxes.numpy())

    assert len(expected) > 5
    for found in (our_objects, their_objects):
        pair = match(expected, found(network, seen, table, chosen), CLOSE, 0.3)
        assert pair.pairs == len(expected)
        assert pair.equals(CLOSE)


def test_a_form_with_the_best_class_alone_is_that_of_both(network):
    chosen = settings(network, thresh=0.1)
    seen = forward(network, PIXELS, chosen)
    best = Table("a form", np.zeros((0, 4)), np.zeros((0, 3)), best=True)
    whole = Table("a form", np.zeros((0, 4)), np.zeros((0, 3)))

    fewer, more = (our_objects(network, seen, form, chosen) for form in (best, whole))

    assert 0 < len(fewer) < len(more)
    assert len(their_objects(network, seen, best, chosen)) == 0


def test_the_suppression_inside_a_file_is_plain():
    network = recorded_network(HERE / "reference" / "infer_ab_yolov4_mish_diounms")
    chosen = settings(network, thresh=0.05)
    seen = forward(network, PIXELS, chosen)
    empty = np.zeros((0, 4)), np.zeros((0, 3))

    plain = our_objects(network, seen, Table(SUPPRESSED, *empty), chosen)
    own = our_objects(network, seen, Table("a form", *empty), chosen)

    assert len(plain) != len(own)


def test_maps_of_the_heads_sizes_are_decoded(network):
    seen = forward(network, PIXELS, settings(network))
    maps = [head.raw.numpy() for head in seen.heads]

    decoded = of_maps(network, seen.heads, maps)

    assert every_box(decoded, network).boxes.equal(every_box(seen.heads, network).boxes)
    assert of_maps(network, seen.heads, maps[:1]) == []
    assert of_maps(network, seen.heads, maps[::-1]) == []


def test_the_scores_of_a_classifier_are_those_of_classify():
    case = HERE / "reference" / "infer_pj_darknet19_a"
    network = load_network(case / "net.cfg", case / "net.weights", dialect="pjreddie", device="cpu")

    seen = classifier_pass(network, PIXELS)

    scores = seen.heads[-1].activated
    expected = classify(network, [PIXELS])[0].tolist()
    assert scores.flatten().tolist() == pytest.approx(expected, abs=1e-6)
    given = {"other": np.zeros((1, 3)), "scores": np.arange(10.0).reshape(1, 10, 1, 1)}
    assert scores_of(given, seen, Path("a.onnx")).tolist() == list(range(10))
    with pytest.raises(DataError, match=r"a.onnx: its outputs are x \[1, 3\]: expected 10 scores"):
        scores_of({"x": np.zeros((1, 3))}, seen, Path("a.onnx"))
