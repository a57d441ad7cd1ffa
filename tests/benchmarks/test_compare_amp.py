"""Trainings with and without mixed precision are compared by seed."""

from __future__ import annotations

import json

import pytest
from conftest import BENCHMARKS

CFG = """[net]
batch=32
burn_in=300
steps=2000,2600
max_batches=3000
[convolutional]
filters=45
[yolo]
classes=10
anchors=1,2
[convolutional]
filters=45
[yolo]
classes=10
anchors=1,2
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_amp

    return compare_amp


def row(amp: str, seed: int, full: float, half: float) -> dict[str, object]:
    """Return a row of 300 iterations."""
    return {"seed": seed, "amp": amp, "iterations": 300, "float": full, "bf16": half, "seconds": 9}


def test_a_schedule_is_shrunk_as_a_whole(script):
    text = script.shortened(CFG, 300)

    assert "batch=32\nburn_in=30\nsteps=200,260\nmax_batches=300\n" in text


def test_all_heads_get_other_classes(script):
    text = script.adapted(CFG, 3, "5,6")

    assert text.count("filters=24\n[yolo]\nclasses=3\nanchors=5,6\n") == 2  # 3 * (3 + 5)


def test_an_option_is_changed_or_added(script):
    assert script.with_option("a=1\nba = 2\n", "a", "5") == "a=5\nba = 2\n"
    assert script.with_option("a=1", "backup", "here") == "a=1\nbackup=here\n"


def test_results_are_compared_by_seed(script):
    rows = {
        "1": row("off", 1, 70, 69.5),
        "2": row("bf16", 1, 71, 71),
        "3": row("off", 2, 60, 60.5),
        "4": row("bf16", 2, 63, 63),
        "5": row("off", 3, 99, 99),
    }

    training, inference = script.report(rows).split("\n")[-2:]

    # differences 1 and 3: mean 2, deviation sqrt(2), error sqrt(2) / sqrt(2)
    assert training == (
        "bf16 float beside off float: mAP 67.00 and 65.00, of 2 trainings;"
        " difference +2.00, standard error 1.00"
    )
    assert "difference +0.00, standard error 0.29" in inference  # of -.5, .5 and 0


def test_what_has_a_row_is_not_trained_again(script, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(script.Training, "run", lambda one, seconds: bool(trained.append(one)) or 1)
    monkeypatch.setattr(script.Training, "precision", lambda one, word: 50.0)
    some = [script.Training(tmp_path, seed, "off", 30) for seed in (1, 2)]
    (tmp_path / "rows.json").write_text(json.dumps({"off-1-30": row("off", 1, 70, 70)}))

    script.train_all(some, ("backup=backup", CFG), 1)

    assert trained == some[1:]
    assert json.loads((tmp_path / "rows.json").read_text())["off-2-30"]["float"] == 50
