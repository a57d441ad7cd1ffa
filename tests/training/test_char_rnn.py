"""Training on a text: batches, the recorded run of the original, and bad files."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from conftest import recording

from pydarknet.cli.main import main
from pydarknet.errors import DataError
from pydarknet.modules.recurrent import Recurrent
from pydarknet.training.char_rnn import SAVING, Streams, forget, read_symbols, train_text
from pydarknet.training.learner import Learner

pytestmark = pytest.mark.usefixtures("one_thread")
TEXT = np.array([0, 1, 2, 3, 4])


def numbers(one_hot: torch.Tensor) -> list[int]:
    """Return the symbols of rows."""
    assert (one_hot.sum(1) == 1).all()
    return one_hot.argmax(1).tolist()


def test_a_batch_is_each_step_of_all_streams_and_goes_on_in_a_circle():
    streams = Streams(TEXT, 6, 2, seed=1)
    streams.places = np.array([0, 3])

    read, after = streams.batch(3)
    assert read.shape == (6, 6)
    assert numbers(read) == [0, 3, 1, 4, 2, 0]
    assert numbers(after) == [1, 4, 2, 0, 3, 1]

    assert numbers(streams.batch(1)[0]) == [3, 1]


def test_a_seed_decides_where_streams_read():
    first, second, other = (Streams(np.arange(1000), 1000, 9, seed) for seed in (1, 1, 2))

    assert (first.places == second.places).all()
    assert (first.places != other.places).any()


def test_streams_go_elsewhere_now_and_then():
    streams = Streams(np.arange(1000), 1000, 64, seed=1)
    before = streams.places.copy()
    chosen = streams.jump()

    assert 0 < len(chosen) < 10
    stayed = np.setdiff1d(np.arange(64), chosen)
    assert (streams.places[stayed] == before[stayed]).all()


def test_only_the_streams_that_went_elsewhere_forget(net):
    network = net("[gru]\noutput=3\n", inputs=4)
    network.initialize(torch.Generator().manual_seed(1))
    network.train()
    network(torch.rand(5, 4))
    [module] = [m for m in network.modules() if isinstance(m, Recurrent)]
    before = [state.clone() for state in module.state]

    forget(network, np.array([1, 3]))

    for state, old in zip(module.state, before, strict=True):
        assert (state[[1, 3]] == 0).all()
        assert (state[[0, 2, 4]] == old[[0, 2, 4]]).all()


def test_a_run_is_the_originals(tmp_path, monkeypatch, capsys):
    folder = recording("rnn_train")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    files = [str(folder / name) for name in ("net.cfg", "init.weights")]

    assert main(["rnn", "train", *files, "-file", str(folder / "tokens.txt"), "-tokenized"]) == 0

    def masked(text: str) -> list[str]:
        text = re.sub(r"[0-9.]+(?= seconds)", "<T>", text).replace(f"{folder}/", "")
        return text.replace("/home/pjreddie/backup//", "backup/").splitlines()

    out, err = capsys.readouterr()
    assert out == ""
    assert masked(err) == masked((folder / "log.txt").read_text())
    ours, theirs = (
        np.fromfile(path, np.float32)[5:]
        for path in (Path("backup/net_final.weights"), folder / "final.weights")
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("kind", ["rnn]\nactivation=tanh", "gru]", "lstm]"])
def test_recurrent_layers_learn_what_comes_next(net, kind):
    text = f"[{kind}\noutput=12\n[connected]\noutput=5\nactivation=linear\n[softmax]\n"
    options = (
        "batch=4\nsubdivisions=2\ntime_steps=6\nlearning_rate=.5\nmomentum=.9\n"
        "policy=constant\nmax_batches=100\ndecay=0"
    )
    network = net(text, inputs=5, options=options)
    network.initialize(torch.Generator().manual_seed(1))
    # a 0 is followed by 1 or 2 in turn: only what was read before tells which
    streams = Streams(np.array([0, 1, 0, 2]), 5, 2, seed=1)
    losses: list[float] = []
    saved: list[list[str]] = []
    files = SimpleNamespace(hold=nullcontext)
    saver = SimpleNamespace(save=saved.append, save_at_end=saved.append, files=files)

    learner = Learner(network, seed=1)
    stopped = train_text(learner, streams, saver, lambda step, *_: losses.append(step.loss))

    assert stopped == 0
    assert learner.images == 24
    assert losses[-1] < 0.1 < losses[0]  # without memory at least ln(2) / 2 remains
    assert saved == [[".backup"], ["_final.weights"]]


def test_streams_are_restored_to_where_they_were():
    streams, other = (Streams(np.arange(1000), 1000, 9, seed) for seed in (1, 2))
    streams.batch(3)
    other.restore(json.loads(json.dumps(streams.state())))

    assert (other.places == streams.places).all()
    assert [other.jump().tolist() for _ in range(9)] == [streams.jump().tolist() for _ in range(9)]


@pytest.mark.parametrize("state", [{"places": [1], "draws": {}}, {"places": [1, 2], "draws": {}}])
def test_streams_of_another_training_are_an_error(state):
    with pytest.raises(DataError, match="the state is of other streams: -clear starts over"):
        Streams(TEXT, 5, 2, seed=1).restore(state)


def test_a_training_on_text_that_is_stopped_resumes_to_the_same_weights(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("text").write_text("to be or not to be, that is the question: " * 3)
    Path("net.cfg").write_text(
        "[net]\ninputs=128\nbatch=4\nsubdivisions=2\ntime_steps=5\nlearning_rate=.1\n"
        "max_batches=8\n[gru]\noutput=6\n[connected]\noutput=128\n[softmax]\n"
    )
    line = ["rnn", "train", "net.cfg", "-file", "text", "-srand", "1", "-nogpu"]
    assert main(line) == 0
    whole = Path("backup/net_final.weights").read_bytes()
    assert main(line) == 1  # nothing is left to train
    learn = Learner.learn

    def learn_and_stop(self, *values):
        if self.batch == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return learn(self, *values)

    monkeypatch.setattr(Learner, "learn", learn_and_stop)
    assert main([*line, "-clear"]) == 143
    monkeypatch.setattr(Learner, "learn", learn)
    told = capsys.readouterr().err
    assert main(line) == 0

    assert "stopped after batch 5: the same command without -clear resumes from there" in told
    assert "resuming after batch 5 from backup/net.backup" in capsys.readouterr().err
    assert Path("backup/net_final.weights").read_bytes() == whole


def test_each_lineage_saves_when_its_program_does():
    original, fork = SAVING.pjreddie, SAVING.alexeyab

    assert [original.due(n) for n in (99, 100, 10000)] == [
        [],
        [".backup"],
        ["_10000.weights", ".backup"],
    ]
    assert [fork.due(n) for n in (9, 10, 1000)] == [[], [".backup"], ["_1000.weights", ".backup"]]


@pytest.mark.parametrize(
    ("content", "tokenized", "message"),
    [
        (b"", False, "{path}: is empty: expected a text"),
        (b"\x01\n\x02\xff", False, "{path}:2: symbol 255: expected less than 128, the network"),
        (b"1 2 x", True, "{path}: expected numbers and blanks, for -tokenized"),
        (b"1 200", True, "{path}: symbol 200: expected less than 128, the network's inputs"),
        (None, False, "Couldn't open file: {path} (No such file or directory)"),
    ],
)
def test_a_bad_text_says_where_and_what(tmp_path, content, tokenized, message):
    path = tmp_path / "text"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError) as caught:
        read_symbols(path, 128, tokenized=tokenized)

    assert str(caught.value).startswith(message.format(path=path))
