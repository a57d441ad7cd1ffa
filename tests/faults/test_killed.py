"""A process that is killed at any instant of a save or of a training: a complete pair is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import forked
import pytest
import torch
from kill_at import die_at, status_of

from pydarknet.training.checkpoints import Files
from pydarknet.training.saver import Saver
from pydarknet.training.state import State

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
COMMON = Path(__file__).parent / "inputs" / "training" / "common"
RUN = {"dialect": "pjreddie", "images": 4, "train": "a", "net": {}, "layers": [], "weights": ""}


def saver_in(folder: Path, network, batch: int) -> Saver:
    """Return what saves a network as that of a batch."""
    numbers = {"batch": batch, "average": 0.1, "boxes": [0, 0], "seed": 1, "scale": 1.0}
    files = Files(folder, "net", ".backup")
    return Saver(network, files, str, lambda: State(RUN, numbers, {}))


def save(saver: Saver, batch: int) -> None:
    """Save other weights as those of a batch."""
    with torch.no_grad():
        saver.network.stack[0].weights.fill_(batch)
    numbers = {"batch": batch, "average": 0.1, "boxes": [0, 0], "seed": 1, "scale": 1.0}
    saver.state = lambda: State(RUN, numbers, {})
    assert saver.save([".backup"])


TOUCHES = 36  # of the files of three saves


@pytest.mark.faults(TOUCHES)
def test_a_kill_before_any_touch_of_a_save_leaves_a_complete_pair(net, tmp_path):
    network = net("[convolutional]\nfilters=1\n")
    network.initialize()
    place, killed = 0, True
    while killed:
        place += 1
        folder = tmp_path / str(place)
        folder.mkdir()
        read, write = os.pipe()
        child = os.fork()
        if not child:
            die_at(place, folder)
            saver = saver_in(folder, network, 0)
            for batch in (1, 2, 3):
                save(saver, batch)
                os.write(write, bytes([batch]))
            os._exit(0)
        os.close(write)
        killed = status_of(child) == -signal.SIGKILL
        saves = max(os.read(read, 9), default=0)
        os.close(read)

        files = Files(folder, "net", ".backup")
        files.make_folder()
        pairs = [pair.state.numbers["batch"] for pair in files.pairs()]

        assert (pairs or [0])[0] in (saves, saves + 1)
        assert not list(folder.glob("*.tmp"))
        save(saver := saver_in(folder, network, 0), 9)
        assert next(saver.files.pairs()).state.numbers["batch"] == 9
    assert place == TOUCHES + 1  # where nothing is left to be touched


TRAINER = """
import json, os, shutil, signal, sys
import cv2, torch
from pathlib import Path
from kill_at import die_at, status_of
import pydarknet.training.train, pydarknet.dataset.build
from pydarknet.cli.main import main
from pydarknet.system.interrupts import unwind_on_signals
LINE = "detector train obj.data my.cfg -nogpu -workers 0 -seed 1".split()
torch.set_num_threads(1)
cv2.setNumThreads(0)
sys.frozen = True  # so that no process draws charts

def trained(place, number):
    child = os.fork()
    if not child:
        log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1), os.dup2(log, 2)
        unwind_on_signals()
        if place:
            die_at(place, Path("backup"), number)
        try:
            status = main(LINE)
        except SystemExit as end:
            status = end.code
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(status)
    return status_of(child)

ended = {}
assert main(LINE) == 0  # here, so that all is imported before the forks
whole = Path("backup/my_final.weights").read_bytes()
for number in (signal.SIGKILL, signal.SIGTERM):
    for place in json.loads(sys.argv[1]):
        shutil.rmtree("backup")
        first, again = trained(place, number), trained(0, 0)
        goes_on = again == 0 or "nothing to train" in Path("log").read_text()
        same = Path("backup/my_final.weights").read_bytes() == whole
        clean = not any(name.endswith((".tmp", ".lock")) for name in os.listdir("backup"))
        ended[f"{number.name} {place}"] = [first, goes_on, same, clean]
print(json.dumps(ended))
"""
PLACES = (1, 6, 11, 15)  # of the touches of a training of three batches
ENDS = 2 * len(PLACES)  # by either signal


@pytest.mark.faults(ENDS)
def test_a_training_that_is_ended_anywhere_resumes_with_the_same_weights(tmp_path, monkeypatch):
    shutil.copytree(COMMON, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    cfg = Path("my.cfg").read_text()
    Path("my.cfg").write_text(cfg.replace("max_batches=6", "max_batches=3"))
    with open("obj.data", "a") as data:
        data.write("savelast=1\n")
    tests = Path(__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": f"{tests.parent}:{tests}", "OMP_NUM_THREADS": "1"}

    done = forked.run("-c", TRAINER, json.dumps(PLACES), env=env)

    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    assert len(ended) == ENDS
    assert {key: end for key, end in ended.items() if end[1:] != [True, True, True]} == {}
    assert {first for key, (first, *_) in ended.items() if "KILL" in key} == {-signal.SIGKILL}
    assert {first for key, (first, *_) in ended.items() if "TERM" in key} <= {143, 0}
