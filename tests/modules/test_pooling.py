"""Max pooling in training has torch's gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from pydarknet.layers.maxpool import MaxPool
from pydarknet.modules.ops import Window
from pydarknet.modules.pooling import MaxPool2d, whole_operations


@pytest.mark.parametrize("form", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(2, 2, 0), (2, 1, 0), (5, 1, 2), (3, 2, 1)]
)
def test_gradients_are_those_of_max_pool2d(size, stride, padding, form):
    draws = torch.Generator().manual_seed(1)
    x = torch.randint(0, 4, (2, 3, 8, 6), generator=draws).float()  # with equal neighbours
    x = x.to(memory_format=form).requires_grad_()

    y = MaxPool2d.apply(x, (size,) * 2, (stride,) * 2, (padding,) * 2)
    delta = torch.randn(y.shape, generator=draws)
    [found] = torch.autograd.grad(y, x, delta)

    expected = F.max_pool2d(x, size, stride, padding)
    assert torch.equal(y, expected)
    assert torch.equal(found, torch.autograd.grad(expected, x, delta)[0])


def test_gradients_have_gradients():
    x = torch.randn(1, 1, 4, 4, dtype=torch.double, requires_grad=True)

    assert torch.autograd.gradgradcheck(
        lambda t: MaxPool2d.apply(t, (2, 2), (2, 2), (0, 0)) ** 2, x
    )


def test_it_keeps_neither_its_input_nor_long_places():
    x = torch.randn(1, 1, 4, 4, requires_grad=True)

    y = MaxPool2d.apply(x, (2, 2), (2, 2), (0, 0))

    assert [kept.dtype for kept in y.grad_fn.saved_tensors] == [torch.int32]


def test_a_program_is_shown_one_operation():
    x = torch.rand(1, 3, 6, 4)
    pool = MaxPool(Window(2, (2, 2), 1))

    with torch.no_grad():
        plain = pool(x)
        with whole_operations(), torch.profiler.profile() as profile:
            whole = pool(x)

    names = {event.name for event in profile.events()}
    assert "aten::max_pool2d" in names
    assert "aten::maximum" not in names
    assert torch.equal(whole, plain)
