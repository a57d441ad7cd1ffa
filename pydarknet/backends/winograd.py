"""3 x 3 convolutions with fewer products, by Winograd's minimal filtering.

An output tile of m x m takes (m + 2)^2 products per channel instead of 9 m^2. The transformed
weights are (m + 2)^2 / 9 times as large, so it pays only where maps are large beside the weights.

Source: A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor

Groups = Callable[[Callable[[], Tensor], Tensor, int], Callable[[Tensor], Tensor]]


@dataclass(frozen=True, eq=False)
class Filtering:
    """The transforms for tiles of m x m: of the input [t, t], weights [t, 3], output [m, t].

    The second column of `output` is all ones, so a number added to that place of the products, in
    both directions, is added to the whole tile: this is where the bias goes.
    """

    m: int
    input: list[list[float]]
    weights: list[list[float]]
    output: list[list[float]]

    @property
    def t(self) -> int:
        """The side of the input tile that an output tile is computed from."""
        return self.m + 2

    @cached_property
    def into(self) -> Tensor:
        """The transform of an input tile, [t * t, t * t]."""
        return kronecker_square(self.input)

    @cached_property
    def spread(self) -> Tensor:
        """The transform of the weights of two channels, [t * t, 9]."""
        return kronecker_square(self.weights)

    @cached_property
    def out_of(self) -> Tensor:
        """The transform to an output tile, [m * m, t * t]."""
        return kronecker_square(self.output)


def filtering(*points: Fraction | int) -> Filtering:
    """Return the transforms that multiply polynomials at these points and at infinity.

    They are those of Toom and Cook, transposed. The second point is 1. Which points are taken
    changes the rounding alone: those below have half the error of 2, -2 and 1/2.

    Source: B. Barabasz et al., Error analysis and improving the accuracy of Winograd convolution
    for deep neural networks, ACM Transactions on Mathematical Software 46, 2020
    """
    m = len(points) - 1
    others = [[q for q in points if q != p] for p in points]
    scales = [prod(p - q for q in rest) for p, rest in zip(points, others, strict=True)]
    of_input = [*([*polynomial(rest), 0] for rest in others), polynomial(points)]
    of_weights: list[list[Fraction | int]] = [
        [Fraction(p**k) / scale for k in range(3)] for p, scale in zip(points, scales, strict=True)
    ]
    of_output = [[*(p**k for p in points), k == m - 1] for k in range(m)]
    of_weights.append([0, 0, 1])
    return Filtering(m, in_floats(of_input), in_floats(of_weights), in_floats(of_output))


def polynomial(roots: Sequence[Fraction | int]) -> list[Fraction | int]:
    """Return the coefficients of the product of x - root, the constant one first."""
    found: list[Fraction | int] = [1]
    for root in roots:
        found = [low - root * high for low, high in zip([0, *found], [*found, 0], strict=True)]
    return found


def in_floats(rows: Sequence[Sequence[Fraction | int]]) -> list[list[float]]:
    """Return the numbers of a matrix as floats."""
    return [list(map(float, row)) for row in rows]


F2 = filtering(0, 1, -1)
F4 = filtering(0, 1, -1, Fraction(-1, 2), 2)
F5 = filtering(0, 1, -1, Fraction(-1, 2), -2, Fraction(2, 3))


def tiles(cells: int, m: int) -> int:
    """Return how many tiles of m cells cover a side of `cells`."""
    return -(-cells // m)


class WinogradConv:
    """A 3 x 3 convolution of stride 1 and padding 1, and its bias; weights [n, c, 3, 3]."""

    def __init__(self, weights: Tensor, bias: Tensor, form: Filtering) -> None:
        self.form, self.n, self.bias = form, len(weights), bias
        self.weights = spread_weights(weights, form).transpose(1, 2).contiguous()  # [t * t, c, n]

    def __call__(self, x: Tensor) -> Tensor:
        """Return the convolution [N, n, H, W] of x [N, c, H, W], with channels last."""
        images, _, height, width = x.shape
        products = torch.bmm(patches_of(x, self.form), self.weights)
        products[self.form.t + 1] += self.bias  # row 1, column 1 of the t x t places: both all ones
        out = x.new_empty(images, height, width, self.n)
        join_tiles(cells_of(products, out, self.form), out)
        return out.permute(0, 3, 1, 2)


class GroupedWinograd:
    """The same, whose products are one convolution with a group for each place of a tile.

    A program that packs the weights of a convolution once saves a third of the time of products of
    matrices, which are packed anew each time. `groups` makes that convolution of what makes its
    weights, its bias and the number of groups; its input is [1, t * t * c, 1, tiles].
    """

    def __init__(self, weights: Tensor, bias: Tensor, form: Filtering, groups: Groups) -> None:
        places, (self.n, c) = form.t**2, weights.shape[:2]
        self.form = form
        biases = torch.zeros(places, self.n)
        biases[form.t + 1] = bias  # row 1, column 1 of the t x t places: both all ones
        self.products = groups(
            lambda: spread_weights(weights, form).reshape(places * self.n, c, 1, 1),
            biases.flatten(),
            places,
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Return the convolution [N, n, H, W] of x [N, c, H, W], with channels last."""
        images, c, height, width = x.shape
        m, places = self.form.m, self.form.t**2
        windows = windows_of(x, self.form)
        down, across = windows.shape[1:3]
        taken = windows.reshape(-1, places, c)  # [tiles, t * t, c]
        patches = torch.bmm(self.form.into.expand(len(taken), -1, -1), taken)
        products = self.products(patches.view(1, 1, len(taken), -1).permute(0, 3, 1, 2))
        maps = products.permute(0, 2, 3, 1).reshape(len(taken), places, self.n)
        cells = torch.bmm(self.form.out_of.expand(len(taken), -1, -1), maps)
        cells = cells.view(images, down, across, m, m, self.n).permute(3, 4, 0, 1, 2, 5)
        out = x.new_empty(images, height, width, self.n)
        join_tiles(cells, out)
        return out.permute(0, 3, 1, 2)


