"""Names, lists and data files as people have them: other encodings, blanks, odd letters."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from pydarknet.dataset.files import DataFile
from pydarknet.load import load_network
from pydarknet.training.arguments import MapOptions
from pydarknet.training.sources import Sources
from pydarknet.training.train import map_validation

LAST = "-nogpu -dont_show -thresh .005"


def boxes_in(file: str) -> int:
    """Return the number of objects of the only image of a JSON file."""
    [image] = json.loads(Path(file).read_bytes().decode("utf-8"))
    return len(image["objects"])


def test_names_in_latin_1_are_drawn_and_their_bytes_printed(fault, answer):
    fault("breaker/names_latin1_segfault")

    # the second time into a JSON file, which must be UTF-8
    seen = answer(f"detector test run.data run.cfg net.weights 0.png {LAST}")
    answer(f"detector test run.data run.cfg net.weights 0.png {LAST} -out x.json")

    assert seen.status == 0
    assert "caf\udce9: " in seen.out
    assert Path("predictions.jpg").stat().st_size > 0
    assert "caf\ufffd" in Path("x.json").read_text(encoding="utf-8")


def test_names_in_gbk_are_drawn(fault, answer):
    fault("inference/names_not_utf8_segfault")

    seen = answer("detector test my.data net.cfg net.weights img.png -dont_show -thresh .5")

    assert seen.status == 0
    assert "Couldn't" not in seen.err
    assert Path("predictions.jpg").is_file()


def test_files_that_powershell_wrote_are_read(fault, answer, monkeypatch):
    fault("inference/utf16_files_of_powershell")
    end = "net.cfg net.weights"

    alone = answer(f"detector test my16.data {end} img.jpg {LAST} -out data.json")
    answer(f"detector test my.data {end} list.txt {LAST} -no_draw -out list.json")
    answer(f"detector test my.data {end} blank.txt {LAST} -no_draw -out blank.json")
    with open("list.txt", encoding="latin-1") as listed:
        monkeypatch.setattr(sys, "stdin", listed)
        answer(f"detector test my.data {end} {LAST} -no_draw -out stdin.json")

    assert alone.status == 0
    assert boxes_in("data.json") == boxes_in("list.json") > 0
    assert boxes_in("blank.json") == boxes_in("stdin.json") == boxes_in("list.json")


def test_the_path_of_a_data_file_is_found_with_its_blanks(fault, answer):
    fault("inference/blanks_in_a_data_files_path")

    seen = answer(f"detector test my.data net.cfg net.weights img.png {LAST}")

    assert seen.status == 0
    told = "my.data:2: names = My Drive/my.names: taken as My Drive/my.names"
    assert f"{told} (Darknet deletes blanks)\n" in seen.err


def test_the_bytes_of_a_missing_image_go_to_bad_list_and_the_rest_goes_on(fault, answer):
    fault("breaker/bad_list")

    seen = answer(f"detector test run.data run.cfg net.weights list.txt {LAST}")

    assert Path("bad.list").read_bytes() == Path("list.txt").read_bytes().split(b"\n")[0] + b"\n"
    assert "0.png: Predicted in " in seen.out


@pytest.mark.parametrize("cfg", ["a.cfg", "b.cfg"])
def test_a_cfg_does_not_steer_the_terminal(fault, answer, cfg):
    fault("breaker/terminal_escapes")

    seen = answer(f"ops {cfg}")

    assert seen.err
    assert "\x1b" not in seen.err
    assert "\x07" not in seen.err


def test_a_key_of_ten_megabytes_is_told_in_a_line(tmp_path, answer):
    (tmp_path / "a.cfg").write_text(f"[net]\nwidth=8\n{'k' * 10**7}=\n[{'s' * 10**7}]\n")

    seen = answer(f"ops {tmp_path}/a.cfg")

    assert seen.status == 1
    assert max(map(len, seen.err.split("\n"))) < 600


def test_a_class_name_writes_no_file_outside_of_results(fault, answer):
    folder = fault("breaker/results_escape")

    seen = answer("detector valid run.data run.cfg net.weights -nogpu")

    assert seen.status == 0
    files = sorted(path.name for path in (folder / "results").iterdir())
    assert files == [
        "comp4_det_test__.._.._.._.._.._.._.._..SCRATCH_escaped.txt",
        "comp4_det_test_dog.txt",
    ]
    assert seen.err.count("its results are in") == 1


def test_a_list_in_utf_16_is_trained_and_so_are_labels(fault, answer):
    folder = fault("training/utf16_list")
    for label in (folder / "labels16").iterdir():
        (folder / "obj" / label.name).write_bytes(label.read_bytes())

    seen = answer("detector train obj.data my.cfg -nogpu -seed 1")

    assert seen.status == 0
    assert "boxes: 8: red 4, green 4\n" in seen.err
    assert "no line of labels was left out" in seen.err
    assert "expected a .cfg" not in seen.err


@pytest.mark.parametrize(
    "line",
    [
        "detector map obj.data my.cfg my.weights -nogpu",
        "detector recall obj.data my.cfg my.weights -nogpu",
        "detector valid obj.data my.cfg my.weights -nogpu",
        "detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64",
    ],
)
def test_an_empty_line_of_a_list_is_no_image(fault, answer, line):
    fault("training/blank_line_in_list")

    seen = answer(line)

    assert seen.status == 0
    assert "Cannot load" not in seen.err


def test_an_empty_line_ends_no_training_with_an_evaluation(fault):
    fault("training/blank_line_in_list")
    network = load_network("fork.cfg", dialect="alexeyab", device="cpu")
    sources = Sources(DataFile.read("obj.data"), Path("fork.cfg"), None)

    text = map_validation(network, sources, 8, MapOptions()).evaluate(100)

    assert "unique_truth_count = 8" in text


def test_weights_go_to_the_folder_that_is_meant(fault, answer):
    folder = fault("training/backup_elsewhere")

    seen = answer("detector train obj.data my.cfg -nogpu -seed 1")

    assert seen.status == 0
    assert (folder / "drive" / "My Drive" / "weights" / "my_final.weights").is_file()
    assert [path.name for path in (folder / "drive").iterdir()] == ["My Drive"]
    told = "obj.data:5: backup = drive/My Drive/weights  # of this run: taken as"
    assert f"{told} drive/My Drive/weights (Darknet deletes blanks; a comment needs" in seen.err


def test_names_of_30000_letters_are_drawn_charted_and_written(fault, answer):
    fault("training/blank_line_in_list")
    Path("obj.names").write_text("a" * 30000 + "\n" + "b" * 30000 + "\n")

    seen = answer("detector test obj.data my.cfg my.weights obj/i0.jpg -nogpu -thresh .001")
    charted = answer("detector map obj.data my.cfg my.weights -nogpu -plot plots")
    valid = answer("detector valid obj.data my.cfg my.weights -nogpu")

    assert (seen.status, charted.status, valid.status) == (0, 0, 0)


@pytest.mark.parametrize("where", ["names", "valid", "obj.data", "my.cfg"])
def test_a_pipe_where_a_file_is_expected_never_hangs(fault, answer, where):
    folder = fault("training/blank_line_in_list")
    file = {"names": "obj.names", "valid": "valid.txt"}.get(where, where)
    (folder / file).unlink()
    os.mkfifo(folder / file)

    seen = answer("detector map obj.data my.cfg my.weights -nogpu")

    assert seen.status == 1
    assert f"Couldn't open file: {file} (is a pipe): expected a" in seen.err


LONG = "a" * 30000


@pytest.mark.parametrize(
    "line",
    [
        f"detector test obj.data my.cfg my.weights {LONG}",
        f"detector test {LONG} my.cfg my.weights obj/i0.jpg",
        f"detector test obj.data {LONG} my.weights obj/i0.jpg",
        f"detector test obj.data my.cfg {LONG} obj/i0.jpg",
        f"ops {LONG}",
    ],
)
def test_a_path_of_30000_letters_is_told_in_a_short_line(fault, answer, line):
    fault("training/blank_line_in_list")

    seen = answer(f"{line} -nogpu")

    assert seen.status == 1
    assert "File name too long" in seen.err
    assert max(map(len, seen.err.split("\n"))) < 600


@pytest.mark.parametrize("command", ["map", "valid", "recall"])
def test_a_listed_path_of_30000_letters_is_told_and_the_rest_goes_on(fault, answer, command):
    fault("training/blank_line_in_list")
    Path("valid.txt").write_text(f"{LONG}\nobj/i0.jpg\n")

    seen = answer(f"detector {command} obj.data my.cfg my.weights -nogpu")

    assert "File name too long" in seen.err
    assert "obj/i0" not in seen.err
    assert "Traceback" not in seen.err
