"""Labels as people have them: polygons, commas, pixels, other endings, and none at all."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

TRAIN = "detector train obj.data my.cfg -nogpu -seed 1"


def write_labels(folder: Path, text: str, encoding: str = "utf-8") -> None:
    """Write the same labels for every image."""
    for image in (folder / "obj").glob("*.jpg"):
        image.with_suffix(".txt").write_text(text, encoding=encoding)


def test_classes_with_a_point_are_trained_and_told_once(fault, answer):
    fault("training/no_label_usable")

    seen = answer(TRAIN)
    mapped = answer("detector map obj.data my.cfg my.weights -nogpu")

    assert (seen.status, mapped.status) == (0, 0)
    assert seen.err.count("is read as") == 1
    assert "unique_truth_count = 8" in mapped.out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 0,5 0,5 0,1 0,1\n", "0,5: expected 0.5, with a point"),
        ("1,0.5,0.5,0.1,0.1\n", "expected blanks between numbers"),
        ("1 32 32 10 12\n", "expected it within 0..1, not pixels"),
        ("dog 0.5 0.5 0.1 0.1\n", "class dog: expected a whole number"),
        ("1 .1 .1 .9 .1 .5 .9\n", "polygons=1 in the .data file"),
        ("7 0.5 0.5 0.1 0.1\n", "class 7: expected 0 to 1"),
        ("", "its label file is empty"),
        ("\0", "is not a text file (a zero byte on line 1): expected labels"),
    ],
)
def test_no_training_begins_without_one_box(fault, answer, text, told):
    folder = fault("training/blank_line_in_list")
    write_labels(folder, text)

    seen = answer(TRAIN)

    assert seen.status == 1
    line = seen.err.splitlines()[-1]
    assert line.startswith("no box to train on in 8 images; obj/i0.jpg: ")
    assert told in line
    assert not list(Path("backup").glob("*.weights"))


def test_no_training_begins_without_a_label_file(fault, answer):
    folder = fault("training/blank_line_in_list")
    for label in (folder / "obj").glob("*.txt"):
        label.unlink()

    seen = answer(TRAIN)

    assert seen.status == 1
    assert "no box to train on in 8 images; obj/i0.jpg: obj/i0.txt: no label" in seen.err


def test_the_end_of_a_training_counts_what_was_left_out(fault, answer):
    folder = fault("training/blank_line_in_list")
    (folder / "obj" / "i0.txt").unlink()
    (folder / "obj" / "i1.txt").write_text("0 .5 .5 .2 .2\n0 .5 .5 .2\n9 .5 .5 .2 .2\n")

    seen = answer(TRAIN)

    assert seen.status == 0
    counts = seen.err.splitlines()[-1].rpartition("; ")[2].split(", ")
    assert sorted(counts) == ["images without a label file: 1", "lines of labels left out: 2"]


def test_polygons_are_trained_and_evaluated_by_their_bounds(fault, answer):
    folder = fault("training/blank_line_in_list")
    write_labels(folder, "1 .1 .1 .9 .1 .5 .9\n")
    with open("obj.data", "a", encoding="utf-8") as data:
        data.write("polygons = 1\n")

    seen = answer(TRAIN)
    mapped = answer("detector map obj.data my.cfg my.weights -nogpu")
    anchors = answer("detector calc_anchors obj.data -num_of_clusters 1 -width 64 -height 64")

    assert (seen.status, mapped.status, anchors.status) == (0, 0, 0)
    assert "unique_truth_count = 8" in mapped.out
    assert "51, 51" in anchors.out  # 0.8 of 64 pixels


@pytest.mark.parametrize("command", ["train", "map", "calc_anchors"])
def test_pictures_of_any_ending_have_their_labels(fault, answer, command):
    fault("training/tif_is_background")
    line = {
        "train": TRAIN,
        "map": "detector map obj.data my.cfg my.weights -nogpu",
        "calc_anchors": "detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64",
    }[command]

    seen = answer(line)

    assert seen.status == 0
    assert "no label file" not in seen.err
    assert "Can't open label file" not in seen.out
    if command == "map":
        assert "unique_truth_count = 8" in seen.out


@pytest.mark.parametrize(
    "line",
    [
        "detector map obj.data my.cfg my.weights -nogpu",
        "detector recall obj.data my.cfg my.weights -nogpu",
        "detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64",
    ],
)
def test_one_label_file_that_is_no_text_is_told_and_the_rest_goes_on(fault, answer, line):
    folder = fault("training/blank_line_in_list")
    (folder / "obj" / "i3.txt").write_bytes(b"0 .5 .5 .2 .2\n\0")

    seen = answer(line)

    assert seen.status == 1
    told = "obj/i3.txt: is not a text file (a zero byte on line 2): expected labels"
    assert seen.err.count(told) == 1
    if "map" in line:
        assert "unique_truth_count = 7" in seen.out


@pytest.fixture
def script(monkeypatch):
    """Return a function that runs a script in this process, and returns what it ends with."""
    folder = Path(__file__).parents[2] / "scripts"
    monkeypatch.syspath_prepend(str(folder))

    def run(name: str, *words: str) -> object:
        monkeypatch.setattr(sys, "argv", [name, *words])
        try:
            runpy.run_path(str(folder / name), run_name="__main__")
        except SystemExit as end:
            return end.code
        return None

    return run


COCO = "0 0.25 0.25 0.3 0.25\n"  # 10, 10 and 30 x 20 of 100 x 80: (10 + 15) / 100, (10 + 10) / 80


@pytest.mark.parametrize(
    ("name", "label", "left_out"),
    [
        ("nobbox", COCO, 0),
        ("emptybbox", COCO, 0),
        ("badcat", "", 1),
        ("nosize", COCO, 0),
        ("zerosize", COCO, 0),
        ("orphan", "", 1),
        ("strid", COCO, 0),
        ("bom", COCO, 0),
    ],
)
def test_what_cocos_files_lack_is_taken_from_elsewhere_or_left_out_and_counted(
    fault, script, capsys, name, label, left_out
):
    fault("training/coco_label")
    Path("img").mkdir()
    cv2.imwrite("img/a.jpg", np.zeros((80, 100, 3), np.uint8))

    end = script("coco_label.py", f"{name}.json", "--images", "img", "--labels", "lab")

    assert end is None
    assert Path("lab/a.txt").read_text() == label
    count = 1 - left_out
    assert (
        f"1 image, {count} object{'s' * (count != 1)}; left out: {left_out}\n"
        in capsys.readouterr().out
    )


def test_an_image_whose_size_nobody_knows_is_left_out_and_told(fault, script, capsys):
    fault("training/coco_label")

    script("coco_label.py", "nosize.json", "--images", "img", "--labels", "lab")

    assert not Path("lab").exists()
    assert "0 images, 0 objects; left out: 1\n" in capsys.readouterr().out


def test_another_json_is_told_in_a_line(fault, script):
    fault("training/coco_label")

    end = script("coco_label.py", "list.json", "--labels", "lab")

    assert end == "coco_label.py: list.json: is not an object: expected instances_*.json"


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "x/../../a.jpg", "a\\u0000.jpg", ""])
def test_labels_never_leave_the_folder_of_their_images(tmp_path, script, monkeypatch, name):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    box = '{"image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}'
    image = f'{{"id": 1, "file_name": "{name}", "width": 9, "height": 9}}'
    Path("x.json").write_text(
        f'{{"images": [{image}], "annotations": [{box}], "categories": [{{"id": 1}}]}}'
    )

    assert script("coco_label.py", "x.json", "--images", "img") is None
    assert sorted(path.name for path in tmp_path.rglob("*.txt")) == ["x.txt"]
    assert Path("x.txt").read_text() == ""


def test_a_blank_line_in_a_set_of_voc_is_no_image(fault, script):
    folder = fault("breaker/voc_label")
    main = folder / "VOCdevkit" / "VOC2007" / "ImageSets" / "Main"
    main.mkdir(parents=True)
    (main / "train.txt").write_text("\nx\n")

    end = script("voc_label.py")

    assert "Annotations/x.xml" in str(end)  # which is not there
    assert "\n" not in str(end)


def test_an_endless_width_is_told_in_a_line(fault, script, capsys):
    fault("breaker/voc_label")

    end = script("voc_label.py", "--annotations", "ann")

    told = "ann/a.xml:1: width = 1e999: expected a number of pixels: left out\n"
    assert capsys.readouterr().err == told
    assert end == "voc_label.py: ann: expected an .xml file that can be used"


def test_a_set_of_voc_names_files_of_its_folder(fault, script):
    folder = fault("breaker/voc_label")
    main = folder / "VOCdevkit" / "VOC2007" / "ImageSets" / "Main"
    main.mkdir(parents=True)
    (main / "train.txt").write_text("../../../x\n")

    assert str(script("voc_label.py")).endswith("'../../../x': expected a file name")
