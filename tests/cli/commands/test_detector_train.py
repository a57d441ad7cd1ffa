"""The command that trains: its log, its files, and how it goes on after an end that came early."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import HERE, recording
from forked import Program
from texts import assert_same_text

import pydarknet
from pydarknet.charts.aside import png_of
from pydarknet.cli.main import main
from pydarknet.graph.header import read_header

pytestmark = pytest.mark.usefixtures("one_thread", "no_chart")
TRAIN = ["detector", "train", "run.data", "run.cfg", "init.weights"]
FLAGS = ["-batchnorm", "cpu", "-seed", "1", "-workers", "0"]
TIMES = [
    (re.compile(r"[0-9.]+(?= seconds)"), "<T>"),
    (re.compile(r"[0-9.-]+(?= hours left$)", re.MULTILINE), "<T>"),
    (re.compile(r"\x1b\[H\x1b\[J.*\x07"), ""),
    (re.compile(r" - performance bottleneck.*"), ""),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a copy of the original's recorded run: five iterations on one image."""
    shutil.copytree(recording("train_pj_cli"), tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    return tmp_path / "run"


def masked(text: str) -> str:
    """Return a log without its times."""
    for pattern, mask in TIMES:
        text = pattern.sub(mask, text)
    return text


def lines_of(log: str, beginnings: tuple[str, ...]) -> str:
    """Return the lines of a log that begin in some ways."""
    return "\n".join(line for line in masked(log).split("\n") if line.startswith(beginnings))


# The recorded logs: stdout and stderr are one stream in them


def test_the_originals_log_is_recorded(folder, capfd):
    assert main([*TRAIN, *FLAGS]) == 0

    said = ("Learning", "Loaded", "Region", *"12345")
    recorded = (folder / "cli_output.log").read_text()
    assert_same_text(lines_of(capfd.readouterr().out, said), lines_of(recorded, said))


def test_the_forks_log_is_recorded(tmp_path, monkeypatch, capfd):
    shutil.copytree(recording("train_ab_cli"), tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")

    assert main([*TRAIN, *FLAGS, "-dialect", "alexeyab", "-dont_show"]) == 0

    told = capfd.readouterr()
    said = ("mini_batch", "nms_kind", " seen", " Warning", "Weights are", "Learning", " Detection")
    said += ("Loaded", " 1:", " 2:", " 3:", " 4:", " 5:", "If you want")
    recorded = Path("cli_output.log").read_text()
    assert_same_text(lines_of(told.out, said), lines_of(recorded, said))
    noted = ("v3 (", " total_bbox", "saveweights", "savelast", "Saving")
    assert_same_text(lines_of(told.err, noted), lines_of(recorded, noted))


def test_the_final_weights_are_recorded(folder):
    main([*TRAIN, *FLAGS])

    ours = np.fromfile("backup/run_final.weights", "<f4", offset=20)
    np.testing.assert_allclose(ours, np.fromfile("final.weights", "<f4", offset=20), atol=2e-4)
    assert read_header("backup/run_final.weights").seen == 20


# Files


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Work beside a cfg of 12 quick iterations on three images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYDARKNET_DIALECT", raising=False)
    write_data()


def write_data() -> None:
    """Write three images with labels, and what names them."""
    draws = np.random.default_rng(5)
    for index in range(3):
        cv2.imwrite(f"{index}.png", draws.integers(0, 255, (40, 48, 3), np.uint8))
        Path(f"{index}.txt").write_text("0 0.4 0.5 0.3 0.2\n1 0.7 0.3 0.2 0.4\n")
    Path("train.txt").write_text("0.png\n1.png\n2.png\n")
    Path("run.data").write_text("train=train.txt\nbackup=backup\nnames=names\n")
    write_cfg()


def write_cfg(**options: object) -> None:
    """Write a small detector's cfg, some options of [net] other than usual."""
    net = {"batch": 2, "subdivisions": 2, "width": 32, "height": 32, "channels": 3}
    net |= {"learning_rate": 0.001, "max_batches": 12, "policy": "constant"} | options
    lines = "\n".join(f"{key}={value}" for key, value in net.items())
    Path("run.cfg").write_text(
        f"[net]\n{lines}\n"
        "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=4\npad=1\nactivation=leaky\n"
        "[dropout]\nprobability=.2\n"
        "[convolutional]\nfilters=14\nsize=1\nactivation=linear\n"
        "[yolo]\nmask=0,1\nanchors=8,8,16,16\nnum=2\nclasses=2\n"
    )


def trained(*words: str) -> bytes:
    """Train in this process, and return the final weights."""
    assert main(["detector", "train", "run.data", "run.cfg", "-workers", "0", *words]) == 0
    return Path("backup/run_final.weights").read_bytes()


@pytest.mark.usefixtures("small")
def test_the_same_seed_gives_the_same_weights():
    assert trained("-seed", "3", "-clear") == trained("-seed", "3", "-clear")


@pytest.mark.usefixtures("small")
def test_another_seed_gives_other_weights():
    assert trained("-seed", "3", "-clear") != trained("-seed", "4", "-clear")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_number_of_workers_changes_nothing(workers):
    assert trained("-seed", "3") == trained("-seed", "3", "-clear", "-workers", workers)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("dialect", "batches", "names"),
    [
        ("pjreddie", 100, ["run.backup", "run_100.weights", "run_final.weights"]),
        ("alexeyab", 100, ["run_final.weights", "run_last.weights"]),
    ],
)
def test_weights_are_saved_under_the_dialects_names(dialect, batches, names):
    write_cfg(max_batches=batches, subdivisions=1)

    trained("-dialect", dialect)

    ours = {path.name for path in Path("backup").iterdir()}
    assert ours - {"run.state", "run.previous", "run.previous.state"} == set(names)


@pytest.mark.usefixtures("small")
def test_the_fork_saves_when_the_data_file_says():
    write_cfg(max_batches=6)
    with open("run.data", "a") as data:
        data.write("saveweights=3\nsavelast=2\n")

    trained("-dialect", "alexeyab")

    names = {path.name for path in Path("backup").glob("*.weights")}
    assert names == {"run_3.weights", "run_6.weights", "run_last.weights", "run_final.weights"}


@pytest.mark.usefixtures("small")
def test_the_moving_average_is_saved_beside_the_last_weights():
    write_cfg(max_batches=6, ema_alpha=0.9)
    with open("run.data", "a") as data:
        data.write("savelast=2\n")

    trained()

    ema, last = (Path(f"backup/run_{n}.weights").read_bytes() for n in ("ema", "last"))
    assert len(ema) == len(last)
    assert ema != last


@pytest.mark.usefixtures("small")
def test_the_chart_is_drawn(monkeypatch):
    monkeypatch.setattr("pydarknet.training.chart.png_of", png_of)

    trained()

    assert cv2.imread("chart.png").shape == (1000, 1000, 3)
    assert Path("chart_run.png").read_bytes() == Path("chart.png").read_bytes()


# Going on


def process(*words: str) -> Program:
    """Start a training in a process of its own."""
    command = ["-m", "pydarknet", "detector", "train", "run.data", "run.cfg"]
    env = {**os.environ, "PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return Program(*command, "-seed", "3", *words, text=True, env=env, **streams)


def upto(running: Program, beginning: str) -> None:
    """Read a log until a line begins so."""
    while not (line := running.stdout.readline()).startswith(beginning):
        assert line, "the training ended"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_training_that_is_stopped_goes_on_to_the_same_weights(number, status, capfd):
    write_cfg(max_batches=40)
    whole = trained("-seed", "3")
    shutil.rmtree("backup")

    with process() as running:
        upto(running, "10:")
        running.send_signal(number)
        running.stdout.read()
    again = trained()

    assert running.returncode == status
    assert again == whole
    assert re.search(r"resuming after batch \d+ from backup/run.backup", capfd.readouterr().err)


@pytest.mark.usefixtures("small")
def test_a_training_that_is_killed_goes_on_to_the_same_weights(capfd):
    write_cfg(max_batches=50)
    with open("run.data", "a") as data:
        data.write("savelast=10\n")
    whole = trained("-seed", "3", "-dialect", "alexeyab")
    shutil.rmtree("backup")

    with process("-dialect", "alexeyab") as running:
        upto(running, " 25:")
        running.kill()
    again = trained("-dialect", "alexeyab")

    assert again == whole
    assert re.search(r"resuming after batch [234]0 from", capfd.readouterr().err)


@pytest.fixture
def finished(small, capfd) -> bytes:
    """Finish a training of ten iterations, and return its final weights."""
    write_cfg(max_batches=10)
    weights = trained("-seed", "3")
    capfd.readouterr()
    return weights


def batches(log: str) -> list[int]:
    """Return the numbers of the iterations in a log."""
    return [int(number) for number in re.findall(r"^(\d+): ", log, re.MULTILINE)]


@pytest.mark.usefixtures("finished")
def test_a_training_of_more_batches_goes_on_to_the_same_weights(capfd):
    write_cfg(max_batches=14)
    again = trained()
    told = capfd.readouterr()
    whole = trained("-seed", "3", "-clear")

    assert again == whole
    assert batches(told.out) == [11, 12, 13, 14]
    assert (
        "resuming after batch 10 from backup/run_final.weights,"
        " with [net] max_batches = 14 (was 10); -clear starts over" in told.err
    )


def test_clear_starts_over_and_keeps_the_old_files(finished, capfd):
    trained("-clear")

    told = capfd.readouterr()
    assert batches(told.out) == [*range(1, 11)]
    assert (
        "starting over: the first save keeps backup/run_final.weights as backup/run_old1_final"
        in told.err
    )
    assert Path("backup/run_old1_final.weights").read_bytes() == finished
    assert Path("backup/run_old1.state").is_file()


def test_it_does_not_start_over_where_an_argument_is_wrong(finished, capfd):
    told = mistake(capfd, "-clear", "-map", "-dialect", "pjreddie")

    assert told.endswith("Couldn't open file: names (No such file or directory)")
    assert "starting over" not in told
    assert Path("backup/run_final.weights").read_bytes() == finished


def test_a_finished_training_is_told_and_stays(finished, capfd):
    told = mistake(capfd)

    assert (
        "backup/run_final.weights has seen 10 batches, max_batches is 10: nothing to train;"
        " -clear starts over\n    hint: with a larger max_batches the training goes on" in told
    )
    assert Path("backup/run_final.weights").read_bytes() == finished


@pytest.mark.usefixtures("finished")
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("run.state", "to go on from it, give backup/run_final.weights as weights"),
        ("run_final.weights", "its weights do not fit this cfg"),
    ],
)
def test_a_pair_that_does_not_match_is_told_and_stays(name, hint, capfd):
    path = Path("backup", name)
    path.write_bytes(path.read_bytes()[:-7])
    before = path.read_bytes()

    told = mistake(capfd)

    assert "backup/run_final.weights is there, and no usable state belongs to it" in told
    assert f"hint: {hint}; to start over, give -clear, which keeps it as backup/run_old1" in told
    assert path.read_bytes() == before


