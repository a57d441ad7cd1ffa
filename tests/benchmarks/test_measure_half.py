"""The script says what half precision changes of boxes and classes."""

from __future__ import annotations

import argparse

import pytest
from conftest import BENCHMARKS

from pydarknet.system.resources import shipped_file


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_half

    return measure_half


@pytest.mark.parametrize("precision", ["half", "bf16"])
def test_boxes_of_a_detector_are_compared(measure, precision):
    cfg, weights, image = map(shipped_file, ("digits.cfg", "digits.weights", "data/digits.png"))
    options = argparse.Namespace(images=[str(image)], thresh=0.25, precision=precision)

    line = measure.line(str(cfg), str(weights), options)

    assert line.startswith(f"{cfg.parent.name}/digits.cfg: 6 boxes in float, 6 in half, 6 in both")


def test_classes_of_a_classifier_are_compared(measure, net):
    network = net("[connected]\noutput=4\n[softmax]", c=3, h=8, w=8)
    network.initialize()
    image = str(shipped_file("data/digits.png"))

    told = measure.compare_classes(network, network, [image])

    assert told == "the same class in 1 of 1 images; scores differ by 0.0000 at most"
