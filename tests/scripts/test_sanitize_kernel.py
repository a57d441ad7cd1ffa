"""The kernel runs under sanitizers, which see a missing barrier and a missing bound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SCRIPTS
from kernel_twins import compiler

from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.kernels.nms_cuda import SOURCE

SCRIPT = SCRIPTS / "sanitize_kernel.py"
pytestmark = pytest.mark.skipif(
    compiler() is None or sys.platform != "linux", reason="needs g++, with its sanitizers"
)


def sanitized(sanitizer: str, cases: int, source: Path = SOURCE) -> subprocess.CompletedProcess:
    """Return the run of the script on some cases."""
    words = [sanitizer, "--cases", str(cases), "--source", str(source)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, timeout=300
    )
    if "cannot compile" in done.stderr or "unexpected memory mapping" in done.stdout:
        pytest.skip(f"the {sanitizer} sanitizer does not work here")
    return done


def changed(folder: Path, old: str, new: str) -> Path:
    """Return a copy of nms.cu with its last `old` replaced."""
    before, found, after = SOURCE.read_text().rpartition(old)
    assert found
    (folder / "nms.cu").write_text(before + new + after)
    return folder / "nms.cu"


@pytest.mark.parametrize(("sanitizer", "cases"), [("thread", 3), ("address", 6)])
def test_the_kernel_has_no_race_and_stays_within_its_arrays(
    module, monkeypatch, capsys, sanitizer, cases
):
    monkeypatch.setattr(nms_cuda, "ROOM", nms_cuda.ROOM)  # which the cases change
    try:
        good = module("sanitize_kernel").check(SOURCE, sanitizer, cases, seed=1)
    except SystemExit as end:
        pytest.skip(f"the {sanitizer} sanitizer does not work here: {end}")

    told = capsys.readouterr().out
    if "unexpected memory mapping" in told:
        pytest.skip(f"the {sanitizer} sanitizer does not work here")
    assert told == f"{sanitizer}: {cases} cases, no report; other boxes stay in 0 []\n"
    assert good


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sanitizer", "old", "new", "told"),
    [
        (
            "thread",
            "__syncthreads();\n        if (own < standings)",
            "if (own < standings)",
            "data race",
        ),
        ("address", "if (row >= line.count || ", "if (", "heap-buffer-overflow"),
        ("address", "out |= 1ULL << i;", "out |= 1ULL << (i ^ 1);", "other boxes stay in "),
    ],
    ids=["barrier", "bound", "bit"],
)
def test_a_mistake_in_the_kernel_is_seen(tmp_path, sanitizer, old, new, told):
    done = sanitized(sanitizer, 6, changed(tmp_path, old, new))

    assert done.returncode == 1
    assert told in done.stdout
