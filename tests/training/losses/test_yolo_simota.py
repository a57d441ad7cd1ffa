"""Heads [yolo] with assign=simota share true boxes, and learn them by Darknet's steps."""

from __future__ import annotations

from math import log

import pytest
import torch
from loss_cases import check_map, check_max, delta, inputs_of, loss_of, rows
from torch import Tensor

from pydarknet.errors import CfgError
from pydarknet.graph.head import Head
from pydarknet.layers import Shape
from pydarknet.training import DeltaLoss, losses_of
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.simota import Candidates, Rule, Truth, assign

# One cell of 32 x 32, whose anchor is half of it; zeros give its middle, .5 and .5.
SIMOTA = "assign=simota\n"
ZEROS = [0.0] * 7
MIDDLE = (0.5, 0.5, 0.5, 0.5)
NARROW = (0.5, 0.5, 0.25, 0.5)


@pytest.fixture
def cell(net):
    """Return a network that is one cell of a head with these options."""
    return lambda options="", dialect="pjreddie": net(
        f"[yolo]\nclasses=2\nnum=1\nanchors=16,16\n{SIMOTA}{options}",
        c=7,
        h=1,
        w=1,
        dialect=dialect,
    )


@pytest.mark.parametrize(
    ("dialect", "steps"),
    [("pjreddie", 1.0), ("alexeyab", 0.75)],  # iou_normalizer
)
def test_steps_are_those_of_the_dialect(cell, dialect, steps):
    loss = loss_of(cell(dialect=dialect), ZEROS, [(*NARROW, 1)])

    width = steps * (2 - 0.25 * 0.5) * log(0.25 / 0.5)
    assert delta(loss) == pytest.approx([0, 0, width, 0, 0.5, -0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_without_a_true_box_objectness_alone_learns(cell, dialect):
    assert delta(loss_of(cell(dialect=dialect), ZEROS, [])) == [0, 0, 0, 0, -0.5, 0, 0]
    assert delta(loss_of(cell(dialect=dialect), [0, 0, 0, 0, 1, 0, 0], []))[4] == -0.731059


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_l1_adds_steps_of_one_size_toward_the_true_box(cell, dialect):
    x = (0.75, 0.5, 0.5, 0.125)
    plain, both = (loss_of(cell(f"l1={l1}", dialect), ZEROS, [(*x, 0)]) for l1 in (0, 2))

    added = torch.tensor(delta(both)) - torch.tensor(delta(plain))
    # x lies right of the middle, y in it; the width fits, the height is less
    assert added.tolist() == pytest.approx([2, 0, 0, -2, 0, 0, 0], abs=1e-6)


def test_lines_are_the_dialects(cell):
    lines = [
        loss_of(cell(dialect=one), ZEROS, [(*MIDDLE, 0)]).line() for one in ("pjreddie", "alexeyab")
    ]

    assert lines[0].startswith("Region 0 Avg IOU: 1.000000, Class: 0.500000, Obj: 0.500000")
    assert "Region 0 Avg (IOU: 1.000000), count: 1, class_loss = " in lines[1]


def test_a_network_without_the_word_learns_by_anchors(net):
    plain = net("[yolo]\nclasses=2\nnum=1\nanchors=16,16\n", c=7, h=1, w=1)

    # by anchors both boxes have the cell, and the last counts; SimOTA gives it to the better one
    boxes = [(*MIDDLE, 0), (*NARROW, 1)]
    assert delta(loss_of(plain, ZEROS, boxes))[2] < 0


def test_a_cell_that_two_boxes_want_learns_the_one_it_is_cheaper_for(cell):
    assert delta(loss_of(cell(), ZEROS, [(*MIDDLE, 0), (*NARROW, 1)]))[2] == 0


TWO = "[yolo]\n{0}\n{1}\n[maxpool]\nsize=2\nstride=2\n[yolo]\n{0}\n{2}\n"
OPTIONS = "classes=1\nnum=2\nanchors=8,8, 16,16\nscale_x_y=3\nassign=simota\n"
FINE, COARSE = "mask=0", "mask=1"


def two_heads(net, first: str = FINE, second: str = COARSE, seed: int = 0) -> list[Head]:
    """Return the heads of a network for 32 x 32: of 4 x 4 and 2 x 2 cells, with random inputs."""
    network = net(TWO.format(OPTIONS, first, second), c=6, h=4, w=4, dialect="alexeyab")
    generator = torch.Generator().manual_seed(seed)
    return [
        Head(node, raw, network.stack[node.index](raw))
        for node in (network.nodes[0], network.nodes[2])
        for raw in [torch.randn(2, *node.inputs[0].tensor, generator=generator)]
    ]


def losses(heads: list[Head], *images: list[tuple[float, ...]]) -> list[DeltaLoss]:
    """Return the losses of heads for the true boxes of images."""
    return list(losses_of(heads, inputs_of(rows(*images), Shape(c=3, h=32, w=32))))


def taught(loss: DeltaLoss) -> list[list[int]]:
    """Return image, row and column of the cells whose objectness should rise."""
    return (loss.delta[:, 4] > 0).nonzero().tolist()


TRUTH = [(0.3, 0.4, 0.2, 0.3, 0)], [(0.7, 0.6, 0.5, 0.4, 0), (0.2, 0.2, 0.6, 0.6, 0)]


@pytest.mark.parametrize("seed", range(8))
def test_heads_share_true_boxes_as_simota_shares_them_among_all_cells(net, seed):
    heads = two_heads(net, seed=seed)
    fine, coarse = (head.activated.permute(0, 2, 3, 1).flatten(1, 2) for head in heads)
    both = torch.cat([fine, coarse], 1)  # [2, 20, 6]: 16 cells of 8 pixels, 4 of 16
    side = torch.tensor([8.0] * 16 + [16.0] * 4)
    column = torch.tensor([*range(4)] * 4 + [0, 1] * 2)
    row = torch.tensor([n // 4 for n in range(16)] + [0, 0, 1, 1])
    x, y, w, h, objectness, _ = both.unbind(2)
    boxes = Box((column + x) * side, (row + y) * side, w.exp() * side, h.exp() * side)
    cells = Box((column + 0.5) * side, (row + 0.5) * side, side, side)
    true = rows(*TRUTH)
    found = assign(
        Candidates(cells, boxes, objectness, both[..., 5:]),
        Truth(Box(*(true[..., :4] * 32).unbind(2)), true[..., 4].long(), true[..., 2] > 0),
        Rule(),
    )

    first, second = losses(heads, *TRUTH)

    wanted = [[i, p] for i, p in zip(found.image.tolist(), found.place.tolist(), strict=True)]
    ours = [[i, 4 * r + c] for i, r, c in taught(first)]
    ours += [[i, 16 + 2 * r + c] for i, r, c in taught(second)]
    assert sorted(ours) == wanted


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize(("x", "columns"), [(0.55, {2}), (0.5, {1, 2})])
def test_no_cell_learns_a_box_whose_centre_it_cannot_reach(net, scale, x, columns):
    options = OPTIONS.replace("scale_x_y=3", f"scale_x_y={scale}")
    network = net(f"[yolo]\n{options}", c=12, h=4, w=4, dialect="alexeyab")
    raw = torch.zeros(1, 12, 4, 4)
    head = Head(network.nodes[0], raw, network.stack[0](raw))

    [loss] = losses_of([head], inputs_of(rows([(x, 0.4, 0.5, 0.5, 0)]), Shape(c=3, h=32, w=32)))

    seen = {
        column for *_, column in (loss.delta[0].unflatten(0, (2, 6))[:, 4] > 0).nonzero().tolist()
    }
    # by a scale of 1 its own cell, or both that it lies between; by 2 those within a cell
    reached = {c for c in range(4) if abs(c + 0.5 - 4 * x) < scale / 2 + 0.01}
    assert seen <= reached
    assert columns <= reached
    assert seen & columns


def test_options_of_the_assignment_are_read(net):
    one, two = (
        sum(len(taught(loss)) for loss in losses(two_heads(net, f"{FINE}\n{o}", COARSE), *TRUTH))
        for o in ("candidates=1", "candidates=10\nradius=.1")
    )

    assert one == 3  # one box for each true one
    assert two < 3  # hardly any cell has its middle so near


def learned(net, options: str, truth: tuple[float, ...], raw: Tensor) -> list[list[int]]:
    """Return row and column of what a head of the input `raw` [C, H, W] learns at 32 x 32."""
    _, h, w = raw.shape
    network = net(f"[yolo]\n{SIMOTA}{options}", c=len(raw), h=h, w=w, dialect="alexeyab")
    head = Head(network.nodes[0], raw[None], network.stack[0](raw[None]))
    [loss] = losses_of([head], inputs_of(rows([truth]), Shape(c=3, h=32, w=32)))
    anchors = loss.delta[0].unflatten(0, (network.layers[0].num, -1))
    return (anchors[:, 4] > 0).nonzero().tolist()


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ("", 2),  # four boxes of 32 x 32, moved by 4 both ways: each has 28^2 of 2 * 32^2 - 28^2
        ("candidates=10\n", 2),  # 4 * .62 = 2.48
        ("candidates=1\n", 1),
        ("candidates=3\n", 1),  # 3 * .62 = 1.86
    ],
)
def test_a_true_box_is_learned_by_as_many_as_the_best_ious_add_up_to(net, options, count):
    options += "classes=1\nnum=1\nanchors=32,32\n"

    assert len(learned(net, options, (0.5, 0.5, 1, 1, 0), torch.zeros(6, 4, 4))) == count


@pytest.mark.parametrize(
    ("weight", "anchor"), [("", 0), ("simota_iou=1\n", 0), ("simota_iou=.5\n", 1)]
)
def test_the_weight_of_the_iou_chooses_between_a_good_box_and_a_good_class(net, weight, anchor):
    # roots of .5 times .269 and .731: .367 and .605; -ln: 1.003 and .503
    # an IoU of 1, and of 12^2 / 16^2 = .5625, -ln: .575; more than 1.003 - .503, but half of it not
    options = f"{weight}classes=1\nnum=2\nanchors=16,16, 12,12\n"
    raw = torch.zeros(12, 1, 1)
    raw[5], raw[11] = -1, 1

    assert learned(net, options, (*MIDDLE, 0), raw) == [[anchor, 0, 0]]


@pytest.mark.parametrize(("radius", "found"), [(0.2, []), (0.4, [[0, 0, 0]])])
def test_a_radius_less_than_a_cells_reach_counts(net, radius, found):
    options = f"radius={radius}\nclasses=1\nnum=1\nanchors=16,16\n"

    # .3 of a cell from its middle; its reach is half a cell
    assert learned(net, options, (0.8, 0.5, 0.5, 0.5, 0), torch.zeros(6, 1, 1)) == found


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_the_worst_negatives_alone_learn_with_a_ratio(net, dialect):
    text = f"[yolo]\n{SIMOTA}classes=1\nnum=1\nanchors=8,32\nneg_ratio=1\n"
    raw = torch.zeros(6, 1, 4)
    raw[4] = torch.tensor([0, 1, 2, -1])

    loss = loss_of(net(text, c=6, h=1, w=4, dialect=dialect), raw, [(0.125, 0.5, 0.25, 1, 0)])

    assert [round(one, 3) for one in loss.delta[0, 4, 0].tolist()] == [0.5, 0, -0.881, 0]


def test_a_head_with_onlyforward_takes_no_part(net):
    heads = two_heads(net, f"{FINE}\nonlyforward=1")

    first, second = losses(heads, *TRUTH)

    assert first.delta.count_nonzero() == 0
    assert float(first.cost) == 0
    assert {image for image, *_ in taught(second)} == {0, 1}


def test_where_all_heads_have_onlyforward_none_learns(cell):
    loss = loss_of(cell("onlyforward=1"), ZEROS, [(*MIDDLE, 0)])

    assert (delta(loss), float(loss.cost)) == ([0] * 7, 0)


def test_as_many_boxes_as_max_says_are_learned(cell):
    check_max(cell, ZEROS)


def test_a_map_turns_classes_into_others(cell, tmp_path):
    check_map(cell, ZEROS, tmp_path)


def test_a_class_beyond_those_of_the_head_is_no_true_box(net):
    assert [taught(loss) for loss in losses(two_heads(net), [(*MIDDLE, 5)], [])] == [[], []]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("assign=ota", r"assign = ota: expected one of anchor, simota"),
        ("assign=simota\nradius=0", r"radius = 0: expected more than 0"),
        ("assign=simota\ncandidates=0", r"candidates = 0: expected at least 1"),
        ("assign=simota\nl1=-1", r"l1 = -1: expected at least 0"),
    ],
)
def test_bad_values_are_told(net, line, problem):
    with pytest.raises(CfgError, match=problem):
        net(f"[yolo]\nclasses=2\nnum=1\nanchors=16,16\n{line}", c=7, h=1, w=1)