@pytest.mark.usefixtures("finished")
def test_the_newest_weights_go_on_with_their_state(capfd):
    write_cfg(max_batches=12)

    trained("backup/run_final.weights")

    assert "resuming after batch 10 from backup/run_final.weights" in capfd.readouterr().err


@pytest.mark.usefixtures("finished")
def test_weights_without_a_state_go_on_where_their_header_says(capfd):
    write_cfg(max_batches=12)
    Path("backup/run.state").unlink()

    trained("backup/run_final.weights")

    assert batches(capfd.readouterr().out) == [11, 12]


# Python


@pytest.mark.usefixtures("small")
def test_python_trains_with_a_callback():
    seen = []

    network = pydarknet.train(
        "run.data", "run.cfg", seed=3, workers=0, device="cpu", callback=seen.append
    )

    assert [report.step.batch for report in seen] == list(range(1, 13))
    saved = pydarknet.load_network("run.cfg", "backup/run_final.weights", device="cpu")
    torch.testing.assert_close(network.state_dict(), saved.state_dict(), rtol=0, atol=0)


def answer_no(report: pydarknet.IterationReport) -> bool:
    """Ask to stop after three iterations, by returning False."""
    return report.step.batch < 3


def raise_stop(report: pydarknet.IterationReport) -> None:
    """Ask to stop after three iterations, by raising."""
    if report.step.batch == 3:
        raise pydarknet.Stop


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("callback", [answer_no, raise_stop])
def test_a_callback_ends_a_training_which_the_same_call_resumes(callback, capfd):
    write_cfg(max_batches=5)
    options = {"seed": 3, "workers": 0, "device": "cpu", "chart": False}
    whole = pydarknet.train("run.data", "run.cfg", clear=True, **options)
    seen = []

    pydarknet.train("run.data", "run.cfg", clear=True, callback=callback, **options)
    assert "stopped after batch 3: " in capfd.readouterr().err
    network = pydarknet.train("run.data", "run.cfg", callback=seen.append, **options)

    assert [report.step.batch for report in seen] == [4, 5]
    torch.testing.assert_close(network.state_dict(), whole.state_dict(), rtol=0, atol=0)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_of_a_callback_ends_a_training_which_the_same_call_resumes(error):
    write_cfg(max_batches=4)
    options = {"seed": 3, "workers": 0, "device": "cpu", "chart": False}
    seen = []

    def fail(report: pydarknet.IterationReport) -> None:
        raise error

    with pytest.raises(error):
        pydarknet.train("run.data", "run.cfg", callback=fail, **options)
    pydarknet.train("run.data", "run.cfg", callback=seen.append, **options)

    assert [report.step.batch for report in seen] == [2, 3, 4]


