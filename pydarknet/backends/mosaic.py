"""Small maps of several images side by side in one, which fewer of Winograd's tiles cover."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch.nn.functional as F
from torch import Tensor

Grid = tuple[int, int]  # rows and columns of images
ALONE: Grid = (1, 1)
LESS = 0.9  # of the tiles that maps alone take, at which it pays to copy them into a grid


def in_mosaic(convolve: Callable[[Tensor], Tensor], x: Tensor, m: int) -> Tensor:
    """Return a 3 x 3 convolution of maps [N, c, H, W] that is computed in tiles of m x m.

    A line of zeros lies between two maps. It is what padding by 1 puts around each.
    """
    images, _, height, width = x.shape
    grid = fewest_tiles(images, height, width, m)
    if grid == ALONE:
        return convolve(x)
    return taken_apart(convolve(mosaic(x, grid)), grid, height, width)


@lru_cache(256)
def fewest_tiles(images: int, height: int, width: int, m: int) -> Grid:
    """Return the smallest grid of maps with which the fewest tiles of m x m cover all images.

    It has one image if that takes about as few.
    """

    def tiles(grid: Grid) -> int:
        rows, columns = grid
        down, across = rows * (height + 1), columns * (width + 1)
        if grid == ALONE:
            down, across = height, width
        return images // (rows * columns) * -(-down // m) * -(-across // m)

    sides = range(1, images + 1)
    grids = [(a, b) for a in sides for b in sides if images % (a * b) == 0]
    best = min(sorted(grids, key=lambda grid: grid[0] * grid[1]), key=tiles, default=ALONE)
    return best if tiles(best) <= LESS * tiles(ALONE) else ALONE


def mosaic(x: Tensor, grid: Grid) -> Tensor:
    """Return maps [N, c, H, W] in a grid, each with a line of zeros to the right and below."""
    rows, columns = grid
    framed = F.pad(x.permute(0, 2, 3, 1), (0, 0, 0, 1, 0, 1))
    _, height, width, c = framed.shape
    placed = framed.reshape(-1, rows, columns, height, width, c).transpose(2, 3)
    return placed.reshape(-1, rows * height, columns * width, c).permute(0, 3, 1, 2)


def taken_apart(y: Tensor, grid: Grid, height: int, width: int) -> Tensor:
    """Return the maps [N, n, height, width] that lie in a mosaic, with channels last."""
    rows, columns = grid
    lines = (
        y.permute(0, 2, 3, 1).unflatten(2, (columns, width + 1)).unflatten(1, (rows, height + 1))
    )
    placed = lines[:, :, :height, :, :width].transpose(2, 3)
    return placed.reshape(-1, height, width, y.shape[1]).permute(0, 3, 1, 2)
