"""The losses, a file for each kind of head. Importing this registers them for their layers.

A new head's loss is a file here and its line in the list below. The file registers a function by
`delta_loss` (a delta as Darknet's C code writes it) or by `scalar_loss` (a number that autograd
differentiates); see base.py for what each must return.
"""

from . import (  # noqa: F401  # a name in __all__ would be a section's
    centernet,
    cost,
    detection,
    gaussian_yolo,
    region,
    region_alexeyab,
    retina,
    softmax,
    ssd,
    unsupported,
    yolo,
    yolo_alexeyab,
    yolo_simota,
    yolox,
)
from .base import (
    DeltaLoss,
    Family,
    Loss,
    LossInputs,
    ScalarLoss,
    by_autograd,
    delta_loss,
    family_of,
    head_by_head,
    owns_cost,
    scalar_loss,
)

__all__ = [
    "DeltaLoss",
    "Family",
    "Loss",
    "LossInputs",
    "ScalarLoss",
    "by_autograd",
    "delta_loss",
    "family_of",
    "head_by_head",
    "owns_cost",
    "scalar_loss",
]
