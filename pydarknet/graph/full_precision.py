"""Float32 with all its digits, as in the C: GPUs compute no TF32 while a network computes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


class FullPrecision:
    """Turns TF32 off for as long as anyone needs that, and then restores what was set.

    The setting is the process's: the first thread that needs it turns it off, the last restores it.
    """

    def __init__(self, turn_off: Callable[[], Callable[[], None]]) -> None:
        self.turn_off = turn_off
        self.restore: Callable[[], None] | None = None
        self.needed = 0
        self.lock = threading.Lock()

    @contextmanager
    def __call__(self, device: torch.device) -> Iterator[None]:
        """Return the context in which a device computes with all digits; only a GPU needs it."""
        if device.type != "cuda":
            yield
            return
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def enter(self) -> None:
        """Turn TF32 off, if it is not off yet."""
        with self.lock:
            if not self.needed:
                self.restore = self.turn_off()
            self.needed += 1

    def leave(self) -> None:
        """Restore the setting, if nobody else needs it off."""
        with self.lock:
            self.needed -= 1
            if self.restore and not self.needed:
                self.restore()


def turn_tf32_off() -> Callable[[], None]:
    """Let cuDNN use no TF32, and return what restores the setting.

    Where a program uses the setting by operator, torch refuses to read the one for all of cuDNN.
    """
    cudnn = torch.backends.cudnn
    try:
        before = cudnn.allow_tf32
    except RuntimeError:
        return turn_off_by_operator()
    cudnn.allow_tf32 = False

    def restore() -> None:
        cudnn.allow_tf32 = before

    return restore


def turn_off_by_operator() -> Callable[[], None]:
    """Let cuDNN convolve without TF32, by the setting that torch has from 2.9 on."""
    convolutions = torch.backends.cudnn.conv  # type: ignore[attr-defined]  # no stub
    before = convolutions.fp32_precision
    convolutions.fp32_precision = "ieee"

    def restore() -> None:
        convolutions.fp32_precision = before

    return restore


full_precision = FullPrecision(turn_tf32_off)
