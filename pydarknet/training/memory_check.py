"""Shows at once, before a training begins, that memory is too small for it."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ..cfg.net import Net
from ..dataset.input_size import Size, Sizes, largest
from ..dataset.sample import Samples
from ..errors import OutOfMemory
from ..layers import detection_heads, last_detection_head
from ..network import Network
from ..system.memory import is_lack_of_memory, usable_memory
from ..system.text import count_of
from .learner import Learner
from .optimizer import images_of_update, mini_batch

TRUTH = 6  # numbers of a true box


def check_iteration(network: Network) -> None:
    """Raise an error if memory cannot hold what one iteration needs at least.

    All images of an iteration are made before its first mini-batch, of which all maps are kept.
    """
    net, (width, height), head = network.net, largest(network), last_detection_head(network.layers)
    image = max(network.input.c * width * height, network.input.outputs)
    truth = TRUTH * head.max if head else 0
    maps = sum(node.output.outputs for node in network.nodes)
    count, mini = images_of_update(net), mini_batch(net)
    needed, most = 4 * (count * (image + truth) + mini * maps), usable_memory()
    if needed > most:
        raise net.error(
            f"batch = {net.batch}, subdivisions = {net.subdivisions}, time_steps ="
            f" {net.time_steps}: {count_of(count, 'image')} an iteration, {mini} at once, need"
            f" {needed / 2**30:.1f} GiB: expected at most {most / 2**30:.1f} GiB",
            hint="a smaller batch needs less, and so do more subdivisions of it",
        )


def sizes_vary(network: Network) -> bool:
    """Return whether image sizes are random."""
    return any(head.random for head in detection_heads(network.layers))


def is_tried(network: Network) -> bool:
    """Return whether a mini-batch is tried first: of many sizes, and of one on a GPU."""
    return sizes_vary(network) or network.device.type == "cuda"


def try_largest(learner: Learner, size: Sizes, samples: Samples) -> None:
    """Run one mini-batch of the largest images forward and backward, then restore everything.

    Raises OutOfMemory, with the `subdivisions` that fit, if memory does not suffice.
    """
    now = learner.network.input
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    try:
        if not fits(learner, size.largest, samples, learner.mini):
            raise out_of_memory(learner, size.largest, samples)
    finally:
        learner.optimizer.drop_gradients()
        learner.resize_for(torch.empty(1, now.c, now.h, now.w))
        learner.network.load_state_dict(before)


def fits(learner: Learner, size: Size, samples: Samples, count: int) -> bool:
    """Return whether `count` grey images of a size fit in memory, forward and backward."""
    width, height = size
    try:
        images = torch.full((count, learner.network.input.c, height, width), 0.5)
        learner.set_training_mode()
        learner.resize_for(images)
        truth = torch.zeros(count, *samples.truth_shape)
        learner.accumulate(images.to(learner.network.device), truth, count)
    except Exception as error:
        if not is_lack_of_memory(error):
            raise
        return False
    return True


def out_of_memory(learner: Learner, size: Size, samples: Samples) -> OutOfMemory:
    """Return the error, with the `subdivisions` that fit: found by trying."""
    batch = learner.net.batch
    do = "does" if learner.mini == 1 else "do"
    images = f"{count_of(learner.mini, 'image')} of {size[0]} x {size[1]}"
    problem = f"{images} {do} not fit in memory"
    for parts in more_subdivisions(learner.net):
        count = batch // parts
        if fits(learner, size, samples, count):
            hint = f"set subdivisions={parts} in [net]: a mini-batch of {count} fits"
            return OutOfMemory(problem, hint=hint)
    return OutOfMemory(problem, hint="none fits: use a smaller width and height in [net]")


def more_subdivisions(net: Net) -> Iterator[int]:
    """Yield the `subdivisions` that would make smaller mini-batches of equal size."""
    numbers = range(net.subdivisions + 1, net.batch + 1)
    return (parts for parts in numbers if net.batch % parts == 0)


def smaller_batches(net: Net) -> str:
    """Return the hint for a training that needs too much memory."""
    parts = next(more_subdivisions(net), None)
    sides = "a smaller width and height in [net]"
    if parts is None:
        return f"use {sides}"
    return f"set subdivisions={parts} in [net] (it is {net.subdivisions}), or use {sides}"
