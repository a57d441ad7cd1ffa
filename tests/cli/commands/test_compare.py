"""`compare` as a stranger types it: their program or file beside ours, one verdict, a status."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HERE
from darknet_standin import stand_in

from pydarknet.cli.main import main

PJREDDIE = HERE / "reference" / "infer_pj_yolov3_a"
FORK = HERE / "reference" / "infer_ab_yolov3_a"


def files(case: Path) -> list[str]:
    """Return the operands of a recorded case."""
    return [str(case / name) for name in ("net.cfg", "net.weights", "input.png")]


@pytest.mark.parametrize(
    ("case", "program", "boxes"),
    [(FORK, "AlexeyAB's", 49), (PJREDDIE, "pjreddie's", 31)],
)
@pytest.mark.parametrize("flag", ["-darknet", "--darknet"])
def test_a_program_that_answers_as_recorded_is_equal(
    case, program, boxes, flag, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)

    assert main(["compare", *files(case), flag, str(stand_in(case, tmp_path))]) == 0

    lines = capfd.readouterr().out.splitlines()
    assert f"{program} lineage" in lines[0]
    assert lines[1].startswith(f"{case / 'input.png'}: {boxes} boxes in both, scores within 0.0000")
    assert lines[-1].startswith(f"equal: {boxes} boxes of 1 image: scores differ by at most 0.0000")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers", "darknet"]


def test_one_of_the_two_is_needed(capfd):
    assert main(["compare", *files(FORK)]) == 1
    told = capfd.readouterr().err.splitlines()
    assert told[0] == "compare: expected either -darknet PROGRAM or -onnx FILE"


def test_the_forks_own_words_after_compare_are_refused(capfd):
    assert main(["compare", "train", "a.cfg"]) == 1
    assert capfd.readouterr().err.startswith("compare train is not supported: it reads files of")


def test_a_file_of_the_commands_name_is_an_image_as_before(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("compare").write_bytes((FORK / "input.png").read_bytes())
    cfg, weights, _ = files(FORK)

    assert main(["detect", cfg, weights, "compare", "-dont_show", "-thresh", "0.9"]) == 0

    assert "compare: Predicted in" in capfd.readouterr().out
