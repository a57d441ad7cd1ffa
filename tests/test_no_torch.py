"""Reading cfgs and image files, drawing and printing work without torch."""

from __future__ import annotations

import subprocess
import sys

from conftest import HERE

ROOMS = ("system", "cfg", "image", "runtime", "cli")
FILES = [
    f"pydarknet.boxes.{name}"
    for name in (
        "box",
        "box_arrays",
        "box_columns",
        "draw",
        "origin",
        "settings",
        "suppression",
        "sweep",
    )
]
CODE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert "torch" not in sys.modules, name
"""


def test_rooms_that_need_no_torch_import_none() -> None:
    files = [f for room in ROOMS for f in (HERE.parent / "pydarknet" / room).rglob("*.py")]
    modules = [".".join(file.relative_to(HERE.parent).with_suffix("").parts) for file in files]

    done = subprocess.run(
        [sys.executable, "-c", CODE, *modules, *FILES], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert "pydarknet.cfg.parser" in modules
