"""docs/COMMANDS.md equals what the program declares."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import HERE

from pydarknet.cli.ignored_flags import IGNORED
from pydarknet.cli.unsupported import UNSUPPORTED
from pydarknet.cli.verbs import VERBS

ROOT = HERE.parent
FORKS = json.loads((ROOT / "scripts" / "commands.json").read_text())
DOCUMENT = (ROOT / "docs" / "COMMANDS.md").read_text()


def test_the_document_is_what_the_script_writes():
    script = [sys.executable, str(ROOT / "scripts" / "commands_table.py"), "--check"]

    done = subprocess.run(script, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_every_command_of_the_program_has_a_row():
    rows = {line.split("`")[1] for line in DOCUMENT.split("\n") if line.startswith("| `")}

    assert {" ".join(words) for words in VERBS} <= rows


def test_what_is_refused_is_a_command_of_the_forks():
    assert set(UNSUPPORTED) <= set(FORKS["commands"])


def test_what_is_ignored_is_a_flag_of_the_forks():
    known = set(FORKS["every"]).union(*(row["flags"] for row in FORKS["commands"].values()))

    assert {row.flag.name for row in IGNORED} <= known


def test_a_built_command_shows_its_summary():
    line = "| `ops` | PAH | Print how many floating point operations one image takes. |"

    assert line in DOCUMENT.split("\n")


def test_a_refused_command_shows_what_is_instead():
    line = (
        "| `mkimg` | P | *not*: it pastes a network's first filters at random:"
        " `visualize` draws them in order |"
    )

    assert line in DOCUMENT.split("\n")
