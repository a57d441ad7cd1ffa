"""The command doctor, with stand-ins for packages that are broken or missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet.cli.main import main
from pydarknet.doctor import examine
from pydarknet.doctor.finding import BAD, GOOD, Finding

BROKEN = {
    "torch": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "cv2": "raise ImportError('libGL.so.1: cannot open shared object file')",
    "numpy": "raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')",
    "tqdm": "raise SyntaxError",
}


def doctor(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, whose packages come before those that are installed."""
    paths = os.pathsep.join((str(folder), str(HERE.parent)))
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **env}
    command = [sys.executable, "-m", "pydarknet", "doctor", *words]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_whatever_is_broken_it_is_told_in_lines_and_the_status_is_1(tmp_path: Path) -> None:
    for name, code in BROKEN.items():
        (tmp_path / f"{name}.py").write_text(code)
    broken = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "", "PYDARKNET_CACHE_SIZE": "x"}

    done = doctor(tmp_path, **broken, PYDARKNET_FONT="/no/font", TMPDIR="/nonexistent")

    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "3 things must be mended: numpy, torch, opencv"
    assert "bad   torch       crashes (SIGSEGV)\n" in done.stdout
    assert len(done.stdout.splitlines()) < 50


def test_json_of_a_machine_without_torch(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(\"No module named 'torch'\")")

    done = doctor(tmp_path, "-json")

    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["ok"] is False
    [torch] = [one for one in said["findings"] if one["thing"] == "torch"]
    assert torch["state"] == "bad"
    assert torch["mend"] == "pip install torch"


@pytest.mark.parametrize(("state", "status"), [(GOOD, 0), (BAD, 1)])
def test_the_status_says_whether_boxes_can_be_found(monkeypatch, capsys, state, status) -> None:
    monkeypatch.setattr(examine, "examine", lambda: [Finding("torch", state, "so")])

    assert main(["doctor"]) == status

    assert "torch       so" in capsys.readouterr().out


def test_a_file_of_that_name_is_opened_as_what_it_is(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE.parent / "data" / "digits.png", "doctor")

    assert main(["detect", "doctor", "-no_draw"]) == 0

    assert "doctor: Predicted in " in capsys.readouterr().out
