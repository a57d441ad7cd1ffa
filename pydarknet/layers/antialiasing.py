"""What the fork's layers with `antialiasing` share: a blur strides in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..cfg.options import quiet
from ..modules.ops import Blur
from ..system.limits import MOST_STRIDE
from .base import Layer, Node, Shape
from .rows import blur_row


@dataclass(frozen=True, kw_only=True)
class Blurred(Layer):
    """A layer with stride 1, if a low-pass filter after it does the striding.

    Darknet: src/convolutional_layer.c make_convolutional_layer (antialiasing, AlexeyAB)
    Quirk: ANTIALIASING
    """

    stride_x: int = quiet(lambda o: o.stride, least=1, most=MOST_STRIDE)
    stride_y: int = quiet(lambda o: o.stride, least=1, most=MOST_STRIDE)
    antialiasing: int = quiet(0, least=0)

    @property
    def strides(self) -> tuple[int, int]:
        """The vertical and horizontal stride of the layer itself."""
        return (1, 1) if self.antialiasing else (self.stride_y, self.stride_x)

    @property
    def blur(self) -> Blur | None:
        """The filter that strides in place of the layer."""
        size = 2 if self.antialiasing == 2 else 3
        return Blur(size, (self.stride_y, self.stride_x)) if self.antialiasing else None

    def sharp(self, *inputs: Shape) -> Shape:
        """Return the shape before the blur."""
        return super().shape(*inputs)

    def shape(self, *inputs: Shape) -> Shape:
        y = self.sharp(*inputs)
        if self.blur is None:
            return y
        h, w = self.blur.shape(y.h, y.w)
        if h < 1 or w < 1:
            raise self.error(f"antialiasing = 2 needs a map of 2 x 2, this one is {y.w} x {y.h}")
        return replace(y, h=h, w=w)

    def stdout_text(self) -> str:
        return "AA:  " if self.antialiasing else ""

    def blurred_row(self, node: Node) -> str:
        """Return the row of the blur, which has no index; empty without a blur."""
        if self.blur is None:
            return ""
        x, y = self.sharp(*node.inputs), node.output
        return "\n" + blur_row(self.blur.size, self.blur.stride, x, y, x.c, y.outputs)
