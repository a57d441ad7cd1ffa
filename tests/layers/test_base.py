"""What every layer is, before a subclass says otherwise."""

import pytest
import torch
from conftest import both_lineages
from torch import nn

from pydarknet.errors import CfgError
from pydarknet.layers import Shape, base, layer_class, section_names
from pydarknet.layers.base import Layer, Nothing, section

CONV = "[convolutional]\nbatch_normalize=1\nfilters=2\nsize=1\nactivation=linear"


def stored_paths(net, options: str, **how: object) -> list[str]:
    """Return where a convolution with these options has the arrays of a weights file."""
    network = net(f"{CONV}\n{options}", **how)
    return [array.path for array in network.nodes[0].layer.loadable_arrays(network.stack[0])]


@pytest.mark.parametrize(
    ("shape", "outputs", "tensor", "plain"),
    [
        (Shape(c=3, h=4, w=5), 60, (3, 4, 5), "5 x 4 x 3"),
        (Shape(length=7), 7, (7,), "7 numbers"),
        (Shape(), 0, (0,), "0 numbers"),
    ],
)
def test_a_shape_is_an_image_or_a_vector(shape, outputs, tensor, plain):
    assert (shape.outputs, shape.tensor, shape.plain) == (outputs, tensor, plain)


def test_a_shape_is_printed_width_first():
    assert str(Shape(c=3, h=416, w=608)) == " 608 x 416 x   3"


def test_a_layer_reads_the_one_before_and_passes_it_on(nodes):
    [node] = nodes(CONV)

    assert Layer.sources(node.layer) == (-1,)
    assert Layer.shape(node.layer, Shape(length=3)) == Shape(length=3)
    assert isinstance(Layer.module(node.layer), nn.Identity)


def test_dontload_leaves_all_arrays_out_of_the_file(net):
    assert stored_paths(net, "dontload=1") == []


def test_dontloadscales_leaves_the_batch_norm_out(net):
    assert stored_paths(net, "dontloadscales=1") == ["biases", "weights"]


def test_without_either_the_file_has_all(net):
    assert stored_paths(net, "") == [
        "biases",
        "norm.scales",
        "norm.rolling_mean",
        "norm.rolling_variance",
        "weights",
    ]


def test_a_side_is_the_shorter_of_the_input(nodes):
    [node] = nodes(CONV, h=6, w=9)

    assert node.layer.side(node) == 6


def test_nothing_is_an_empty_vector_a_sample():
    assert Nothing()(torch.zeros(2, 3)).shape == (2, 0)


def test_a_section_belongs_to_one_lineage_or_to_all(monkeypatch):
    monkeypatch.setattr(base, "REGISTRY", {})
    both = section("toy")(type("Toy", (Layer,), {}))
    fork = section("toy", lineage="alexeyab")(type("ForkToy", (Layer,), {}))

    assert layer_class("toy", "pjreddie") is both
    assert layer_class("toy", "alexeyab") is fork


def test_a_section_of_another_lineage_is_unknown(monkeypatch):
    monkeypatch.setattr(base, "REGISTRY", {})
    section("toy", lineage="alexeyab")(type("ForkToy", (Layer,), {}))

    assert layer_class("toy", "pjreddie") is None
    assert section_names("pjreddie") == ()
    assert section_names("alexeyab") == ("toy",)


def test_a_section_is_registered_once_a_lineage(monkeypatch):
    monkeypatch.setattr(base, "REGISTRY", {})
    section("toy")(type("Toy", (Layer,), {}))

    with pytest.raises(ValueError, match=r"\[toy\] is registered twice for all lineages"):
        section("toy")(type("Toy", (Layer,), {}))


@pytest.mark.parametrize(
    ("word", "hint"),
    [("silu", "swish"), ("SiLU", "swish"), ("sigmoid", "logistic"), ("leeky", "leaky")],
)
@both_lineages
def test_an_activation_of_another_name_is_told_with_darknets(net, word, hint, dialect):
    with pytest.raises(CfgError) as error:
        net(f"[convolutional]\nactivation={word}", dialect=dialect)

    assert str(error.value).endswith(f"\n    hint: did you mean {hint}?")
