"""The script that downloads VOC: its syntax, and its behaviour if a download fails."""

from __future__ import annotations

import os
import subprocess

import pytest
from conftest import HERE

SCRIPT = HERE.parent / "scripts" / "get_voc.sh"
CURL = """#!/bin/sh
echo "$@" >>calls
while [ "$1" != --output ]; do shift; done
{does}
"""


@pytest.fixture
def fetched(script, tmp_path):
    """Return a function that runs the script with a replacement for curl."""

    def run(does: str) -> subprocess.CompletedProcess[str]:
        curl = tmp_path / "bin" / "curl"
        curl.parent.mkdir(exist_ok=True)
        curl.write_text(CURL.format(does=does))
        curl.chmod(0o755)
        path = f"{curl.parent}{os.pathsep}{os.environ['PATH']}"
        return script("get_voc.sh", "here", env={**os.environ, "PATH": path})

    return run


def test_it_is_bash():
    assert subprocess.run(["bash", "-n", str(SCRIPT)], check=False).returncode == 0


def test_help_tells_how_to_call_it(script):
    done = script("get_voc.sh", "--help")

    assert done.returncode == 0
    assert "scripts/get_voc.sh [FOLDER]" in done.stdout


def test_the_mirror_is_asked_where_the_original_host_fails(fetched, tmp_path):
    fetched("exit 22")

    asked = [line.split()[-1] for line in (tmp_path / "here/calls").read_text().splitlines()]
    assert asked == [
        "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar",
        "https://data.pjreddie.com/files/VOCtrainval_06-Nov-2007.tar",
    ]


def test_what_is_left_to_fetch_is_told(fetched):
    done = fetched('printf 1234 >>"$2"')

    assert done.returncode == 1
    assert done.stderr == (
        "VOCtrainval_06-Nov-2007.tar has 8 bytes: expected 460032000; run this again to continue\n"
    )


def test_a_file_of_the_right_size_and_other_content_is_removed(fetched, tmp_path):
    done = fetched('truncate -s 460032000 "$2"')

    assert done.returncode == 1
    assert "VOCtrainval_06-Nov-2007.tar was damaged and is removed" in done.stderr
    assert not (tmp_path / "here/VOCtrainval_06-Nov-2007.tar").exists()
