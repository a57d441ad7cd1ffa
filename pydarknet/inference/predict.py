"""From images to boxes: fit, run, decode, move back, suppress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..backends.prepare import fast_form
from ..boxes.detections import Detections
from ..boxes.nms import nms_each
from ..boxes.settings import Settings
from ..errors import CfgError
from ..graph.executor import Executor
from ..graph.head import Head
from ..image import fit
from ..image.any_image import check_image
from ..image.decode import with_channels
from ..layers import DetectionHead, Shape, last_detection_head
from ..modules.transforms import letterbox, pixels, resize
from ..runtime.installed import AUTO
from ..runtime.precision import BFLOAT16, FLOAT
from ..system.console import note
from ..system.gpu_errors import gpu_errors
from ..system.memory import memory_errors

Image = np.ndarray  # uint8 RGB [H, W, 3]


def network_input(network: Executor, image: Image, *, letterboxed: bool) -> Tensor:
    """Return an image as the network's input [C, H, W], letterboxed or stretched.

    For a network on a GPU the image is fitted there, elsewhere by numpy, with the same bits, and in
    the memory format that `batch_of` wants.
    """
    shape, device = network.input, device_around(network)
    if device.type == "cpu":
        return network_inputs(network, [image], letterboxed=letterboxed)[0]
    x = of_channels(image, shape.c, device)
    return (letterbox if letterboxed else resize)(x, shape.w, shape.h)


def network_inputs(network: Executor, images: Sequence[Image], *, letterboxed: bool) -> Tensor:
    """Return images as a batch of such inputs [N, C, H, W]."""
    if device_around(network).type != "cpu":
        views = [network_input(network, image, letterboxed=letterboxed) for image in images]
        return batch_of(views, network)
    shape, last = network.input, wants_channels_last(network)
    sides = shape.c, shape.w, shape.h
    fitted = fit.network_inputs(images, *sides, letterboxed=letterboxed, channels_last=last)
    return torch.from_numpy(fitted)


def batch_of(views: Sequence[Tensor], network: Executor) -> Tensor:
    """Return a batch [N, C, H, W] of views, in the memory format that is fastest on the device."""
    if not wants_channels_last(network) or views[0].dim() != 3:
        return torch.stack(list(views)).to(network.device)
    size = len(views), *views[0].shape
    batch = torch.empty(size, dtype=views[0].dtype, memory_format=torch.channels_last)
    for place, view in zip(batch, views, strict=True):
        place.copy_(view)
    return batch


def wants_channels_last(network: Executor) -> bool:
    """Return whether a network takes channels last: torch does on a CPU, a third faster so.

    Other programs take them first. Which one runs it is not known yet with `-backend auto`.
    """
    return network.device.type == "cpu" and network.backend in (None, AUTO)


def of_channels(image: Image, channels: int, device: torch.device | str = "cpu") -> Tensor:
    """Return an image as float32 [channels, H, W] in 0..1.

    Grey is repeated, or RGB made grey; a missing alpha is opaque.
    """
    return pixels(with_channels(check_image(image, channels), channels), device)


@gpu_errors()
@memory_errors()
def predict(
    network: Executor, images: Sequence[Image], chosen: Settings, *, many: bool = False
) -> list[Detections]:
    """Return the boxes of each image, after suppression, in the order the C leaves them.

    `many` prepares the network for many images, which takes longer once and less per image.
    """
    if last_detection_head(network.layers) is None:  # its input may be no image, too
        raise no_detector(network)
    with torch.inference_mode(), evaluation(network):
        heads = heads_of_images(network, images, chosen, many)
        return boxes_of_heads(network, heads, images, chosen)


def no_detector(network: Executor) -> CfgError:
    """Return the error for a network that finds no boxes."""
    return network.net.error("the network has no detection head: expected a detector")


def heads_of_images(
    network: Executor, images: Sequence[Image], chosen: Settings, many: bool
) -> list[Head]:
    """Return the heads of the network's fastest form for images, fitted to its input."""
    inputs = network_inputs(network, images, letterboxed=chosen.letterbox)
    return outputs(network, inputs.to(network.device), many)


