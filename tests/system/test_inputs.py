"""Nothing is written over a file that a command reads."""

from __future__ import annotations

import os

import pytest

from pydarknet.errors import UsageError
from pydarknet.system.inputs import (
    Inputs,
    check_apart,
    check_output,
    is_input,
    keep_inputs,
    remember,
    remember_all,
)


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
    with keep_inputs([image]), pytest.raises(UsageError) as error:
        check_output(name)

    assert str(error.value) == (
        f"{name} is read by this command: expected another file to write to"
    )


@pytest.mark.parametrize("name", ["b.jpg", "new.jpg", ".", "no/such.jpg", "nul\0.jpg"])
def test_any_other_file_may_be_written(image, name):
    with keep_inputs([image, "missing.jpg", "nul\0"]):
        check_output(name)


def test_what_is_read_on_the_way_is_known_until_the_command_ends(image):
    with keep_inputs():
        remember(image)
        assert is_input("soft.jpg")

    assert not is_input("soft.jpg")
    remember(image)
    check_output(image)


def test_files_of_lists_are_looked_at_when_a_file_that_is_there_would_be_written_over(image):
    asked = []

    def listed() -> list[str]:
        asked.append(1)
        return ["gone.jpg", image]

    with keep_inputs():
        remember_all(listed)

        assert not is_input("new.jpg")
        assert not is_input("b.jpg", listed=False)
        assert asked == []
        assert not is_input("b.jpg")
        assert is_input("hard.jpg")
        assert asked == [1]


def test_a_file_that_was_replaced_since_is_no_input(image):
    inputs = Inputs([image])

    os.replace("b.jpg", image)

    assert not inputs.has(image)


@pytest.mark.parametrize("other", ["a.jpg", "./a.jpg", "soft.jpg", "hard.jpg"])
def test_two_files_that_are_written_must_differ(image, other):
    with pytest.raises(UsageError) as error:
        check_apart([image, "b.jpg", other])

    assert str(error.value) == f"{other} would be written twice: expected two files"


def test_files_that_are_not_there_yet_must_differ_too(image):
    with pytest.raises(UsageError, match=r"\./new\.jpg would be written twice"):
        check_apart(["new.jpg", "./new.jpg"])


def test_files_that_differ_and_a_device_may_be_written(image):
    check_apart(["a.jpg", "b.jpg", "new.jpg", os.devnull, os.devnull])
