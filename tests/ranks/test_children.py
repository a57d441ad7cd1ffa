"""Processes that one starts: how all end when one of them does."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet.errors import DataError, LostProcess
from pydarknet.ranks.children import company_of, free_port
from pydarknet.ranks.place import place_of

PARENT = """
import sys, time
from pathlib import Path
from pydarknet.ranks import children
children.POLL, children.GRACE = 0.01, {grace}
with children.company_of(3, [sys.executable, "-c", {child!r}]):
    {work}
print("done")
"""
LIVES = "from pydarknet.ranks.children import end_with_parent; end_with_parent(); import time; "
FAILS = "import os, sys, time; os.environ['RANK'] == '2' and sys.exit(3); time.sleep(60)"


def parent(work: str, child: str, grace: float = 0.1) -> subprocess.Popen[str]:
    """Start a process that starts two others."""
    return subprocess.Popen(
        [sys.executable, "-c", PARENT.format(work=work, child=child, grace=grace)],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_each_has_its_place_and_the_block_waits_for_them(tmp_path):
    program = (
        f"import json, os; os.chdir({str(tmp_path)!r});"
        " json.dump(dict(os.environ), open(os.environ['RANK'], 'w'))"
    )

    with company_of(3, [sys.executable, "-c", program]) as place:
        pass

    assert (place.rank, place.size, place.near) == (0, 3, 3)
    assert place.method == f"tcp://127.0.0.1:{place.port}"
    for rank in (1, 2):
        of_child = place_of(json.loads((tmp_path / str(rank)).read_text()))
        assert of_child
        assert (of_child.rank, of_child.size, of_child.local, of_child.near) == (rank, 3, rank, 3)
        assert of_child.port == place.port


def test_all_end_when_one_fails_and_the_first_does_not_notice():
    begun = time.monotonic()
    first = parent("time.sleep(60)", FAILS)

    out, err = first.communicate(timeout=30)

    assert (first.returncode, out) == (1, "")
    line = "process 2 of 3 has ended with status 3, and process 0 waits for it in vain: all end;"
    assert err == f"{line} the same command goes on from the last state\n"
    assert time.monotonic() - begun < 30


def test_one_that_ends_by_itself_in_time_is_not_interrupted():
    first = parent("time.sleep(.5)", "import os, sys; sys.exit(os.environ['RANK'] == '2')", 30)

    assert first.communicate(timeout=30) == ("done\n", "")
    assert first.returncode == 0


def test_others_end_with_the_first_however_that_ends(tmp_path):
    note = f"open({str(tmp_path)!r} + '/' + __import__('os').environ['RANK'], 'w'); time.sleep(60)"
    first = parent("time.sleep(60)", LIVES + note)
    until = time.monotonic() + 30
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < until:
        time.sleep(0.02)

    first.kill()

    first.communicate(timeout=30)  # its stdout and stderr are theirs too: all have ended


def failing(text: str, lost: bool) -> list[str]:
    """Return a program that ends by an error, and prints it if it should."""
    kind = "LostProcess" if lost else "DataError"
    program = (
        "import os; from pathlib import Path; from pydarknet import errors;"
        " from pydarknet.ranks.failures import tells;"
        f" told = tells(errors.{kind}({text!r}));"
        " Path(os.environ['TOLD'], os.environ['RANK']).write_text(str(told))"
    )
    return [sys.executable, "-c", program]


@pytest.mark.parametrize(
    ("error", "text", "lost", "told"),
    [
        (DataError("broken"), "broken", False, [True, False, False]),
        (LostProcess("lost 1"), "no image", False, [False, True, False]),
        (DataError("broken"), "lost 0", True, [True, False, False]),
    ],
)
def test_an_error_is_printed_by_one(tmp_path, monkeypatch, error, text, lost, told):
    monkeypatch.setenv("TOLD", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))

    with pytest.raises(type(error)), company_of(3, failing(text, lost)):
        raise error

    others = [Path(tmp_path, str(rank)).read_text() == "True" for rank in (1, 2)]
    assert [not error.told, *others] == told


def test_a_free_port_can_be_used():
    assert 0 < free_port() < 65536
