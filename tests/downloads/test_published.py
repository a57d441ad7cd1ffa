"""The files that can be downloaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pydarknet.downloads.published import PUBLISHED, PublishedFile
from pydarknet.graph.weights_layout import placed_arrays
from pydarknet.load import read_network

CFG = Path(__file__).parents[2] / "cfg"
LAYERS = {"darknet53.conv.74": "yolov3", "yolov4.conv.137": "yolov4"}
HEADER = 20  # bytes since version 0.2 of the format, 16 before


def each_file(*names: str) -> pytest.MarkDecorator:
    """Let a test run with every file, but for those of these names."""
    chosen = [file for file in PUBLISHED if file.name not in names]
    return pytest.mark.parametrize("file", chosen, ids=[file.name for file in chosen])


@each_file()
def test_every_file_has_a_sum_a_source_and_servers_all_by_https(file: PublishedFile) -> None:
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)
    assert re.fullmatch(r"[\w-]+\.(weights|conv\.\d+)", file.name)
    assert all(re.match(r"https://[\w.]+/", url) for url in (file.source, *file.mirrors))
    assert file.mirrors


def test_no_two_files_have_one_name_or_one_sum() -> None:
    assert len({file.name for file in PUBLISHED}) == len(PUBLISHED)
    assert len({file.sha256 for file in PUBLISHED}) == len(PUBLISHED)


@each_file()
def test_every_file_has_the_bytes_that_its_cfg_needs(file: PublishedFile) -> None:
    base, _, layers = file.name.partition(".conv.")
    network = read_network(CFG / f"{LAYERS.get(file.name, base.removesuffix('.weights'))}.cfg")
    last = int(layers or len(network.nodes))
    floats = [place.end for place in placed_arrays(network) if place.node.index < last][-1]

    assert file.size == 4 * floats + (16 if file.name == "yolov2.weights" else HEADER)
