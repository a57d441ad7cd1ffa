"""From images to the classes of a classifier: fit, run, multiply down a tree."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..backends.prepare import fast_form
from ..graph.executor import Executor
from ..image import fit
from ..modules.hierarchy import Hierarchy
from .predict import Image, network_input


def classify(network: Executor, images: Sequence[Image]) -> Tensor:
    """Return the network's output for each image, [N, classes], multiplied down its tree, if any.

    An image is uint8 RGB [H, W, 3]. Raises CfgError for a network whose input is no image.

    Darknet: examples/classifier.c predict_classifier
    """
    if not network.input.image:
        raise network.net.error("takes numbers, no images")
    inputs = torch.stack([classifier_input(network, image) for image in images])
    with torch.inference_mode():
        scores = result(network, inputs.to(network.device)).flatten(1).cpu()
    tree = hierarchy(network)
    return tree.products(scores) if tree else scores


def classifier_input(network: Executor, image: Image) -> Tensor:
    """Return an image as a classifier's input [C, H, W]: letterboxed, or for the fork its centre.

    Darknet: examples/classifier.c predict_classifier
    """
    if not network.dialect.cropped:
        return network_input(network, image, letterboxed=True)
    shape = network.input
    return torch.from_numpy(fit.classifier_input(image, shape.c, shape.w, shape.h, cropped=True))


def result(network: Executor, inputs: Tensor) -> Tensor:
    """Return the output of the last layer that is no cost, by the network's fastest form."""
    fast = fast_form(network, half=network.asks_half)
    found = {head.node.index: head.activated for head in fast(inputs)}
    if network.result in found:
        return found[network.result]
    [output] = [y for node, _, y in fast.steps(inputs) if node.index == network.result]
    return output


def hierarchy(network: Executor) -> Hierarchy | None:
    """Return the tree of the network's classes, if its result has one."""
    return network.nodes[network.result].layer.hierarchy
