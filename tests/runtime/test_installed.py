"""Which engines are installed, and their import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pydarknet.runtime import installed
from pydarknet.runtime.installed import best_engine, import_engine


def test_onnxruntime_is_best_where_it_is(monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    assert best_engine() == "opencv"

    monkeypatch.setattr(installed, "find_spec", lambda name: name)
    assert best_engine() == "onnxruntime"


@pytest.mark.parametrize("name", ["onnxruntime", "opencv", "none"])
def test_an_engine_that_is_not_installed_is_not_imported(monkeypatch, name):
    for package in ("onnxruntime", "cv2"):
        monkeypatch.setitem(sys.modules, package, None)

    import_engine(name)


CODE = """
import sys
from pydarknet.cli import open_any
from pydarknet.runtime.environment import environment
environment()
assert not {"numpy", "cv2", "torch"} & sys.modules.keys()
"""


def test_what_looks_for_a_form_needs_no_numpy():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)

    assert done.stderr == ""
