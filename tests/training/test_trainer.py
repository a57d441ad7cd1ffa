"""What a trainer does around its iterations: problems, evaluations, saving, the end."""

import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from small_training import write_run

import pydarknet
from pydarknet.cli.main import main
from pydarknet.dataset.bad_list import Problem
from pydarknet.errors import DataError
from pydarknet.training.checkpoints import Files
from pydarknet.training.learner import Learner, NoNumber
from pydarknet.training.resume import Start
from pydarknet.training.trainer import Trainer


class Log:
    """A reporter that notes what it is told, and saves nothing by itself."""

    newest, finals, progress = "_last.weights", ("_final.weights",), None

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    note = say

    def report_end(self) -> None:
        self.lines.append("ended")


class Ratings:
    """Evaluations that come to given values, each due at once."""

    def __init__(self, *values: float) -> None:
        self.values, self.last, self.best, self.report = [*values], -1.0, -1.0, None

    def due(self, batch: int) -> bool:
        return bool(self.values)

    def evaluate(self, batch: int) -> str:
        self.last = self.values.pop(0)
        return f"mAP {self.last}"

    def is_best(self) -> bool:
        better, self.best = self.last >= self.best, max(self.last, self.best)
        return better


@pytest.fixture
def trainer():
    """A trainer that notes which weights it saves."""
    made = Trainer(
        learner=SimpleNamespace(
            batch=5,
            network=None,
            moving=SimpleNamespace(values={}),
            prepare_save=lambda last=False: None,
        ),
        samples=None,
        size=None,
        files=Files(Path("backup"), "my", "_last.weights"),
        reporter=Log(),
        start=Start({}),
    )
    made.saved = []
    made.written = True

    def save(endings: list[str]) -> bool:
        made.saved.append(endings)
        return made.written

    made.saver.save = made.saver.save_at_end = save
    return made


def test_a_problem_of_the_data_is_told_once(trainer):
    trainer.report_problems([Problem("a"), Problem("b")])
    trainer.report_problems([Problem("b"), Problem("c")])

    assert trainer.reporter.lines == ["a", "b", "c"]


def test_the_best_weights_are_saved(trainer):
    trainer.validation = Ratings(0.5, 0.25)

    trainer.evaluate(1)
    trainer.evaluate(2)

    assert trainer.saved == [["_best.weights"]]
    assert trainer.reporter.lines == ["mAP 0.5", "New best mAP!", "mAP 0.25"]


def test_best_weights_that_could_not_be_written_are_tried_again(trainer):
    trainer.validation, trainer.written = Ratings(0.5, 0.5), False

    trainer.evaluate(1)
    trainer.evaluate(2)

    assert trainer.saved == [["_best.weights"], ["_best.weights"]]
    assert trainer.validation.best == -1.0


def test_what_a_training_does_not_need_is_told_once_and_left_out(trainer):
    def fail() -> None:
        raise OSError("the disk is full")

    trainer.attempt("the chart", fail)
    trainer.attempt("the chart", fail)

    assert trainer.reporter.lines == [
        "the chart cannot be written, and the training continues: the disk is full"
    ]


def test_nothing_is_evaluated_before_it_is_due(trainer):
    trainer.validation = Ratings()

    trainer.evaluate(1)

    assert trainer.reporter.lines == []


def test_the_end_saves_the_final_weights(trainer):
    trainer.end(finished=True)

    assert trainer.saved == [["_final.weights"]]
    assert trainer.reporter.lines == ["ended"]


def test_a_training_that_is_stopped_saves_what_it_goes_on_from(trainer, capsys):
    trainer.end(finished=False)

    assert trainer.saved == [["_last.weights"]]
    assert "stopped after batch 5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("newest", "weights"), [(None, "none: nothing was saved yet"), ("a.weights", "a.weights")]
)
def test_a_batch_that_went_wrong_is_told_by_its_images_and_the_weights_before(
    trainer, newest, weights
):
    trainer.saver.last_good = newest

    told = trainer.failure_hint(SimpleNamespace(paths=["b.png", "a.png", "b.png"]))

    assert told == f"its images: a.png, b.png; the last good weights: {weights}"


class Chart:
    """A chart that notes when it is finished."""

    def __init__(self) -> None:
        self.finished = 0
        self.points = SimpleNamespace(precisions=[[4, 0.5], [5, 0.25]])

    def finish(self) -> None:
        self.finished += 1


