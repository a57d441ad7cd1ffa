"""What the image operands of a command line stand for."""

from __future__ import annotations

from pydarknet.cli.image_words import names_few


def test_a_few_images_are_named_each_by_its_path(tmp_path):
    assert names_few(("a.jpg",))
    assert names_few(("a.jpg",) * 4)
    assert not names_few(("a.jpg",) * 5)
    assert not names_few(())  # a prompt asks for any number
    assert not names_few((str(tmp_path),))
    assert not names_few(("list.txt",))
