"""The command export onnx."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import FORK
from ...errors import UsageError
from ...system.console import note, say
from ...system.resources import locate
from ...system.text import count_of
from ..data_files import check_outputs, class_labels, write_text
from ..int8_flags import Int8Flags, export_as_asked, read_int8
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
    from ...boxes.settings import Limits, settings
    from ...export.export import batch_of
    from ...export.metadata import Facts
    from ...export.onnx_model import ExportOptions
    from ..image_source import Source
    from ..open_network import open_on_cpu

    int8 = read_int8(eight, half, opset, data)
    weights = locate(weights)
    network = open_on_cpu(run, cfg, weights)
    set_names(network, data)
    resize(network, size)
    path = out or Path(weights.name).with_suffix(".onnx")
    if labels:
        check_outputs(labels_of(path), None)
    paths = tuple(map(Path, Source(images).paths())) if images else ()
    chosen = settings(network, thresh=thresh, nms=nms, letterbox=letter_box or None)
    options = ExportOptions(
        layout=layout,
        opset=opset,
        batch=batch_of(batch or ""),
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
    result = export_as_asked(network, path, options, facts, paths, int8)
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
    """Give the network the names of a .data file, or refuse too few; without one, numbers.

    Those of a classifier may stand under `labels`.
    """
    from ...dataset.files import DataFile
    from ...export.metadata import class_count

    if data is None:
        note("no -data: the file calls its classes by their numbers")
        return
    options = DataFile.read(data)
    key = "names" if options.find("names") or not options.find("labels") else "labels"
    path = options.get_file(key, "data/names.list")
    network.names = class_labels(path, class_count(network))


def resize(network: Network, size: str | None) -> None:
    """Let the network take images of a size such as 416x416."""
    if size is None:
        return
    sides = re.fullmatch(r"(\d+)x(\d+)", size)
    if not sides:
        raise UsageError(f"-size {size}: expected WxH, such as 416x416")
    network.resize(int(sides[1]), int(sides[2]))
