"""Heads of anchors over maps, and what torchvision's gave: scripts/record_anchor_heads.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import record_anchor_heads as recorder
import torch
from conftest import HERE
from loss_cases import inputs_of
from torch import Tensor

from pydarknet.graph.head import Head
from pydarknet.network import Network
from pydarknet.training import ScalarLoss, losses_of

WIDTH, HEIGHT = recorder.SIZE
MAPS = "[convolutional]\nfilters={channels}\nsize=1\nstride=8\n" + "".join(
    f"[route]\nlayers=0\n[maxpool]\nsize={n}\nstride={n}\n" for n in (2, 4)
)


class Kind(NamedTuple):
    """A section, its anchors a cell, scores an anchor, and what it takes from torchvision."""

    name: str
    anchors: int
    scores: int
    options: str = ""

    @property
    def recorded(self) -> Any:
        """What torchvision gave."""
        return np.load(HERE / "reference" / "anchor_heads" / f"{self.name}.npz")

    @property
    def cases(self) -> dict[str, recorder.Case]:
        """The maps and the true boxes of each case."""
        return dict(recorder.cases(self.anchors, self.scores))

    def text(self, options: str = "") -> str:
        """Return the sections of a network whose maps the head reads."""
        corners, sides = self.recorded["anchors"], []
        at = 0
        for stride in recorder.STRIDES:
            sides += (
                corners[at : at + self.anchors, 2:] - corners[at : at + self.anchors, :2]
            ).tolist()
            at += self.anchors * (WIDTH // stride) * (HEIGHT // stride)
        listed = ",".join(f"{side:g}" for pair in sides for side in pair)
        maps = MAPS.format(channels=self.anchors * (4 + self.scores))
        head = f"[{self.name}]\nlayers=0,2,4\nclasses={recorder.CLASSES}\nanchors={listed}\n"
        return f"{maps}{head}{self.options}{options}"

    def head(
        self, net: Callable[..., Network], maps: list[np.ndarray], options: str = ""
    ) -> tuple[Network, Head]:
        """Return a network, and its head for given maps, which have a gradient."""
        network = net(self.text(options), h=HEIGHT, w=WIDTH)
        inputs = [torch.from_numpy(one.copy()).requires_grad_() for one in maps]
        return network, Head.of(network.nodes[-1], inputs, network.stack[-1](*inputs))


RETINA = Kind("retina", len(recorder.RATIOS), recorder.CLASSES, "offset=0\n")
SSD = Kind("ssd", 4, 1 + recorder.CLASSES)
KINDS = [RETINA, SSD]


def truth_rows(boxes: np.ndarray) -> Tensor:
    """Return the recorder's form, class and a box in pixels, as ours."""
    scaled = boxes[:, :, 1:] / np.array([WIDTH, HEIGHT] * 2, np.float32)
    return torch.from_numpy(np.concatenate([scaled, boxes[:, :, :1]], 2))


def loss_of(network: Network, head: Head, truth: Tensor) -> ScalarLoss:
    """Return the loss of a head."""
    [loss] = losses_of([head], inputs_of(truth, network.input))
    assert isinstance(loss, ScalarLoss)
    return loss


def check_loss(net: Callable[..., Network], kind: Kind, name: str) -> None:
    """Compare the cost of a case, and its gradients on every map, with torchvision's."""
    maps, truth = kind.cases[name]
    network, head = kind.head(net, maps)

    loss = loss_of(network, head, truth_rows(truth))
    loss.cost.backward()

    total = kind.recorded[f"{name}.terms"].sum()
    assert loss.cost.item() == pytest.approx(2 * total, rel=1e-5)  # of a mini-batch of 2 images
    for level, x in enumerate(head.inputs):
        wanted = torch.from_numpy(kind.recorded[f"{name}.gradient.{level}"])
        torch.testing.assert_close(x.grad, 2 * wanted, rtol=1e-4, atol=1e-6)
