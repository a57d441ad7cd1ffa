"""What an exported file says about itself: in ultralytics' keys, in OpenVINO's, and in ours."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..boxes.rule import USUAL
from ..graph.executor import Executor
from ..graph.traits import traits_of
from ..layers import DetectionHead, Layer, last_detection_head
from ..runtime.about import KEY
from ..system.digest import digest
from ..system.text import read_text, without_bytes
from ..system.version import __version__
from .layouts import Layout, Merged

OURS = ("sigma", "agnostic", "after")  # of a rule of suppression: see boxes/rule.py
GREY = 128  # the margin of a letterbox, as a byte


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the network itself does not know: where it comes from, and how its images are fitted."""

    cfg: str  # the path
    weights: Path | None
    letterbox: bool
    batch: int | str
    opset: int
    precision: str = "float"


def metadata(
    layout: Layout, facts: Facts, outputs: list[str], states: dict[str, tuple[int, ...]]
) -> dict[str, str]:
    """Return all keys and values of a file; `states` are the sizes of the inputs that are kept."""
    network = layout.network
    ours = {
        "version": __version__,
        "layout": layout.name,
        "outputs": outputs,
        "states": {name: f"{name}_after" for name in states},
        "state_sizes": states,
        "dialect": network.dialect.name,
        "input": list(network.input.tensor),
        "input_name": layout.input,
        "batch": facts.batch,
        "opset": facts.opset,
        "precision": facts.precision,
        "channels": "RGB",
        "scale": "0..1",
        "letterbox": facts.letterbox,
        "exif": network.exif,
        "thresh": layout.limits.thresh,
        "nms": suppression(layout),
        "names": [without_bytes(name) for name in network.names or ()],
        "heads": heads(layout),
        "trees": trees(network),
        "traits": traits_of(network).words,
        "cfg": cfg_text(facts.cfg),
        "cfg_sha256": digest_of(Path(facts.cfg)),
        "weights_sha256": digest_of(facts.weights),
    }
    common = ultralytics(layout, facts) if network.input.image else {}
    more = openvino(layout, facts) if isinstance(layout, Merged) else {}
    return {**common, **more, KEY: json.dumps(ours)}


def cfg_text(path: str) -> str:
    """Return the text of a cfg; none if it is gone since a Python program read it."""
    return without_bytes(read_text(path, "a .cfg")) if os.path.isfile(path) else ""


def digest_of(path: Path | None) -> str | None:
    """Return the SHA-256 of a file; None if there is none, or it is gone since it was read."""
    return digest(path) if path and os.path.isfile(path) else None


def suppression(layout: Layout) -> dict[str, Any]:
    """Return how boxes are suppressed: the kind, its exponent and the overlap; then what is ours.

    What is ours is there where a cfg asks for it.
    """
    last = last_detection_head(layout.network.layers)
    rule, usual = asdict(last.suppression if last else USUAL), asdict(USUAL)
    ours = {name: rule[name] for name in OURS if rule[name] != usual[name]}
    return {"kind": rule["kind"], "beta": rule["beta"], "thresh": layout.limits.nms, **ours}


def heads(layout: Layout) -> list[dict[str, Any]]:
    """Return what is known of each head: its layer, classes, anchors, stride and limits.

    `choice` is a name in runtime/choose.py, `tree` one in `trees`.
    """
    found, network = [], layout.network
    for node in network.nodes:
        layer = node.layer
        if not layer.head:
            continue
        head: dict[str, Any] = {"layer": node.index, "type": layer.section.name}
        if isinstance(layer, DetectionHead):
            head["classes"] = layer.classes
            head["anchors"] = [list(pair) for pair in layer.anchor_sizes]
            head["tree"] = tree_name(layer)
            head["choice"] = layer.choice
            head["corrects_letterbox"] = layer.corrects_letterbox
            if node.inputs[0].image:
                head["stride"] = network.input.w / min(x.w for x in node.inputs)
            if competition := layer.competition(node):
                head["compete"] = asdict(competition)
            if limits := layout.limits_of(layer):
                head["limits"] = limits
        found.append(head)
    return found


def trees(network: Executor) -> dict[str, str]:
    """Return the text of each tree of classes, under the name that the cfg gives its file."""
    found = {}
    for layer in network.layers:
        if layer.hierarchy and (name := tree_name(layer)):
            rows = zip(layer.hierarchy.names, layer.hierarchy.parents, strict=True)
            found[name] = "".join(f"{name} {parent}\n" for name, parent in rows)
    return found


def tree_name(layer: Layer) -> str | None:
    """Return the name that the cfg gives the file of a layer's tree of classes, if it has one."""
    entry = layer.section.find("tree") if layer.hierarchy else None
    return str(entry.value) if entry else None


def class_count(network: Executor) -> int:
    """Return the number of classes: of the last detection head, else of values of the result."""
    last = last_detection_head(network.layers)
    return last.classes if last else network.nodes[network.result].output.outputs


def label_names(network: Executor) -> tuple[str, ...]:
    """Return a name per class, in valid Unicode: those of the network, else numbers."""
    count = class_count(network)
    given = tuple(map(without_bytes, network.names or ()))
    return given[:count] + tuple(str(k) for k in range(len(given), count))


def ultralytics(layout: Layout, facts: Facts) -> dict[str, str]:
    """Return the keys that ultralytics writes, and its followers read; Python literals."""
    network = layout.network
    strides = [int(head["stride"]) for head in heads(layout) if "stride" in head]
    return {
        "description": without_bytes(f"pydarknet {facts_of(network)}"),
        "author": "pydarknet",
        "version": __version__,
        "stride": str(max(strides, default=32)),
        "task": "detect" if last_detection_head(network.layers) else "classify",
        "batch": str(facts.batch),
        "imgsz": str([network.input.h, network.input.w]),
        "names": str(dict(enumerate(label_names(network)))),
        "channels": str(network.input.c),
        "end2end": "False",
        "args": str({"batch": facts.batch, "half": facts.precision == "half", "nms": False}),
    }


def facts_of(network: Executor) -> str:
    """Return a few words on a network: the name of its cfg and its dialect."""
    return f"{Path(network.net.section.path).stem}, {network.dialect.name}"


def openvino(layout: Layout, facts: Facts) -> dict[str, str]:
    """Return the keys of OpenVINO's model_api; labels are joined by spaces, so they have none."""
    network = layout.network
    resize = "fit_to_window_letterbox" if facts.letterbox else "standard"
    values = {
        "model_type": "YOLOv8",
        "labels": " ".join("_".join(name.split()) or "_" for name in label_names(network)),
        "confidence_threshold": f"{layout.limits.thresh:g}",
        "iou_threshold": f"{layout.limits.nms:g}",
        "resize_type": resize,
        "pad_value": str(GREY),
        "reverse_input_channels": "True",
        "scale_values": " ".join(["255.0"] * network.input.c),
    }
    return {f"model_info {key}": value for key, value in values.items()}
