"""The devices of -gpus, and the processes that train on them: on CPUs here, in their place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import forked
import numpy as np
import pytest
from conftest import HERE
from small_training import CFG, TRAIN, write_run

from pydarknet.backends import device
from pydarknet.cli.gpus import device_among, gpus_of, trainers
from pydarknet.cli.verbs import Run
from pydarknet.errors import GpuError, UsageError
from pydarknet.ranks.place import Place

SECOND = Place(1, 2, 1, 2, "127.0.0.1", 1)
ON_CPUS = """
import sys
sys.path[:0] = {path!r}
sys.argv[1:] = {words!r}
from pydarknet.cli import gpus
from pydarknet.cli.main import entry
gpus.missing = lambda word: ""
gpus.device_among = lambda listed, place: "cpu"
entry()
"""


@pytest.mark.parametrize(("word", "numbers"), [(None, []), ("1", [1]), ("0,2", [0, 2])])
def test_gpus_are_numbers(word, numbers):
    assert gpus_of(word) == numbers


@pytest.mark.parametrize("word", ["-1", "one", "0,", "", "0;1"])
def test_what_is_no_number_is_refused(word):
    with pytest.raises(UsageError, match="expected the numbers of GPUs, such as 0,1"):
        gpus_of(word)


def test_a_gpu_is_named_once():
    with pytest.raises(UsageError, match="-gpus 0,0: expected each GPU once"):
        gpus_of("0,0")


def test_a_process_has_the_gpu_of_its_place():
    assert device_among([3, 5], None) == "cuda:3"
    assert device_among([3, 5], SECOND) == "cuda:5"


def test_more_processes_than_gpus_are_refused():
    with pytest.raises(UsageError, match="-gpus 3 has no GPU for process 1 of this machine"):
        device_among([3], SECOND)


@pytest.mark.parametrize("word", ["1", "0,1"])
def test_a_cpu_stands_in_for_gpus_that_are_not_there(monkeypatch, capsys, word):
    missing = GpuError("no NVIDIA driver is installed", hint="install it")
    monkeypatch.setattr(device, "missing_gpu", lambda: missing)
    monkeypatch.setattr(device, "best_device", lambda: "cpu")

    with trainers(Run(), word) as (run, ranks):
        assert run.device == f"cuda:{word[0]}"  # as in the C, which builds for CPUs ignore
        assert ranks.alone

    told = f"-gpus {word}: no NVIDIA driver is installed: cpu trains; install it\n"
    assert tuple(capsys.readouterr()) == (f"{word}\n", told)


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Train by -gpus 0,1, on CPUs."""
    words = [*TRAIN, "-gpus", "0,1", "-dialect", "alexeyab"]
    program = ON_CPUS.format(path=[str(HERE.parent)], words=words)
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    return forked.run("-c", program, cwd=folder, env=variables, timeout=120)


def train(folder: Path, last: int) -> str:
    """Train by -gpus 0,1, on CPUs, up to an iteration; return the log."""
    (folder / "run.cfg").write_text(CFG.format(subdivisions=2, last=last))
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the folder and the log of a training by -gpus 0,1, on CPUs."""
    folder = tmp_path_factory.mktemp("gpus")
    write_run(folder, 2)
    return folder, train(folder, 6)


def test_gpus_train_by_a_process_each_which_count_for_all(trained):
    _, out = trained

    assert out.startswith("0,1\nrun\n")
    assert "Learning Rate: 0.002, " in out  # two times 0.001
    numbers = re.findall(r"^ (\d+): .* rate, .* seconds, (\d+) images", out, re.MULTILINE)
    assert numbers == [("2", "16"), ("4", "32"), ("6", "48")]  # iteration * 4 images * 2
    assert out.count("Syncing... Done!") == 1  # when 4 are counted


def test_weights_of_gpus_are_saved_once_and_whole(trained):
    folder, _ = trained

    weights = np.fromfile(folder / "run_final.weights", "<f4", offset=20)
    assert np.isfinite(weights).all()
    assert not list(folder.glob("*.tmp"))


@pytest.mark.slow
def test_a_training_of_gpus_that_stopped_goes_on_to_the_same_bits(trained, tmp_path):
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
        write_run(tmp_path / name, 2)
    for file in trained[0].glob("run*"):
        shutil.copy(file, tmp_path / "stopped")

    for name in ("whole", "stopped"):
        train(tmp_path / name, 10)

    whole, stopped = (
        (tmp_path / name / "run_final.weights").read_bytes() for name in ("whole", "stopped")
    )
    assert stopped == whole


@pytest.mark.slow
def test_a_cfg_that_is_wrong_is_one_line_of_all_processes(tmp_path):
    write_run(tmp_path, 2)
    cfg = (tmp_path / "run.cfg").read_text()
    (tmp_path / "run.cfg").write_text(cfg.replace("filters=14", "filters=13"))

    done = run(tmp_path)

    assert done.returncode == 1
    assert done.stderr.count("2 anchors and 2 classes need 14 channels") == 1
    assert "lost another one" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("rank", ["None", "'1'"])
def test_an_error_that_one_process_meets_is_one_line_and_ends_all(tmp_path, rank):
    write_run(tmp_path, 2)
    (tmp_path / "sitecustomize.py").write_text(
        f"import os, sys\nif os.environ.get('RANK') == {rank}:\n"
        f"    sys.path.insert(0, {str(HERE.parent)!r})\n"
        "    from pydarknet.training.learner import DataError, Learner\n"
        "    learn = Learner.learn\n"
        "    def fail(self, *words):\n"
        "        if self.batch >= 8:\n"
        "            raise DataError('no image is left')\n"
        "        return learn(self, *words)\n"
        "    Learner.learn = fail\n"
    )

    done = run(tmp_path, PYTHONPATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.count("no image is left") == 1
    assert "lost another one" not in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "run_last.weights").is_file()
    assert (tmp_path / "run.state").is_file()