@pytest.mark.parametrize("finished", [True, False])
def test_the_chart_is_complete_when_a_training_ends_or_is_stopped(trainer, finished):
    trainer.chart = Chart()

    trainer.end(finished)

    assert trainer.chart.finished == 1


def test_the_last_line_says_where_the_weights_are_and_which_are_the_best(trainer, capsys):
    trainer.chart, trainer.saver.last_good = Chart(), Path("backup/my_final.weights")
    trainer.problems.counts["lines of labels left out"] = 2

    trainer.end(finished=True)

    assert capsys.readouterr().err.splitlines()[-1] == (
        "weights: backup/my_final.weights; best mAP 50.00% after batch 4: "
        f"{Path('backup/my_best.weights')}; lines of labels left out: 2"
    )


def test_the_chart_of_a_training_that_diverges_is_complete(trainer):
    def learn(*inputs: object) -> None:
        raise NoNumber("batch 6: the loss is nan")

    trainer.chart = Chart()
    trainer.learner.learn = learn
    trainer.learner.network = SimpleNamespace(
        input=SimpleNamespace(w=8, h=8), layers=[], device=torch.device("cpu")
    )
    trainer.reporter.report_loading = lambda *words, **more: None
    batch = SimpleNamespace(
        number=6, images=torch.zeros(1, 3, 8, 8), truth=None, paths=["a.png"], problems=[]
    )

    with pytest.raises(DataError, match="the loss is nan"):
        trainer.iterate(batch, 0.0, first=False)

    assert trainer.chart.finished == 1


@pytest.fixture
def short(tmp_path, monkeypatch):
    """The files of a training of two batches, in the working folder."""
    write_run(tmp_path, 1)
    cfg = (tmp_path / "run.cfg").read_text().replace("max_batches=60", "max_batches=2")
    (tmp_path / "run.cfg").write_text(cfg)
    monkeypatch.chdir(tmp_path)


def test_a_signal_while_the_end_is_written_keeps_nothing_back(short, monkeypatch):
    finish = Trainer.finish_chart

    def interrupted(trainer):
        assert Path("run.lock").exists(), "no other training may write meanwhile"
        signal.raise_signal(signal.SIGINT)
        finish(trainer)

    monkeypatch.setattr(Trainer, "finish_chart", interrupted)
    pydarknet.train("run.data", "run.cfg", workers=0, device="cpu")

    assert Path("chart.png").exists()
    assert Path("run_final.weights").exists()
    assert not Path("run.lock").exists()


def test_the_chart_is_drawn_before_the_final_weights_are_there(short, monkeypatch):
    there = []
    monkeypatch.setattr(
        Trainer, "finish_chart", lambda _: there.append(Path("run_final.weights").exists())
    )
    pydarknet.train("run.data", "run.cfg", workers=0, device="cpu")

    assert there == [False], "after them, the same command draws nothing"


def test_convolutions_may_measure_once_memory_is_kept(short, monkeypatch):
    begun = []
    learn = Learner.learn

    def noted(learner, *arguments):
        begun.append(learner.measuring.begun)
        return learn(learner, *arguments)

    monkeypatch.setattr(Learner, "learn", noted)
    pydarknet.train("run.data", "run.cfg", workers=0, chart=False, device="cpu")

    assert begun == [False, True]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Return whether each training that begins in this folder is tuned, and its network fixed."""
    write_run(tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    noted = []

    def refuse(network, *, tune, **others):
        noted.append((tune, network.fixed))
        raise DataError("enough")

    monkeypatch.setattr("pydarknet.training.train.Learner", refuse)
    return noted


@pytest.mark.parametrize(("given", "tunes"), [({"tune": True}, True), ({}, False)])
def test_a_training_is_tuned_if_that_is_asked(asked, given, tunes):
    with pytest.raises(DataError, match="enough"):
        pydarknet.train("run.data", "run.cfg", seed=1, chart=False, device="cpu", **given)

    assert asked == [(tunes, False)]


def test_a_commands_network_is_not_fixed_while_it_trains(asked):
    assert main(["detector", "train", "run.data", "run.cfg", "-nogpu", "-tune", "on"]) == 1

    assert asked == [(True, False)]
