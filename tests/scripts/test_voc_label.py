"""XML annotations become labels and lists."""

from __future__ import annotations

from pathlib import Path

import cv2
import forked
import numpy as np
import pytest
from conftest import SCRIPTS, SHARED, needs_shared

OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>
<xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax>
</bndbox><part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>"""
BOX = (31, 41, 131, 91)  # of a 200 x 100 image
# (31 + 131) / 2 - 1 = 80 of 200, (41 + 91) / 2 - 1 = 65 of 100, 100 of 200, 50 of 100
LINE = "0.4 0.65 0.5 0.5\n"


def annotation(*objects: tuple[str, int, tuple[float, ...]], size: str = "200 100") -> str:
    """Return the XML of an image."""
    width, height = size.split()
    things = "".join(OBJECT.format(name=n, difficult=d, box=b) for n, d, b in objects)
    return (
        f"<annotation><filename>other.jpg</filename><size><width>{width}</width>"
        f"<height>{height}</height></size>{things}</annotation>"
    )


@pytest.fixture
def voc(tmp_path):
    """Write VOCdevkit with one image in each set of 2007, and run the script on it."""
    home = tmp_path / "VOCdevkit" / "VOC2007"
    for folder in ("Annotations", "ImageSets/Main"):
        (home / folder).mkdir(parents=True)
    for image, name in enumerate(("train", "val", "test"), 1):
        (home / f"ImageSets/Main/{name}.txt").write_text(f"00000{image}\n")
        (home / f"Annotations/00000{image}.xml").write_text(annotation(("aeroplane", 0, BOX)))

    def put(image: str, text: str) -> None:
        (home / f"Annotations/{image}.xml").write_text(text)

    return put


@pytest.fixture
def folder(tmp_path):
    """Write a folder of XML files and one of images, and return the folder of both."""

    def make(texts: dict[str, str], images: str = "images") -> Path:
        for name, text in texts.items():
            for place, ending, content in (
                ("annotations", ".xml", text.encode()),
                (images, ".png", cv2.imencode(".png", np.zeros((100, 200, 3), np.uint8))[1]),
            ):
                file = tmp_path / place / f"{name}{ending}"
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(bytes(content))
        return tmp_path

    return make


def test_a_box_is_its_centre_and_size_a_pixel_further_left_and_up(voc, script, tmp_path):
    assert script("voc_label.py").returncode == 0

    assert (tmp_path / "VOCdevkit/VOC2007/labels/000001.txt").read_text() == f"0 {LINE}"


def test_lists_name_the_images_and_train_is_all_but_the_test_set(voc, script, tmp_path):
    script("voc_label.py")

    lists = {file.name: file.read_text() for file in tmp_path.glob("*.txt")}
    images = [f"{tmp_path}/VOCdevkit/VOC2007/JPEGImages/00000{i}.jpg\n" for i in (1, 2, 3)]
    assert lists == {
        "2007_train.txt": images[0],
        "2007_val.txt": images[1],
        "2007_test.txt": images[2],
        "train.txt": images[0] + images[1],
        "train.all.txt": "".join(images),
    }


def test_difficult_objects_and_other_classes_are_left_out_and_counted(voc, script, tmp_path):
    voc("000001", annotation(("dog", 0, BOX), ("cat", 1, BOX), ("okapi", 0, BOX)))

    told = script("voc_label.py", "--sets", "2007_train").stdout

    assert (tmp_path / "VOCdevkit/VOC2007/labels/000001.txt").read_text() == f"11 {LINE}"
    assert "1 image, 1 object; left out: 1 difficult, 1 of class okapi\n" in told


def test_difficult_objects_may_be_kept(voc, script, tmp_path):
    voc("000001", annotation(("dog", 0, BOX), ("cat", 1, BOX)))

    script("voc_label.py", "--difficult", "keep")

    label = (tmp_path / "VOCdevkit/VOC2007/labels/000001.txt").read_text()
    assert label == f"11 {LINE}7 {LINE}"


def test_difficult_objects_may_stand_apart_as_the_forks_map_wants_them(voc, script, tmp_path):
    voc("000003", annotation(("dog", 0, BOX), ("cat", 1, BOX)))

    script("voc_label.py", "--difficult", "apart")

    home = tmp_path / "VOCdevkit" / "VOC2007"
    assert (home / "labels/000003.txt").read_text() == f"11 {LINE}"
    assert (home / "labels/difficult_000003.txt").read_text() == f"7 {LINE}"
    listed = (tmp_path / "difficult_2007_test.txt").read_text()
    assert listed == f"{home}/JPEGImages/difficult_000003.jpg\n"


def test_a_box_without_an_area_is_left_out(voc, script, tmp_path):
    voc("000001", annotation(("dog", 0, (10, 10, 10, 20))))

    told = script("voc_label.py").stdout

    assert (tmp_path / "VOCdevkit/VOC2007/labels/000001.txt").read_text() == ""
    assert "left out: 1 without an area" in told


def test_the_classes_of_a_file_are_numbered_by_their_line(voc, script, tmp_path):
    (tmp_path / "my.names").write_text("okapi\naeroplane\n")

    script("voc_label.py", "--classes", "my.names")

    assert (tmp_path / "VOCdevkit/VOC2007/labels/000001.txt").read_text() == f"1 {LINE}"


def test_without_voc_there_is_nothing_to_do(script):
    done = script("voc_label.py")

    assert done.returncode == 1
    assert done.stderr == (
        "voc_label.py: VOCdevkit: expected VOC2007 or VOC2012 with ImageSets/Main below it\n"
    )


def test_a_folder_of_xml_files_gives_labels_a_list_and_the_classes(folder, script):
    home = folder({"b": annotation(("okapi", 0, BOX)), "a": annotation(("gnu", 0, BOX))})

    assert script("voc_label.py", "--annotations", "annotations").returncode == 0

    assert (home / "train.txt").read_text() == "images/a.png\nimages/b.png\n"
    assert (home / "classes.names").read_text() == "gnu\nokapi\n"
    assert (home / "images/b.txt").read_text() == f"1 {LINE}"


def test_of_a_folder_images_labels_lie_where_either_program_looks(folder, script):
    home = folder({"a": annotation(("gnu", 0, BOX))})

    script("voc_label.py", "--annotations", "annotations")

    places = sorted(str(file.relative_to(home)) for file in home.rglob("a.txt"))
    assert places == ["images/a.txt", "labels/a.txt"]


@pytest.mark.parametrize(
    ("images", "label"), [("JPEGImages", "labels/a.txt"), ("photos", "photos/a.txt")]
)
def test_of_other_folders_both_programs_look_at_one_place(folder, script, images, label):
    home = folder({"a": annotation(("gnu", 0, BOX))}, images)

    script("voc_label.py", "--annotations", "annotations", "--images", images)

    assert [str(file.relative_to(home)) for file in home.rglob("a.txt")] == [label]


def test_labels_may_be_written_elsewhere(folder, script):
    home = folder({"a": annotation(("gnu", 0, BOX))})

    script("voc_label.py", "--annotations", "annotations", "--labels", "mine")

    assert [str(file.relative_to(home)) for file in home.rglob("a.txt")] == ["mine/a.txt"]


def test_the_size_of_an_image_is_read_from_it_where_it_is_not_said(folder):
    home = folder({"a": annotation(("gnu", 0, BOX), size="0 0")})

    forked.run(str(SCRIPTS / "voc_label.py"), "--annotations", "annotations", cwd=home)

    assert (home / "images/a.txt").read_text() == f"0 {LINE}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<annotation>", "annotations/b.xml:1: no element found"),
        (
            "<annotation><size><width>x</width></size></annotation>",
            "annotations/b.xml:1: width = x: expected a number",
        ),
    ],
)
def test_a_damaged_file_is_told_in_one_line_and_the_others_go_on(folder, script, text, told):
    home = folder({"a": annotation(("gnu", 0, BOX)), "b": text})

    done = script("voc_label.py", "--annotations", "annotations")

    assert done.returncode == 1
    assert done.stderr.startswith(told)
    assert done.stderr.endswith(": left out\n")
    assert done.stderr.count("\n") == 1
    assert (home / "train.txt").read_text() == "images/a.png\n"


def test_if_no_file_is_left_it_is_an_error(folder, script):
    folder({"a": "<annotation>"})

    done = script("voc_label.py", "--annotations", "annotations")

    assert done.returncode == 1
    assert done.stderr.endswith("annotations: expected an .xml file that can be used\n")


def test_an_object_without_a_box_is_left_out_and_counted(folder, script):
    folder({"a": annotation(("gnu", 0, BOX), ("gnu", 0, ("x", 1, 2, 3)))})

    done = script("voc_label.py", "--annotations", "annotations")

    assert done.returncode == 0
    assert "1 image, 1 object; left out: 1 without an area\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "count"),
    [("0", 1), ("", 1), ("Unspecified", 1), ("False", 1), ("1", 0), ("true", 0), ("Yes", 0)],
)
def test_difficult_may_be_a_word(folder, script, text, count):
    folder({"a": annotation(("gnu", text, BOX))})

    done = script("voc_label.py", "--annotations", "annotations")

    assert f"1 image, {count} object{'' if count == 1 else 's'};" in done.stdout


def test_an_image_that_is_missing_is_told_and_the_others_go_on(folder, script):
    home = folder({"a": annotation(("gnu", 0, BOX)), "b": annotation(("gnu", 0, BOX))})
    (home / "images/a.png").unlink()

    done = script("voc_label.py", "--annotations", "annotations")

    assert done.returncode == 1
    assert done.stderr == "annotations/a.xml: has no image in images: expected a.jpg: left out\n"
    assert (home / "train.txt").read_text() == "images/b.png\n"


@needs_shared
def test_a_published_set_of_this_kind_is_read_whole(script, tmp_path):
    home = SHARED / "datasets" / "raccoon"

    told = script(
        "voc_label.py",
        *("--annotations", str(home / "annotations"), "--labels", str(tmp_path / "labels")),
    ).stdout

    assert "200 images, 217 objects; left out: none" in told
    assert len(list((tmp_path / "labels").iterdir())) == 200


def test_help_tells_its_flags(script):
    done = script("voc_label.py", "--help")

    assert done.returncode == 0
    assert "--difficult" in done.stdout


def test_labels_of_another_image_are_not_written_over(folder, script):
    home = folder({"a": annotation(("gnu", 0, BOX)), "b": annotation(("okapi", 0, BOX))})
    (home / "images/b.png").unlink()
    (home / "images/a.png").rename(home / "images/other.jpg")  # which both files name

    done = script("voc_label.py", "--annotations", "annotations", "--labels", "mine")

    told = "annotations/b.xml: the labels of images/other.jpg would replace those of"
    assert (done.returncode, done.stderr) == (1, f"voc_label.py: {told} images/other.jpg\n")
    assert not (home / "mine").exists()
