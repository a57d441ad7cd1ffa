"""How a training of several processes ends where one of them alone has a reason to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_training import write_run
from together import together

import pydarknet
from pydarknet.dataset.files import DataFile
from pydarknet.errors import DataError, LostProcess
from pydarknet.load import load_network
from pydarknet.training.apart import Apart
from pydarknet.training.arguments import Options
from pydarknet.training.sources import Sources
from pydarknet.training.state import read_state
from pydarknet.training.team import AtOnce, InTurn
from pydarknet.training.train import detector_trainer

pytestmark = pytest.mark.usefixtures("one_thread", "run")
every_team = pytest.mark.parametrize("team", [InTurn, AtOnce, Apart])
LAST = 8


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Work in a folder with a training of eight iterations."""
    write_run(tmp_path, 1)
    cfg = (tmp_path / "run.cfg").read_text().replace("max_batches=60", f"max_batches={LAST}")
    (tmp_path / "run.cfg").write_text(cfg)
    monkeypatch.chdir(tmp_path)


def train(ranks, team, callback=None, prepare=lambda trainer: None) -> bool:
    """Train as one of several processes; return whether the last iteration was reached."""
    network = load_network("run.cfg", device="cpu", transfer=True)
    callbacks = [callback] if callback else []
    options = Options(3, workers=0, chart=False, ranks=ranks, team=team, callbacks=callbacks)
    sources = Sources(DataFile.read(Path("run.data")), Path("run.cfg"), None)
    trainer = detector_trainer(network, sources, options)
    prepare(trainer)
    return trainer.train()


def outcomes(work) -> list:
    """Let two processes work; return what each returns or raises, by rank.

    One that waits for another that has ended raises LostProcess, as gloo's do.
    """

    def one(ranks):
        try:
            return work(ranks)
        except (Exception, KeyboardInterrupt) as error:
            ranks.table.barrier.abort()
            return error

    return together(2, one)


def batch_of_state() -> int:
    """Return after which iteration the state was kept."""
    state = read_state(Path("run.state"))
    assert state
    return state.numbers["batch"]


def say_no(report) -> bool:
    """Ask to stop after five iterations."""
    return report.step.batch < 5


def stop(report) -> None:
    """Ask to stop after five iterations, by raising."""
    if report.step.batch >= 5:
        raise pydarknet.Stop


@every_team
@pytest.mark.parametrize("callback", [say_no, stop])
def test_a_callback_stops_all_processes(team, callback, capfd):
    assert outcomes(lambda ranks: train(ranks, team, callback)) == [False] * 2

    assert batch_of_state() % LAST >= 5  # with Apart, iterations count for all
    assert capfd.readouterr().err.count("stopped after batch ") == 1


@every_team
@pytest.mark.parametrize("error", [ZeroDivisionError("of mine"), KeyboardInterrupt()])
def test_an_error_of_a_callback_ends_all_processes_and_the_state_is_kept(team, error):
    def fail(report) -> None:
        if report.step.batch >= 4:
            raise error

    first, second = outcomes(lambda ranks: train(ranks, team, fail))

    assert first is error
    assert isinstance(second, LostProcess)
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    assert str(second) == f"process 0 of 2 ended by {said}"
    assert 4 <= batch_of_state() < LAST
    called = []
    assert outcomes(lambda ranks: train(ranks, team, called.append)) == [True, True]
    assert called[0].step.batch > 4


@every_team
def test_an_error_of_a_callback_after_the_last_iteration_loses_no_weights(team):
    def fail(report) -> None:
        if report.step.batch >= LAST:
            raise ZeroDivisionError

    first, second = outcomes(lambda ranks: train(ranks, team, fail))

    assert isinstance(first, ZeroDivisionError)
    assert isinstance(second, LostProcess)
    assert Path("run_final.weights").is_file()


@every_team
@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_that_one_process_meets_ends_the_others(team, rank):
    error = DataError("no image is left")

    def fail(*words) -> None:
        raise error

    def spoil(trainer) -> None:
        if trainer.ranks.rank == rank:
            trainer.learner.accumulate = fail

    found = outcomes(lambda ranks: train(ranks, team, prepare=spoil))

    assert found[rank] is error
    assert isinstance(found[1 - rank], LostProcess)


@every_team
def test_a_loss_that_is_no_number_is_the_same_line_in_all_processes(team):
    def spoil(trainer) -> None:
        torch.nn.init.constant_(trainer.network.stack[0].weights, float("nan"))

    first, second = outcomes(lambda ranks: train(ranks, team, prepare=spoil))

    assert "the loss is nan" in str(first)
    assert "its images: 0.png" in str(first)
    assert str(second) == str(first)


@every_team
def test_final_weights_that_cannot_be_written_end_all_processes_by_an_error(team):
    def spoil(trainer) -> None:
        trainer.saver.save_at_end = lambda endings: (_ for _ in ()).throw(DataError("disk full"))

    first, second = outcomes(lambda ranks: train(ranks, team, prepare=spoil))

    assert str(first) == "disk full"
    assert isinstance(second, LostProcess)
