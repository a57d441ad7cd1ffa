"""A convolution has the same result in each way that fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from pydarknet.backends import onednn
from pydarknet.backends.onednn import SAME
from pydarknet.backends.ways import DIRECT, WAYS, Task
from pydarknet.modules.activations import words

POINT = ((0, 0), (1, 1), (1, 1), 1)


def task(n: int = 16, c: int = 16, side: int = 3, place=SAME, word: str = "leaky", images: int = 2):
    """Return a convolution of maps 9 x 7."""
    draws = torch.Generator().manual_seed(1)
    weights = torch.randn(n, c // place[3], side, side, generator=draws)
    bias = torch.randn(n, generator=draws)
    return Task(weights, bias, place, word, torch.Size((images, c, 9, 7)))


@pytest.mark.parametrize("word", words("alexeyab"))
@pytest.mark.parametrize(("side", "place"), [(3, SAME), (1, POINT)])
def test_all_ways_that_fit_give_the_direct_ones_result(side, place, word):
    one = task(side=side, place=place, word=word)
    x = torch.randn(one.size).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected = WAYS[DIRECT].make(one)(x.clone())
        fit = {name: way for name, way in WAYS.items() if way.fits(one)}
        for way in fit.values():
            for made in (way.make(one), way.in_graph(one)):
                y = made(x.clone())
                torch.testing.assert_close(y, expected, rtol=1e-3, atol=1e-3)
                assert y.is_contiguous(memory_format=torch.channels_last)
    products = {DIRECT, "product", "onednn_product"}
    tiled = {"winograd2", "winograd4", "grouped2", "grouped4", "grouped5"}
    assert set(fit) == (products if side == 1 else {DIRECT, *tiled})


@pytest.mark.parametrize(
    "other",
    [
        task(side=3, place=((1, 1), (2, 2), (1, 1), 1)),
        task(side=3, place=((1, 1), (1, 1), (2, 2), 1)),
        task(side=3, place=((1, 1), (1, 1), (1, 1), 2)),
        task(side=3, c=3),
        task(side=1, place=((0, 0), (2, 2), (1, 1), 1)),
        task(side=1, place=((1, 1), (1, 1), (1, 1), 1)),
        task(side=5, place=((2, 2), (1, 1), (1, 1), 1)),
    ],
    ids=["stride", "dilation", "groups", "channels", "1x1 stride", "1x1 padding", "5x5"],
)
def test_others_are_direct_alone(other):
    assert [name for name, way in WAYS.items() if way.fits(other)] == [DIRECT]


def test_without_onednns_operators_its_product_does_not_fit(monkeypatch):
    monkeypatch.setattr(onednn, "operators_work", lambda *_: False)
    one = task(side=1, place=POINT)

    assert [name for name, way in WAYS.items() if way.fits(one)] == [DIRECT, "product"]


def test_the_geometry_tells_apart_what_may_take_another_time():
    some = [
        task(),
        task(n=17),
        task(c=32),
        task(side=1),
        task(place=((1, 1), (2, 1), (1, 1), 1)),
        task(place=((1, 1), (1, 2), (1, 1), 1)),
        task(place=((1, 1), (1, 1), (1, 1), 2)),
        task(word="mish"),
        task(images=3),
        replace(task(), weights=task().weights.bfloat16()),
    ]

    assert len({one.geometry for one in some}) == len(some)
    assert task().geometry == task().geometry
