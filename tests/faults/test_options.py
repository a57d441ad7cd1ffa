"""Options and operands that once ended in a traceback, a silence, or an answer of another model."""

from __future__ import annotations

import re

import pytest

from pydarknet.errors import CfgError
from pydarknet.load import load_network, read_network
from pydarknet.system.resources import shipped_file

# Ranges


@pytest.mark.parametrize(
    ("cfg", "told"),
    [
        ("yolo_max_0.cfg", "43: [yolo] max = 0: expected at least 1"),
        ("yolo_max_-1.cfg", "43: [yolo] max = -1: expected at least 1"),
        ("yolo_resize_0.cfg", "43: [yolo] resize = 0: expected more than 0"),
        ("net_blur_-1.cfg", "2: [net] blur = -1: expected at least 0"),
        ("net_max_chart_loss_0.cfg", "2: [net] max_chart_loss = 0: expected more than 0"),
        ("net_B1_2.cfg", "3: [net] B1 = 2: expected less than 1"),
    ],
)
def test_an_option_out_of_its_range_is_told_before_anything_is_trained(fault, answer, cfg, told):
    folder = fault("training/options_with_traceback")

    found = answer(f"detector train obj.data {cfg} -nogpu")

    assert found.status == 1
    assert found.err.splitlines()[-1] == f"{cfg}:{told}"
    assert not (folder / "chart.png").exists()


def test_anchors_are_bounded_before_a_mask_of_all_is_made(fault, limited_answer):
    fault("breaker/yolo_num_memory")

    found = limited_answer("ops net.cfg", 4000)

    assert found.status == 1
    assert found.err.splitlines()[-1] == (
        "net.cfg:6: [yolo] num = 300000000: expected at most 10000"
    )


def test_a_layer_that_reads_the_forks_region_is_refused(fault):
    fault("breaker/layer_after_region")

    with pytest.raises(CfgError) as error:
        load_network("net.cfg", dialect="alexeyab", device="cpu")

    assert str(error.value) == (
        "net.cfg:8: [convolutional] reads the boxes of [region]: expected a layer that gives a map"
        "\n    hint: [region] is the last layer of a network"
    )


def test_a_layer_that_reads_the_originals_region_is_run(fault):
    fault("breaker/layer_after_region")

    assert len(read_network("net.cfg", dialect="pjreddie").nodes) == 2


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [
        ("", "", 8589934588),  # 4 * 2147483647
        ("batch=4\ntime_steps=2147483647", "batch=2147483647", 2147483647),
    ],
    ids=["time_steps", "batch"],
)
def test_images_that_no_memory_holds_are_told(fault, limited_answer, old, new, count):
    cfg = fault("breaker/out_of_memory") / "ts.cfg"
    cfg.write_text(cfg.read_text().replace(old, new))

    found = limited_answer("detector train run.data ts.cfg -nogpu", 6000)

    assert found.status == 1
    problem, hint = found.err.splitlines()[-2:]
    assert problem.startswith("ts.cfg:1: [net] batch = ")
    assert f"{count} images an iteration" in problem
    assert hint == "    hint: a smaller batch needs less, and so do more subdivisions of it"


# Sizes


def test_a_route_of_unlike_sizes_names_both_and_the_multiple_that_fits(fault, answer):
    fault("inference/route_of_unlike_sizes")

    found = answer("ops net.cfg")

    assert found.status == 1
    assert found.err.splitlines()[-2:] == [
        "net.cfg:25: [route] layers 3 and 1 are 26 x 26 and 25 x 25: they cannot lie one after"
        " another",
        "    hint: width and height must be multiples of 8 here",
    ]


@pytest.mark.parametrize(("size", "n"), [((400, 400), 32), ((432, 400), 32)])
def test_a_network_says_which_sizes_it_takes(size, n):
    network = read_network(shipped_file("yolov3-tiny.cfg"))

    with pytest.raises(CfgError) as error:
        network.resize(*size)

    assert str(error.value).endswith(f"\n    hint: width and height must be multiples of {n} here")


# Operands


