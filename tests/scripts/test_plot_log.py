"""Training logs of all forks become a chart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import HERE

LOGS = HERE / "reference" / "logs"
PJREDDIE = """Loaded: 0.023294 seconds
Region 4 Avg IOU: -nan, Class: -nan, Obj: -nan, No Obj: 0.470166, .5R: -nan, count: 0
1: 158.262695, 158.262695 avg, 0.000063 rate, 0.007233 seconds, 8 images
2: 149.082245, 157.344650 avg, 0.000100 rate, 0.007552 seconds, 16 images
"""
ALEXEYAB = (
    "\x1b[H\x1b[J1/9: loss=164.8 hours left=-1.0\x07\n"
    " 1: 164.822647, 164.822647 avg loss, 0.000063 rate, 0.016232 seconds, 8 images, -1 hours left"
    "\n (next mAP calculation at 300 iterations) \n Last accuracy mAP@0.50 = 0.29 %, best = 0.29 % "
    "\x1b[H\x1b[J2/9: loss=2.2 map=0.00 best=0.00 hours left=0.0\x07\n"
    " 2: 2.204109, 85.792168 avg loss, 0.0005 rate, 0.002726 seconds, 20 images, 0.00001 hours left"
    "\n IoU threshold = 50 %, used Area-Under-Curve for each unique Recall \n"
    " mean average precision (mAP@0.50) = 0.333333, or 33.33 % \n"
    "\n mean_average_precision (mAP@0.50) = 0.333333 \n"
)
HANK = (
    "\x1b]2;1/6: loss=130.0 time=15 seconds\x07"  # the title of its window
    "\x1b[1;37m1\x1b[0m: loss=\x1b[0;31m130.013\x1b[0m, avg loss=\x1b[0;31m130.013\x1b[0m,"
    " last=\x1b[0mnone\x1b[0m, best=\x1b[0mnone\x1b[0m, mAP=DISABLED, rate=0.00006250,"
    " load 8=11.9 milliseconds, train=28.2 milliseconds, 8 images, time remaining=unknown\n"
    "-> mean average precision (mAP@0.50)=25.00%\n"
)
CLASSIFIER = "7, 0.500: 0.627934, 0.627934 avg, 0.004096 rate, 0.000588 seconds, 4 images\n"
TEXT = "3: 5.564491, 5.735715 avg, 0.002000 rate, 0.004564 seconds, 0.150000 epochs\n"
DIVERGED = "1: nan, -nan avg, 0.1 rate, 0.1 seconds, 4 images\n2: 3.0, 3.0 avg, 0.1 rate, "


@pytest.mark.parametrize(
    ("text", "loss", "average", "rate", "precision"),
    [
        (
            PJREDDIE,
            {1: 158.262695, 2: 149.082245},
            {1: 158.262695, 2: 157.34465},
            {1: 0.000063, 2: 0.0001},
            {},
        ),
        (
            ALEXEYAB,
            {1: 164.822647, 2: 2.204109},
            {1: 164.822647, 2: 85.792168},
            {1: 0.000063, 2: 0.0005},
            {2: 0.333333},
        ),
        (HANK, {1: 130.013}, {1: 130.013}, {1: 0.0000625}, {1: 0.25}),
        (CLASSIFIER, {7: 0.627934}, {7: 0.627934}, {7: 0.004096}, {}),
        (TEXT, {3: 5.564491}, {3: 5.735715}, {3: 0.002}, {}),
        (DIVERGED, {2: 3.0}, {2: 3.0}, {1: 0.1, 2: 0.1}, {}),
        ("accuracy top1 = 0.5\n", {}, {}, {}, {0: 0.5}),
        (f"{'1' * 5000}{TEXT}", {}, {}, {}, {}),  # more digits than Python reads
        (f"{'1' * 5000}: loss=1, avg loss=2, rate=3\n", {}, {}, {}, {}),
    ],
    ids=[
        *("pjreddie", "alexeyab", "hank-ai", "classifier", "text", "diverged", "accuracy"),
        *("immense", "hank-ai, immense"),
    ],
)
def test_the_numbers_of_a_log_are_found(module, text, loss, average, rate, precision):
    log = module("plot_log").read_log(text, "log")

    assert (log.loss, log.average, log.rate, log.precision) == (loss, average, rate, precision)


@pytest.mark.parametrize(
    ("name", "last"), [("pj", (2.516626, 93.472328, 0.0005)), ("ab", (6.204108, 85.792168, 0.0005))]
)
def test_the_c_programs_logs_are_read_whole(module, name, last):
    log = module("plot_log").read_log((LOGS / f"{name}.log").read_text(), name)

    assert list(log.loss) == [1, 2, 3, 4, 5]
    assert (log.loss[5], log.average[5], log.rate[5]) == last


def drawn(module, *texts: str, **options):
    """Return the panels of the chart of logs, by what they show."""
    plot = module("plot_log")
    figure = plot.draw(
        [plot.read_log(text, f"log {place}") for place, text in enumerate(texts)], **options
    )
    return {axes.get_ylabel(): axes for axes in figure.axes}


def test_losses_rates_and_precisions_are_lines_over_iterations(module):
    panels = drawn(module, ALEXEYAB)

    loss, average = panels["loss"].lines
    assert loss.get_xydata().tolist() == [[1, 164.822647], [2, 2.204109]]
    assert average.get_xydata().tolist() == [[1, 164.822647], [2, 85.792168]]
    assert panels["rate"].lines[0].get_ydata().tolist() == [0.000063, 0.0005]
    assert panels["mAP or accuracy"].lines[0].get_xydata().tolist() == [[2, 0.333333]]


@pytest.mark.parametrize(
    ("options", "scale", "top"), [({}, "log", None), ({"linear": True, "most": 99.0}, "linear", 99)]
)
def test_the_axis_of_the_loss_may_be_linear_and_end_where_it_is_told(module, options, scale, top):
    axes = drawn(module, ALEXEYAB, **options)["loss"]

    assert axes.get_yscale() == scale
    assert top is None or axes.get_ylim()[1] == top


def test_a_panel_for_precision_is_there_where_it_was_measured(module):
    assert list(drawn(module, PJREDDIE)) == ["loss", "rate"]
    assert list(drawn(module, PJREDDIE, ALEXEYAB)) == ["loss", "rate", "mAP or accuracy"]


def test_each_log_has_a_colour_and_its_last_numbers(module):
    axes = drawn(module, PJREDDIE, ALEXEYAB)["loss"]

    assert axes.lines[1].get_color() != axes.lines[3].get_color()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "log 0: 157.3",
        "log 1: 85.79, best mAP 0.333",
    ]


def test_several_logs_are_laid_over_each_other(script, tmp_path):
    logs = [str(LOGS / "pj.log"), str(LOGS / "ab.log")]

    assert script("plot_log.py", *logs, "--size", "800x600", "-o", "two.png").returncode == 0

    image = cv2.imread(str(tmp_path / "two.png"))
    assert image.shape == (600, 800, 3)
    assert (image == (178, 114, 0)).all(axis=2).sum() > 500  # lines of the first colour
    assert (image == (0, 94, 213)).all(axis=2).sum() > 500  # of the second


def test_a_log_may_come_from_stdin(script, tmp_path):
    assert script("plot_log.py", "-", input=PJREDDIE).returncode == 0

    assert np.any(cv2.imread(str(tmp_path / "log.png")) != 255)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["none.log"], 1, "plot_log.py: Couldn't open file: none.log (No such file or directory)"),
        (["-"], 1, "plot_log.py: -: has no line like `1: 2.3, 2.3 avg, 0.001 rate, ...`"),
        (
            ["-", "--size", "9"],
            2,
            "plot_log.py: error: --size 9: expected WIDTHxHEIGHT, such as 1100x800",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(script, words, status, told):
    done = script("plot_log.py", *words, input="nothing\n")

    assert done.returncode == status
    assert done.stderr.strip().split("\n")[-1] == told
