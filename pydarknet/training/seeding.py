"""torch's random numbers of a training."""

from __future__ import annotations

import torch


def seed_torch(seed: int, device: torch.device) -> None:
    """Seed the random numbers of the CPU and of a device, as torch.manual_seed does.

    That writes down the whole stack of calls for each kind of device that is not in use, which
    takes as long as an iteration of a small network.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
