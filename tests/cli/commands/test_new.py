"""A cfg for a data set of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from annotated import coco, put, thing, xml

from pydarknet.cfg.parser import read_cfg
from pydarknet.cli.main import main


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch) -> Path:
    """Work beside a folder of 30 labelled images of two classes."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    sizes = np.random.default_rng(0).uniform(0.1, 0.5, (30, 2))
    for n, (w, h) in enumerate(sizes):
        cv2.imwrite(str(folder / f"{n}.png"), np.zeros((32, 32, 3), np.uint8))
        (folder / f"{n}.txt").write_text(f"{n % 2} .5 .5 {w:.4f} {h:.4f}\n")
    (folder / "classes.txt").write_text("cat\ndog\n")
    return folder


def net(path: str, key: str) -> str | None:
    entry = read_cfg(Path(path))[0].find(key)
    return entry.value if entry else None


def test_of_a_folder_all_is_written_that_a_training_needs(capfd):
    assert main(["new", "photos"]) == 0

    out = capfd.readouterr().out
    assert "photos-yolov4-tiny.cfg: yolov4-tiny for 2 classes, 416 x 416,\n" in out
    assert out.endswith(
        "next:\n"
        "  pydarknet detector check photos.data photos-yolov4-tiny.cfg\n"
        "  pydarknet detector train photos.data photos-yolov4-tiny.cfg [pretrained.conv.N] -map\n"
    )
    assert Path("photos.names").read_text() == "cat\ndog\n"
    assert net("photos-yolov4-tiny.cfg", "max_batches") == "6000"
    assert main(["ops", "photos-yolov4-tiny.cfg"]) == 0


def test_labels_of_no_use_are_told_with_their_line_and_the_status_is_1(photos, capfd):
    lines = "0 .5 .5 .2 .2\n9 .5 .5 .2 .2\n0 7 .5 .2 .2\n0 .5 .5 .2\n"
    (photos / "3.txt").write_text(lines)

    assert main(["new", "photos"]) == 1

    file = photos / "3.txt"
    told = capfd.readouterr().err.splitlines()
    assert told == [
        f"{file}:2: class 9: expected 0 to 1: left out",
        f"{file}:3: the box is outside of the image: expected it within 0..1: left out",
        f"{file}:4: 4 words: expected class, x, y, width and height: left out",
        "left out: 3 lines of labels",
    ]
    assert Path("photos-yolov4-tiny.cfg").exists()


def test_anchors_are_of_boxes_as_training_cuts_them(photos):
    for n in range(30):
        (photos / f"{n}.txt").write_text("0 .5 .5 .2 .2\n0 .5 .5 500 .2\n")

    assert main(["new", "photos", "-like", "yolov2-tiny"]) == 0

    head = next(x for x in read_cfg(Path("photos-yolov2-tiny.cfg")) if x.find("anchors"))
    sides = [float(word) for word in head.find("anchors").value.split(",")]
    assert max(sides) <= 13  # cells of an input of 416


@pytest.mark.parametrize("words", [["-size", "320", "256"], ["-size", "320x256"]])
def test_a_size_has_two_sides(words):
    assert main(["new", "photos", *words, "-like", "yolov3-tiny", "-out", "mine.cfg"]) == 0

    assert (net("mine.cfg", "width"), net("mine.cfg", "height")) == ("320", "256")


def test_how_long_to_train_may_be_said(capfd):
    words = ["-batch", "6", "-max_batches", "300", "-size", "64", "-out", "short.cfg"]
    assert main(["new", "photos", *words]) == 0

    assert "  300 batches of 6, subdivisions=1,\n" in capfd.readouterr().out
    assert (net("short.cfg", "batch"), net("short.cfg", "max_batches")) == ("6", "300")


@pytest.mark.parametrize("like", ["ssd320-mobilenet", "yolox-s"])
def test_heads_over_several_maps_may_be_the_template(like, capfd):
    words = ["-like", like, "-batch", "1", "-size", "128", "-out", "my.cfg"]

    assert main(["new", "photos", *words]) == 0

    assert "anchors of" not in capfd.readouterr().out  # those of the template, or none
    assert main(["ops", "my.cfg"]) == 0