def spread_weights(weights: Tensor, form: Filtering) -> Tensor:
    """Return the transformed weights [t * t, n, c] of weights [n, c, 3, 3]."""
    n, c = weights.shape[:2]
    return (form.spread @ weights.reshape(n * c, 9).t()).view(-1, n, c)


def patches_of(x: Tensor, form: Filtering) -> Tensor:
    """Return the transformed inputs of all tiles of x [N, c, H, W], as [t * t, N * tiles, c]."""
    windows = windows_of(x, form).permute(3, 4, 0, 1, 2, 5).reshape(form.t**2, -1)
    return (form.into @ windows).view(form.t**2, -1, x.shape[1])


def cells_of(products: Tensor, out: Tensor, form: Filtering) -> Tensor:
    """Return the tiles [m, m, N, down, across, n] of products [t * t, N * tiles, n].

    They are for maps `out`, [N, H, W, n].
    """
    images, height, width, n = out.shape
    size = form.m, form.m, images, tiles(height, form.m), tiles(width, form.m), n
    return (form.out_of @ products.flatten(1)).view(size)


def windows_of(x: Tensor, form: Filtering) -> Tensor:
    """Return the overlapping t x t windows of x, one every m cells: [N, down, across, t, t, c].

    It is a view of x with edges of zeros.
    """
    images, c, height, width = x.shape
    m, t, down, across = form.m, form.t, tiles(height, form.m), tiles(width, form.m)
    edges = (0, 0, 1, across * m + 1 - width, 1, down * m + 1 - height)
    padded = F.pad(x.permute(0, 2, 3, 1), edges).contiguous()
    image, row, column, channel = padded.stride()
    steps = (image, row * m, column * m, row, column, channel)
    return padded.as_strided((images, down, across, t, t, c), steps)


def join_tiles(cells: Tensor, out: Tensor) -> None:
    """Write tiles [m, m, N, down, across, n], in any order, to maps [N, H, W, n].

    Tiles may end beyond the map. Whole ones and those at the edges are copied one after the other.
    """
    m = len(cells)
    for top, down, rows in runs_of_tiles(out.shape[1], m):
        for left, across, columns in runs_of_tiles(out.shape[2], m):
            some = cells[:rows, :columns, :, top : top + down, left : left + across]
            area = out[:, top * m :, left * m :][:, : down * rows, : across * columns]
            into = area.unflatten(2, (across, columns)).unflatten(1, (down, rows))
            into.copy_(some.permute(2, 3, 0, 4, 1, 5))


def runs_of_tiles(cells: int, m: int) -> list[tuple[int, int, int]]:
    """Return the first tile, the number of tiles and their cells, for whole tiles and the last."""
    runs = [(0, cells // m, m), (cells // m, 1, cells % m)]
    return [run for run in runs if run[1] and run[2]]


def kronecker_square(rows: list[list[float]]) -> Tensor:
    """Return the matrix that transforms flattened tiles along both of their sides."""
    with torch.inference_mode(False):  # training uses it too
        one = torch.tensor(rows, dtype=torch.float64)
        return torch.kron(one, one).float()