@pytest.mark.usefixtures("small")
def test_a_callback_gets_the_figures_of_an_evaluation(capfd):
    write_cfg(max_batches=3)
    Path("names").write_text("one\ntwo\n")
    seen = []

    pydarknet.train(
        "run.data", "run.cfg", seed=3, workers=0, device="cpu", map=True, callback=seen.append
    )

    # it is due after the last iteration only
    assert [report.map for report in seen[:-1]] == [None, None]
    told = re.search(r"mean_average_precision \(mAP@0.50\) = ([\d.]+)", capfd.readouterr().out)
    assert seen[-1].map == pytest.approx(float(told[1]), abs=1e-6)
    assert [one.name for one in seen[-1].validation.classes] == ["one", "two"]
    assert "validation" not in repr(seen[-1])


# Mistakes: one line, status 1, before anything is trained


def mistake(capfd, *words: str) -> str:
    """Return the last lines of stderr of a training that does not begin."""
    assert main(["detector", "train", "run.data", "run.cfg", "-workers", "0", *words]) == 1
    told = capfd.readouterr()
    assert "Loaded" not in told.out
    return told.err.rstrip("\n")


@pytest.mark.usefixtures("small")
def test_a_backup_folder_that_cannot_be_made_is_an_error(capfd):
    Path("backup").write_text("a file")

    assert mistake(capfd).endswith("backup = backup: is a file: expected a folder")


