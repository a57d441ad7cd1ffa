"""The command export onnx."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import FORK
from ...errors import UsageError
from ...system.console import note, say
from ...system.resources import locate
from ...system.text import count_of
from ..data_files import check_outputs, write_text
from ..int8_flags import Int8Flags, tell
from ..operands import Cfg, Nms, WeightsFile
from ..verbs import READ_IMAGES, SHARE, Help, Run, verb

if TYPE_CHECKING:
    from ...network import Network

Out = Annotated[
    Path | None,
    Help(
        "the file to write, NAME.onnx; by default named after the weights, in this folder",
        writes=True,
    ),
]
LayoutName = Annotated[
    str | None,
    Help("merged (for most programs), rows, deepstream, nms, raw, values: see docs/MIGRATING.md"),
]
Data = Annotated[Path | None, Help("the .data file, which names the classes")]


@verb("export onnx", uses=READ_IMAGES)
def export_onnx(
    run: Run,
    cfg: Cfg,
    weights: WeightsFile,
    out: Out = None,
    *images: Annotated[
        str, Help("images, folders, patterns or lists, on which the file is checked")
    ],
    layout: LayoutName = None,
    data: Data = None,
    opset: Annotated[int, Help("the version of ONNX's operators")] = 13,
    batch: Annotated[str, Help("images at once: a number, or dynamic")] = "1",
    size: Annotated[str | None, Help("WxH: the input's size, if not that of the cfg")] = None,
    half: Annotated[bool, Help("half precision but for input, heads and outputs")] = False,
    eight: Int8Flags,
    opencv4: Annotated[
        bool, Help("-layout rows with scores limited by thresh and nms_threshold, as OpenCV 4 did")
    ] = False,
    thresh: Annotated[
        float | None, Help("the score that the file and its check use", range=SHARE)
    ] = None,
    nms: Nms = None,
    letter_box: Annotated[
        bool, Help("say in the file that images keep their proportions in it", FORK)
    ] = False,
    labels: Annotated[bool, Help("write labels.txt beside the file, a name a line")] = False,
) -> None:
    """Write a network as an ONNX file, and prove it beside the network before it gets its name."""
    from ...export.request import Request
    from ..image_source import Source
    from ..open_network import open_on_cpu

    request = Request(
        layout=layout,
        opset=opset,
        batch=batch or "",
        half=half,
        opencv4=opencv4,
        thresh=thresh,
        nms=nms,
        letterbox=letter_box or None,
        data=data,
        **asdict(eight),
    )
    int8 = request.read_int8()
    weights = locate(weights)
    network = open_on_cpu(run, cfg, weights)
    set_names(network, data)
    resize(network, size)
    path = out or Path(weights.name).with_suffix(".onnx")
    if labels:
        check_outputs(labels_of(path), None)
    paths = tuple(map(Path, Source(images).paths())) if images else ()
    result = request.export(network, path, int8, paths, weights)
    say(result.report.text())
    if result.costs:
        tell(result.costs)
    say(f"{path}: layout {result.layout}, {path.stat().st_size} bytes")
    if labels:
        write_labels(network, labels_of(path))


def labels_of(path: Path) -> Path:
    """Return the file of labels beside an ONNX file."""
    return path.with_name("labels.txt")


def write_labels(network: Network, path: Path) -> None:
    """Write the name of each class on a line, as Frigate and DeepStream read them."""
    from ...export.metadata import label_names

    names = label_names(network)
    write_text(path, "".join(f"{name}\n" for name in names))
    say(f"{path}: {count_of(len(names), 'name')}")


def set_names(network: Network, data: Path | None) -> None:
    """Give the network the names of a .data file; without one, say that classes are numbers."""
    from ...export import request

    if data is None:
        note("no -data: the file calls its classes by their numbers")
        return
    request.set_names(network, data)


def resize(network: Network, size: str | None) -> None:
    """Let the network take images of a size such as 416x416."""
    if size is None:
        return
    sides = re.fullmatch(r"(\d+)x(\d+)", size)
    if not sides:
        raise UsageError(f"-size {size}: expected WxH, such as 416x416")
    network.resize(int(sides[1]), int(sides[2]))
