"""What heads show of the images that they learn."""

from __future__ import annotations

import torch
from anchor_heads import HEIGHT, RETINA, WIDTH
from loss_cases import inputs_of, rows

from pydarknet.training.losses import shown
from pydarknet.training.losses.shown import pictures_of, shows

YOLO = "[convolutional]\nfilters=8\nsize=1\n[yolo]\nmask=0\nanchors=8,8\nnum=1\nclasses=3\n"
TRUTH = rows([(0.5, 0.5, 0.25, 0.5, 1)], [])


def test_a_head_whose_layer_shows_something_shows_it_image_by_image(net):
    network = net(RETINA.text(), h=HEIGHT, w=WIDTH)

    [images] = pictures_of(network.nodes, inputs_of(TRUTH, network.input))

    assert [len(one.boxes) > 0 for one in images] == [True, False]
    assert set(images[0].classes.tolist()) == {1}


def test_what_shows_is_registered_for_its_layers(monkeypatch):
    monkeypatch.setattr(shown, "SHOWS", kept := {})

    @shows(int, str)
    def show(node, inputs):
        return []

    assert kept == {int: show, str: show}


def test_others_show_nothing(net):
    network = net(YOLO, h=HEIGHT, w=WIDTH)

    assert pictures_of(network.nodes, inputs_of(torch.zeros(1, 1, 5), network.input)) == []
