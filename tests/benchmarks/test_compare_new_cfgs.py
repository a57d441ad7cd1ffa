"""The cfg by hand, beside which that of `new` is trained."""

from __future__ import annotations

from argparse import Namespace

import pytest
from conftest import BENCHMARKS

CFG = """[net]
batch=64
width=416
max_batches = 2000200
steps=1600000,1800000
burn_in=1000
[convolutional]
filters=64
[convolutional]
filters=255
[yolo]
anchors = 10,14,  23,27
classes=80
"""


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let benchmarks be imported."""
    monkeypatch.syspath_prepend(BENCHMARKS)


def test_a_narrow_cfg_keeps_the_filters_before_heads():
    from compare_new_cfgs import narrow

    text = narrow(CFG, 0.25)

    assert "filters=16\n" in text
    assert "filters=255\n" in text


def test_a_cfg_by_hand_has_the_classes_the_input_and_anchors_as_large_as_that():
    from compare_new_cfgs import by_hand

    options = Namespace(size=208, batch=16, iterations=300, burn_in=50)

    text = by_hand(CFG, 2, options)

    assert text.splitlines() == [
        "[net]",
        "batch=16",
        "width=208",
        "max_batches=300",
        "steps=240,270",  # 80 and 90 percent
        "burn_in=50",
        "[convolutional]",
        "filters=64",
        "[convolutional]",
        "filters=21",  # 3 * (2 + 5)
        "[yolo]",
        "anchors = 5, 7, 12, 14",
        "classes=2",
    ]


def test_a_cell_has_the_mean_and_its_standard_error():
    from compare_new_cfgs import mean_text

    assert mean_text([40.0, 42.0]) == "41.0 ± 1.0"  # two that are d apart: d / 2
    assert mean_text([40.0]) == "40.0"
