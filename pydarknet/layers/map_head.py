"""The base of heads over the maps of several layers, whose outputs have a column per box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import Tensor

from ..boxes.detections import Batch, Detections
from ..boxes.rule import KINDS
from ..boxes.settings import Decoding
from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..system.text import count_of
from .base import PREVIOUS, Node, Shape
from .detection_head import MOST_BOXES, DetectionHead, OnnxBoxes, above

BOX: Final = 4  # entries of a column before all others: centre x, y, width, height in 0..1
IOU_LOSSES: Final = ("iou2", "iou", "giou", "diou", "ciou")
LEAST: Final = 1e-12  # objectness that scores are divided by


@dataclass(frozen=True, kw_only=True)
class MapHead(DetectionHead):
    """A head over the maps of `layers`, finest first: `Shape(c=entries, h=1, w=boxes)`.

    A column has a box and, unless a subclass says otherwise, the probabilities of its classes, the
    best of which is its objectness. No program but this one knows these sections; they decide no
    dialect.
    """

    image = True
    merges = True
    size_warning = True
    live = False

    layers: tuple[int, ...] = quiet((PREVIOUS,))
    classes: int = option(20, least=1)
    max: int = quiet(200, least=1, most=MOST_BOXES)
    jitter: float = option(0.2, least=0, below=1)
    resize: float = quiet(1.0, above=0, least=0.1, most=10)
    random: float = quiet(0.0, least=0, most=1000)
    nms_kind: str = quiet("default", choices=KINDS)
    beta_nms: float = quiet(0.6, least=0)

    def check(self) -> None:
        super().check()
        if len(set(self.layers)) < len(self.layers):
            raise self.section.option_error("layers", "a layer is there twice: expected each once")

    def sources(self) -> tuple[int, ...]:
        return self.layers

    def check_channels(self, inputs: tuple[Shape, ...], needed: list[int], what: str) -> None:
        """Raise an error for a map that has not the channels that are `needed` for `what`."""
        for source, x, channels in zip(self.layers, inputs, needed, strict=True):
            if not x.image or x.c != channels:
                given = count_of(x.c, "channel") if x.image else count_of(x.outputs, "number")
                raise self.error(
                    f"{what} need maps of {channels} channels, layer {source} gives {given}",
                    hint=self.channels_hint,
                )

    @property
    def channels_hint(self) -> str:
        """What the channels of a map are, for who has too many or too few."""
        raise NotImplementedError

    def box_parts(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes [K, 4], objectness [K] and scores [K, classes] of columns, rows [K, c]."""
        scores = rows[:, BOX:]
        return rows[:, :BOX], scores.amax(1), scores

    def objectness(self, rows: Tensor) -> Tensor:
        """Return the objectness [...] of columns, rows [..., c]."""
        return rows[..., BOX:].amax(-1)

    def detections(self, outputs: Tensor, size: Shape, decoding: Decoding) -> Batch:
        """Return the boxes whose objectness exceeds the threshold, in the order of the columns."""
        rows = outputs[:, :, 0].transpose(1, 2)  # [N, P, c]
        seen = self.objectness(rows) > decoding.thresh
        boxes, objectness, scores = self.box_parts(rows[seen])
        return Batch(Detections(boxes, objectness, above(scores, decoding.thresh)), seen.sum(1))

    def onnx_boxes(self, writer: Writer, outputs: Value, size: Shape) -> OnnxBoxes:
        entries, _, boxes = map(int, outputs.shape[1:])
        return self.onnx_box_parts(outputs.reshape(entries, boxes).transpose(0, 2, 1))

    def onnx_box_parts(self, rows: Value) -> OnnxBoxes:
        """Write what `box_parts` computes of rows [N, P, c]; scores are divided by objectness."""
        scores = rows.take(2, BOX, int(rows.shape[2]))
        best = scores.amax(2)
        return OnnxBoxes(rows.take(2, 0, BOX), best, scores / best.with_number("Max", LEAST))

    def row(self, node: Node) -> str:
        listed = "".join(f" {source}" for source in node.sources)
        return f"{self.section.name} {listed} -> {count_of(node.output.w, 'box', 'boxes')}"