@pytest.mark.parametrize("words", ["net.CFG net.weights", "net.cfg.txt net.weights"])
def test_a_cfg_is_one_whatever_its_name_ends_in(fault, answer, words):
    folder = fault("inference/detect_takes_a_cfg_for_an_image")
    for name in ("net.CFG", "net.cfg.txt"):
        (folder / name).write_bytes((folder / "net.cfg").read_bytes())

    found = answer(f"detect {words} img.png -dont_show -thresh .1")

    assert found.status == 0
    assert "img.png: Predicted in" in found.out
    assert "built-in" not in found.err


def test_weights_before_their_cfg_are_told_and_read(fault, answer):
    fault("inference/detect_takes_a_cfg_for_an_image")

    right = answer("detect net.cfg net.weights img.png -dont_show -thresh .1")
    found = answer("detect net.weights net.cfg img.png -dont_show -thresh .1")

    assert found.status == 0
    told = "taken in another order: net.cfg is a cfg, net.weights is a weights file"
    assert told in found.err
    boxes = re.findall(r"^person: \d+%$", found.out, re.MULTILINE)
    assert len(boxes) > 1
    assert boxes == re.findall(r"^person: \d+%$", right.out, re.MULTILINE)


def test_the_built_in_model_ends_with_what_it_finds(fault, answer, monkeypatch, tmp_path):
    fault("inference/detect_takes_a_cfg_for_an_image")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    found = answer("detect img.png -dont_show")

    assert found.status == 0
    last = found.err.splitlines()[-1]
    assert last.startswith("the built-in model finds handwritten digits only: for the 80 classes")


# The command line


@pytest.mark.parametrize("flag", ["--save-weights 2", "-saveweights 2", "--save-weights=2"])
def test_a_flag_says_how_often_weights_are_saved(fault, answer, flag):
    folder = fault("training/options_with_traceback")
    (folder / "yolo_max_0.cfg").write_text(
        (folder / "yolo_max_0.cfg").read_text().replace("max=0", "max=9").replace("=6", "=4", 1)
    )

    found = answer(f"detector train -verbose obj.data yolo_max_0.cfg -nogpu -workers 0 {flag}")

    assert found.status == 0
    assert "Weights are saved after: 2 iterations." in found.out
    saved = {path.name for path in (folder / "backup").glob("*.weights")}
    assert {"yolo_max_0_2.weights", "yolo_max_0_4.weights"} <= saved


