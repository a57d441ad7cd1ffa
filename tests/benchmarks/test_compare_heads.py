"""The cfgs of the heads that are compared, and the table."""

from __future__ import annotations

from math import sqrt

import pytest
from conftest import BENCHMARKS, HERE

from pydarknet.load import read_network

DIGITS = (HERE.parent / "cfg" / "digits.cfg").read_text()


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_heads

    return compare_heads


@pytest.mark.parametrize(
    ("name", "assign", "anchors"),
    [("anchor", "anchor", 3), ("simota", "simota", 3), ("free", "simota", 1)],
)
def test_a_head_stands_on_the_same_backbone(heads, tmp_path, name, assign, anchors):
    (tmp_path / "net.cfg").write_text(heads.HEADS[name](DIGITS))

    network = read_network(tmp_path / "net.cfg")

    yolos = [network.nodes[10], network.nodes[17]]
    assert [node.layer.assign for node in yolos] == [assign] * 2
    assert [node.layer.boxes for node in yolos] == [anchors] * 2
    assert [node.inputs[0].c for node in yolos] == [anchors * 15] * 2
    assert {node.layer.free for node in yolos} == {name == "free"}


def test_anchors_of_the_free_head_are_the_sides_of_its_cells(heads, tmp_path):
    (tmp_path / "net.cfg").write_text(heads.free(DIGITS))

    network = read_network(tmp_path / "net.cfg")

    for node in (network.nodes[10], network.nodes[17]):
        side = network.input.w / node.inputs[0].w
        assert node.layer.anchor_sizes == ((side, side),)


@pytest.mark.parametrize(("name", "scores"), [("retina", 10), ("ssd", 11)])
def test_heads_of_anchors_read_both_maps_with_the_anchors_of_the_set(heads, tmp_path, name, scores):
    (tmp_path / "net.cfg").write_text(heads.HEADS[name](DIGITS))

    network = read_network(tmp_path / "net.cfg")

    head = network.nodes[-1]
    assert [shape.tensor for shape in head.inputs] == [
        (3 * (4 + scores), 20, 28),
        (3 * (4 + scores), 10, 14),
    ]
    assert head.layer.anchor_sizes[0] == (9, 15)
    assert head.output.w == 3 * (20 * 28 + 10 * 14)
    assert network.nodes[13].sources == (7,)  # the second branch begins as before


def test_the_head_of_yolox_reads_decoupled_maps_of_both_scales(heads, tmp_path):
    (tmp_path / "net.cfg").write_text(heads.yolox(DIGITS))

    network = read_network(tmp_path / "net.cfg")

    head = network.nodes[-1]
    assert [shape.tensor for shape in head.inputs] == [(15, 20, 28), (15, 10, 14)]
    assert head.output.w == 20 * 28 + 10 * 14
    for source, stem in ((27, 19), (15, 7)):
        parts = [network.nodes[place] for place in network.nodes[source].sources]
        assert [part.output.c for part in parts] == [4, 1, 10]  # box, objectness, classes
        towers = [part.sources[0] for part in parts]
        before = [network.nodes[place] for place in towers]
        before = [network.nodes[one.sources[0]] if one.layer.merges else one for one in before]
        assert before[0] is before[1]
        assert before[0] is not before[2]
        kinds = [(one.layer.size, one.output.c) for one in before]
        assert kinds[0] == kinds[2] == (3, network.nodes[stem + 1].output.c)
    assert network.nodes[16].sources == (7,)  # the second branch begins as before


def test_a_coupled_head_has_one_convolution_for_each_map(heads, tmp_path):
    (tmp_path / "net.cfg").write_text(heads.coupled(DIGITS))

    network = read_network(tmp_path / "net.cfg")

    head = network.nodes[-1]
    assert head.sources == (15, 9)
    assert [shape.tensor for shape in head.inputs] == [(15, 20, 28), (15, 10, 14)]
    assert network.nodes[10].output.tensor == (48, 10, 14)  # the second branch begins as before


def test_a_rate_is_for_one_head_or_for_all_others(heads):
    assert heads.rate_of("yolox", ["0.002", "yolox=0.01"]) == 0.01
    assert heads.rate_of("free", ["0.002", "yolox=0.01"]) == 0.002
    assert heads.rate_of("free", ["yolox=0.01"]) == heads.RATE


def test_the_head_of_peaks_reads_a_map_in_steps_of_four_pixels(heads, tmp_path):
    (tmp_path / "net.cfg").write_text(heads.centernet(DIGITS))
    (tmp_path / "anchor.cfg").write_text(DIGITS)

    network, anchored = (read_network(tmp_path / name) for name in ("net.cfg", "anchor.cfg"))

    head = network.nodes[-1]
    assert [shape.tensor for shape in head.inputs] == [(14, 40, 56)]
    assert network.nodes[8].sources == (7,)
    assert network.nodes[12].inputs == anchored.nodes[15].inputs  # the convolution of the finer map
    of_deconv = 20 * 28 * 64 * 24 * 4 * 4 * 2  # operations that Darknet does not count
    costs = [sum(node.layer.operations(node) for node in one.nodes) for one in (network, anchored)]
    assert (costs[0] + of_deconv) / costs[1] == pytest.approx(1, abs=0.1)


def test_the_table_has_means_errors_and_gains_by_seed(heads):
    values = {"anchor": [0.50, 0.60], "simota": [0.56, 0.70]}
    rows = [
        {"set": "digits", "head": head, "seed": seed, "map": value}
        for head, both in values.items()
        for seed, value in enumerate(both)
    ]

    lines = heads.table(rows).split("\n")

    # two values that are d apart: their standard error is d / 2
    assert lines[2:] == [
        "| digits | anchor | 2 | 55.0 ± 5.0 |  |",
        "| digits | simota | 2 | 63.0 ± 7.0 | +8.0 ± 2.0 |",
    ]
    assert heads.error_of([1, 2, 3]) == pytest.approx(1 / sqrt(3))
