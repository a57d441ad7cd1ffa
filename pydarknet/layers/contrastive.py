"""[contrastive], the fork's loss on embeddings of tracked objects."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..system.limits import FLT_MAX
from ..system.text import count_of
from .anchor_head import AnchorHead
from .base import FORK, PREVIOUS, Layer, Node, Shape, section


@section("contrastive", lineage=FORK)
class Contrastive(Layer):
    """Compare embeddings in training; the output is zero.

    Darknet: src/parser.c parse_contrastive, src/softmax_layer.c (AlexeyAB)
    Quirk: COST_IS_NO_OUTPUT
    """

    classes: int = option(1000, least=0)
    temperature: float = quiet(1.0, above=0)
    yolo_layer: int | None = quiet(None)
    cls_normalizer: float = quiet(1.0, least=0)
    max_delta: float = quiet(FLT_MAX, above=0)
    contrastive_neg_max: int = quiet(3, least=0)

    def sources(self) -> tuple[int, ...]:
        return (PREVIOUS,) if self.yolo_layer is None else (PREVIOUS, self.yolo_layer)

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(length=inputs[0].outputs)

    def module(self, *inputs: Shape) -> nn.Module:
        return NoOutput()

    def check_reads(self, reads: tuple[Layer | None, ...], inputs: tuple[Shape, ...]) -> None:
        yolo = reads[-1] if len(reads) == 2 else None
        if not isinstance(yolo, AnchorHead):
            raise self.error("yolo_layer: expected the index of a [yolo]")
        places = yolo.boxes * inputs[-1].h * inputs[-1].w
        if inputs[0].outputs % places:
            raise self.error(
                f"reads {count_of(inputs[0].outputs, 'number')}:"
                f" expected an embedding for each of the {places} boxes of its [yolo]"
            )

    def row(self, node: Node) -> str:
        x, yolo = node.inputs[-1], node.reads[-1]
        assert isinstance(yolo, AnchorHead)
        step = yolo.boxes * x.h * x.w
        return (
            f"contrastive {x.w:4d} x{x.h:4d} x{yolo.boxes:4d} x emb_size"
            f" {node.output.outputs // step:4d} x batch: {1:4d} "
            f" classes = {yolo.classes:4d}, step = {step:4d} \ndetection "
        )


class NoOutput(nn.Module):
    """Zeros, as many as the first input has values."""

    def forward(self, x: Tensor, *others: Tensor) -> Tensor:
        return torch.zeros_like(x.flatten(1))

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return inputs[0].flatten() * 0.0
