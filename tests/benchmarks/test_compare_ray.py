"""Two workers of Ray, one of which is killed, write the file of one process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from conftest import BENCHMARKS, HERE

CASE = HERE / "reference" / "infer_pj_yolov3_a"


def test_a_worker_that_is_killed_changes_nothing(tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray, which takes 200 MB and a minute")
    for number in range(12):
        shutil.copy(CASE / "input.png", tmp_path / f"{number}.png")
    (tmp_path / "none.png").write_text("no image")
    script = [sys.executable, str(BENCHMARKS / "compare_ray.py")]
    files = [str(CASE / "net.cfg"), str(CASE / "net.weights"), str(tmp_path)]
    flags = ["--batch", "2", "--after", "1", "--copies", "8"]

    done = subprocess.run(
        [*script, *files, *flags],
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 killed" in done.stdout
    assert done.stdout.rstrip().endswith("the same file as one process's")
