"""3 x 3 convolutions with fewer products, by Winograd's minimal filtering.

An output tile of m x m takes (m + 2)^2 products per channel instead of 9 m^2. The transformed
weights are (m + 2)^2 / 9 times as large, so it pays only where maps are large beside the weights.

Source: A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Filtering:
    """The transforms for tiles of m x m: of the input [t, t], weights [t, 3], output [m, t].

    The second column of both `output` matrices is all ones, so a number added to that place of the
    products is added to the whole tile: this is where the bias goes.
    """

    m: int
    input: list[list[float]]
    weights: list[list[float]]
    output: list[list[float]]

    @property
    def t(self) -> int:
        """The side of the input tile that an output tile is computed from."""
        return self.m + 2


F2 = Filtering(
    2,
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
    [[1, 1, 1, 0], [0, 1, -1, -1]],
)
F4 = Filtering(
    4,
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ],
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
)


def tiles(cells: int, m: int) -> int:
    """Return how many tiles of m cells cover a side of `cells`."""
    return -(-cells // m)


class WinogradConv:
    """A 3 x 3 convolution of stride 1 and padding 1, and its bias; weights [n, c, 3, 3]."""

    def __init__(self, weights: Tensor, bias: Tensor, form: Filtering) -> None:
        self.form, self.n, self.bias = form, len(weights), bias
        left = torch.tensor(form.weights, dtype=torch.float64)
        exact = torch.einsum("ij,ncjk,lk->ilcn", left, weights.double(), left)
        self.weights = exact.float().flatten(0, 1).contiguous()  # [t * t, c, n]
        self.into, self.out_of = (kronecker_square(rows) for rows in (form.input, form.output))

    def __call__(self, x: Tensor) -> Tensor:
        """Return the convolution [N, n, H, W] of x [N, c, H, W], with channels last."""
        images, _, height, width = x.shape
        m, down, across = self.form.m, tiles(height, self.form.m), tiles(width, self.form.m)
        products = torch.bmm(self.patches(x, down, across), self.weights)
        products[self.form.t + 1] += self.bias  # row 1, column 1 of the t x t places: both all ones
        cells = (self.out_of @ products.flatten(1)).view(m, m, images, down, across, self.n)
        return join_tiles(cells, height, width).permute(0, 3, 1, 2)

    def patches(self, x: Tensor, down: int, across: int) -> Tensor:
        """Return the transformed inputs of all tiles, [t * t, N * tiles, c]."""
        images, c, height, width = x.shape
        m, t = self.form.m, self.form.t
        edges = (0, 0, 1, across * m + 1 - width, 1, down * m + 1 - height)
        padded = F.pad(x.permute(0, 2, 3, 1), edges).contiguous()
        image, row, column, channel = padded.stride()
        sides, steps = (t, t, images, down, across, c), (row, column, image, row * m, column * m)
        # overlapping t x t windows, one every m cells, as a view: [t, t, N, down, across, c]
        windows = padded.as_strided(sides, (*steps, channel)).reshape(t * t, -1)
        return (self.into @ windows).view(t * t, images * down * across, c)


def join_tiles(cells: Tensor, height: int, width: int) -> Tensor:
    """Return the map [N, height, width, n] of tiles [m, m, N, down, across, n].

    Tiles may end beyond the map. Whole ones and those at the edges are copied one after the other.
    """
    m, _, images, _, _, n = cells.shape
    out = cells.new_empty(images, height, width, n)
    for top, down, rows in runs_of_tiles(height, m):
        for left, across, columns in runs_of_tiles(width, m):
            some = cells[:rows, :columns, :, top : top + down, left : left + across]
            area = out[:, top * m :, left * m :][:, : down * rows, : across * columns]
            into = area.unflatten(2, (across, columns)).unflatten(1, (down, rows))
            into.copy_(some.permute(2, 3, 0, 4, 1, 5))
    return out


def runs_of_tiles(cells: int, m: int) -> list[tuple[int, int, int]]:
    """Return the first tile, the number of tiles and their cells, for whole tiles and the last."""
    runs = [(0, cells // m, m), (cells // m, 1, cells % m)]
    return [run for run in runs if run[1] and run[2]]


def kronecker_square(rows: list[list[float]]) -> Tensor:
    """Return the matrix that transforms flattened tiles along both of their sides."""
    one = torch.tensor(rows, dtype=torch.float32)
    return torch.kron(one, one)
