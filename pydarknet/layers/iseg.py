"""[iseg], the original's head for instance segmentation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cfg.options import option
from ..modules.onnx_writer import Value, Writer
from .base import PJREDDIE, Layer, Node, Shape, section


@section("iseg", lineage=PJREDDIE)
class Iseg(Layer):
    """Apply the logistic to a map per class; the embeddings after them stay unchanged.

    Darknet: src/parser.c parse_iseg, src/iseg_layer.c
    """

    head = True
    image = True

    classes: int = option(20, least=0)
    ids: int = option(32, least=0)

    def shape(self, *inputs: Shape) -> Shape:
        needed = self.classes + self.ids
        if inputs[0].c != needed:
            raise self.error(f"needs {needed} channels, the layer before gives {inputs[0].c}")
        return inputs[0]

    def module(self, *inputs: Shape) -> nn.Module:
        return ClassMaps(self.classes)

    def row(self, node: Node) -> str:
        return "iseg"


class ClassMaps(nn.Module):
    """The logistic of the first channels, the others unchanged."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([torch.sigmoid(x[:, : self.classes]), x[:, self.classes :]], 1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, classes, count = inputs[0], self.classes, int(inputs[0].shape[1])
        maps = x.take(1, 0, classes).sigmoid()
        return writer.concat(1, maps, x.take(1, classes, count)) if count > classes else maps