def test_options_of_simota_are_unused_without_it(net):
    layer = net("[yolo]\nclasses=2\nnum=1\nanchors=16,16\nradius=2\n", c=7, h=1, w=1).layers[0]

    assert [entry.key for entry in layer.section.unused_entries()] == ["radius"]


@pytest.mark.parametrize("column", range(8))
@pytest.mark.parametrize("row", range(4))
def test_a_box_is_learnt_by_the_cell_and_anchor_that_predict_it(net, row, column):
    options = "classes=1\nnum=3\nanchors=4,8, 8,8, 16,8\nassign=simota\n"
    network = net(f"[yolo]\n{options}", c=18, h=4, w=8)
    raw = torch.zeros(1, 18, 4, 8)
    box = (
        (column + 0.5) / 8,
        (row + 0.5) / 4,
        16 / 64,
        8 / 32,
        0,
    )  # as anchor 2 has it, at 64 x 32
    head = Head(network.nodes[0], raw, network.stack[0](raw))

    [loss] = losses_of([head], inputs_of(rows([box]), Shape(c=3, h=32, w=64)))

    assert loss.delta[0, 16, row, column] == 0.5  # objectness, and the class below
    assert loss.delta[0, 17, row, column] == 0.5
    assert loss.delta[0, 12:16, row, column].tolist() == [0, 0, 0, 0]
