"""What goes into a head and what comes out, where torch computes both or a program does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from torch import Tensor

from ..boxes.detections import Batch
from ..boxes.settings import Decoding
from ..layers import DetectionHead, Node, Shape


@dataclass(frozen=True)
class Head:
    """What went into a head and what came out; a loss needs the first, decoding the second.

    A head that reads several layers has the first one's output as `raw`, and `more` of them.
    """

    node: Node
    raw: Tensor
    activated: Tensor
    more: tuple[Tensor, ...] = field(default=(), kw_only=True)

    @classmethod
    def of(cls, node: Node, inputs: Sequence[Tensor], activated: Tensor) -> Head:
        """Return a head; of a layer that is none only the first input is kept."""
        return cls(node, inputs[0], activated, more=tuple(inputs[1 : inputs_kept(node)]))

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """All that went in, in the order of the layer's sources."""
        return self.raw, *self.more

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that went in, and then what came out."""
        return *self.inputs, self.activated

    def map(self, change: Callable[[Tensor], Tensor]) -> Head:
        """Return the same head of changed tensors."""
        return self.refill(map(change, self.tensors))

    def refill(self, tensors: Iterator[Tensor]) -> Head:
        """Return the same head of the next tensors, which come in the order of `tensors`."""
        raw, *more = islice(tensors, 1 + len(self.more))
        return replace(self, raw=raw, more=tuple(more), activated=next(tensors))

    def clone(self) -> Head:
        """Return the same in memory of its own."""
        return self.map(Tensor.clone)

    @property
    def suppressed(self) -> bool:
        """Whether of boxes that overlap the best ones are left."""
        return False

    def detections(self, layer: DetectionHead, size: Shape, decoding: Decoding) -> Batch:
        """Return the boxes of the head's layer in 0..1 of the network's input, of this size."""
        outputs = layer.competitors(self.activated, self.node, decoding.thresh)
        return layer.detections(outputs, size, decoding)

    def unmirror(self, layer: DetectionHead) -> Tensor:
        """Return outputs for images, given that these are for their mirror images."""
        return layer.unmirror(self.activated)


def inputs_kept(node: Node) -> int:
    """Return how many inputs the `Head` of a layer has."""
    return len(node.sources) if node.layer.head else 1
