"""Tables of boxes in a head's place."""

from __future__ import annotations

import pytest
import torch

from pydarknet.boxes.settings import Decoding
from pydarknet.errors import DarknetError
from pydarknet.graph.box_table import BoxTable

YOLO = "[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=2\n"
REGION = "[region]\nanchors=1,1\nnum=1\nclasses=2\n"
DETECTION = "[detection]\nside=1\nnum=1\nclasses=2\ncoords=4\n"
BOX = [0.5, 0.5, 0.1, 0.2]
TABLE = [[[*BOX, 0.9, 0.8, 0.1], [*BOX, 0.2, 0.1, 0.1]], [[*BOX, 0.4, 0.1, 0.1], [0] * 7]]


def detections(net, text: str, *, whole: bool = True, **options: object) -> tuple[list, list, list]:
    """Return the counts, objectness and scores above 0.25 of a table of two images."""
    network = net(text, c=7, h=1, w=1, **options)
    table = torch.tensor(TABLE)
    layer = network.layers[0]
    head = BoxTable(network.nodes[0], table, table, whole)
    found = head.detections(layer, network.input, Decoding(thresh=0.25))
    rows = found.rows
    return found.counts.tolist(), rows.objectness.tolist(), rows.probabilities.tolist()


def rounded(numbers: list) -> list:
    """Return numbers with one digit, of lists of lists too."""
    return [rounded(n) if isinstance(n, list) else round(n, 1) for n in numbers]


@pytest.mark.parametrize(
    ("text", "dialect", "objectness"),
    [
        (YOLO, "pjreddie", [0.9, 0.4]),  # those above the threshold
        (REGION, "pjreddie", [0.9, 0, 0.4, 0]),  # all, and 0 below it
        (REGION, "alexeyab", [1, 1, 1, 1]),  # REGION_OBJECTNESS
        (DETECTION, "pjreddie", [0.9, 0.2, 0.4, 0]),
    ],
)
def test_a_whole_table_gives_the_boxes_that_its_head_gives(net, text, dialect, objectness):
    counts, seen, scores = detections(net, text, dialect=dialect)

    each = len(objectness) // 2
    assert counts == [each, each]
    assert rounded(seen) == objectness
    assert rounded(scores) == [[0.8, 0], *[[0, 0]] * (2 * each - 1)]


@pytest.mark.parametrize("text", [YOLO, REGION, DETECTION])
def test_a_table_of_scores_alone_gives_what_exceeds_the_threshold(net, text):
    counts, seen, scores = detections(net, text, whole=False)

    assert (counts, rounded(seen)) == ([1, 1], [0.9, 0.4])
    assert rounded(scores) == [[0.8, 0], [0, 0]]


def test_a_table_has_no_mirror_image(net):
    network = net(YOLO, c=7, h=1, w=1)
    table = torch.tensor(TABLE)

    with pytest.raises(DarknetError, match=r"^net\.cfg:6: \[yolo\] an exported table of boxes has"):
        BoxTable(network.nodes[0], table, table).unmirror(network.layers[0])
