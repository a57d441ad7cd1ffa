"""A network as a compiled form: the export that an engine loads fastest, checked beside torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from ..boxes.settings import Limits, settings
from ..modules.onnx_graph import OPSET
from ..modules.recurrent import is_recurrent
from ..network import Network
from ..runtime.about import KEY
from ..runtime.engine import open_engine, write_ready
from ..runtime.forms import ARRAYS, MODEL
from .check import Report, check_report, compare, refuse_suppression
from .metadata import Facts
from .onnx_model import ExportOptions, build_model

LARGEST = 1 << 30  # bytes of a network that is compiled; what an engine reads at once has 2 GB
SEED = 1


def can_compile(network: Network, *, boxes: bool) -> bool:
    """Return whether a network has a compiled form: of detectors that give the same boxes.

    Without `boxes`, whether a classifier has. Recurrent networks, and those whose input is no
    image, have none; neither have those that take more memory than pays.
    """
    image = network.input.image and not is_recurrent(network)
    small = 4 * sum(tensor.numel() for tensor in network.state_dict().values()) <= LARGEST
    detector = bool(network.traits.classes)
    return image and small and detector is boxes and network.device.type == "cpu"


def compile_network(network: Network, engine: str, folder: Path) -> dict[str, Any]:
    """Write a network for an engine into a folder; return what the file says of itself.

    It has every box that the network computes, whatever thresholds are; names of classes and EXIF
    are of the call that uses it. Raises OSError, and
    DarknetError if the network cannot be written, or the engine gives other numbers.
    """
    chosen = settings(network)
    options = ExportOptions(
        layout="rows" if network.traits.classes else "values",
        limits=Limits(thresh=chosen.decoding.thresh, nms=chosen.nms),
    )
    facts = Facts(
        cfg=network.net.section.path,
        weights=None,
        letterbox=network.letter_box,
        batch=1,
        opset=OPSET,
    )
    exported = build_model(network, options, facts)
    words = next(one.value for one in exported.model.metadata_props if one.key == KEY)
    path = folder / MODEL
    write_ready(exported.model.SerializeToString(), engine, path, ARRAYS)
    if engine == "opencv":
        refuse_suppression(exported)
    report = Report(engine)
    generator = torch.Generator().manual_seed(SEED)
    images = torch.rand(1, *network.input.tensor, generator=generator)
    loaded = open_engine(path, engine, ready=True)
    compare(loaded, exported, images, report, network.prepared(), suppressed=False)
    check_report(report, exported.layout, path, "float")
    about: dict[str, Any] = json.loads(words)
    return about | {"names": [], "exif": True}
