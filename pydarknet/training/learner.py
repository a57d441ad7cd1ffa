"""One iteration of training: forward, losses, backward, update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from ..errors import DataError
from ..graph.full_precision import full_precision
from ..graph.header import Header
from ..modules.transfer import on_device
from ..network import Network
from . import optimizer as update
from .conv_matmul import avoid_bad_gradients, use_lean_convolutions
from .conv_ways import Measuring, use_measured_ways
from .counts import Counts
from .deltas import heads_of, losses_of, set_delta_unit, to_minimise
from .ema import MovingAverage
from .figures import MiniBatch, mini_batch_of
from .learner_state import restore_tensors, tensors_of
from .losses import Loss, LossInputs
from .mixed_precision import restore_scaler, scaler_figures, scaler_of, widen_heads
from .norm_activation import use_one_step
from .schedule import learning_rate
from .seeding import seed_torch
from .state import State
from .straight_through import straighten
from .team import Team


class NoNumber(DataError):
    """A loss that is NaN or infinite."""


@dataclass(frozen=True)
class Step:
    """The figures of one iteration."""

    batch: int  # the number of the iteration, from 1
    loss: float
    average: float  # of the losses: .9 of itself, .1 of the new one
    rate: float
    images: int  # of one iteration
    ema_text: str = ""  # the fork's line about its moving average
    sync_text: str = ""  # Darknet's line about networks that were averaged


class Learner:
    """A network with its optimiser and counters: all that the next iteration depends on."""

    def __init__(
        self,
        network: Network,
        *,
        seed: int,
        amp: torch.dtype | None = None,
        team: Team | None = None,
        tune: bool = False,
    ) -> None:
        self.team = team or Team(network)
        self.network, self.net, self.seed = network, network.net, seed
        self.spread, self.mini = self.team.spread, self.team.spread.mini
        self.images = update.images_of_update(self.net)
        self.counts = Counts(network.header.seen // self.images)
        self.average = -1.0
        self.boxes = [0, 0]  # the fork's total_bbox and rewritten_bbox
        self.held = State({}, {}, {})  # what the state says of each process, if they differ
        self.hooks: list[RemovableHandle] = []
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # no stub
        self.measuring = Measuring()
        if network.device.type == "cpu":
            (avoid_bad_gradients if amp else use_lean_forms)(network)
            if tune and not amp:
                self.measuring = use_measured_ways(network)
        self.still = update.inference_only(network)
        self.parts = update.trainable_parameters(network)
        self.optimizer = update.optimizer(network, self.parts)
        self.moving = MovingAverage(network)
        self.amp, self.kind = amp, self.parts[0].tensor.dtype
        self.scaler = scaler_of(amp, network.device)

    def set_training_mode(self) -> None:
        """Set training mode, except for layers whose statistics do not change."""
        self.network.train()
        self.network.take_steps(self.net.time_steps)
        for hook in self.hooks:
            hook.remove()
        self.hooks = widen_heads(self.network) if self.amp else []
        self.hooks += straighten(self.network)  # a resize makes new heads
        for index in self.still:
            self.network.stack[index].eval()
        for norm in update.rolling_norms(self.network):
            norm.eval()

    def learn(
        self,
        images: Tensor,
        truth: Tensor,
        report: Callable[[Sequence[Loss]], None] | None = None,
    ) -> Step:
        """Train one iteration on images [B, C, H, W] and their truth: this process's of them.

        `report` is called with the heads' losses of each mini-batch.

        Raises NoNumber if the loss is NaN or infinite, in all processes.

        Darknet: src/network.c train_network, train_network_sgd
        """
        self.counts = replace(self.counts, batch=self.batch + 1)
        self.set_training_mode()
        self.resize_for(images)
        chance = self.seed_iteration()
        rate = learning_rate(self.net, self.counts.by_images, chance)
        self.optimizer.drop_gradients()
        loss = self.cost(images, truth, report) / self.images
        if not math.isfinite(loss):
            raise NoNumber(f"batch {self.batch}: the loss is {loss} at a rate of {rate:g}")
        ema_text = self.step(rate)
        self.average = loss if self.average < 0 else 0.9 * self.average + 0.1 * loss
        self.counts, told = self.team.end_iteration(self.counts)
        rate = learning_rate(self.net, self.counts.by_images, chance) if told else rate
        self.count_images()
        return Step(self.batch, loss, self.average, rate, self.spread.count, ema_text, told)

    @property
    def batch(self) -> int:
        """The number of the iteration, 0 before the first."""
        return self.counts.batch

    @batch.setter
    def batch(self, batch: int) -> None:
        self.counts = Counts(batch)

    def count_images(self) -> None:
        """Write into the header of the weights how many images were seen."""
        seen = self.batch * self.images
        self.network.header = Header(*self.network.dialect.version, seen=seen)

    def cost(
        self, images: Tensor, truth: Tensor, report: Callable[[Sequence[Loss]], None] | None
    ) -> float:
        """Add the gradients of an iteration, and return the network's cost."""
        total = 0.0
        parameters = [part.tensor for part in self.parts]
        with full_precision(self.network.device):  # backward too
            for one in self.team.learn(self.own(images, truth), parameters):
                self.boxes = [sum(pair) for pair in zip(self.boxes, one.boxes, strict=True)]
                if report:
                    report(one.losses)
                total += one.cost
        return total

    def own(self, images: Tensor, truth: Tensor) -> Iterator[MiniBatch]:
        """Add the gradients of this process's mini-batches, and yield what they tell."""
        before = (self.counts.by_images - 1) * self.images
        for place, (some, theirs) in enumerate(self.mini_batches(images, truth)):
            self.seed_mini_batch(self.spread.first + place)
            losses = self.accumulate(some, theirs, before + self.spread.images_after(place))
            yield mini_batch_of(losses)

    def resize_for(self, images: Tensor) -> None:
        """Resize the network if the images have another size."""
        if images.dim() == 4 and images.shape[2:] != self.network.input.tensor[1:]:
            height, width = images.shape[2:]
            self.network.resize(width, height)
            self.set_training_mode()

    def seed_iteration(self) -> float:
        """Seed torch for this iteration, and return a random number for `policy=random`."""
        draws = np.random.default_rng([self.seed, self.batch])
        seed_torch(int(draws.integers(2**62)), self.network.device)
        return float(draws.random())

    def seed_mini_batch(self, number: int) -> None:
        """Seed torch for a mini-batch, the first of which the iteration's seed is for.

        So its random numbers depend on its number alone, whichever process sees it.
        """
        if number > 1:
            draws = np.random.default_rng([self.seed, self.batch, number])
            seed_torch(int(draws.integers(2**62)), self.network.device)

    def mini_batches(self, images: Tensor, truth: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the mini-batches of a batch, and their truth."""
        device = self.network.device
        parts = zip(images.split(self.mini), truth.split(self.mini), strict=True)
        for some, theirs in parts:
            form = torch.channels_last if some.dim() == 4 else torch.contiguous_format
            here = on_device(some, device).to(self.kind)
            yield here.contiguous(memory_format=form), theirs

    def accumulate(self, images: Tensor, truth: Tensor, seen: int) -> list[Loss]:
        """Add the gradients of one mini-batch, and return the heads' losses.

        `seen` are the images so far, those of the mini-batch included.

        Darknet: src/network.c train_network_datum
        """
        inputs = LossInputs(
            truth=truth,
            size=self.network.input,
            seen=seen,
            batch=self.counts.own,
            max_batches=self.net.max_batches,
            totals=self.team.totals,
        )
        set_delta_unit(self.network, self.scaler, self.divisor)
        with self.autocast():
            heads = heads_of(self.network, images)
        heads = [head.map(at_least_single) for head in heads]
        losses = losses_of(heads, inputs)
        total = to_minimise(heads, losses)
        if total.requires_grad:
            self.scaler.scale(total / self.divisor).backward()
        return losses

    @property
    def divisor(self) -> int:
        """The number that gradients are divided by before the update.

        Quirk: ADAM_ON_SUMS
        """
        return 1 if self.net.adam else self.images

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context of mixed precision, or an empty one if it is off."""
        if self.amp is None:
            return nullcontext()
        return torch.autocast(self.network.device.type, self.amp)

    def step(self, rate: float) -> str:
        """Update the parameters from the gradients of a whole batch; return the EMA's line."""
        self.scaler.unscale_(self.optimizer)  # type: ignore[arg-type]  # param_groups are enough
        update.centre_gradients(self.network)
        update.prepare_gradients(self.parts, self.net, self.counts.own)
        update.set_rate(self.optimizer, rate)
        self.scaler.step(self.optimizer)  # type: ignore[arg-type]
        self.scaler.update()
        update.clip_weights(self.parts, self.net)
        return self.moving.update(self.counts.own)

    def prepare_save(self, *, last: bool = False) -> None:
        """Make the weights ready to be saved, and hold what the state says of each process.

        The `last` save is no part of the training, which goes on from what was before it.
        """
        if last:
            self.hold(last)
        self.counts = self.team.before_save(self.counts)
        if not last:
            self.hold(last)

    def hold(self, last: bool) -> None:
        """Hold what the next state says of each process."""
        counts = self.counts.batch, self.counts.behind, self.counts.ahead
        numbers = {"counts": counts, **scaler_figures(self.scaler)}
        self.held = self.team.parts(numbers, self.tensors(), last)

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors that resuming needs besides the weights."""
        return tensors_of(self.network, self.optimizer, self.moving)

    def state(self, run: Mapping[str, Any]) -> State:
        """Return the state that resuming needs besides the weights."""
        numbers = {"batch": self.batch, "average": self.average, "boxes": self.boxes}
        numbers |= {"seed": self.seed, "exif": self.network.exif, **scaler_figures(self.scaler)}
        numbers |= self.held.numbers
        return State(run, numbers, {**self.tensors(), **self.held.tensors})

    def restore(self, whole: State) -> None:
        """Resume from a state; its weights must already be loaded."""
        state = self.team.part_of(whole)
        self.counts = Counts(*state.numbers.get("counts", [state.numbers["batch"]]))
        self.average = state.numbers["average"]
        self.boxes, self.seed = list(state.numbers["boxes"]), state.numbers["seed"]
        restore_scaler(self.scaler, state.numbers)
        restore_tensors(state.tensors, self.network, self.optimizer, self.moving)


def use_lean_forms(network: Network) -> None:
    """Let a network keep fewer maps for its gradients, with the same results."""
    use_lean_convolutions(network)
    use_one_step(network)


def at_least_single(values: Tensor) -> Tensor:
    """Return values that are no narrower than float32."""
    return values if values.dtype == torch.float64 else values.float()
