"""The loss of every layer that owns a cost, by its class: importing this registers them all."""

from . import (  # noqa: F401  # a name in __all__ would be a section's
    cost,
    detection,
    gaussian_yolo,
    region,
    region_alexeyab,
    softmax,
    unsupported,
    yolo,
    yolo_alexeyab,
)
from .base import Lesson, Loss, loss_of, owns_cost

__all__ = ["Lesson", "Loss", "loss_of", "owns_cost"]
