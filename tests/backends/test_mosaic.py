"""Maps side by side are convolved as each alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from pydarknet.backends.mosaic import fewest_tiles, in_mosaic


@pytest.mark.parametrize(
    ("images", "side", "grid"),
    [
        (1, 13, (1, 1)),
        (4, 13, (2, 2)),  # 28 x 28: 49 tiles, where each alone takes 16
        (2, 13, (1, 2)),  # 13 + 1 and 28: 4 * 7 tiles, where each alone takes 16
        (3, 13, (1, 1)),  # 14 and 42 take 4 * 11 tiles instead of 48: too little
        (8, 13, (2, 2)),  # 2 * 49 tiles; (2, 4) takes as many
        (4, 26, (1, 1)),  # 49 tiles each; 27 x 108 would take 189 instead of 196
        (4, 52, (1, 1)),  # whole tiles
        (0, 13, (1, 1)),
    ],
)
def test_the_grid_takes_the_fewest_tiles(images, side, grid):
    assert fewest_tiles(images, side, side, 4) == grid


@pytest.mark.parametrize("size", [(4, 3, 13, 13), (3, 2, 5, 9), (6, 2, 1, 1), (2, 3, 8, 8)])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_each_map_is_convolved_as_if_it_were_alone(size, layout):
    draws = torch.Generator().manual_seed(1)
    x = torch.randn(size, generator=draws).to(memory_format=layout)
    weights = torch.randn(4, size[1], 3, 3, generator=draws)

    y = in_mosaic(lambda maps: F.conv2d(maps, weights, padding=1), x, 4)

    torch.testing.assert_close(y, F.conv2d(x, weights, padding=1), rtol=1e-5, atol=1e-5)
