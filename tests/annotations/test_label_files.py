"""Label files are written where there is none."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from annotated import put, xml
from conftest import SHARED, needs_shared

from pydarknet.annotations.instances import Instance
from pydarknet.annotations.label_files import tell, write_labels
from pydarknet.annotations.source import AnnotatedImage, Source
from pydarknet.annotations.voc_folder import read_voc
from pydarknet.errors import DataError, UsageError


def source_of(**instances: tuple[Instance, ...]) -> Source:
    """Return a source of images a.png, b.png, ... of 200 x 100 pixels in one folder."""
    images = [
        AnnotatedImage(os.path.abspath(f"set/{name}.png"), 200, 100, found)
        for name, found in instances.items()
    ]
    return Source(["cat", "dog"], {"train": images, "valid": []})


def one(*box: float, name: str = "dog", kind: str = "") -> Instance:
    return Instance(name, box, "x.xml:7", kind)  # type: ignore[arg-type] # four numbers


def test_a_file_has_a_line_per_object_and_is_empty_without_any(capfd):
    found, written = write_labels(source_of(a=(one(20, 30, 120, 80),), b=()))

    assert Path("set/a.txt").read_text() == "1 0.35 0.55 0.5 0.5\n"
    assert Path("set/b.txt").read_text() == ""
    assert [Path(path).name for path in found.train] == ["a.png", "b.png"]
    assert (written.files, written.objects) == (2, 1)
    assert capfd.readouterr().err == ""


def test_what_darknets_scripts_leave_out_is_counted(capfd):
    source = source_of(a=(one(0, 0, 9, 9, kind="crowd"), one(0, 0, 20, 10)))

    _, written = write_labels(source)
    tell(written, source)

    assert Path("set/a.txt").read_text() == "1 0.05 0.05 0.1 0.1\n"
    seen = capfd.readouterr()
    assert seen.out == "1 label file written: 1 object of 2 classes\n"
    assert seen.err == "left out: 1 crowd\n"


@pytest.mark.parametrize(
    ("instance", "told"),
    [
        (one(0, 0, 9, 9, name="okapi"), "class okapi: expected one of cat, dog"),
        (one(5, 5, 5, 9), "box of 0 x 4 pixels: expected a width and a height"),
        (one(9, 5, 5, 9), "box of -4 x 4 pixels: expected a width and a height"),
        (one(0, 0, float("nan"), 9), "box of nan x 9 pixels: expected a width and a height"),
        (one(200, 5, 210, 9), "box at 200, 5 is outside of 200 x 100 pixels"),
    ],
)
def test_what_is_wrong_is_told_and_costs_no_other(instance, told, capfd):
    write_labels(source_of(a=(instance, one(0, 0, 20, 10))))

    assert Path("set/a.txt").read_text() == "1 0.05 0.05 0.1 0.1\n"
    assert capfd.readouterr().err == f"x.xml:7: {told}: left out\n"


def test_a_box_is_cut_at_the_border_unless_it_is_a_pixel_beyond():
    source = source_of(a=(one(-10, 0, 20, 10), one(-1, 0, 19, 10)))

    _, written = write_labels(source)

    assert Path("set/a.txt").read_text() == "1 0.05 0.05 0.1 0.1\n1 0.045 0.05 0.1 0.1\n"
    assert written.cut == 1


@pytest.mark.parametrize("place", ["set/a.txt", "labels/a.txt"])
def test_a_label_file_that_is_there_is_kept(place, capfd, home):
    put(place, "0 .1 .1 .1 .1\n")
    images = [AnnotatedImage(str(home / "images/a.png"), 200, 100, (one(0, 0, 20, 10),))]
    source = (
        source_of(a=(one(0, 0, 20, 10),))
        if place == "set/a.txt"
        else Source(["cat", "dog"], {"train": images, "valid": []})
    )

    _, written = write_labels(source)
    tell(written, source)

    assert Path(place).read_text() == "0 .1 .1 .1 .1\n"
    seen = capfd.readouterr()
    assert "is there already, with other labels: it is kept\n" in seen.err
    assert "kept as they were: 1 label file, 1 of them with other labels\n" in seen.err
    assert seen.out.startswith("0 label files written")


def test_what_was_written_is_the_same_when_it_is_read_again(capfd):
    write_labels(source_of(a=(one(0, 0, 20, 10),)))

    _, written = write_labels(source_of(a=(one(0, 0, 20, 10),)))

    assert (written.kept, written.other) == (1, 0)
    assert capfd.readouterr().err == ""


def test_a_link_to_nothing_is_there(home):
    Path("set").mkdir()
    Path("set/a.txt").symlink_to(home / "elsewhere.txt")

    with pytest.raises(UsageError, match=r"set/a\.txt is there already"):
        write_labels(source_of(a=(one(0, 0, 20, 10),)))

    assert not Path("elsewhere.txt").exists()


def test_the_labels_of_another_image_are_not_its_own(home, capfd):
    images = [
        AnnotatedImage(str(home / name), 200, 100, (one(0, 0, 20, 10),))
        for name in ("a.png", "a.jpg")
    ]

    found, _ = write_labels(Source(["dog"], {"train": images, "valid": []}))

    assert found.train == [str(home / "a.png")]
    assert capfd.readouterr().err == (
        f"{home}/a.jpg: {home}/a.txt has the labels of {home}/a.png: left out\n"
    )


def test_a_folder_that_cannot_be_written_is_an_error(home):
    put("set", "a file")

    with pytest.raises(DataError, match="cannot be written"):
        write_labels(source_of(a=(one(0, 0, 20, 10),)))


@needs_shared
def test_bccds_labels_are_those_of_darknets_script(picture):
    """The oracle is the formula of Darknet's scripts/voc_label.py, on the numbers in the XML."""
    name = "BloodImage_00000.xml"
    text = (SHARED / "datasets/bccd/BCCD/Annotations" / name).read_text()
    for other in ("a", "b"):
        put(f"set/{other}.xml", text)
        picture(f"set/{other}.png")

    write_labels(read_voc(Path("set")))

    numbers = [int(n) for n in re.findall(r"<[xy](?:min|max)>(\d+)<", text)]
    want = [
        ((x1 + x2) / 2 - 1, (y1 + y2) / 2 - 1, x2 - x1, y2 - y1)
        for x1, y1, x2, y2 in zip(*[iter(numbers)] * 4, strict=True)
    ]
    found = [line.split()[1:] for line in Path("set/a.txt").read_text().splitlines()]
    assert len(found) == len(want) > 10
    for words, (x, y, w, h) in zip(found, want, strict=True):
        assert [float(word) for word in words] == pytest.approx(
            [x / 640, y / 480, w / 640, h / 480], abs=1e-8
        )


def test_xml_becomes_labels(picture):
    for name in "ab":
        put(f"set/{name}.xml", xml(("gnu", (31, 41, 131, 91))))
        picture(f"set/{name}.png")

    write_labels(read_voc(Path("set")))

    # (31 + 131) / 2 - 1 = 80 of 200, (41 + 91) / 2 - 1 = 65 of 100, 100 of 200, 50 of 100
    assert Path("set/b.txt").read_text() == "0 0.4 0.65 0.5 0.5\n"