def test_of_a_data_file_only_the_cfg_is_written(capfd):
    main(["new", "photos"])
    before = sorted(Path().iterdir())

    assert main(["new", "photos.data", "-like", "yolov2-tiny", "-out", "two.cfg"]) == 0

    assert sorted(Path().iterdir()) == sorted([*before, Path("two.cfg")])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["none"], "none: no such file or folder: expected a .data file, a folder of images"),
        (["x.json"], "x.json: no such file or folder: expected a .data file"),
        (["photos", "-images", "photos"], "-images photos: photos has its images itself"),
        (["photos", "-like", "yolo99"], "-like yolo99: no such cfg"),
        (["photos", "-like", "darknet19"], "has no head with maps for classes"),
        (["photos", "-size", "100"], "-size 100: expected one or two multiples of 32"),
        (["photos", "-out", "photos/classes.txt"], "is there already"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(words, problem, capfd):
    before = sorted(Path().rglob("*"))

    assert main(["new", *words]) == 1

    assert problem in capfd.readouterr().err
    assert sorted(Path().rglob("*")) == before


def test_an_archive_is_to_be_unpacked(photos, capfd):
    shutil.make_archive("my task", "zip", photos)

    assert main(["new", "my task.zip"]) == 1

    err = capfd.readouterr().err
    assert err.startswith("my task.zip: is an archive: expected the folder of what is in it\n")
    assert "unzip 'my task.zip' -d 'my task', then pydarknet new 'my task'" in err


def test_nothing_is_written_over(capfd):
    main(["new", "photos"])
    assert main(["new", "photos"]) == 1

    assert "is there already: expected a new file" in capfd.readouterr().err


FORMS = {
    "pets/data.yaml": "train: ../photos\nval: ../photos\nnames: [cat, dog]\n",
    "pets/instances.json": coco(
        [f"{n}.png" for n in range(30)], [thing(n, [5, 5, n, n], 1 + n % 2) for n in range(1, 31)]
    ),
    "pets/Annotations": "",
}


@pytest.mark.parametrize("form", FORMS)
def test_of_every_form_all_is_written_that_a_training_needs(form, photos, capfd):
    if Path(form).suffix:
        put(form, FORMS[form])
    else:
        for n in range(30):
            put(f"{form}/{n}.xml", xml((("cat", "dog")[n % 2], (5, 5, 9 + n, 8 + n))))
    words = [] if form.endswith("yaml") else ["-images", "photos"]
    if words:
        for label in photos.glob("*.txt"):
            label.unlink()

    assert main(["new", form, *words, "-like", "yolov3-tiny"]) == 0

    out = capfd.readouterr().out
    assert "pets-yolov3-tiny.cfg: yolov3-tiny for 2 classes, 416 x 416,\n" in out
    assert ("30 label files written: 30 objects of 2 classes\n" in out) == bool(words)
    assert Path("pets.names").read_text() == "cat\ndog\n"
    assert main(["ops", "pets-yolov3-tiny.cfg"]) == 0
    assert main(["detector", "check", "pets.data", "pets-yolov3-tiny.cfg"]) == 0


def test_what_is_left_out_of_a_form_ends_in_status_1(photos, capfd):
    things = [thing(1, [5, 5, 9, 9], 1), thing(2, [5, 5, 9, 9], 7), thing(2, [500, 5, 9, 9], 2)]
    put("photos/x.json", coco(["0.png", "1.png", "none.png"], things))
    for label in Path("photos").glob("*.txt"):
        label.unlink()

    assert main(["new", "photos/x.json", "-like", "yolov3-tiny"]) == 1

    seen = capfd.readouterr()
    assert "2 label files written: 1 object of 2 classes\n" in seen.out
    for line in (
        "photos/x.json: image none.png: is no file in photos: left out\n",
        "photos/x.json: annotation 12: class id 7: expected one of cat, dog: left out\n",
        "photos/x.json: annotation 12: box at 500, 5 is outside of 200 x 100 pixels: left out\n",
    ):
        assert line in seen.err
    assert net("x-yolov3-tiny.cfg", "max_batches") == "6000"


@pytest.mark.parametrize(
    ("text", "told"),
    [("photos/1.png\nphotos/2.png\n", "a text without key=value lines"), ("[net]\n", "a cfg")],
)
def test_a_file_of_another_kind_is_refused(capfd, text, told):
    Path("list.txt").write_text(text)

    assert main(["new", "list.txt"]) == 1

    assert (
        f"list.txt: is {told}: expected a .data file, a folder of images" in capfd.readouterr().err
    )
