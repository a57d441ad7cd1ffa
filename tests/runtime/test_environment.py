"""What of a machine and an installation decides answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pydarknet.compiled import Wanted
from pydarknet.runtime import environment as module
from pydarknet.runtime.environment import code_state, environment, gpu_may_be_there, package_state


def test_it_is_the_same_twice_and_fits_into_json():
    assert environment() == environment()
    assert json.dumps(environment())


@pytest.mark.parametrize("variable", ["PYDARKNET_DIALECT", "CUDA_VISIBLE_DEVICES"])
def test_variables_count(monkeypatch, variable):
    before = environment()
    monkeypatch.setenv(variable, "1")

    assert environment() != before


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("__version__", "0"),
        ("code_state", lambda: [1]),
        ("best_engine", lambda: "none"),
        ("package_state", lambda name: [name, 1, 1]),
        ("processor", lambda: "80486DX2"),
    ],
)
def test_version_code_engine_packages_and_processor_count(monkeypatch, name, other):
    wanted = Wanted(cfg=Path("net.cfg"))
    before = environment(), wanted.key
    monkeypatch.setattr(module, name, other)

    assert environment() != before[0]
    assert wanted.key != before[1]


def test_an_upgrade_counts(monkeypatch, tmp_path):
    (tmp_path / "room").mkdir()
    for name in ("a.py", "room/b.py", "room/note.txt"):
        (tmp_path / name).write_text("x = 1\n")
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    os.utime(tmp_path / "a.py", ns=(10**18, 2 * 10**18))
    states = [code_state()]
    assert states == [code_state()]

    os.utime(tmp_path / "room" / "b.py", ns=(10**18, 10**18))  # which is not the latest
    states.append(code_state())
    (tmp_path / "room" / "c.py").write_text("")
    states.append(code_state())
    (tmp_path / "room" / "note.txt").write_text("more")

    assert states[2] == code_state()
    assert len(set(states)) == 3


def test_a_gpu_counts(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "GPUS", (str(tmp_path / "nvidia0"),))
    before = environment()
    assert not gpu_may_be_there() or os.uname().sysname == "Darwin"

    (tmp_path / "nvidia0").write_bytes(b"")

    assert gpu_may_be_there()
    assert environment() != before


def test_a_package_is_where_it_is_and_when_it_was_installed():
    [origin, size, time] = package_state("numpy") or [None] * 3

    assert Path(origin).name == "__init__.py"
    assert (size, time) == (Path(origin).stat().st_size, Path(origin).stat().st_mtime_ns)
    assert package_state("no_such_package") is None


def test_the_processor_is_named():
    assert module.processor().strip()