def boxes_of_heads(
    network: Executor, heads: Sequence[Head], images: Sequence[Image], chosen: Settings
) -> list[Detections]:
    """Return the boxes of each image that the heads found there, after suppression."""
    found = decode(network, heads, images, chosen, device_around(network))
    return suppress(heads, found, chosen)


@contextmanager
def evaluation(network: Executor) -> Iterator[None]:
    """Let a network normalise by what it learned, also one that is in training, as the C does."""
    if not network.training:
        yield
        return
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def outputs(network: Executor, inputs: Tensor, many: bool = False) -> list[Head]:
    """Return the heads of the network's fastest form, in half precision where boxes are found so.

    If half precision overflows, the network computes in float32 from then on, with a note.
    """
    heads = detection_form(network, many)(inputs)
    if not uses_half(network) or finite(heads):
        return heads
    note("half precision overflows in this network: computing in float32 from here on")
    network.precision = FLOAT
    return fast_form(network, many=many)(inputs)


def detection_form(network: Executor, many: bool = False) -> Executor:
    """Return the fast form of a network that finds boxes; it is made on first use."""
    return fast_form(network, many=many, half=uses_half(network))


def uses_half(network: Executor) -> bool:
    """Return whether a network finds boxes in half precision: a GPU unless told otherwise."""
    return network.precision != FLOAT if on_cuda(network) else network.precision == BFLOAT16


def finite(heads: Sequence[Head]) -> bool:
    """Return whether every input of the heads is finite."""
    found = [values.isfinite().all() for head in heads for values in head.inputs]
    return bool(torch.stack(found).all())


def device_around(network: Executor) -> torch.device:
    """Return the device that fits images and decodes boxes: a CUDA network's, else the CPU."""
    return network.device if on_cuda(network) else torch.device("cpu")


def on_cuda(network: Executor) -> bool:
    """Return whether a network is on a GPU that computes in half precision."""
    return network.device.type == "cuda"


def decode(
    network: Executor,
    heads: Sequence[Head],
    images: Sequence[Image],
    chosen: Settings,
    device: torch.device | str = "cpu",
) -> list[Detections]:
    """Return the boxes of each image before suppression, in 0..1 of the image, on a device.

    Darknet: src/network.c get_network_boxes
    """
    detectors = [
        (head, layer) for head in heads if isinstance(layer := head.node.layer, DetectionHead)
    ]
    if not detectors:
        raise no_detector(network)
    found = [head.detections(layer, network.input, chosen.decoding) for head, layer in detectors]
    if len({batch.rows.probabilities.shape[1] for batch in found}) > 1:
        raise network.net.error("the detection heads have unlike classes: expected one number")
    counts = torch.stack([batch.counts for batch in found]).tolist()  # waits for the GPU
    parts = [batch.rows.to(device).split(each) for batch, each in zip(found, counts, strict=True)]
    return [
        replace(
            Detections.cat(
                [
                    boxes_in_image(part, layer, network.input, image, chosen)
                    for part, (_, layer) in zip(of_image, detectors, strict=True)
                ]
            ),
            names=network.names,
        )
        for of_image, image in zip(zip(*parts, strict=True), images, strict=False)
    ]


def boxes_in_image(
    boxes: Detections, layer: DetectionHead, size: Shape, image: Image, chosen: Settings
) -> Detections:
    """Move boxes from 0..1 of the network's input to 0..1 of the image, if the C does."""
    if not layer.corrects_letterbox:
        return boxes
    height, width = image.shape[:2]
    return boxes.fit_to_image(width, height, size.w, size.h, letterbox=chosen.letterbox)


def suppress(
    heads: Sequence[Head], found: Sequence[Detections], chosen: Settings
) -> list[Detections]:
    """Return the boxes of each image on the CPU, after the suppression that the last head asks for.

    Darknet: src/detector.c test_detector (AlexeyAB)
    """
    if chosen.nms and not any(head.suppressed for head in heads):
        last = last_detection_head(head.node.layer for head in heads)
        assert last, "boxes come from a detection head"
        return nms_each(found, chosen.nms, last.suppression, stay=chosen.stay)
    return [boxes.to("cpu") for boxes in found]
