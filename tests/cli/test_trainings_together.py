"""All commands that train, and heads that boxes share, by two processes, beside one that does all.

The processes meet by gloo, as torchrun's do. All trainings share two starts of Python.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE
from gloo import PATIENCE, answers, free_port, start
from many_trainings import LAYERS, train_all, write_files

from pydarknet.graph.header import read_header

OF_BOXES = list(LAYERS)[3:]  # and of sequences, which -sync_bn alone lets share
TURNS = {name: (name, 1, ()) for name in LAYERS if name != "sequences"}
AT_ONCE = {f"{name}-sync": (name, 1, ("-sync_bn",)) for name in OF_BOXES}
TOGETHER = {**TURNS, **AT_ONCE}
ALONE = {
    **{name: (name, 2, ()) for name in TURNS},
    **{f"{name}-sync": (name, 1, ()) for name in OF_BOXES},
}


def main(runs: str) -> None:
    """Be one of the processes; the words after are the ports of its trainings, if it is of many."""
    train_all({"alone": ALONE, "together": TOGETHER}[runs], sys.argv[1:])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folders of both runs, after the trainings."""
    text = (
        f"import sys; sys.path.append({str(HERE / 'cli')!r}); import {Path(__file__).stem} as test"
    )
    both, started = [], []
    for name, size, runs in (("alone", 1, ALONE), ("together", 2, TOGETHER)):
        both.append(tmp_path_factory.mktemp(name))
        write_files(both[-1])
        ports = [str(free_port()) for _ in runs] if size > 1 else []
        started += start(size, ["-c", f"{text}; test.main({name!r})", *ports], both[-1])
    for status, _, err in answers(started, patience=PATIENCE * 10):
        assert status == 0, err
    return both


@pytest.mark.parametrize("run", TOGETHER)
def test_two_processes_do_what_one_does(folders, run):
    files = [folder / "backup" / f"{run}_final.weights" for folder in folders]

    one, two = (np.fromfile(file, "<f4", offset=20) for file in files)

    assert read_header(files[0]) == read_header(files[1])
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-6 * np.abs(one).max())
