"""The two forms of a loss, the inputs of a loss, and how to register one for its layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Final

import torch
from torch import Tensor

from ...errors import CfgError
from ...graph.head import Head
from ...layers import Layer, Shape
from ...modules.transfer import on_device
from ...system.text import count_of

Totals = Callable[[Sequence[int]], Sequence[int]]  # all processes' sums of these counts


@dataclass(frozen=True, kw_only=True)
class LossInputs:
    """The inputs of losses besides the heads: the ground truth of a mini-batch, and counters.

    `truth` is float32. For heads with anchors it is [N, max, 5 or more]: rows of x, y, w, h, class,
    and an image's rows end at the first whose x is 0. For YOLOv1's head it is
    [N, side * side * (1 + classes + 4)], for classifiers and costs [N, outputs].
    """

    truth: Tensor
    size: Shape  # of the network's input, which may change between mini-batches
    seen: int  # images, this mini-batch included
    batch: int  # the number of the iteration, from 1
    max_batches: int
    generator: torch.Generator | None = None  # on the CPU, for heads that draw random numbers
    totals: Totals = tuple  # the counts of a mini-batch of which these images may be a part

    @cached_property
    def rows(self) -> Tensor:
        """The rows of truth that any image uses, on the CPU: [N, T, 5 or more].

        This waits for a GPU, once for all heads; the truth of a data loader is on the CPU already.
        """
        if self.truth.dim() != 3:
            raise CfgError("the network has heads of unlike kinds: expected data of one kind")
        rows = self.truth.detach().cpu()
        used = (rows[..., 0] != 0).cumprod(1).sum(1)  # [N]: rows before the first whose x is 0
        return rows[:, : int(used.max())] if rows.numel() else rows

    def targets(self, layer: Layer, output: Tensor) -> Tensor:
        """Return the truth as a target for each number of a head's output, on its device.

        Raises CfgError if the data are for heads of another kind.
        """
        if self.truth.numel() != output.numel():
            has, given = (len(one.flatten()) // len(output) for one in (output, self.truth))
            raise layer.error(
                f"learns {count_of(has, 'number')} an image, and the data have {given}"
                " true ones: expected a head of one kind in a network, and data for it"
            )
        return on_device(self.truth, output.device).view_as(output)


def no_line() -> str:
    """Return the line of a head that prints none."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The loss of one head for a mini-batch: a `DeltaLoss` or a `ScalarLoss`.

    `cost`, 0-dim, is the number that is reported. Like deltas it is a sum over the images of the
    mini-batch. `line` makes the line that is printed; it may wait for a GPU.
    """

    cost: Tensor
    line: Callable[[], str] = no_line
    on_stderr: bool = False  # where the fork's yolo heads print
    boxes: Tensor | None = None  # int64 [2]: the fork's total_bbox and rewritten_bbox


@dataclass(frozen=True, kw_only=True)
class DeltaLoss(Loss):
    """Darknet's form: the delta is computed by hand, and the cost is only reported.

    `delta` has the shape of the head's `raw`. It is what the C adds to the delta of the layer
    before: the change that `raw` should make, so a gradient with the opposite sign.

    Quirk: COST_IS_NO_LOSS
    """

    delta: Tensor


@dataclass(frozen=True, kw_only=True)
class ScalarLoss(Loss):
    """A loss that autograd differentiates: `cost` still has its graph back to the head.

    The cost must be a sum over the images of the mini-batch: where a paper has a mean, N times
    that mean. The learner adds up all mini-batches of an update and divides by its images (Adam
    gets the sum, Quirk ADAM_ON_SUMS). So `subdivisions` changes neither the gradient nor the
    reported loss. A `DeltaLoss` whose delta is minus the gradient of the cost trains the same.
    """


FamilyLoss = Callable[[Sequence[Head], LossInputs], Sequence[Loss]]
Condition = Callable[[Any], bool]


@dataclass(frozen=True)
class Family:
    """The function that computes the losses of some layers' heads, and the form of these losses.

    With a condition `when`, the family has only those layers of its classes that meet it.
    """

    losses: FamilyLoss
    form: type[Loss]
    when: Condition | None = None

    def has(self, layer: Layer) -> bool:
        """Return whether a layer of its classes is of the family."""
        return self.when is None or self.when(layer)


LOSSES: Final[dict[type[Layer], list[Family]]] = {}  # those with a condition come first


def add_family(layers: Sequence[type[Layer]], family: Family) -> None:
    """Register a family for these layers."""
    for layer in layers:
        families = LOSSES.setdefault(layer, [])
        families.insert(0 if family.when else len(families), family)


def delta_loss(
    *layers: type[Layer], when: Condition | None = None
) -> Callable[[FamilyLoss], FamilyLoss]:
    """Register a function that returns a `DeltaLoss` for each head of these layers.

    It gets all heads of the network that it is registered for, in their order, and returns a loss
    for each. With `when`, a condition on the layer, it is registered only for layers that meet it,
    before any function without. Autograd is off. A delta that a later layer passes back to such a
    head goes on to the head's input as it is.
    """

    def register(losses: FamilyLoss) -> FamilyLoss:
        add_family(layers, Family(torch.no_grad()(losses), DeltaLoss, when))
        return losses

    return register


def scalar_loss(
    *layers: type[Layer], when: Condition | None = None
) -> Callable[[FamilyLoss], FamilyLoss]:
    """Register a function that returns a `ScalarLoss` for each head of these layers.

    It gets all heads of the network that it is registered for, in their order, and returns a loss
    for each; `when` is that of `delta_loss`. `raw` and `activated` have their graph and are
    float32, mixed precision or not. A head with `onlyforward` comes without its graph: it takes
    part in matching, but gets no gradient. A loss that is divided by a number of the whole
    mini-batch takes it from `inputs.totals`: other processes may have other images of it.
    """

    def register(losses: FamilyLoss) -> FamilyLoss:
        def of_graphs(heads: Sequence[Head], inputs: LossInputs) -> Sequence[Loss]:
            return losses([with_graph(head) for head in heads], inputs)

        add_family(layers, Family(of_graphs, ScalarLoss, when))
        return losses

    return register


def with_graph(head: Head) -> Head:
    """Return a head as autograd sees it: without a graph if it has `onlyforward`."""
    if not head.node.layer.onlyforward:
        return head
    return head.map(Tensor.detach)


def head_by_head(loss: Callable[[Any, Head, LossInputs], Loss]) -> FamilyLoss:
    """Make the loss of a family from the loss of one head, as Darknet's are."""

    @wraps(loss)
    def losses(heads: Sequence[Head], inputs: LossInputs) -> list[Loss]:
        return [loss(head.node.layer, head, inputs) for head in heads]

    return losses


def family_of(layer: Layer) -> Family | None:
    """Return the family of a layer by its class, or by the nearest class that it derives from."""
    families = (family for cls in type(layer).__mro__ for family in LOSSES.get(cls, ()))
    return next((family for family in families if family.has(layer)), None)


def owns_cost(layer: Layer) -> bool:
    """Return whether a layer has a cost in the C; the network's cost is the mean of these.

    Darknet: src/network.c calc_network_cost
    """
    return family_of(layer) is not None


def by_autograd(layer: Layer) -> bool:
    """Return whether the loss of a layer is a `ScalarLoss`."""
    family = family_of(layer)
    return family is not None and family.form is ScalarLoss


def zero_loss(head: Head) -> DeltaLoss:
    """Return the loss of a head with `onlyforward`: it owns a cost, which stays zero.

    Darknet: src/yolo_layer.c forward_yolo_layer_gpu
    """
    zero = torch.zeros_like(head.raw)
    return DeltaLoss(delta=zero, cost=zero.new_zeros(()))


def number_text(value: float, digits: int = 6) -> str:
    """Return a number as the C prints it: 0 / 0 is -nan."""
    return "-nan" if value != value else f"{value:.{digits}f}"
