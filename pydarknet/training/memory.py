"""Tries the largest images before a training begins, so that memory fails at its start."""

from __future__ import annotations

import torch

from ..dataset.sample import Samples
from ..dataset.sizes import Size, Sizes
from ..errors import UsageError
from .learner import Learner


def try_largest(learner: Learner, size: Sizes, samples: Samples) -> None:
    """Run one mini-batch of the largest images forward and back, and leave no trace of it.

    Raises UsageError with the `subdivisions` that would fit where memory does not suffice.
    """
    now = learner.network.input
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    try:
        attempt(learner, size.largest, samples)
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if "memory" not in str(error):
            raise
        raise out_of_memory(learner, size.largest) from None
    finally:
        learner.optimizer.zero_grad(set_to_none=True)
        learner.fit(torch.empty(1, now.c, now.h, now.w))
        learner.network.load_state_dict(before)


def attempt(learner: Learner, size: Size, samples: Samples) -> None:
    """Run a grey mini-batch of a size through the network and back."""
    width, height = size
    images = torch.full((learner.mini, learner.network.input.c, height, width), 0.5)
    learner.teach()
    learner.fit(images)
    truth = torch.zeros(learner.mini, *samples.truth_shape)
    learner.accumulate(images.to(learner.network.device), truth, 1, None)


def out_of_memory(learner: Learner, size: Size) -> UsageError:
    """Say which `subdivisions` would fit: enough of them to halve what is held at once."""
    net, most = learner.net, max(learner.mini // 2, 1)
    enough = next(n for n in range(1, net.batch + 1) if net.batch // n <= most)
    return UsageError(
        f"{learner.mini} images of {size[0]} x {size[1]} do not fit in memory",
        hint=f"set subdivisions={enough} in [net]: {net.batch // enough} at a time",
    )
