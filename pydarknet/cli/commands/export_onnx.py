"""The command export onnx."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import UsageError
from ...system.console import note, say
from ...system.resources import locate
from ...system.text import count_of
from ..int8_flags import Int8Flags, export_as_asked, read_int8
from ..operands import Cfg, Nms, WeightsFile
from ..verbs import READ_IMAGES, SHARE, Help, Run, verb

if TYPE_CHECKING:
    from ...network import Network

Out = Annotated[Path | None, Help("the file to write; by default named after the weights")]
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
    *images: Annotated[str, Help("images on which the file is checked too")],
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
    labels: Annotated[bool, Help("write labels.txt beside the file, a name a line")] = False,
) -> None:
    """Write a network as an ONNX file, and prove it beside the network before it gets its name."""
    from ...export.metadata import Facts
    from ...export.onnx_model import ExportOptions, Limits
    from ...inference.predict import settings
    from ..open_network import open_on_cpu

    int8 = read_int8(eight, half, opset, data)
    weights = locate(weights)
    network = open_on_cpu(run, cfg, weights)
    set_names(network, data)
    resize(network, size)
    chosen = settings(network, thresh=thresh, nms=nms)
    options = ExportOptions(
        layout=layout,
        opset=opset,
        batch=batch_of(batch),
        half=half,
        opencv4=opencv4,
        limits=Limits(thresh=chosen.decoding.thresh, nms=chosen.nms),
    )
    facts = Facts(
        cfg=network.net.section.path,
        weights=weights,
        letterbox=chosen.letterbox,
        batch=options.batch,
        opset=opset,
        precision="half" if half else "float",
    )
    path = out or Path(weights.name).with_suffix(".onnx")
    result = export_as_asked(network, path, options, facts, tuple(map(Path, images)), int8)
    say(f"{path}: layout {result.layout}, {path.stat().st_size} bytes")
    if labels:
        write_labels(network, path.with_name("labels.txt"))


def write_labels(network: Network, path: Path) -> None:
    """Write the name of each class on a line, as Frigate and DeepStream read them."""
    from ...export.metadata import label_names
    from ...system.files import write_errors, write_file

    names = label_names(network)
    with write_errors(path):
        write_file(path, "".join(f"{name}\n" for name in names).encode())
    say(f"{path}: {count_of(len(names), 'name')}")


def set_names(network: Network, data: Path | None) -> None:
    """Give the network the names of a .data file; without one, classes are numbers."""
    from ...dataset.files import DataFile, read_names

    if data:
        network.names = tuple(read_names(DataFile.read(data).get_file("names", "data/names.list")))
    else:
        note("no -data: the file calls its classes by their numbers")


def resize(network: Network, size: str | None) -> None:
    """Let the network take images of a size such as 416x416."""
    if size is None:
        return
    sides = re.fullmatch(r"(\d+)x(\d+)", size)
    if not sides:
        raise UsageError(f"-size {size}: expected WxH, such as 416x416")
    network.resize(int(sides[1]), int(sides[2]))


def batch_of(word: str) -> int | str:
    """Return the number of images at once, or the name of a number that the program chooses."""
    from ...modules.onnx_graph import BATCH

    if word == "dynamic":
        return BATCH
    if not word.isdigit() or not int(word):
        raise UsageError(f"-batch {word}: expected a number of at least 1, or dynamic")
    return int(word)