TEST = "usage: pydarknet detector test <data> <cfg> [weights] [images ...] [flags]"
MISTYPED = [  # line, status, first line of the answer, last line
    (
        "detecter test my.data net.cfg net.weights img.png",
        "Not an option: detecter",
        "    hint: did you mean `pydarknet detector`?",
    ),
    (
        "classifer predict my.data net.cfg net.weights img.png",
        "Not an option: classifer",
        "    hint: did you mean `pydarknet classifier`?",
    ),
    (
        "train my.data net.cfg",
        "Not an option: train",
        "    hint: did you mean `pydarknet detector train` or `pydarknet classifier train`?",
    ),
    ("yolov3 img.png", "Not an option: yolov3", "    hint: did you mean `pydarknet yolo`?"),
    ("--thresh=.5", "Not an option: --thresh=.5", "    hint: pydarknet --help lists the commands"),
    (
        "test my.data net.cfg net.weights img.png",
        "test is not supported: `detector test` finds boxes; it tests the C program's image"
        " functions: `python -m pytest tests/modules` tests ours",
        "",
    ),
    (
        "detector tets my.data net.cfg net.weights img.png",
        "detector has no tets, did you mean `pydarknet detector test`?",
        "usage: pydarknet detector valid2 <data> <cfg> [weights] [flags]",
    ),
    (
        "detector my.data net.cfg net.weights img.png",
        "detector has no my.data: expected one of calc_anchors, check, demo, map, recall, test,"
        " train, valid, valid2",
        "usage: pydarknet detector valid2 <data> <cfg> [weights] [flags]",
    ),
    (
        "detector",
        "detector needs one more word: expected one of calc_anchors, check, demo, map, recall,"
        " test, train, valid, valid2",
        "usage: pydarknet detector valid2 <data> <cfg> [weights] [flags]",
    ),
    (
        "detect my.data net.cfg net.weights img.png",
        "my.data is a .data file: expected a cfg there",
        "    hint: pydarknet detect <cfg> <weights> [images ...], and `detector test` begins with"
        " a .data file",
    ),
    (
        "detect net.weights img.png",
        "net.weights is a weights file: expected a cfg there",
        "    hint: pydarknet detect <cfg> <weights> [images ...], and `detector test` begins with"
        " a .data file",
    ),
    (
        "detector test my.names net.cfg net.weights img.png",
        "my.names is a text without key=value lines: expected a .data file there",
        f"    hint: {TEST}",
    ),
    (
        "detector test . net.cfg net.weights img.png",
        ". is a folder: expected a .data file there",
        f"    hint: {TEST}",
    ),
    (
        "detector test my.data img.png net.weights",
        "img.png is an image: expected a cfg there",
        f"    hint: {TEST}",
    ),
    (
        "detector test my.data net.cfg img.png",
        "img.png is an image: expected a weights file there",
        f"    hint: {TEST}",
    ),
    (
        "detector test my.data net.cfg net.weights my.data",
        "my.data is a .data file: expected an image there",
        f"    hint: {TEST}",
    ),
    (
        "ops net.weights",
        "net.weights is a weights file: expected a cfg there",
        "    hint: usage: pydarknet ops <cfg>",
    ),
    (
        "detector train net.cfg",
        "net.cfg is a cfg: expected a .data file there",
        "    hint: usage: pydarknet detector train <data> <cfg> [weights] [flags]",
    ),
    (
        "detector test my.data net.cfg net.weights img.png -thresh 50",
        "-thresh 50: expected at most 1, did you mean 0.5?",
        "",
    ),
    (
        "detector test my.data net.cfg net.weights img.png -thresh 0,25",
        "-thresh 0,25: expected a number in 0..1 (read as 0, did you mean 0.25?)",
        "",
    ),
    (
        "detector test my.data net.cfg net.weights img.png --thresh=25%",
        "-thresh 25%: expected a number in 0..1 (read as 25), did you mean 0.25?",
        "",
    ),
    (
        "detector map my.data net.cfg net.weights -iou_thresh 50",
        "-iou_thresh 50: expected at most 1, did you mean 0.5?",
        "",
    ),
    ("detector train my.data net.cfg -seed abc", "-seed abc: expected an integer", ""),
    (
        "detector test my.data net.cfg net.weights img.png --dont-show=maybe",
        "--dont-show=maybe: expected --dont-show alone, which takes no value",
        "",
    ),
    (
        "detector calc_anchors my.data -num_of_clusters 0 -width 416 -height 416",
        "-num_of_clusters 0: expected at least 1",
        "",
    ),
]


@pytest.mark.parametrize(("line", "first", "last"), MISTYPED, ids=[line[0] for line in MISTYPED])
def test_a_mistyped_line_is_answered_by_what_was_meant(fault, answer, line, first, last):
    fault("inference/detect_takes_a_cfg_for_an_image")

    found = answer(line)

    lines = found.err.splitlines()
    assert (found.status, found.out) == (1, "")
    assert (lines[0], lines[-1]) == (first, last or first)


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("-tresh .3", "-tresh .3 is ignored: unknown flag, did you mean -thresh?"),
        ("-foo", "-foo is ignored: unknown flag"),
        ("-mean 127", "-mean is ignored: pixels are always scaled to 0..1, as in Darknet, and no"),
        ("-srand 7", "-srand is ignored: only training and `rnn` draw random numbers"),
    ],
)
def test_an_ignored_flag_is_told_with_its_value(fault, answer, flag, told):
    fault("inference/detect_takes_a_cfg_for_an_image")

    found = answer(f"detector test my.data net.cfg net.weights {flag} missing.png")

    assert found.err.startswith(told)
    assert 'Cannot load image "missing.png"' in found.err.splitlines()[-1]
