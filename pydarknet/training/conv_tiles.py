"""3 x 3 convolutions of stride 1 in training by Winograd's tiles: the output and the gradients.

Weights change with every iteration, so they are transformed every time: a part of the output's maps
at a time, whose transformed weights are multiplied while they are in the cache.

Source: A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016. The
gradient of the weights is the same algorithm, transposed.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from ..backends.winograd import Filtering, cells_of, join_tiles, patches_of, tiles

PIECE = 1 << 24  # bytes of the transformed weights of the maps that are computed at a time
PATCHES = 1 << 25  # bytes of the transformed inputs of the images that are worked on at a time
WHOLE = 16  # maps, of which a piece has a multiple


def tiled_output(x: Tensor, weights: Tensor, form: Filtering) -> Tensor:
    """Return the convolution [N, n, H, W] of x [N, c, H, W] and weights [n, c, 3, 3], padded."""
    n, c = weights.shape[:2]
    images, _, height, width = x.shape
    out = x.new_empty(images, height, width, n)
    for part in parts(x, form):
        patches = patches_of(x[part], form)
        for some in pieces(n, c, form):
            columns = weights[some].permute(2, 3, 1, 0).reshape(9, -1)
            products = torch.bmm(patches, (form.spread @ columns).view(form.t**2, c, -1))
            maps = out[part, ..., some]
            join_tiles(cells_of(products, maps, form), maps)
    return out.permute(0, 3, 1, 2)


def tiled_input_gradient(delta: Tensor, weights: Tensor, form: Filtering) -> Tensor:
    """Return the gradient of the input: the convolution of deltas with the weights turned."""
    return tiled_output(delta, weights.flip(2, 3).transpose(0, 1), form)


def tiled_weights_gradient(delta: Tensor, x: Tensor, form: Filtering) -> Tensor:
    """Return the gradient [n, c, 3, 3] of the weights from deltas [N, n, H, W] and the input."""
    n, c = delta.shape[1], x.shape[1]
    found = x.new_zeros(9, c, n)
    for part in parts(x, form):
        patches = patches_of(x[part], form).transpose(1, 2)
        cells = cells_of_deltas(delta[part], form.m)
        for some in pieces(n, c, form):
            spread = form.out_of.t() @ cells[..., some].reshape(form.m**2, -1)
            products = torch.bmm(patches, spread.view(form.t**2, patches.shape[2], -1))
            found[..., some] += (form.spread.t() @ products.flatten(1)).view(9, c, -1)
    return found.view(3, 3, c, n).permute(3, 2, 0, 1)


def cells_of_deltas(delta: Tensor, m: int) -> Tensor:
    """Return deltas [N, n, H, W] in tiles, [m, m, N, down, across, n]; what lies beyond is zero."""
    images, n, height, width = delta.shape
    down, across = tiles(height, m), tiles(width, m)
    beyond = (0, 0, 0, across * m - width, 0, down * m - height)
    padded = F.pad(delta.permute(0, 2, 3, 1), beyond).view(images, down, m, across, m, n)
    return padded.permute(2, 4, 0, 1, 3, 5)


def parts(x: Tensor, form: Filtering) -> Iterator[slice]:
    """Yield which images of x [N, c, H, W] are worked on at a time."""
    images, c, height, width = x.shape
    patches = 4 * form.t**2 * c * tiles(height, form.m) * tiles(width, form.m)  # bytes of an image
    count = max(PATCHES // patches, 1)
    return (slice(first, first + count) for first in range(0, images, count))


def pieces(n: int, c: int, form: Filtering) -> Iterator[slice]:
    """Yield which of n maps are computed at a time from c maps."""
    count = max(PIECE // (4 * form.t**2 * c) // WHOLE * WHOLE, WHOLE)
    return (slice(first, first + count) for first in range(0, n, count))
