"""Trainings that stop and resume: nothing is lost, nothing starts over in silence."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

import pydarknet
from pydarknet.graph.header import read_header
from pydarknet.training.checkpoints import Files
from pydarknet.training.learner import Learner
from pydarknet.training.state import State, read_state, write_state
from pydarknet.training.validation import MapValidation

pytestmark = pytest.mark.usefixtures("one_thread", "no_chart")
FLAGS = "-nogpu -workers 0 -seed 1"
TRAIN = f"detector train obj.data fork.cfg {FLAGS}"


@pytest.fixture
def stop_after(monkeypatch):
    """Return a function that lets trainings be stopped by SIGTERM in one of their batches."""
    learn = Learner.learn

    def stop(batch: int) -> None:
        def learn_and_stop(self, *values):
            step = learn(self, *values)
            if step.batch == batch:
                os.kill(os.getpid(), signal.SIGTERM)
            return step

        monkeypatch.setattr(Learner, "learn", learn_and_stop)

    return stop


def change(path: str, **options: object) -> None:
    """Change options of [net] in a cfg, or add them."""
    lines = Path(path).read_text().split("\n")
    kept = [line for line in lines if line.partition("=")[0] not in options]
    Path(path).write_text(
        "\n".join([kept[0], *(f"{k}={v}" for k, v in options.items()), *kept[1:]])
    )


def batches(out: str) -> list[int]:
    """Return the numbers of the iterations in a log."""
    words = [line.split() for line in out.split("\n") if " avg" in line]
    return [int(line[0].rstrip(":")) for line in words]


@pytest.fixture
def ratings(monkeypatch) -> list[tuple[int, float]]:
    """Let evaluations come to given values every other batch; return which were made."""
    values = {2: 0.75, 4: 0.5, 6: 0.625, 8: 0.8, 9: 0.1}
    made: list[tuple[int, float]] = []

    def evaluate(self, batch: int) -> str:
        self.at, self.last = batch, values[batch]
        made.append((batch, self.last))
        return "rated"

    monkeypatch.setattr("pydarknet.training.validation.LEAST", 2)
    monkeypatch.setattr(MapValidation, "evaluate", evaluate)
    return made


def test_a_resumed_training_is_the_one_that_was_not_stopped(fault, answer, stop_after, ratings):
    fault("training/best_lost_on_resume")
    change("fork.cfg", max_batches=9, steps="5,7")
    mapped = f"{TRAIN} -map -mAP_epochs 2"
    whole = answer(mapped)
    best = Path("backup/fork_best.weights").read_bytes()
    final, chart = Path("backup/fork_final.weights").read_bytes(), Path("chart.png").read_bytes()
    once = [*ratings]
    ratings.clear()
    shutil.rmtree("backup")

    stop_after(5)
    assert answer(mapped).status == 143
    resumed = answer(mapped)

    assert ratings == once == [(2, 0.75), (4, 0.5), (6, 0.625), (8, 0.8), (9, 0.1)]
    assert whole.out.count("New best mAP!") == 2  # after the batches 2 and 8
    assert resumed.out.count("New best mAP!") == 1
    assert " Last accuracy mAP@0.50 = 50.00 %, best = 75.00 % " in resumed.out
    assert Path("backup/fork_best.weights").read_bytes() == best
    assert Path("backup/fork_final.weights").read_bytes() == final
    assert Path("chart.png").read_bytes() == chart


def test_best_weights_stay_until_better_ones_come(fault, answer, stop_after, ratings):
    fault("training/best_lost_on_resume")
    change("fork.cfg", max_batches=7, steps="5,7")
    stop_after(3)
    answer(f"{TRAIN} -map -mAP_epochs 2")
    best = Path("backup/fork_best.weights").read_bytes()

    change("fork.cfg", max_batches=6, steps="5,7")
    answer(f"{TRAIN} -map -mAP_epochs 2")

    assert [batch for batch, _ in ratings] == [2, 4, 6]
    assert Path("backup/fork_best.weights").read_bytes() == best


def test_a_loss_that_is_no_number_names_the_weights_that_the_training_resumed_from(
    fault, answer, stop_after
):
    fault("training/nan_hint_after_resume")
    change("fork.cfg", steps="5,590", scales="1e30,1")
    stop_after(3)
    answer(TRAIN)

    told = answer(TRAIN)

    assert told.status == 1
    assert told.err.rstrip().endswith("the last good weights: backup/fork_last.weights")
    assert read_header("backup/fork_last.weights").seen == 24  # of 3 batches


def test_weights_that_have_seen_all_batches_leave_nothing_to_train(fault, answer):
    fault("training/nothing_left_to_train")

    told = answer(f"detector train obj.data my.cfg my.weights {FLAGS}")

    assert told.status == 1
    assert (
        "my.weights has seen 6 batches, max_batches is 6: nothing to train; -clear counts from 0\n"
        in told.err
    )
    assert not list(Path("backup").glob("*.weights"))


def test_more_batches_are_trained_from_where_the_training_ended(fault, answer):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=4)
    answer(TRAIN)
    ended = answer(TRAIN)
    assert ended.status == 1
    assert "has seen 4 batches, max_batches is 4: nothing to train; -clear starts over" in ended.err

    change("fork.cfg", max_batches=6)
    told = answer(TRAIN)

    assert batches(told.out) == [5, 6]
    assert "with [net] max_batches = 6 (was 4); -clear starts over" in told.err


@pytest.mark.parametrize(
    ("options", "goes_on", "text"),
    [
        ({"subdivisions": 4}, True, "[net] subdivisions = 4 (was 2)"),
        ({"learning_rate": 0.5}, True, "[net] learning_rate = 0.5 (was 0.001)"),
        ({"steps": "5,6"}, True, "[net] steps = 5,6 (was 1000,2000)"),
        ({"batch": 4}, False, "is of batch 3 of another training: [net] batch = 4 (was 8)"),
        ({"subdivisions": 3}, False, "of another training: [net] subdivisions = 3 (was 2)"),
    ],
)
def test_what_changed_is_told_and_never_started_over(
    fault, answer, stop_after, options, goes_on, text
):
    fault("training/starts_over_unsaid")
    stop_after(3)
    answer(TRAIN)
    before = Path("backup/fork_last.weights").read_bytes()

    change("fork.cfg", max_batches=5, **options)
    told = answer(TRAIN)

    assert text in told.err
    assert batches(told.out) == ([4, 5] if goes_on else [])
    assert told.status == (0 if goes_on else 1)
    assert Path("backup/fork_last.weights").read_bytes() == before


def test_the_line_that_an_error_gives_goes_on(fault, answer, stop_after):
    fault("training/starts_over_unsaid")
    stop_after(3)
    answer(TRAIN)
    change("fork.cfg", batch=4, max_batches=8)
    hint = "to go on from it, give backup/fork_last.weights as weights"
    assert hint in answer(TRAIN).err

    told = answer(f"{TRAIN} backup/fork_last.weights")

    assert told.status == 0
    assert "goes on from the weights alone: [net] batch = 4 (was 8)" in told.err
    assert batches(told.out) == [7, 8]  # 24 images of 4 are 6 batches


def test_clear_in_the_command_is_not_promised_to_resume(fault, answer, stop_after):
    fault("training/starts_over_unsaid")
    stop_after(3)
    told = answer(f"{TRAIN} my.weights -clear")
    assert "stopped after batch 3: the same command without -clear resumes from there" in told.err

    change("fork.cfg", max_batches=4)
    resumed = answer(f"{TRAIN} my.weights")
    before = Path("backup/fork_last.weights").read_bytes()
    again = answer(f"{TRAIN} my.weights -clear")

    assert batches(resumed.out) == [4]
    assert batches(again.out) == [1, 2, 3]  # where the test stops it again
    assert "the first save keeps backup/fork_final.weights as backup/fork_old1_final" in again.err
    assert Path("backup/fork_old1_last.weights").read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda path: os.truncate(path, os.path.getsize(path) - 1), "its checksum differs"),
        (lambda path: os.truncate(path, 0), "it begins with other words"),
    ],
    ids=["cut by a byte", "empty"],
)
def test_damaged_states_are_told_and_nothing_is_overwritten(
    fault, answer, stop_after, damage, told
):
    fault("training/starts_over_unsaid")
    stop_after(3)
    answer(TRAIN)
    shutil.copy("backup/fork.state", "backup/fork.previous.state")
    for name in ("fork.state", "fork.previous.state"):
        damage(Path("backup", name))
    before = Path("backup/fork_last.weights").read_bytes()

    answered = answer(TRAIN)

    assert answered.status == 1
    assert f"backup/fork.state: is no usable state of a training: {told}" in answered.err
    assert "give backup/fork_last.weights as weights; to start over, give -clear" in answered.err
    assert Path("backup/fork_last.weights").read_bytes() == before


def test_a_comment_in_the_cfg_is_no_other_training(fault, answer, stop_after):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=4)
    stop_after(3)
    answer(TRAIN)

    Path("fork.cfg").write_text("# hi\n" + Path("fork.cfg").read_text() + "# hi\n")

    assert batches(answer(TRAIN).out) == [4]


def test_weights_that_are_damaged_leave_the_pair_before(fault, answer, stop_after):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=5)
    Path("obj.data").write_text(Path("obj.data").read_text() + "\nsavelast=2\nsaveweights=1000\n")
    stop_after(3)
    answer(TRAIN)
    os.truncate("backup/fork_last.weights", 2955)

    told = answer(TRAIN)

    assert "resuming after batch 2 from backup/fork.previous" in told.err
    assert batches(told.out) == [3]  # where the test stops it again


def test_weights_of_other_classes_begin_a_training_with_what_matches(fault, answer):
    fault("training/transfer_other_classes")

    told = answer(f"detector train obj.data three.cfg two_classes.weights -clear {FLAGS}")

    assert told.status == 0
    assert "two_classes.weights: was trained with classes = 2, the cfg says 3" in told.err
    assert "layer 2 [convolutional] starts fresh: 24 filters, in the file 21" in told.err
    refused = answer("detector map obj.data three.cfg two_classes.weights -nogpu")
    assert refused.status == 1
    assert "the file has the size of classes = 2, the cfg says 3" in refused.err


@pytest.mark.parametrize("name", ["null", "list", "dtype", "deep", "numbers"])
def test_a_damaged_state_is_one_note(fault, capsys, name):
    folder = fault("breaker/state_file")

    assert read_state(folder / f"{name}.state") is None

    noted = capsys.readouterr().err
    assert noted.count("\n") == 1
    assert f"{name}.state: is no usable state of a training: it" in noted


def test_a_state_of_the_first_version_is_read_still(fault):
    folder = fault("breaker/state_file")

    assert read_state(folder / "good.state").numbers["batch"] == 20


def test_a_flipped_bit_of_a_momentum_is_damage(fault, capsys):
    fault("breaker/state_file")
    old = read_state(Path("good.state"))
    run = {"dialect": "alexeyab", "images": 8, "train": "a", "net": {}, "layers": [], "weights": ""}
    write_state(Path("new.state"), State(run, old.numbers, old.tensors))
    content = bytearray(Path("new.state").read_bytes())
    content[-1000] ^= 1
    Path("new.state").write_bytes(content)

    assert read_state(Path("new.state")) is None
    assert "its checksum differs" in capsys.readouterr().err


def test_partial_files_of_killed_trainings_are_removed(fault, answer):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=2)
    dead = subprocess.Popen(["true"])
    dead.wait()
    Path("backup").mkdir()
    for name in ("fork_last.weights", "fork.state", "fork.previous"):
        Path("backup", f"{name}.{dead.pid}.tmp").touch()

    answer(TRAIN)

    assert sorted(os.listdir("backup")) == ["fork.state", "fork_final.weights"]


def test_a_folder_that_was_moved_is_resumed_from(fault, answer, stop_after):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=4)
    stop_after(3)
    answer(TRAIN)
    Path("backup").rename("elsewhere")
    Path("obj.data").write_text(Path("obj.data").read_text().replace("=backup", "=elsewhere"))

    told = answer(TRAIN)

    assert "resuming after batch 3 from elsewhere/fork_last.weights" in told.err
    assert batches(told.out) == [4]


def test_another_seed_is_told_and_the_training_keeps_its_own(fault, answer, stop_after):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=4)
    whole = answer(TRAIN)
    final = Path("backup/fork_final.weights").read_bytes()
    shutil.rmtree("backup")
    stop_after(3)
    answer(TRAIN)

    told = answer(TRAIN.replace("-seed 1", "-seed 2"))

    assert whole.status == told.status == 0
    assert "seed 2 is ignored: a training that resumes keeps its own, 1" in told.err
    assert Path("backup/fork_final.weights").read_bytes() == final


def test_a_training_that_another_one_writes_is_told(fault, answer):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=2)

    files = Files(Path("backup"), "fork", "_last.weights")
    files.make_folder()

    with files.hold():
        told = answer(TRAIN)

    assert told.status == 1
    assert "another training is writing backup/fork_last.weights" in told.err


def test_python_resumes_too_and_says_what_is_finished(fault):
    fault("training/starts_over_unsaid")
    change("fork.cfg", max_batches=2)
    options = {"device": "cpu", "workers": 0, "seed": 1, "chart": False}
    pydarknet.train("obj.data", "fork.cfg", **options)

    with pytest.raises(pydarknet.DarknetError, match="max_batches is 2: nothing to train"):
        pydarknet.train("obj.data", "fork.cfg", **options)
    change("fork.cfg", max_batches=3)
    seen = []
    pydarknet.train("obj.data", "fork.cfg", callback=seen.append, **options)

    assert [report.step.batch for report in seen] == [3]


@pytest.mark.parametrize(
    ("first", "then", "turned"),
    [("", "", True), ("-exif off", "", False), ("-exif off", "-exif on", True)],
)
def test_a_training_turns_photographs_as_it_began_unless_told(
    fault, answer, stop_after, first, then, turned
):
    fault("training/exif_in_training")
    change("fork.cfg", max_batches=3)
    stop_after(2)
    answer(f"{TRAIN} {first}")

    told = answer(f"{TRAIN} {then}")

    assert batches(told.out) == [3]
    assert ("is turned upright" in told.err) == turned
    assert ("until now this training's images were" in told.err) == bool(then)
