"""The command classify."""

from __future__ import annotations

from pathlib import Path

from ..operands import CfgOrOnnx, Images, Recursive, Weights
from ..verbs import Run, verb
from .classifier_predict import Top, classifier_predict


@verb("classify", lazy=True)
def classify(
    run: Run,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *images: Images,
    t: Top = 5,
    recursive: Recursive = False,
) -> None:
    """Print the best of the 1000 ImageNet classes of images.

    Darknet: examples/darknet.c main (classify)
    """
    data = Path("cfg/imagenet1k.data")
    classifier_predict(run, data, cfg, weights, *images, t=t, recursive=recursive)
