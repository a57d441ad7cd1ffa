"""One bad item ends no batch, no output is lost, and nothing is written over an input."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from pathlib import Path

import cv2
import pytest

from pydarknet.boxes import draw
from pydarknet.cli import detection, output
from pydarknet.cli.main import main

TEST = "detector test my.data net.cfg net.weights"
SHOWN = "-dont_show -thresh .5"

needs_sys = pytest.mark.skipif(not os.path.isdir("/sys/kernel"), reason="needs a read-only folder")
needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")


def digest(path: str) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def predicted(out: str) -> list[str]:
    """Return the images for which a command printed the time."""
    return [line.split(": Predicted")[0] for line in out.splitlines() if ": Predicted" in line]


def frames(path: str | Path) -> list[str]:
    """Return the images of a JSON file."""
    return [frame["filename"] for frame in json.loads(Path(path).read_text())]


def copies(*names: str) -> None:
    """Copy the image to other names, in the format of each."""
    image = cv2.imread("img.png")
    for name in names:
        Path(name).parent.mkdir(exist_ok=True)
        assert cv2.imwrite(name, image)


# Folders that cannot be written


@needs_sys
def test_in_a_folder_that_cannot_be_written_the_boxes_are_still_answered(
    fault, answer, monkeypatch
):
    here = fault("inference/folder_that_cannot_be_written")
    words = " ".join(f"{here}/{name}" for name in ("my.data", "net.cfg", "net.weights"))
    images = f"{here}/img.png {here}/img2.png"
    (here / "my.data").write_text(f"classes=2\nnames={here}/my.names\n")
    monkeypatch.chdir("/sys")

    told = answer(f"detector test {words} {images} {SHOWN} -out {here}/out.json")

    assert told.status == 1
    assert frames(here / "out.json") == images.split()
    assert predicted(told.out) == images.split()
    assert told.err.count("Failed to write image predictions.jpg: Permission denied") == 1


@needs_sys
def test_a_missing_image_is_told_where_bad_list_cannot_be_written(fault, answer, monkeypatch):
    here = fault("inference/folder_that_cannot_be_written")
    words = " ".join(f"{here}/{name}" for name in ("my.data", "net.cfg", "net.weights"))
    (here / "my.data").write_text(f"classes=2\nnames={here}/my.names\n")
    monkeypatch.chdir("/sys")

    told = answer(
        f"detector test {words} nope.png {here}/img.png no.png {SHOWN} -out_dir {here}/od"
    )

    assert told.status == 1
    assert predicted(told.out) == [f"{here}/img.png"]
    assert os.listdir(here / "od") == ["img.jpg"]
    assert 'Cannot load image "nope.png"' in told.err
    assert 'Cannot load image "no.png"' in told.err
    assert told.err.count("bad.list: cannot be written: Permission denied") == 1


@needs_full
def test_json_on_a_full_disk_is_one_line(fault, answer):
    fault("inference/folder_that_cannot_be_written")

    told = answer(f"{TEST} img.png img2.png {SHOWN} -out /dev/full")

    assert told.status == 1
    assert told.err.splitlines()[-1] == "/dev/full: cannot be written: No space left on device"


# One bad item


def test_a_list_with_a_missing_image_is_answered_to_its_end(fault, capsysbinary):
    fault("breaker/bad_list")
    words = "detector test run.data run.cfg net.weights list.txt -dont_show -out x.json"

    status = main(words.split())

    assert status == 1
    assert b"0.png: Predicted in" in capsysbinary.readouterr().out
    assert "0.png" in frames("x.json")
    assert Path("bad.list").read_bytes().count(b"\n") == 1


def test_images_after_one_without_a_label_name_have_their_labels(fault, answer):
    fault("inference/save_labels_ends_a_batch")

    told = answer(f"{TEST} a.tif b.webp c.jpg {SHOWN} -save_labels")

    assert told.status == 0
    assert predicted(told.out) == ["a.tif", "b.webp", "c.jpg"]
    assert [len(Path(name).read_text()) > 0 for name in ("a.txt", "b.txt", "c.txt")] == [True] * 3


def test_a_label_file_that_cannot_be_written_is_told(fault, answer):
    fault("inference/out_dir_overwrites")
    copies("a.jpg", "b.jpg")
    Path("a.txt").mkdir()

    told = answer(f"{TEST} a.jpg b.jpg {SHOWN} -save_labels -out x.json")

    assert told.status == 1
    assert "Couldn't open file: a.txt (Is a directory)" in told.err
    assert Path("b.txt").is_file()
    assert frames("x.json") == ["a.jpg", "b.jpg"]


def test_an_image_whose_boxes_cannot_be_drawn_is_told_and_has_its_json(fault, answer, monkeypatch):
    fault("inference/out_dir_overwrites")
    copies("a.jpg", "b.jpg")
    drawn = []

    def fail_first(*arguments: object, **look: object) -> object:
        drawn.append(arguments)
        if len(drawn) == 1:
            raise cv2.error("no memory")
        return draw.draw(*arguments, **look)

    monkeypatch.setattr(output, "draw", fail_first)

    told = answer(f"{TEST} a.jpg b.jpg {SHOWN} -out_dir d -out x.json")

    assert told.status == 1
    assert "a.jpg: error: no memory" in told.err
    assert os.listdir("d") == ["b.jpg"]
    assert frames("x.json") == ["a.jpg", "b.jpg"]


def test_an_image_that_the_network_cannot_take_is_told_and_the_others_are_answered(
    fault, answer, monkeypatch
):
    fault("inference/out_dir_overwrites")
    copies("a.jpg", "b.jpg", "c.jpg")
    detect = detection.detect_and_draw

    def fail_on_b(*arguments: object) -> object:
        if any(path == "b.jpg" for path, _ in arguments[-1]):
            raise MemoryError
        return detect(*arguments)

    monkeypatch.setattr(detection, "detect_and_draw", fail_on_b)

    told = answer(f"{TEST} a.jpg b.jpg c.jpg {SHOWN} -out_dir d")

    assert told.status == 1
    assert "b.jpg: out of memory" in told.err
    assert sorted(os.listdir("d")) == ["a.jpg", "c.jpg"]


def test_what_is_no_image_in_the_middle_is_told(fault, answer):
    fault("inference/out_dir_overwrites")
    copies("a.jpg", "c.jpg")
    Path("b.jpg").mkdir()
    Path("notes.md").write_text("no image\n" * 9)

    told = answer(f"{TEST} a.jpg b.jpg/x.jpg notes.md nolist.txt c.jpg {SHOWN}")

    assert told.status == 1
    assert predicted(told.out) == ["a.jpg", "c.jpg"]
    assert [name in told.err for name in ("b.jpg/x.jpg", "notes.md", "nolist.txt")] == [True] * 3


def test_json_is_closed_when_the_program_is_interrupted(fault, answer, monkeypatch):
    fault("inference/out_dir_overwrites")
    copies("a.jpg", "b.jpg")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(output, "json_of", interrupt)

    assert answer(f"{TEST} a.jpg b.jpg {SHOWN} -out x.json").status == 130
    assert frames("x.json") == []


def test_filters_that_cannot_be_written_are_told_and_the_others_are_drawn(fault, answer):
    fault("inference/out_dir_overwrites")
    Path("Layer 0.jpg").mkdir()

    told = answer("visualize net.cfg net.weights")

    assert told.status == 1
    assert "Failed to write image Layer 0.jpg: Is a directory\n" in told.err
    assert Path("Layer 1.jpg").is_file()
    assert Path("Layer 2.jpg").is_file()


def test_a_mean_of_fewer_files_than_named_is_not_written_and_each_bad_one_is_told(fault, answer):
    fault("inference/out_dir_overwrites")

    told = answer("average net.cfg mean.weights net.weights none.weights my.names net.weights")

    assert told.status == 1
    assert not Path("mean.weights").exists()
    assert "Couldn't open file: none.weights" in told.err
    assert "my.names: " in told.err
    assert told.err.endswith(
        "mean.weights is not written: the mean of fewer files is another network\n"
    )


@pytest.mark.parametrize("flags", ["-json obj", "-json none/a.json", "-plot obj.names"])
def test_map_looks_before_its_work_whether_its_output_can_be_written(fault, answer, flags):
    fault("training/map_in_another_dialect")

    told = answer(f"detector map obj.data my.cfg my.weights {flags}")

    assert told.status == 1
    assert told.out == ""
    assert "cannot be written: " in told.err or "obj.names: cannot be " in told.err


def test_map_of_a_list_with_an_unreadable_image_ends_with_status_1(fault, answer):
    fault("training/map_in_another_dialect")
    with open("valid.txt", "a") as file:
        file.write("gone.jpg\n")

    told = answer("detector map obj.data my.cfg my.weights")

    assert told.status == 1
    assert 'Cannot load image "gone.jpg"' in told.err
    assert "(mAP@0.50) = " in told.out


def test_a_list_on_a_terminal_ends_with_a_summary(fault, capsys, monkeypatch):
    fault("inference/out_dir_overwrites")
    copies("a.jpg", "b.jpg")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    words = f"{TEST} a.jpg gone.jpg b.jpg {SHOWN} -out_dir d -out x.json"

    status = main(words.split())

    out, err = capsys.readouterr()
    boxes = sum(line.endswith("%") for line in out.splitlines())
    assert status == 1
    assert err.splitlines()[-1] == (
        f"2 images, {boxes} boxes, 1 unreadable; drawn in d, JSON in x.json"
    )


# Never over an input


def test_images_of_one_name_from_two_folders_are_both_kept(fault, answer):
    fault("inference/out_dir_overwrites")

    told = answer(f"{TEST} cam1/0001.jpg cam2/0001.jpg cam1/0001.png {SHOWN} -out_dir drawn")

    assert told.status == 0
    assert sorted(p.as_posix() for p in Path("drawn").rglob("*.jpg")) == [
        "drawn/cam1/0001.jpg",
        "drawn/cam1/0001.png.jpg",
        "drawn/cam2/0001.jpg",
    ]
    assert "cam1/0001.png is drawn as drawn/cam1/0001.png.jpg" in told.err


def test_images_of_one_name_from_two_operands_are_both_kept(fault, answer):
    fault("inference/out_dir_overwrites")
    copies("a/x.jpg", "b/x.jpg")

    assert answer(f"{TEST} a b {SHOWN} -out_dir d").status == 0
    assert sorted(p.as_posix() for p in Path("d").rglob("*.jpg")) == ["d/a/x.jpg", "d/b/x.jpg"]


@pytest.mark.parametrize(
    ("images", "flags"),
    [
        ("a", "-out_dir a"),
        ("a/x.jpg", "-out_dir ./a"),
        ("a/x.jpg", "-out_dir link"),
        ("soft.jpg", "-out_dir a"),
        ("a/x.jpg", "-out a/x -dialect pjreddie"),
        ("a/x.jpg", "-out a/x.jpg -dialect alexeyab"),
        ("a", "-out a/x.jpg -dialect alexeyab"),
    ],
)
def test_a_drawn_image_is_not_written_over_an_image_that_is_read(fault, answer, images, flags):
    fault("inference/out_dir_overwrites")
    copies("a/x.jpg")
    os.symlink("a", "link")
    os.symlink("a/x.jpg", "soft.jpg")
    shutil.copy("a/x.jpg", "a/soft.jpg")
    Path("a/soft.jpg").unlink()
    os.link("a/x.jpg", "a/soft.jpg")
    before = digest("a/x.jpg")

    told = answer(f"{TEST} {images} -thresh .5 {flags}")

    assert told.status == 1
    assert digest("a/x.jpg") == before
    assert "is read by this command: expected another file to write to" in told.err


def test_an_image_of_the_prompt_is_not_written_over(fault, answer, monkeypatch):
    fault("inference/out_dir_overwrites")
    copies("a/x.jpg")
    before = digest("a/x.jpg")
    monkeypatch.setattr("sys.stdin", io.StringIO("a/x.jpg\nimg.png\n"))

    told = answer(f"{TEST} {SHOWN} -out_dir a")

    assert told.status == 1
    assert digest("a/x.jpg") == before
    assert Path("a/img.jpg").is_file()


def test_an_image_too_wide_for_jpeg_is_not_written_over_by_its_png(fault, answer):
    fault("breaker/picture_65535_wide")
    before = digest("wide.png")

    told = answer("detector test run.data run.cfg net.weights wide.png -dont_show -out_dir .")

    assert told.status == 1
    assert digest("wide.png") == before


def test_predictions_of_before_are_an_input_like_any_other(fault, answer):
    fault("inference/out_dir_overwrites")
    copies("predictions.jpg")
    before = digest("predictions.jpg")

    told = answer(f"{TEST} predictions.jpg {SHOWN} -out x.json")

    assert told.status == 1
    assert (
        "predictions.jpg is read by this command: expected another file to write to\n"
        "    hint: -out_dir FOLDER draws every image into that folder\n"
    ) in told.err
    assert digest("predictions.jpg") == before
    assert frames("x.json") == ["predictions.jpg"]


@pytest.mark.parametrize("file", ["net.weights", "net.cfg", "my.data", "my.names", "list.txt"])
def test_json_is_not_written_over_a_file_that_the_command_reads(fault, answer, file):
    fault("inference/out_dir_overwrites")
    Path("list.txt").write_text("img.png\n")
    before = digest(file)

    told = answer(f"{TEST} list.txt {SHOWN} -dialect alexeyab -out {file}")

    assert told.status == 1
    assert digest(file) == before
    assert f"{file} is read by this command" in told.err


def test_results_are_not_written_over_the_list_of_images(fault, answer):
    fault("training/map_in_another_dialect")
    with open("obj.data", "a") as file:
        file.write("results=.\neval=imagenet\n")
    before = digest("valid.txt")

    told = answer("detector valid obj.data my.cfg my.weights -out valid")

    assert told.status == 1
    assert digest("valid.txt") == before
    assert "valid.txt is read by this command" in told.err


def test_a_name_of_output_that_is_a_folder_is_told(fault, answer):
    fault("inference/out_dir_overwrites")

    told = answer(f"{TEST} img.png -out cam1/ -dialect pjreddie")

    assert told.status == 1
    assert told.err.endswith("-out cam1/: expected the name of a file, not of a folder\n")


def test_labels_are_not_written_over_the_list_of_images(fault, answer):
    fault("inference/out_dir_overwrites")
    copies("list.png")
    Path("list.txt").write_text("list.png\n")

    told = answer(f"{TEST} list.txt {SHOWN} -save_labels")

    assert told.status == 1
    assert Path("list.txt").read_text() == "list.png\n"


@pytest.mark.parametrize(
    "line",
    [
        "partial net.cfg net.weights net.weights 1",
        "partial net.cfg net.weights net.cfg 1",
        "average net.cfg net.weights net.weights net.weights",
        "denormalize net.cfg net.weights ./net.weights",
        "detector map my.data net.cfg net.weights -json my.data",
    ],
)
def test_a_file_is_not_converted_into_itself(fault, answer, line):
    fault("inference/out_dir_overwrites")
    before = [digest(name) for name in ("net.weights", "net.cfg", "my.data")]

    told = answer(line)

    assert told.status == 1
    assert [digest(name) for name in ("net.weights", "net.cfg", "my.data")] == before
    assert "is read by this command: expected another file to write to\n" in told.err


def test_label_files_that_are_there_are_written_over_and_that_is_told(fault, answer):
    fault("inference/out_dir_overwrites")
    copies("a.jpg")
    Path("a.txt").write_text("0 .1 .1 .1 .1\n")

    told = answer(f"{TEST} a.jpg {SHOWN} -save_labels")

    assert told.status == 0
    assert Path("a.txt").read_text() != "0 .1 .1 .1 .1\n"
    assert "-save_labels: label files that are there are written over\n" in told.err


# A flag that only says how results are shown


@pytest.mark.parametrize("flag", ["-dont_show", "-ext_output", "-save_labels", "-out x.json"])
def test_a_flag_that_shows_results_speaks_for_the_fork_and_the_last_line_says_so(
    fault, answer, flag
):
    fault("inference/a_flag_changes_the_boxes")

    told = answer(f"{TEST} img.png -thresh .5 {flag}")

    word = flag.split()[0]
    assert f"dialect alexeyab: inferred from {word} on the command line\n" in told.err
    assert told.err.splitlines()[-1] == (
        f"dialect alexeyab: only {word} speaks for it;"
        " add -dialect pjreddie to do as the original does"
    )


@pytest.mark.parametrize(
    "flags", ["", "-out drawn", "-dont_show -dialect pjreddie", "-dont_show -dialect alexeyab"]
)
def test_without_such_a_flag_or_with_a_dialect_there_is_nothing_to_say(fault, answer, flags):
    fault("inference/a_flag_changes_the_boxes")

    told = answer(f"{TEST} img.png -thresh .5 {flags}")

    assert told.status == 0
    assert "speaks for it" not in told.err


def test_the_flag_that_the_line_names_gives_the_boxes_of_the_original(fault, answer):
    fault("inference/a_flag_changes_the_boxes")

    plain = answer(f"{TEST} img.png -thresh .5")
    shown = answer(f"{TEST} img.png -thresh .5 -dont_show -ext_output -dialect pjreddie")

    boxes = plain.out.splitlines()[1:]
    assert len(boxes) > 0
    assert shown.out.splitlines()[1:] == boxes


def test_map_of_weights_with_the_originals_header_says_how_to_evaluate_them_so(fault, answer):
    fault("training/map_in_another_dialect")

    told = answer("detector map obj.data my.cfg my.weights")

    assert "mAP@0.50) = 0.446" in told.out
    assert (
        "\ndialect alexeyab: map speaks for it, but the header of my.weights is the original's:"
        " if that is how it was trained, add -dialect pjreddie\n"
    ) in told.err


def test_map_of_weights_beside_their_state_is_that_of_their_training(fault, answer):
    cfg = fault("training/map_in_another_dialect") / "my.cfg"
    cfg.write_text(cfg.read_text().replace("max_batches=700", "max_batches=1"))
    assert answer("detector train obj.data my.cfg my.weights -clear -workers 0").status == 0
    Path("backup/my_final.weights").write_bytes(Path("my.weights").read_bytes())

    told = answer("detector map obj.data my.cfg backup/my_final.weights")

    assert "mAP@0.50) = 0.516" in told.out
    assert "dialect pjreddie: backup/my_final.weights was trained in it" in told.err
    assert "mAP@0.50) = 0.446" in (
        answer("detector map obj.data my.cfg backup/my_final.weights -dialect alexeyab").out
    )


def test_two_images_of_one_label_file_lose_no_labels(fault, answer):
    folder = fault("inference/a_flag_changes_the_boxes")
    (folder / "img.bmp").write_bytes((folder / "img.png").read_bytes())

    told = answer("detector test my.data net.cfg net.weights img.png img.bmp -save_labels")

    assert told.status == 1
    assert "img.bmp: img.txt has the labels of img.png" in told.err
    assert told.out.count("Predicted in") == 2
