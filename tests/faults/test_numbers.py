"""Losses that are no numbers, and clocks that jump."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import pytest

import pydarknet
from pydarknet.graph.header import read_header
from pydarknet.training.learner import Learner
from pydarknet.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("one_thread")
TRAIN = "detector train obj.data fork.cfg -nogpu -workers 0 -seed 1"
YEAR = 365 * 24 * 3600


def change(**options: object) -> None:
    """Change options of [net] in the cfg."""
    lines = Path("fork.cfg").read_text().split("\n")
    kept = [line for line in lines if line.partition("=")[0] not in options]
    new = [f"{name}={value}" for name, value in options.items()]
    Path("fork.cfg").write_text("\n".join([kept[0], *new, *kept[1:]]))


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_a_loss_that_is_no_number_names_its_images_and_the_last_good_weights(
    fault, answer, monkeypatch, loss
):
    fault("training/nan_hint_after_resume")
    change(max_batches=6)
    with open("obj.data", "a") as data:
        data.write("savelast=1\n")
    iterate, cost, paths = Trainer.iterate, Learner.cost, []

    def iterate_and_look(self, batch, *rest, **how):
        paths.append(set(batch.paths))
        return iterate(self, batch, *rest, **how)

    def fail_in_the_third(self, *values):
        found = cost(self, *values)
        return loss if self.batch == 3 else found

    monkeypatch.setattr(Trainer, "iterate", iterate_and_look)
    monkeypatch.setattr(Learner, "cost", fail_in_the_third)

    ended = answer(TRAIN)

    assert ended.status == 1
    assert len(paths) == 3
    problem, hint = ended.err.splitlines()[-2:]
    assert problem == f"batch 3: the loss is {loss} at a rate of 0.01"
    images = re.fullmatch(
        r"    hint: its images: (.+); the last good weights: backup/fork_last.weights", hint
    )
    assert images
    assert set(images[1].split(", ")) == paths[2]
    assert read_header("backup/fork_last.weights").seen == 16  # of two batches


def test_a_clock_that_jumps_changes_neither_weights_nor_times(fault, answer, monkeypatch):
    fault("training/nan_hint_after_resume")
    change(max_batches=6, steps="5", scales="1")
    answer(TRAIN)
    whole = Path("backup/fork_final.weights").read_bytes()
    jumps = itertools.cycle([0, 10 * YEAR, -40 * YEAR, 80 * YEAR])
    for name, unit in (("time", 1), ("time_ns", 10**9)):
        now = getattr(time, name)
        monkeypatch.setattr(time, name, lambda now=now, unit=unit: now() + next(jumps) * unit)

    ended = answer(f"{TRAIN} -clear")

    assert ended.status == 0
    assert Path("backup/fork_final.weights").read_bytes() == whole
    seconds = [float(one) for one in re.findall(r"([-\d.]+) seconds", ended.out)]
    hours = [float(one) for one in re.findall(r"([-\d.]+) hours left", ended.out)]
    assert len(seconds) >= len(hours) == 6
    assert all(0 <= one < 60 for one in [*seconds, *hours[1:]])  # the first is -1, as in the C


def test_no_duration_is_measured_by_the_time_of_day():
    package = Path(pydarknet.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(
            r"\btime\.(time|time_ns|ctime)\(|\bdate(time)?\.(now|today|utcnow)\(", path.read_text()
        )
    }

    # The seed of a text, as the C has it; whether something was changed, or measured, long ago
    others = {"system/identity.py", "runtime/forms.py", "backends/verdicts.py"}
    assert users <= {"cli/commands/rnn.py", *others}