@pytest.mark.usefixtures("small")
def test_an_empty_list_is_an_error(capfd):
    Path("train.txt").write_text("\n")

    told = "train.txt: is empty: expected the path of an image on each line"
    assert mistake(capfd).splitlines()[-1] == told


@pytest.mark.usefixtures("small")
def test_a_missing_list_is_an_error(capfd):
    Path("train.txt").unlink()

    assert mistake(capfd).splitlines()[-1].startswith("Couldn't open file: train.txt")


@pytest.mark.usefixtures("small")
def test_what_training_does_not_do_is_an_error(capfd):
    write_cfg(adversarial_lr=0.1)

    assert "[net] adversarial_lr is not supported in training" in mistake(capfd)


@pytest.mark.usefixtures("small")
def test_a_cfg_without_max_batches_is_an_error(capfd):
    write_cfg(max_batches=0)

    assert "[net] max_batches = 0: expected how many batches are trained" in mistake(capfd)


@pytest.mark.usefixtures("small")
def test_the_forks_batch_of_one_is_an_error(capfd):
    write_cfg(batch=1, subdivisions=1)

    assert "You set incorrect value batch=1" in mistake(capfd, "-dialect", "alexeyab")


@pytest.mark.usefixtures("small")
def test_a_loss_that_is_no_number_ends_the_training(capfd):
    write_cfg(learning_rate=1e30)

    assert main(["detector", "train", "run.data", "run.cfg", "-workers", "0", "-seed", "1"]) == 1

    told = capfd.readouterr().err
    assert re.search(r"batch \d+: the loss is (nan|inf) at a rate of 1e\+30", told)
    assert re.search(r"hint: its images: \d\.png.*; the last good weights: none", told)


