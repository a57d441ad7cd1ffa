"""Which part of a list a shard is."""

from __future__ import annotations

import pytest

from pydarknet.errors import UsageError
from pydarknet.system.shards import Shard


@pytest.mark.parametrize("word", ["2/4", " 2 / 4 ", "02/4"])
def test_a_word_is_read(word):
    assert Shard.read(word) == Shard(2, 4)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("2", "expected i/n, such as 2/4 for the second of four"),
        ("2/", "expected i/n, such as 2/4 for the second of four"),
        ("-1/4", "expected i/n, such as 2/4 for the second of four"),
        ("0/4", "expected one of 1/4 to 4/4"),
        ("5/4", "expected one of 1/4 to 4/4"),
        ("0/0", "expected one of 1/n to n/n"),
    ],
)
def test_other_words_are_refused(word, expected):
    with pytest.raises(UsageError) as error:
        Shard.read(word)

    assert str(error.value) == f"-shard {word}: {expected}"


@pytest.mark.parametrize(
    ("items", "sizes"),
    [
        (12, [4, 4, 4]),
        (10, [3, 3, 4]),  # 10 * 1 // 3 = 3, 10 * 2 // 3 = 6
        (3, [1, 1, 1]),
    ],
)
def test_parts_follow_one_another_and_are_alike(items, sizes):
    parts = [Shard(number, 3).of(items) for number in (1, 2, 3)]

    assert [len(part) for part in parts] == sizes
    assert [place for part in parts for place in part] == list(range(items))


def test_more_parts_than_images_are_refused_but_one_of_an_empty_list_is_not():
    with pytest.raises(UsageError, match="-shard 1/3: the list has 2 images: expected fewer parts"):
        Shard(1, 3).of(2)

    assert len(Shard(1, 1).of(0)) == 0
