"""What Python programs export a network with."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from operator import index

from ..boxes.settings import Limits, settings
from ..errors import UsageError
from ..modules.onnx_graph import OPSET
from ..network import Network, check_share
from ..system.paths import path_of
from .export import Result, batch_of
from .export import export_onnx as export
from .metadata import Facts
from .onnx_model import ExportOptions


def export_onnx(
    network: Network,
    path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    opset: int = OPSET,
    batch: int | str = 1,
    size: tuple[int, int] | None = None,
    half: bool = False,
    thresh: float | None = None,
    nms: float | None = None,
    letterbox: bool | None = None,
    images: Iterable[str | os.PathLike[str]] = (),
) -> Result:
    """Write a network as an ONNX file, proven beside the network before it has its name.

    It does what `pydarknet export onnx` does, with the network's names and dialect; the network
    stays as it is. `layout` is merged, rows, deepstream, nms, raw or values; `batch` a number or
    "dynamic", `size` width and height if not the network's, `images` more images for the check. The
    result's `report.text()` says what the check found. Raises DarknetError for what cannot be
    exported, and for a file that differs: then none is left, and one that was there stays.
    """
    check_share("thresh", thresh)
    check_share("nms", nms)
    network.check_values()
    copied = copy.deepcopy(network).to("cpu").float().eval()
    if size is not None:
        copied.resize(*sides_of(size))
    chosen = settings(copied, thresh=thresh, nms=nms, letterbox=letterbox)
    options = ExportOptions(
        layout=layout,
        opset=opset,
        batch=batch_of(batch),
        half=half,
        limits=Limits(thresh=chosen.decoding.thresh, nms=chosen.nms),
    )
    facts = Facts(
        cfg=network.net.section.path,
        weights=None,  # values may have changed since they were loaded
        letterbox=chosen.letterbox,
        batch=options.batch,
        opset=opset,
        precision="half" if half else "float",
    )
    given = tuple(path_of(image, "image") for image in images)
    return export(copied, path_of(path, "path"), options, facts, given)


def sides_of(size: tuple[int, int]) -> tuple[int, int]:
    """Return width and height. Raises UsageError for anything else."""
    try:
        width, height = size
        return index(width), index(height)
    except (TypeError, ValueError):
        problem = f"size = {size}: expected width and height, as (416, 416)"
        raise UsageError(problem) from None
