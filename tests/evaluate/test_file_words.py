"""A class name as a part of a file's name stays in its folder, and is another class's never."""

from __future__ import annotations

import pytest

from pydarknet.evaluate.file_words import LONGEST, file_words


def test_a_plain_name_stays():
    assert file_words(["car", "traffic light", "..x"]) == ["car", "traffic light", "..x"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/b\0c"])
def test_a_name_never_leaves_its_folder(name):
    [word] = file_words([name])

    assert "/" not in word
    assert "\0" not in word


def test_two_names_of_one_file_are_told_apart():
    assert len(set(file_words(["a/b", "a_b", "a\0b"]))) == 3


def test_a_name_too_long_for_a_file_is_cut_and_told_apart():
    first, second = file_words(["x" * 300 + "a", "x" * 300 + "b"])

    assert first != second
    assert max(len(first), len(second)) == LONGEST + 7  # _ and six letters
