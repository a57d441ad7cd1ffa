"""What is trained to be compared: the shipped cfg, for the classes and first images of a set."""

from __future__ import annotations

from argparse import Namespace

import pytest
from conftest import BENCHMARKS

from pydarknet.load import read_network


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_free

    return compare_free


def test_the_training_is_of_the_first_images_and_their_classes(script, tmp_path):
    (tmp_path / "all.txt").write_text("/a/1.png\n/a/2.png\n/a/3.png\n")
    (tmp_path / "my.data").write_text(f"classes=7\ntrain={tmp_path}/all.txt\n")
    options = Namespace(images=2, size="64x96", iterations=50)

    images = script.write_files(tmp_path / "free", tmp_path / "my.data", options)

    network = read_network(tmp_path / "free" / "free.cfg")
    heads = [node for node in network.nodes if node.layer.head]
    assert images == ["/a/1.png", "/a/2.png"]
    assert (network.net.batch, network.net.max_batches) == (2, 50)
    assert (network.input.w, network.input.h) == (64, 96)
    assert [node.layer.classes for node in heads] == [7, 7, 7]
    assert [node.layer.free for node in heads] == [True] * 3
    assert [node.layer.jitter for node in heads] == [0, 0, 0]
