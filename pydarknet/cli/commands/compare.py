"""The command compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...cfg.numbers import Range
from ...errors import UsageError
from ..operands import Cfg, WeightsFile
from ..verbs import INFER, SHARE, Help, Run, verb

Compared = Annotated[
    str, Help("images, folders, patterns or lists; if omitted, those that come with pydarknet")
]
USAGE = "pydarknet compare my.cfg my.weights photo.jpg -darknet ./darknet"


@verb("compare", uses=INFER)
def compare(
    run: Run,
    cfg: Cfg,
    weights: WeightsFile,
    *images: Compared,
    darknet: Annotated[str | None, Help("a Darknet program of any lineage to compare with")] = None,
    onnx: Annotated[
        Path | None, Help("an ONNX file of the network to compare with, whoever wrote it")
    ] = None,
    thresh: Annotated[
        float | None,
        Help(
            "the score a box must exceed; if omitted, the first of 0.25, 0.05 and 0.01 at which"
            " there are boxes",
            range=SHARE,
        ),
    ] = None,
    letter_box: Annotated[
        bool, Help("keep the image's proportions in the network's input, in the fork's lineage")
    ] = False,
    tolerance: Annotated[
        float,
        Help(
            "the difference of a score, or of a side in 0..1, up to which they are equal",
            range=SHARE,
        ),
    ] = 0.0001,
    own_decoder: Annotated[
        bool, Help("give the program the image files as they are, not the pixels we read of them")
    ] = False,
    timeout: Annotated[
        float, Help("the seconds that one run of the program may take", range=Range(above=0))
    ] = 600,
) -> None:
    """Say whether a Darknet program or an ONNX file finds the boxes that our network finds."""
    from ..compare_darknet import compare_darknet
    from ..compare_images import Wanted
    from ..compare_onnx import compare_onnx

    if (darknet is None) == (onnx is None):
        problem = "compare: expected either -darknet PROGRAM or -onnx FILE"
        raise UsageError(problem, hint=USAGE)
    wanted = Wanted(run, cfg, weights, images, thresh, letter_box, own_decoder, tolerance)
    if darknet is not None:
        compare_darknet(wanted, darknet, timeout)
    elif onnx is not None:
        compare_onnx(wanted, onnx)
