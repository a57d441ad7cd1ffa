"""The learning rate as a function of the number of the batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import singledispatch

import numpy as np

from ..cfg.net import Net, NetAlexeyAB

SIZE_T = 2**64  # the original's batch numbers have no sign


def learning_rate(net: Net, batch: int, chance: float = 0.0) -> float:
    """Return the rate of the update after batch number `batch`, counted from 1.

    While it is below `burn_in` the rate rises by a power, whatever the policy. `chance` is a random
    number in 0..1 for `policy=random`.

    Darknet: src/network.c get_current_rate
    """
    if batch < net.burn_in:
        return net.learning_rate * (batch / net.burn_in) ** net.power
    if net.policy == "random":
        return net.learning_rate * chance**net.power
    return POLICIES[net.policy](net, batch)


def to_power(base: float, exponent: int) -> float:
    """Return a power, infinite where it is too large, as in the C."""
    try:
        return base**exponent
    except OverflowError:
        return math.inf


def constant(net: Net, batch: int) -> float:
    """Return the constant rate."""
    return net.learning_rate


def step(net: Net, batch: int) -> float:
    """Return the rate times `scale` per `step` batches."""
    return net.learning_rate * to_power(net.scale, batch // net.step)


def steps(net: Net, batch: int) -> float:
    """Return the rate times the scales of all `steps` so far."""
    rate = net.learning_rate
    for at, scale in zip(net.steps, net.scales, strict=False):
        if not is_reached(net, at, batch):
            break
        rate *= scale
    return rate


def exp(net: Net, batch: int) -> float:
    """Return the rate times a power of `gamma`."""
    return net.learning_rate * to_power(net.gamma, batch)


def poly(net: Net, batch: int) -> float:
    """Return the rate times the fraction of batches that are left, to `power` (default 4)."""
    done = float(np.float32(batch / net.max_batches))  # float32 as in the C; it matters near 1
    return net.learning_rate * (1 - done) ** net.power


def sigmoid(net: Net, batch: int) -> float:
    """Return the rate on a curve that falls about `step`."""
    power = net.gamma * batches_since_step(net, batch)
    return net.learning_rate / (1 + math.exp(power)) if power < 700 else 0.0


def sgdr(net: Net, batch: int) -> float:
    """Return the rate of cosine cycles, each `sgdr_mult` times as long as the last.

    Darknet: src/network.c get_current_rate (AlexeyAB)
    """
    start, length = 0, net.sgdr_cycle
    while length > 0 and start + length < batch:
        start, length = start + length, length * net.sgdr_mult
    share = (batch - start) / length if length > 0 else 0.0
    least = net.learning_rate_min
    return least + 0.5 * (net.learning_rate - least) * (1 + math.cos(share * 3.14159265))


POLICIES: Mapping[str, Callable[[Net, int], float]] = {
    "constant": constant,
    "step": step,
    "steps": steps,
    "exp": exp,
    "poly": poly,
    "sigmoid": sigmoid,
    "sgdr": sgdr,
}


@singledispatch
def batches_since_step(net: Net, batch: int) -> int:
    """Return the batches since `step`; before it, the original's unsigned count wraps around.

    Darknet: src/network.c get_current_rate
    Quirk: SIGMOID_UNDERFLOW
    """
    return (batch - net.step) % SIZE_T


@batches_since_step.register
def _(net: NetAlexeyAB, batch: int) -> int:
    return batch - net.step


@singledispatch
def is_reached(net: Net, at: int, batch: int) -> bool:
    """Return whether a step is reached; a negative one never is in the original.

    Darknet: src/network.c get_current_rate
    Quirk: NEGATIVE_STEPS
    """
    return 0 <= at <= batch


@is_reached.register
def _(net: NetAlexeyAB, at: int, batch: int) -> bool:
    return at <= batch
