"""Nothing is written over a file that a command reads."""

from __future__ import annotations

import os

import pytest

from pydarknet.cli.inputs import Inputs
from pydarknet.errors import UsageError


@pytest.fixture
def image(tmp_path, monkeypatch) -> str:
    """Write a file, links to it, and a file beside it, and work there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"a")
    (tmp_path / "b.jpg").write_bytes(b"a")
    os.symlink("a.jpg", "soft.jpg")
    os.link("a.jpg", "hard.jpg")
    return "a.jpg"


@pytest.mark.parametrize("name", ["a.jpg", "./a.jpg", "soft.jpg", "hard.jpg"])
def test_a_file_that_is_read_is_known_by_every_name(image, name):
    with pytest.raises(UsageError) as error:
        Inputs([image]).check(name)

    assert str(error.value) == (
        f"{name} is read by this command: expected another file to write to"
    )


@pytest.mark.parametrize("name", ["b.jpg", "new.jpg", ".", "no/such.jpg", "nul\0.jpg"])
def test_any_other_file_may_be_written(image, name):
    Inputs([image, "missing.jpg", "nul\0"]).check(name)
