"""What a mini-batch tells of itself, here and in another process."""

import json

import pytest
import torch

from pydarknet.training.figures import join, mini_batch_of, record_of
from pydarknet.training.losses import Loss


def loss(cost: float, text: str = "", boxes: tuple[int, int] | None = None) -> Loss:
    """Return the loss of a head."""
    counts = None if boxes is None else torch.tensor(boxes)
    return Loss(cost=torch.tensor(cost), line=lambda: text, on_stderr=bool(text), boxes=counts)


def test_a_cost_is_the_mean_of_heads_and_boxes_add_up():
    one = mini_batch_of([loss(1.0, boxes=(3, 1)), loss(2.0, boxes=(4, 2)), loss(6.0)])

    assert (one.cost, one.boxes) == (3.0, (7, 3))


def test_a_record_has_the_cost_in_all_its_digits_and_the_lines():
    cost = float(torch.tensor(0.1))
    record = json.loads(json.dumps(record_of(mini_batch_of([loss(0.1, "a"), loss(0.1)]))))

    one = join([record])

    assert one.cost == cost
    assert [(told.line(), told.on_stderr) for told in one.losses] == [("a", True), ("", False)]


def test_parts_of_a_mini_batch_are_joineded():
    parts = [mini_batch_of([loss(1.5, "a", (2, 1))]), mini_batch_of([loss(2.0, "b", (3, 0))])]

    one = join(list(map(record_of, parts)))

    assert one.cost == pytest.approx(3.5)
    assert one.boxes == (5, 1)
    assert [told.line() for told in one.losses] == ["a", "b"]
