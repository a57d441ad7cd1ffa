"""Result files and figures of a list that two processes share are those of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from list_runs import NET, evaluated, outcome, shared_outcome

from pydarknet.cli.main import main

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Work in a copy of the fork's recorded evaluation, with an image that is none."""
    return evaluated(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "words",
    [
        ["valid", "eval.data", *NET],
        ["valid", "coco.data", *NET],
        ["map", "eval.data", *NET, "-json", "results/map.json"],
        ["recall", "eval.data", *NET],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_parts_become_what_one_process_writes(folder, capfd, words):
    expected = outcome(folder, capfd, ["detector", *words])

    found = shared_outcome(folder, capfd, ["detector", *words])

    assert found == expected
    assert found[0] == 1, "an image cannot be read"
    assert found[1] or "recall" in words


def test_a_merge_counts_by_its_own_flags(folder, capfd):
    words = ["detector", "map", "eval.data", *NET]
    expected = outcome(folder, capfd, [*words, "-points", "11", "-iou_thresh", ".75"])
    main([*words, "-shard", "1/1"])
    capfd.readouterr()

    assert outcome(folder, capfd, [*words, "-points", "11", "-iou_thresh", ".75", "-merge"]) == (
        expected
    )
