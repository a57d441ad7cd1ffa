"""Which images train, which validate."""

from __future__ import annotations

from pydarknet.dataset.parts import ANY, part_named, split


def test_folders_name_parts():
    assert part_named(("set", "valid", "x")) == "valid"
    assert part_named(("train", "Val")) == "valid"
    assert part_named(("set",)) == ANY


def test_a_tenth_validates_whatever_comes_later():
    images = [f"set/{n}.jpg" for n in range(200)]
    train, valid = split(images[:100])
    more_train, more_valid = split(images)

    assert set(train) < set(more_train)
    assert set(valid) < set(more_valid)
    assert 10 <= len(more_valid) <= 30
    assert split(["a.jpg", "b.jpg"]) == (["b.jpg"], ["a.jpg"])
