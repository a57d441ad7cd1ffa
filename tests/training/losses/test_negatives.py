"""Of the slots without a box, the worst of all heads have deltas, in proportion to the boxes."""

from types import SimpleNamespace

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, head_of, inputs_of, loss_of, rows

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training import losses_of
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.matcher import Matches
from pydarknet.training.losses.negatives import Written, keep_hardest
from pydarknet.training.losses.slots import Slots

BOX = (0.125, 0.5, 0.25, 1)  # in the first of four cells, of the size of the anchor
YOLO = "[yolo]\nclasses=1\nnum=1\nanchors=8,32\n"


def raw(*objectness: float) -> torch.Tensor:
    """Return the input of a head of cells in a row, zeros but for the objectness."""
    values = torch.zeros(6, len(objectness))
    values[4] = torch.tensor(objectness)
    return values


def objectness_of(loss) -> list[float]:
    return [round(value, 3) for value in loss.delta[0, 4, 0].tolist()]


@pytest.mark.parametrize(
    ("ratio", "left"),
    [
        (0, [0.5, -0.731, -0.881, -0.269]),  # logistic of 0, 1, 2 and -1
        (1, [0.5, 0, -0.881, 0]),
        (1.9, [0.5, 0, -0.881, 0]),
        (2, [0.5, -0.731, -0.881, 0]),
        (9, [0.5, -0.731, -0.881, -0.269]),
    ],
)
@both_lineages
def test_the_worst_negatives_keep_their_deltas(net, dialect, ratio, left):
    network = net(f"{YOLO}neg_ratio={ratio}", c=6, h=1, w=4, dialect=dialect)

    loss = loss_of(network, raw(0, 1, 2, -1), [(*BOX, 0)])

    assert objectness_of(loss) == left


@both_lineages
def test_an_image_without_boxes_has_no_negatives(net, dialect):
    network = net(f"{YOLO}neg_ratio=3", c=6, h=1, w=4, dialect=dialect)

    loss = loss_of(network, raw(0, 1, 2, -1), [])

    assert objectness_of(loss) == [0, 0, 0, 0]
    assert float(loss.cost) == 0


def test_gaussian_yolo_keeps_its_worst_negatives_too(net):
    text = "[Gaussian_yolo]\nclasses=1\nnum=1\nanchors=8,32\nneg_ratio=1"
    network = net(text, c=10, h=1, w=4, dialect="alexeyab")
    given = torch.zeros(10, 4)
    given[8] = torch.tensor([0, 1, 2, -1])

    loss = loss_of(network, given, [(*BOX, 0)])

    assert [round(one, 3) for one in loss.delta[0, 8, 0].tolist()] == [0.5, 0, -0.881, 0]


def losses_of_two(net, ratios=("2", "2"), options=("", "")):
    """Return the losses of two heads of an image whose one box is in the first."""
    numbers = zip(("0", "1"), ratios, options, strict=True)
    made = [
        net(
            f"[yolo]\nclasses=1\nnum=2\nanchors=8,32,1,1\nmask={mask}\nneg_ratio={k}\n{more}",
            c=6,
            h=1,
            w=4,
        )
        for mask, k, more in numbers
    ]
    values = raw(0, 1, 2, -1), raw(3, 0, 0, 0)
    heads = [head_of(one, given) for one, given in zip(made, values, strict=True)]
    return losses_of(heads, inputs_of(rows([(*BOX, 0)]), Shape(c=3, h=32, w=32)))


def test_all_heads_of_an_image_count_together(net):
    first, second = losses_of_two(net)

    assert objectness_of(first) == [0.5, 0, -0.881, 0]
    assert objectness_of(second) == [-0.953, 0, 0, 0]  # logistic of 3


def test_a_head_that_only_runs_takes_no_part(net):
    first, second = losses_of_two(net, options=("", "onlyforward=1"))

    assert objectness_of(first) == [0.5, -0.731, -0.881, 0]
    assert set(delta(second)) == {0}


def test_heads_must_have_one_ratio(net):
    with pytest.raises(CfgError) as error:
        losses_of_two(net, ratios=("2", "3"))

    assert str(error.value) == "net.cfg:11: [yolo] neg_ratio = 3: expected 2, as in the first head"


def written(objectness: torch.Tensor, ratio: float, *matched: tuple[int, int]) -> Written:
    """Return a head of a row of cells, given its deltas [N, W]; `matched`: image, column."""
    image, column = (torch.tensor(part) for part in zip(*matched, strict=True))
    slots = Slots(image, torch.zeros_like(image), torch.zeros_like(image), column)
    boxes = Box(*[torch.zeros(len(image))] * 4)
    matches = Matches(slots, boxes, torch.zeros_like(image), ())
    layer = SimpleNamespace(neg_ratio=ratio)
    return Written(layer, objectness[:, None, None], [matches], lambda: None)


def test_each_image_keeps_negatives_for_its_own_boxes():
    first = torch.tensor([[0.5, 0.5, -0.4, -0.2], [0.5, -0.1, -0.2, -0.3]])
    second = torch.tensor([[-0.1, -0.5], [-0.6, -0.7]])

    keep_hardest([written(first, 1.5, (0, 0), (0, 1), (1, 0)), written(second, 1.5, (1, 1))])

    # each has two boxes, so three negatives of its four
    assert first.tolist() == torch.tensor([[0.5, 0.5, -0.4, -0.2], [0.5, 0, -0.2, -0.3]]).tolist()
    assert second.tolist() == torch.tensor([[0, -0.5], [-0.6, -0.7]]).tolist()


def test_what_is_not_below_0_or_matched_is_no_negative():
    given = torch.tensor([[-0.5, 0.25, -0.75, -0.125, 0.0]])  # the first is matched

    keep_hardest([written(given, 1, (0, 0))])

    assert given.tolist() == [[-0.5, 0.25, -0.75, 0, 0]]


def test_of_equal_negatives_the_first_stay():
    given = torch.full((1, 1000), -0.5)

    keep_hardest([written(given, 3, (0, 500))])

    assert given.nonzero()[:, 1].tolist() == [0, 1, 2, 500]
