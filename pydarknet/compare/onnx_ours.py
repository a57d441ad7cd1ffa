"""Our network beside an ONNX file, on the same input: its boxes in the file's form, its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..boxes.nms import nms_each
from ..boxes.settings import Settings
from ..errors import DataError
from ..export.layout import best_class, rows_of
from ..graph.executor import Executor
from ..graph.head import Head
from ..graph.onnx_network import layer_name
from ..inference.classify import classifier_input
from ..inference.predict import evaluation, network_input
from ..layers import DetectionHead, last_detection_head
from .objects import Objects
from .onnx_forms import SUPPRESSED, Table
from .onnx_layers import Layer


@dataclass(frozen=True)
class Pass:
    """One pass of our network: the input [1, C, H, W], the heads, and the image's sides."""

    images: Tensor
    heads: Sequence[Head]
    width: int
    height: int


def forward(network: Executor, pixels: np.ndarray, chosen: Settings) -> Pass:
    """Run the network on an image, uint8 [H, W, C]; recurrent layers begin anew."""
    images = network_input(network, pixels, letterboxed=chosen.letterbox)[None]
    with torch.inference_mode(), evaluation(network):
        network.reset()
        heads = network.heads(images.to(network.device))
    return Pass(images.cpu(), heads, pixels.shape[1], pixels.shape[0])


def classifier_pass(network: Executor, pixels: np.ndarray) -> Pass:
    """Run a classifier on an image, uint8 [H, W, C]; the last of its heads has the scores."""
    images = classifier_input(network, pixels)[None]
    with torch.inference_mode(), evaluation(network):
        network.reset()
        heads = [
            Head.of(node, inputs, output)
            for node, inputs, output in network.steps(images.to(network.device))
            if node.index == network.result
        ]
    return Pass(images.cpu(), heads, pixels.shape[1], pixels.shape[0])


def scores_of(outputs: Mapping[str, np.ndarray], seen: Pass, path: Path) -> np.ndarray:
    """Return the scores of classes in a file's outputs: the first of their number."""
    count = seen.heads[-1].activated.numel()
    for array in outputs.values():
        if len(array) and array[0].size == count:
            return np.asarray(array[0], np.float32).ravel()
    sizes = ", ".join(f"{name} {list(array.shape)}" for name, array in outputs.items())
    raise DataError(f"its outputs are {sizes}: expected {count} scores", where=path)


def layers_of(network: Executor, images: Tensor) -> list[Layer]:
    """Return what each layer gives for an image."""
    with torch.inference_mode(), evaluation(network):
        network.reset()
        return [
            Layer(layer_name(node), output.float().cpu().numpy(), node.layer.head)
            for node, _, output in network.steps(images.to(network.device))
            if node.output.outputs
        ]


def our_objects(network: Executor, seen: Pass, table: Table, chosen: Settings) -> Objects:
    """Return the boxes of our network in the form of a file: all, or those of their best class."""
    found = every_box(seen.heads, network)
    if table.best:
        found = best_class(found)
    return objects_of(network, seen, found, chosen, table)


def their_objects(network: Executor, seen: Pass, table: Table, chosen: Settings) -> Objects:
    """Return the boxes in a file's outputs, after our threshold and suppression."""
    boxes, scores = (torch.from_numpy(np.array(part)) for part in (table.boxes, table.scores))
    best = scores.amax(1) if len(scores) else scores.new_zeros(0)
    return objects_of(network, seen, Detections(boxes, best, scores), chosen, table)


def every_box(heads: Sequence[Head], network: Executor) -> Detections:
    """Return all boxes of an image in 0..1 of the input, below any threshold too.

    Of a tree of classes, only the leaves have scores.
    """
    detectors = [head for head in heads if isinstance(head.node.layer, DetectionHead)]
    return Detections.cat([rows_of(head, network).take(0).to("cpu") for head in detectors])


def objects_of(
    network: Executor, seen: Pass, found: Detections, chosen: Settings, table: Table
) -> Objects:
    """Return boxes in 0..1 of the input of the image, above the threshold, suppressed."""
    last = last_detection_head(network.layers)
    assert last, "boxes come from a detection head"
    scores = found.probabilities
    scores = scores.where(scores > chosen.decoding.thresh, 0)
    found = replace(found, probabilities=scores, uncertainty=None).kept()
    if last.corrects_letterbox:
        size = network.input.w, network.input.h
        found = found.fit_to_image(seen.width, seen.height, *size, letterbox=chosen.letterbox)
    if chosen.nms:
        rule = last.suppression
        rule = rule.inside if table.form == SUPPRESSED else rule
        [found] = nms_each([found], chosen.nms, rule)
    return Objects.of_boxes(found.kept().numpy())


def of_maps(network: Executor, heads: Sequence[Head], outputs: Sequence[np.ndarray]) -> list[Head]:
    """Return the heads with the maps of a file as what goes into them, or an empty list.

    Each map must have the size of one input of a head, in the order of the heads.
    """
    detectors = [head for head in heads if isinstance(head.node.layer, DetectionHead)]
    sizes = [tuple(values.shape) for head in detectors for values in head.inputs]
    if [array.shape for array in outputs] != sizes:
        return []
    maps = (torch.from_numpy(np.asarray(array, np.float32)) for array in outputs)
    made = []
    with torch.inference_mode(), evaluation(network):
        for head in detectors:
            inputs = [one.to(network.device) for one in islice(maps, len(head.inputs))]
            made.append(Head.of(head.node, inputs, network.stack[head.node.index](*inputs)))
    return made
