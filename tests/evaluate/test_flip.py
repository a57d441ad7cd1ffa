"""An image and its mirror image, seen by one network."""

from __future__ import annotations

import pytest
import torch

from pydarknet.boxes.settings import Decoding
from pydarknet.errors import CfgError
from pydarknet.evaluate.flip import mirror_average

YOLO = "[convolutional]\nfilters=14\nsize=1\n[yolo]\nmask=0,1\nanchors=5,7, 9,6\nnum=2\nclasses=2\n"
REGION = "[convolutional]\nfilters=14\nsize=1\n[region]\nnum=2\nanchors=1,2, 2,1\nclasses=2\n"


@pytest.mark.parametrize(
    ("text", "dialect"), [(YOLO, "pjreddie"), (REGION, "pjreddie"), (REGION, "alexeyab")]
)
def test_boxes_of_a_mirrored_output_are_mirrored_boxes(net, text, dialect):
    network = net(text, h=3, w=5, dialect=dialect)
    network.initialize(torch.Generator().manual_seed(3))
    layer, size = network.layers[-1], network.input
    [head] = network(torch.rand(1, 3, 3, 5, generator=torch.Generator().manual_seed(4)))

    plain, turned = (
        layer.detections(output, size, Decoding(thresh=0.0)).rows
        for output in (head.activated, layer.unmirror(head.activated))
    )

    def ordered(boxes: torch.Tensor) -> torch.Tensor:
        return boxes[boxes.sum(1).argsort()]

    mirrored = plain.boxes * torch.tensor([-1.0, 1, 1, 1]) + torch.tensor([1.0, 0, 0, 0])
    torch.testing.assert_close(ordered(turned.boxes), ordered(mirrored))


def test_of_an_image_that_is_its_own_mirror_image_nothing_changes(net):
    network = net(YOLO, h=2, w=4)
    network.initialize(torch.Generator().manual_seed(5))
    half = torch.rand(1, 3, 2, 2, generator=torch.Generator().manual_seed(6))
    image = torch.cat([half, half.flip(-1)], -1)

    [averaged] = mirror_average(network, image)

    entries = averaged.activated.unflatten(1, (2, 7))
    torch.testing.assert_close(entries[:, :, 0], 1 - entries[:, :, 0].flip(-1))
    torch.testing.assert_close(entries[:, :, 1:], entries[:, :, 1:].flip(-1))


def test_other_heads_are_refused(net):
    head = "[connected]\noutput=6\n[detection]\nclasses=1\ncoords=4\nnum=1\nside=1\n"
    network = net(head, h=2, w=2)
    network.initialize()

    with pytest.raises(CfgError, match=r"\[detection\] cannot be averaged with its mirror image"):
        mirror_average(network, torch.zeros(1, 3, 2, 2))
