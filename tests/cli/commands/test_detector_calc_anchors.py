"""The command that makes anchors of a data set's boxes."""

import sys
from pathlib import Path

import cv2
import pytest

from pydarknet.cli.main import main

ANCHORS = ["detector", "calc_anchors", "my.data"]
SIZE = ["-width", "100", "-height", "200", "-num_of_clusters", "1", "-seed", "1"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Work beside two labelled images, whose boxes are of 0.2 x 0.4 and 0.4 x 0.2."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    Path("a.txt").write_text("0 0.5 0.5 0.2 0.4\n")
    Path("b.txt").write_text("2 0.5 0.5 0.4 0.2\n")
    Path("train.txt").write_text("a.jpg\nb.jpg\n")
    Path("my.data").write_text("classes=3\ntrain=train.txt\n")


def test_one_anchor_is_the_mean_of_all_boxes_in_pixels(capfd):
    assert main([*ANCHORS, *SIZE]) == 0

    assert Path("anchors.txt").read_text() == " 30, 60"  # 0.3 of 100, 0.3 of 200


def test_boxes_of_each_class_are_counted(capfd):
    main([*ANCHORS, *SIZE])

    assert Path("counters_per_class.txt").read_text() == "counters_per_class = 1, 0, 1"


def test_a_box_of_an_impossible_size_makes_no_anchor_of_it(capfd):
    Path("a.txt").write_text("0 .5 .5 500 .2\n0 .5 .5 0 .2\n")

    assert main([*ANCHORS, *SIZE]) == 0

    assert Path("anchors.txt").read_text() == " 70, 40"  # of 1 x 0.2 and 0.4 x 0.2
    told = capfd.readouterr()
    assert "Wrong label: a.txt - j = 0, x = 0.500000, y = 0.500000, width = 500." in told.out
    assert told.err.splitlines()[-2:] == [
        "larger than the image, and cut to it: 1 box",
        "without a size in the image, and left out: 1 box",
    ]


@pytest.mark.parametrize("words", [[], ["-width", "416"], ["-height", "416"]])
@pytest.mark.parametrize(("as_darknet", "status"), [(False, 1), (True, 0)])
def test_without_a_size_the_usage_is_told(capfd, words, as_darknet, status):
    assert main([*ANCHORS, *words], as_darknet=as_darknet) == status  # the C's is 0

    told = capfd.readouterr()
    assert told.out.endswith("-height 416 \nError: set width and height \n")
    expected = "calc_anchors: expected -width and -height, the size of the network's input\n"
    assert told.err == expected
    assert not Path("anchors.txt").exists()


def test_boxes_and_anchors_are_drawn(capfd):
    main([*ANCHORS, *SIZE, "-show"])

    assert cv2.imread("cloud.png").shape == (1000, 1240, 3)


def test_without_matplotlib_show_is_refused_before_the_work(capfd, monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.setattr("pydarknet.charts.library.find_spec", lambda name: None)

    assert main([*ANCHORS, *SIZE, "-show"]) == 1
    assert "this needs matplotlib, which is not installed" in capfd.readouterr().err
    assert not Path("anchors.txt").exists()


def test_a_box_beyond_its_image_is_told_and_listed(capfd):
    Path("a.txt").write_text("0 0.5 0.5 1.5 0.4\n")

    main([*ANCHORS, *SIZE])

    [line] = Path("bad_label.list").read_text().splitlines()
    assert "a.txt" in line
    assert line in capfd.readouterr().out


def test_a_negative_class_is_an_error(capfd):
    Path("a.txt").write_text("-1 0.5 0.5 0.2 0.4\n")

    assert main([*ANCHORS, *SIZE]) == 1
    assert "a.txt: class -1: expected 0 to 65535" in capfd.readouterr().err


def test_a_huge_class_is_refused_since_all_up_to_it_are_counted(capfd):
    Path("a.txt").write_text("999999999 0.5 0.5 0.2 0.4\n")

    assert main([*ANCHORS, *SIZE]) == 1
    assert "a.txt: class 999999999: expected 0 to 65535" in capfd.readouterr().err


def test_anchors_of_retinanet_are_printed_and_how_well_they_fit(capfd):
    assert main([*ANCHORS, *SIZE, "-retina", "32"]) == 0

    told = capfd.readouterr().out
    assert "k-means" not in told
    listed = " 46, 22,  56, 28,  70, 36,  32, 32,  40, 40,  50, 50,  22, 46,  28, 56,  36, 70"
    assert Path("anchors.txt").read_text() == listed
    # boxes of 20 x 80 and 40 x 40, whose best ones are 28 x 56 and 40 x 40
    fit = (20 * 56 / (20 * 80 + 28 * 56 - 20 * 56) + 1) / 2
    assert f"avg IoU = {100 * fit:.2f} %" in told
