"""What lists name, and what a training reads, is not written over either."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import pydarknet

pytestmark = pytest.mark.usefixtures("one_thread")
TEST = "detector test my.data net.cfg net.weights"
MAP = "detector map obj.data my.cfg my.weights"
TRAIN = "detector train obj.data my.cfg in.w -nogpu -workers 0 -seed 1"
READ = "is read by this command: expected another file to write to\n"


@pytest.fixture
def training(fault) -> Path:
    """Lay out a training that lasts two batches, with its first weights as in.w."""
    folder = fault("training/map_in_another_dialect")
    cfg = folder / "my.cfg"
    cfg.write_text(cfg.read_text().replace("max_batches=700", "max_batches=2"))
    shutil.copy("my.weights", "in.w")
    Path("backup").mkdir(exist_ok=True)
    return folder


def list_also(path: str, content: bytes | None = None) -> bytes:
    """Add an image to the list of valid and train images, with a label; return its content."""
    target = Path(path)
    target.parent.mkdir(exist_ok=True)
    shutil.copy("obj/i0.jpg", target)
    shutil.copy("obj/i0.txt", target.with_suffix(".txt"))
    for name in ("valid.txt", "train.txt"):
        Path(name).write_text(f"{Path(name).read_text()}{path}\n")
    return target.read_bytes()


# Evaluation


@pytest.mark.parametrize("file", ["obj/i3.jpg", "obj/i3.txt", "valid.txt", "train.txt", "soft"])
def test_a_report_is_not_written_over_what_a_list_names(training, answer, file):
    os.symlink("obj/i3.txt", "soft")
    before = Path(file).read_bytes()

    told = answer(f"{MAP} -json {file}")

    assert told.status == 1
    assert Path(file).read_bytes() == before
    assert told.err.endswith(f"{file} {READ}")
    assert told.out == ""


def test_a_plot_is_not_written_over_an_image_of_the_list_and_the_others_are(training, answer):
    before = list_also("plots/confusion.png")

    told = answer(f"{MAP} -plot plots")

    assert told.status == 1
    assert Path("plots/confusion.png").read_bytes() == before
    assert f"plots/confusion.png {READ}" in told.err
    assert len([*Path("plots").glob("curve_*.png")]) == 2


def test_results_are_not_written_over_an_image_of_the_list(training, answer):
    with open("obj.data", "a") as data:
        data.write("results=.\neval=coco\n")
    Path("valid.txt").write_text("out.json\n")
    shutil.copy("obj/i0.jpg", "out.json")

    told = answer("detector valid obj.data my.cfg my.weights -out out")

    assert told.status == 1
    assert Path("out.json").read_bytes() == Path("obj/i0.jpg").read_bytes()
    assert told.err.endswith(f"out.json {READ}")


@pytest.mark.parametrize("name", ["anchors.txt", "counters_per_class.txt", "cloud.png"])
def test_anchors_are_not_written_over_what_they_are_made_of(training, answer, name):
    before = list_also(str(Path(name).with_suffix(".png")))
    kept = Path(name).read_bytes()

    told = answer("detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64 -show")

    assert told.status == 1
    assert Path(name).read_bytes() == kept
    assert len(before) > 0
    assert told.err.endswith(f"{name} {READ}")


@pytest.mark.parametrize("name", ["bad.list", "bad_label.list"])
def test_a_list_of_problems_that_is_read_does_not_grow(training, answer, name):
    Path("obj/i3.txt").write_text("0 .9 .9 .5 .5\n0 .5 .5 2 2\n")
    Path("obj/i4.txt").unlink()
    Path(name).write_text("obj/i3.jpg\nobj/i4.jpg\ngone.jpg\n")
    data = Path("obj.data").read_text().replace("train=train.txt", f"train={name}")
    Path("obj.data").write_text(data.replace("valid=valid.txt", f"valid={name}"))

    told = answer(MAP)
    told_too = answer("detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64")

    assert Path(name).read_text() == "obj/i3.jpg\nobj/i4.jpg\ngone.jpg\n"
    note = f"{name} is read by this command: no problem is added to it\n"
    assert (told.err + told_too.err).count(note) == (2 if name == "bad.list" else 1)


# Detection


@pytest.mark.parametrize("flags", ["-out train.txt", "-out obj/i3.jpg", "-out valid.txt"])
def test_json_is_not_written_over_what_the_data_file_or_a_list_names(training, answer, flags):
    file = flags.split()[1]
    before = Path(file).read_bytes()

    told = answer(f"detector test obj.data my.cfg my.weights valid.txt -dont_show {flags}")

    assert told.status == 1
    assert Path(file).read_bytes() == before
    assert told.err.endswith(f"{file} {READ}")


def test_weights_that_no_word_names_are_not_written_over(fault, answer):
    fault("inference/out_dir_overwrites")
    shutil.copy("net.cfg", "yolov3.cfg")
    shutil.copy("net.weights", "yolov3.weights")
    before = Path("yolov3.weights").read_bytes()

    told = answer("detect img.png -dont_show -out yolov3.weights")

    assert told.status == 1
    assert Path("yolov3.weights").read_bytes() == before
    assert told.err.endswith(f"yolov3.weights {READ}")


def test_filters_are_not_drawn_over_the_weights(fault, answer):
    fault("inference/out_dir_overwrites")
    os.symlink("net.weights", "Layer 0.jpg")
    before = Path("net.weights").read_bytes()

    told = answer("visualize net.cfg net.weights")

    assert told.status == 1
    assert Path("net.weights").read_bytes() == before
    assert f"Layer 0.jpg {READ}" in told.err
    assert Path("Layer 1.jpg").is_file()


# Training


@pytest.mark.parametrize("name", ["chart.png", "chart_my.png"])
def test_a_chart_is_not_drawn_over_an_image_of_the_list(training, answer, name):
    before = list_also(name)
    other = ({"chart.png", "chart_my.png"} - {name}).pop()

    told = answer(f"{TRAIN} -clear")

    assert told.status == 0
    assert Path(name).read_bytes() == before
    note = f"the chart cannot be written, and the training continues: {name} {READ}"
    assert told.err.count(note) == 1
    assert Path(other).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("ending", ["_1.weights", "_best.weights", "_final.weights", ".state"])
def test_weights_are_not_saved_through_a_link_over_those_that_were_given(training, answer, ending):
    before, place = Path("in.w").read_bytes(), Path(f"backup/my{ending}")
    place.symlink_to("../in.w")

    told = answer(f"{TRAIN} -clear -dialect alexeyab -saveweights 1 -map")

    assert told.status == 0
    assert Path("in.w").read_bytes() == before
    assert place.read_bytes() != before
    assert [path for path in Path("backup").iterdir() if path.is_symlink()] == []
    target = training / "in.w"
    note = f"{place} was a link to {target}, which stays: it is a file of its own now\n"
    assert told.err.count(note) == 1


def test_weights_that_were_given_by_a_name_of_their_own_are_kept(training, answer):
    shutil.copy("in.w", "backup/my_1.weights")
    before = Path("in.w").read_bytes()

    command = f"{TRAIN} -clear -dialect alexeyab -saveweights 1"
    told = answer(command.replace("in.w", "backup/my_1.weights"))

    assert told.status == 0
    assert Path("backup/my_old1_1.weights").read_bytes() == before
    assert Path("backup/my_1.weights").read_bytes() != before
    note = "backup/my_1.weights, which this training reads, is kept as backup/my_old1_1.weights\n"
    assert told.err.count(note) == 1


def test_the_python_call_keeps_the_weights_that_it_was_given_too(training):
    before, place = Path("in.w").read_bytes(), Path("backup/my.backup")
    place.symlink_to("../in.w")

    pydarknet.train(
        "obj.data",
        "my.cfg",
        "in.w",
        clear=True,
        workers=0,
        device="cpu",
        callback=lambda report: False,
    )

    assert Path("in.w").read_bytes() == before
    assert Path("backup/my_old1.backup").read_bytes() == before
    assert not Path("backup/my_old1.backup").is_symlink()
    assert not place.is_symlink()
    assert place.read_bytes() != before