@pytest.mark.usefixtures("small")
def test_bad_labels_are_told_once_and_passed_over(capfd):
    Path("1.txt").write_text("0 0.4 0.5 0.3 0.2\n7 0.5 0.5 0.1 0.1\n")

    trained("-seed", "1")

    assert len(re.findall(r"1\.txt:2: .*", capfd.readouterr().err)) == 1


@pytest.mark.usefixtures("small")
def test_images_that_cannot_be_used_are_told_once_and_counted_at_the_end(capfd):
    cv2.imwrite("0.jpg", np.full((40, 48, 3), 255, np.uint8))
    content = Path("0.jpg").read_bytes()
    Path("0.jpg").write_bytes(content[:-2] + b"\1" * 99 + content[-2:])  # which libjpeg tells
    Path("train.txt").write_text("0.jpg\n1.png\ngone.png\n")

    trained("-seed", "1")

    told = capfd.readouterr().err
    assert told.count('Cannot load image "gone.png"') == 1
    assert told.count("0.jpg: Corrupt JPEG data: ") == told.count("Corrupt JPEG data") == 1
    last = sorted(told.splitlines()[-1].rpartition("; ")[2].split(", "))
    assert last == ["images that cannot be read: 1", "images that their decoder warns of: 1"]


@pytest.mark.usefixtures("small")
def test_what_it_trains_on_is_told_first_and_where_the_weights_are_last(capfd):
    write_cfg(max_batches=2)
    trained("-seed", "1")

    told = capfd.readouterr()
    lines = told.err.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("train: "))
    assert lines[start].startswith("train: train.txt: ")
    assert lines[start + 1].startswith("boxes: ")
    assert lines[start + 2] == (
        "left out: nothing; `pydarknet detector check run.data run.cfg` says more"
    )
    assert lines[-1] == (
        f"weights: {Path('backup/run_final.weights')}; no image and no line of labels was left out"
    )
    assert "train: " not in told.out
    assert "weights: " not in told.out


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_the_first_batch_is_written_and_the_training_goes_on_the_same(capfd, dialect):
    write_cfg(max_batches=2)
    plain = trained("-seed", "1", "-dialect", dialect)

    assert trained("-seed", "1", "-dialect", dialect, "-clear", "-show_imgs") == plain

    files = sorted(Path().glob("aug_1_*.jpg"))
    assert f"the first batch as the network sees it: {files[0]}" in capfd.readouterr().err
    assert not list(Path().glob("aug_2_*.jpg"))
    assert cv2.imread(str(files[0])).any()


# Evaluations in between


@pytest.fixture
def mapped(small):
    """Write names and a list of images to evaluate, and take 104 iterations."""
    Path("names").write_text("one\ntwo\n")
    with open("run.data", "a") as data:
        data.write("valid=train.txt\n")
    write_cfg(max_batches=104, learning_rate=0.02, subdivisions=1)


@pytest.mark.usefixtures("mapped")
def test_evaluations_do_not_disturb_a_training(monkeypatch, capfd):
    monkeypatch.setattr("pydarknet.training.validation.LEAST", 4)
    write_cfg(max_batches=10, learning_rate=0.02, subdivisions=1)
    plain = trained("-seed", "3", "-dialect", "alexeyab")

    assert trained("-seed", "3", "-dialect", "alexeyab", "-map", "-clear") == plain
    told = re.findall(r"mean_average_precision \(mAP@0.50\) = ", capfd.readouterr().out)
    assert len(told) > 1  # while it goes on, and at its end


