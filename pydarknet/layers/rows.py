"""The rows of the layer table that several layers print, in the words of each lineage."""

from __future__ import annotations

BILLION = 1e9


def conv_row(n: int, size: int, stride: int, x: object, y: object, operations: float) -> str:
    """Return the original's row of a convolution.

    Darknet: src/convolutional_layer.c make_convolutional_layer
    """
    billions = operations / BILLION
    return f"conv  {n:5d} {size:2d} x{size:2d} /{stride:2d}  {x}   ->  {y}  {billions:5.3f} BFLOPs"


def fork_conv_row(
    tag: str,
    n: int,
    size: int,
    stride: tuple[int, int],
    x: object,
    y: object,
    operations: float,
    *,
    groups: int = 1,
    dilation: int = 1,
) -> str:
    """Return the fork's row of a convolution; `stride` is (vertical, horizontal).

    Darknet: src/convolutional_layer.c make_convolutional_layer (AlexeyAB)
    """
    filters = f"{n:5d}/{groups:4d} " if groups > 1 else f"{n:5d}      "
    if stride[0] != stride[1]:
        kernel = f"{size:2d}x{size:2d}/{stride[1]:2d}x{stride[0]:2d} "
    elif dilation > 1:
        kernel = f"{size:2d} x{size:2d}/{stride[1]:2d}({dilation:1d})"
    else:
        kernel = f"{size:2d} x{size:2d}/{stride[1]:2d}   "
    return f"{tag:6s}{filters}{kernel}{x} -> {y} {operations / BILLION:5.3f} BF"


def blur_row(size: int, stride: tuple[int, int], x: object, y: object, n: int, outputs: int) -> str:
    """Return the fork's row of a blur of n channels, each its own group, to `outputs` numbers.

    Darknet: src/convolutional_layer.c make_convolutional_layer (antialiasing, AlexeyAB)
    """
    return fork_conv_row("conv", n, size, stride, x, y, 2 * size**2 * outputs, groups=n)


def connected_row(inputs: int, outputs: int) -> str:
    """Return the row of a fully connected layer.

    Darknet: src/connected_layer.c make_connected_layer
    """
    return f"connected                            {inputs:4d}  ->  {outputs:4d}"
