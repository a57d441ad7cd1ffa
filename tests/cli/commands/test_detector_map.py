"""The commands that evaluate a detector: what they print, on which stream, and their files."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import BENCHMARKS, recording
from exports import both

from pydarknet.cli.main import main

RUNS = {
    "points0": [],
    "points11": ["-points", "11"],
    "points101": ["-points", "101"],
    "iou75_thresh10": ["-iou_thresh", ".75", "-thresh", ".10"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a copy of the fork's recorded evaluation."""
    return copied("train_eval_ab_greedynms", tmp_path, monkeypatch)


def copied(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of a recording, without its results."""
    leave = shutil.ignore_patterns("results", "map_*", "recall.txt", "valid_stderr.txt")
    shutil.copytree(recording(name), tmp_path / "run", ignore=leave)
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.setenv("PYDARKNET_DIALECT", "alexeyab" if "_ab_" in name else "pjreddie")
    return tmp_path / "run"


def detector(verb: str, *flags: str, data: str = "eval.data") -> int:
    """Run a verb of `detector` on the recorded network."""
    return main(["detector", verb, data, "net.cfg", "net.weights", *flags])


def after(text: str, word: str) -> list[str]:
    """Return the lines of a text behind the first that begins with a word."""
    rows = text.replace("\r", "\n").split("\n")
    start = next(i for i, row in enumerate(rows) if row.startswith(word))
    return rows[start:]


# map


@pytest.mark.parametrize("name", RUNS)
def test_map_prints_the_recorded_report(folder, capfd, name):
    assert detector("map", *RUNS[name]) == 0

    out, err = capfd.readouterr()
    recorded = (recording("train_eval_ab_greedynms") / f"map_{name}.txt").read_text()
    assert after(out, " detections_count") == after(recorded, " detections_count")
    assert (
        "\n calculation mAP (mean average precision)...\n Detection layer: 4 - type = 28 \n" in out
    )
    assert re.search(r"\r4\r8\r12Total Detection Time: \d+ Seconds\n$", err)


def test_map_writes_the_report_and_draws_it(folder, capfd):
    assert detector("map", "-json", "all.json", "-plot", "drawn", "-coco") == 0

    report = json.loads((folder / "all.json").read_text())
    assert report["mean_average_precision"] == pytest.approx(0.062142, abs=5e-7)
    assert [one["name"] for one in report["classes"]] == ["alpha", "beta", "gamma"]
    drawn = sorted(path.name for path in (folder / "drawn").iterdir())
    assert drawn[:5] == [
        "confusion.png",
        "curve_00_alpha.png",
        "curve_01_beta.png",
        "curve_02_gamma.png",
        "curves.png",
    ]
    assert len(drawn) == 5 + 11  # and each image, worst first
    assert all(cv2.imread(str(folder / "drawn" / name)).std() > 1 for name in drawn)
    assert capfd.readouterr().out.count("| area=") == 12


def test_without_matplotlib_plots_are_refused_before_the_work(folder, capfd, monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.setattr("pydarknet.charts.library.find_spec", lambda name: None)

    assert detector("map", "-plot", "drawn") == 1

    out, err = capfd.readouterr()
    assert "this needs matplotlib, which is not installed\n    hint: pip install matplotlib" in err
    assert "calculation mAP" not in out


def test_a_report_that_cannot_be_written_is_refused_before_the_work(folder, capfd):
    assert detector("map", "-json", "none/all.json") == 1

    out, err = capfd.readouterr()
    assert err.endswith("none/all.json: cannot be written: No such file or directory\n")
    assert out == ""


def test_names_of_another_number_than_classes_end_map(folder, capfd):
    (folder / "names.txt").write_text("alpha\nbeta\n")

    assert detector("map") == 1

    assert capfd.readouterr().err.endswith(
        "Error: in the file names.txt number of names 2 that isn't equal to"
        " classes=3 in the file net.cfg\n"
    )


def test_a_missing_label_file_is_told_and_its_image_has_no_truths(folder, capfd):
    (folder / "imgs/im03.txt").unlink()

    assert detector("map") == 0

    out, err = capfd.readouterr()
    told = "Can't open label file. (This can be normal only if you use MSCOCO): imgs/im03.txt"
    assert told in err + out
    assert "unique_truth_count = 58" in out


@pytest.mark.parametrize("layout", ["merged", "rows", "raw"])
def test_an_exported_network_has_the_recorded_report(folder, capfd, layout):
    pytest.importorskip("onnxruntime")
    both(recording("train_eval_ab_greedynms"), Path("net.onnx"), layout)

    assert main(["detector", "map", "eval.data", "net.onnx"]) == 0

    out, err = capfd.readouterr()
    recorded = (recording("train_eval_ab_greedynms") / "map_points0.txt").read_text()
    assert after(out, " detections_count") == after(recorded, " detections_count")
    assert f"layout {layout}, run by onnxruntime on the CPU\n" in err
    assert "no weights are loaded" not in err


@pytest.mark.parametrize("command", ["map", "valid"])
def test_in_tiles_small_digits_of_a_large_image_are_found(tmp_path, monkeypatch, capfd, command):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.chdir(tmp_path)
    from digit_scenes import scene

    seen, size = scene(0, (900, 700), (20, 50), 60), np.tile((900, 700), 2)
    first, last = seen.boxes[:, :2], seen.boxes[:, 2:]
    boxes = np.concatenate(((first + last) / 2, last - first), 1) / size
    pairs = zip(seen.classes, boxes.tolist(), strict=True)
    rows = [f"{index} {' '.join(map(str, box))}\n" for index, box in pairs]
    cv2.imwrite("large.png", seen.image[..., ::-1])
    Path("large.txt").write_text("".join(rows))
    Path("list.txt").write_text("large.png\n")
    Path("results").mkdir()
    Path("my.data").write_text("valid=list.txt\nnames=data/digits.names\n")
    words = ["detector", command, "my.data", "digits.cfg", "digits.weights"]

    def found() -> float:
        """Return the mAP, or how many boxes of more than one half are written."""
        out = capfd.readouterr().out
        if command == "map":
            return 2 * float(re.search(r"\(mAP@0\.50\) = ([\d.]+)", out)[1])  # of ten
        texts = [file.read_text() for file in Path("results").iterdir()]
        lines = [line for text in texts for line in text.splitlines()]
        return sum(float(line.split()[1]) > 0.5 for line in lines) / len(rows)

    assert main(words) == 0
    whole = found()
    assert main([*words, "-tile", "320x240"]) == 0
    tiled = found()

    assert whole < 0.6
    assert 0.9 < tiled < 1.1
