"""What Python programs export a network with."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import index
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import UsageError
from ..modules.onnx_graph import OPSET
from ..network import Network
from ..runtime.detector import check_share
from ..system.paths import path_of
from .export import Result
from .request import Request, set_names


def export_onnx(
    network: Network,
    path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    opset: int = OPSET,
    batch: int | str = 1,
    size: tuple[int, int] | None = None,
    half: bool = False,
    opencv4: bool = False,
    thresh: float | None = None,
    nms: float | None = None,
    letterbox: bool | None = None,
    images: Iterable[str | os.PathLike[str]] = (),
    data: str | os.PathLike[str] | None = None,
    int8: bool = False,
    calibrate: str | os.PathLike[str] | None = None,
    force: bool = False,
) -> Result:
    """Write a network as an ONNX file, proven beside the network before it has its name.

    It does what `pydarknet export onnx` does, in the network's dialect and with its names, or those
    of `data`; the network stays as it is. `layout` is merged, rows, deepstream, nms, raw or values;
    `batch` a number or "dynamic", `size` width and height if not the network's, `images` more
    images for the check. `int8` needs `calibrate`, a list of images, and measures what is lost on
    the list `valid` of `data`. The result's `report.text()` says what the check found, its `costs`
    what int8 costs. Raises DarknetError for what cannot be exported, and for a file that differs or
    loses too much: then none is left, and one that was there stays.
    """
    check_share("thresh", thresh)
    check_share("nms", nms)
    network.check_values()
    request = Request(
        layout=layout,
        opset=opset,
        batch=batch,
        half=half,
        opencv4=opencv4,
        thresh=thresh,
        nms=nms,
        letterbox=letterbox,
        int8=int8,
        calibrate=None if calibrate is None else path_of(calibrate, "calibrate"),
        data=None if data is None else path_of(data, "data"),
        force=force,
    )
    eight = request.read_int8()
    given = tuple(path_of(image, "image") for image in images)
    copied = copy_of(network, size, request.data)
    with weights_of(copied, kept=not (half or int8)) as weights:
        return request.export(copied, path_of(path, "path"), eight, given, weights)


@contextmanager
def weights_of(network: Network, *, kept: bool) -> Iterator[Path | None]:
    """Give a weights file of the values as they are now, or none; it is gone at the end.

    They may have changed since they were loaded. If not, it has the bytes that were loaded.
    """
    if not kept:
        yield None
        return
    with TemporaryDirectory(prefix="pydarknet.") as folder:
        weights = Path(folder, "network.weights")
        network.save_weights(weights, header=network.header)
        yield weights


def copy_of(network: Network, size: tuple[int, int] | None, data: Path | None) -> Network:
    """Return a copy in float on the CPU, of another size and with other names if they are given."""
    copied = copy.deepcopy(network).to("cpu").float().eval()
    if data is not None:
        set_names(copied, data)
    if size is not None:
        copied.resize(*sides_of(size))
    return copied


def sides_of(size: tuple[int, int]) -> tuple[int, int]:
    """Return width and height. Raises UsageError for anything else."""
    try:
        width, height = size
        return index(width), index(height)
    except (TypeError, ValueError):
        problem = f"size = {size}: expected width and height, as (416, 416)"
        raise UsageError(problem) from None