@pytest.mark.usefixtures("mapped")
def test_the_map_is_told_when_it_is_due(capfd):
    trained("-seed", "3", "-map", "-thresh", "0.1", "-iou_thresh", "0.4")

    out = capfd.readouterr().out
    assert out.count(" (next mAP calculation at 100 iterations) ") == 100
    assert out.count(" (next mAP calculation at 200 iterations) ") == 4
    assert out.count("mean_average_precision (mAP@0.40) = ") == 2  # at the 100th and at the end
    assert " for conf_thresh = 0.10, precision" in out
    assert Path("backup/run_best.weights").exists()


@pytest.mark.usefixtures("mapped")
def test_a_missing_valid_list_is_an_error_of_map(capfd):
    text = Path("run.data").read_text().replace("valid=train.txt", "valid=none.txt")
    Path("run.data").write_text(text)

    assert "There is no none.txt file for mAP calculation" in mistake(capfd, "-map")


@pytest.mark.usefixtures("mapped")
def test_other_names_than_classes_are_an_error_of_map(capfd):
    Path("names").write_text("one\n")

    assert "run.data: 1 name: expected 2, a name a class, for -map" in mistake(capfd, "-map")


YOLOX = """[convolutional]
filters=7
size=1
activation=linear
prior=.01
[maxpool]
size=2
stride=2
[yolox]
layers=-2,-1
classes=2
l1=1
random=1
"""
SIMOTA = """[convolutional]
filters=7
size=1
activation=linear
[yolo]
mask=0
anchors=4,4,8,8
num=2
classes=2
assign=simota
scale_x_y=3
random=1
[route]
layers=-3
[maxpool]
size=2
stride=2
[convolutional]
filters=7
size=1
activation=linear
[yolo]
mask=1
anchors=4,4,8,8
num=2
classes=2
assign=simota
scale_x_y=3
random=1
"""
CENTERNET = """[deconvolutional]
filters=6
size=2
stride=2
activation=linear
[centernet]
classes=2
random=1
"""
ANCHORS = """[convolutional]
filters={}
size=1
activation=linear
[{}]
anchors=4,4, 8,8
classes=2
random=1
"""


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("head", "line"),
    [
        (YOLOX, "Yolox 4 Avg"),
        (SIMOTA, "v3 (mse loss"),
        (ANCHORS.format(12, "retina"), "Retina 3 Avg"),
        (ANCHORS.format(14, "ssd"), "Ssd 3 Avg"),
        (CENTERNET, "Centernet 3 Avg"),
    ],
    ids=["yolox", "simota", "retina", "ssd", "centernet"],
)
def test_what_is_there_after_a_kill_goes_on_to_the_same_bits(head, line, capfd):
    write_cfg(max_batches=5)
    body, _ = Path("run.cfg").read_text().split("[convolutional]\nfilters=14")
    Path("run.cfg").write_text(body + head)
    with open("run.data", "a") as data:
        data.write("savelast=2\n")
    options = {"seed": 3, "workers": 0, "device": "cpu", "chart": False, "dialect": "alexeyab"}

    def keep(report: pydarknet.IterationReport) -> None:
        if report.step.batch == 3:  # a process that is killed now has saved two batches
            shutil.copytree("backup", "killed")

    whole = pydarknet.train("run.data", "run.cfg", callback=keep, **options)
    lines = [one for one in "".join(capfd.readouterr()).split("\n") if one.startswith(line)]
    shutil.rmtree("backup")
    Path("killed").rename("backup")
    network = pydarknet.train("run.data", "run.cfg", **options)

    assert "resuming after batch 2 from" in capfd.readouterr().err
    assert len(lines) == 5 * 2 * len(
        re.findall(r"\[(yolox?|retina|ssd|centernet)\]", head)
    )  # a line for each mini-batch and head
    torch.testing.assert_close(network.state_dict(), whole.state_dict(), rtol=0, atol=0)
