"""What two processes find in images, and one merges, is what one process finds."""

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


TEST = ["detector", "test", "eval.data", *NET]


@pytest.mark.parametrize(
    "words",
    [[*TEST, "valid.txt", "-out", "results/found.json"], ["yolo", "test", *NET, "valid.txt"]],
    ids=["detector", "yolo"],
)
def test_parts_become_what_one_process_writes(folder, capfd, words):
    expected = outcome(folder, capfd, words)

    assert shared_outcome(folder, capfd, words) == expected
    assert len(expected[1]) == 2 - ("yolo" in words), "JSON, and the last image"


def test_each_process_draws_and_labels_its_images(folder, capfd):
    words = [*TEST, "imgs", "-out_dir", "results/drawn", "-save_labels", "-thresh", ".1"]
    (folder / "imgs" / "none.txt").unlink()
    expected = outcome(folder, capfd, words)
    labels = {path: path.read_bytes() for path in (folder / "imgs").glob("*.txt")}
    for path in labels:
        path.unlink()

    found = shared_outcome(folder, capfd, words)

    assert found[:3] == expected[:3]
    assert {path: path.read_bytes() for path in labels if path.exists()} == labels


def test_what_was_interrupted_of_a_test_goes_on_too(folder, capfd):
    words = [*TEST, "valid.txt", "-out", "results/found.json"]
    _, expected, *_ = outcome(folder, capfd, words)
    main([*words, "-shard", "1/1"])
    [part] = Path("parts").iterdir()
    rows = part.read_bytes().split(b"\n")
    part.write_bytes(b"\n".join(rows[:3]) + b"\n")
    capfd.readouterr()

    main([*words, "-shard", "1/1"])

    out, err = capfd.readouterr()
    assert f"{part} has 9 of 12 images already" in err  # 4, and 5 of which one is none
    assert out.count("Predicted in") == 3
    assert outcome(folder, capfd, [*words, "-merge"])[1] == expected


def test_images_of_a_prompt_are_not_shared(folder, capfd):
    assert main(["detector", "test", "eval.data", *NET, "-shard", "1/2"]) == 1

    told = "-shard 1/2: expected images on the command line, none on stdin\n"
    assert capfd.readouterr().err.endswith(told)
