"""[crnn]: the recurrent layer made of convolutions."""

from __future__ import annotations

from math import tanh

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

ORIGINAL = "[crnn]\nactivation=tanh"
FORK = "[crnn]\nsize=1\nactivation=tanh"


def middle(bias: float, weight: float) -> list[float]:
    """Return the floats of a 3 x 3 convolution of one cell."""
    return [bias, 0, 0, 0, 0, weight, 0, 0, 0, 0]


def above(weight: float) -> list[float]:
    """Return the floats of a 3 x 3 convolution of the cell above."""
    return [0, 0, weight, 0, 0, 0, 0, 0, 0, 0]


def steps(x: list[float], shortcut: float = 0) -> list[float]:
    """Return two outputs: s = shortcut * s + In(x) + Self(s), y = Out(s)."""
    first = tanh(0.1 + 0.5 * x[0]) + tanh(0.2 + 0.7 * 0)
    second = shortcut * first + tanh(0.1 + 0.5 * x[1]) + tanh(0.2 + 0.7 * first)
    return [tanh(0.3 + 0.9 * first), tanh(0.3 + 0.9 * second)]


def test_the_original_swaps_height_and_width(nodes):
    [node] = nodes("[crnn]\noutput_filters=5\nhidden_filters=7", c=2, h=3, w=4)

    assert node.output == Shape(c=5, h=4, w=3)


def test_the_fork_keeps_them(nodes):
    text = "[crnn]\noutput=5\nhidden=7\npad=1"

    [node] = nodes(text, c=2, h=3, w=4, dialect="alexeyab")

    assert node.output == Shape(c=5, h=3, w=4)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("pjreddie", [[0], [1], [2]]),  # memory 1 2 3 taken for three rows: what is above
        ("alexeyab", [[0, 0, 0]]),  # one row: nothing is above
    ],
)
def test_the_original_takes_its_map_for_one_of_swapped_sides(loaded, dialect, expected):
    text = "[crnn]\nactivation=linear\npad=1"
    floats = above(1) + middle(0, 0) + middle(0, 1)

    y = run(loaded(text, floats, c=1, h=1, w=3, dialect=dialect), [1, 2, 3])

    assert y.tolist() == [expected]


@pytest.mark.parametrize("shortcut", [0, 1])
def test_the_original_reads_the_parts_of_input_self_and_output(loaded, shortcut):
    floats = middle(0.1, 0.5) + middle(0.2, 0.7) + middle(0.3, 0.9)
    network = loaded(f"{ORIGINAL}\nshortcut={shortcut}", floats, c=1, h=1, w=1)

    found = [run(network, [1]).item(), run(network, [-2]).item()]

    assert found == pytest.approx(steps([1, -2], shortcut))


@pytest.mark.parametrize("shortcut", [0, 1])
def test_the_fork_reads_the_parts_of_input_self_and_output(loaded, shortcut):
    text, floats = f"{FORK}\nshortcut={shortcut}", [0.1, 0.5, 0.2, 0.7, 0.3, 0.9]
    network = loaded(text, floats, c=1, h=1, w=1, dialect="alexeyab")

    found = [run(network, [1]).item(), run(network, [-2]).item()]

    assert found == pytest.approx(steps([1, -2], shortcut))


def test_a_batch_holds_one_step_after_the_other(loaded):
    floats = [0.1, 0.5, 0.2, 0.7, 0.3, 0.9]
    network = loaded(FORK, floats, c=1, h=1, w=1, dialect="alexeyab")
    network.take_steps(2)

    with torch.no_grad():
        [y] = network.trace(torch.tensor([1.0, -2.0]).view(2, 1, 1, 1))

    assert y.flatten().tolist() == pytest.approx(steps([1, -2]))


def test_a_part_with_batch_norm_is_stored_as_a_convolution(loaded):
    part = [5, 2, 1, 4 - 1e-5, 3]  # bias, scale, mean, variance, weight
    text = "[crnn]\nsize=1\nactivation=linear\nbatch_normalize=1"
    network = loaded(text, part * 3, c=1, h=1, w=1, dialect="alexeyab")

    # In(1) = (3 - 1) / 2 * 2 + 5 = 7, Self(0) = (0 - 1) / 2 * 2 + 5 = 4, Out(11) = 32 + 5
    assert run(network, [1]).item() == pytest.approx(37)


def test_the_originals_row_is_followed_by_one_a_part(net):
    network = net("[crnn]\noutput_filters=512\nhidden_filters=256", c=1024, h=13, w=13)

    assert rows(network) == [
        "    0 CRNN Layer: 13 x 13 x 1024 image, 512 filters",
        "\t\tconv    256  3 x 3 / 1    13 x  13 x1024   ->    13 x  13 x 256  0.797 BFLOPs",
        "\t\tconv    256  3 x 3 / 1    13 x  13 x 256   ->    13 x  13 x 256  0.199 BFLOPs",
        "\t\tconv    512  3 x 3 / 1    13 x  13 x 256   ->    13 x  13 x 512  0.399 BFLOPs",
    ]  # 2 * 256 * 9 * 1024 * 13 * 13 / 1e9 = 0.797


def test_the_forks_rows_are_as_recorded_of_yolov3_tiny_occlusion_track(net):
    text = "[crnn]\noutput=512\nhidden=256\npad=1"

    assert rows(net(text, c=1024, h=13, w=13, dialect="alexeyab")) == [
        "   0 CRNN Layer: 13 x 13 x 1024 image, 512 filters",
        "conv    256       3 x 3/ 1     13 x  13 x1024 ->   13 x  13 x 256 0.797 BF",
        "conv    256       3 x 3/ 1     13 x  13 x 256 ->   13 x  13 x 256 0.199 BF",
        "conv    512       3 x 3/ 1     13 x  13 x 256 ->   13 x  13 x 512 0.399 BF",
    ]


@pytest.mark.parametrize(
    ("option", "row"),
    [
        ("groups=2", "conv    256/   2  3 x 3/ 1     13 x  13 x 256 ->   13 x  13 x 256 0.100 BF"),
        (
            "dilation=2",
            "conv    256       3 x 3/ 1(2)  13 x  13 x 256 ->   13 x  13 x 256 0.199 BF",
        ),
        (
            "size=1\ndilation=2",
            "conv    256       1 x 1/ 1     13 x  13 x 256 ->   13 x  13 x 256 0.022 BF",
        ),
    ],
)
def test_the_forks_rows_have_groups_and_dilation(net, option, row):
    text = f"[crnn]\noutput=256\nhidden=256\npad=1\n{option}"

    _, *parts = rows(net(text, c=256, h=13, w=13, dialect="alexeyab"))

    assert parts == [row] * 3  # 2 * 256 * 9 * 256 * 13 * 13 / 1e9 = 0.199


SIZE = "changes the size of the map: expected stride=1, odd size and pad=1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", SIZE),  # size is 3
        ("pad=1\nsize=4", SIZE),
        ("pad=1\nstride=2", SIZE),
        ("pad=1\nxnor=1", "xnor = 1: expected binary convolutions outside of [crnn]"),
        ("pad=1\nhidden=4\noutput=3\ngroups=2", "groups = 2 must divide hidden and output"),
        ("pad=1\nhidden=3\noutput=3\ngroups=3", "groups = 3 must divide the 2 channels it gets"),
    ],
)
def test_what_cannot_be_computed_is_refused(net, text, problem):
    with pytest.raises(CfgError) as error:
        net(f"[crnn]\n{text}", c=2, dialect="alexeyab")

    assert str(error.value) == f"net.cfg:6: [crnn] {problem}"


@pytest.mark.parametrize(
    "text",
    ["pad=1", "padding=1", "size=1", "pad=1\nsize=5", "pad=1\nhidden=4\noutput=2\ngroups=2"],
)
def test_what_keeps_the_size_is_taken(nodes, text):
    [node] = nodes(f"[crnn]\n{text}", c=2, h=6, w=8, dialect="alexeyab")

    assert (node.output.h, node.output.w) == (6, 8)


@pytest.mark.parametrize(
    ("dialect", "option"), [("pjreddie", "output=5"), ("alexeyab", "output_filters=5")]
)
def test_each_lineage_has_its_own_words(net, dialect, option, capsys):
    net(f"[crnn]\npad=1\n{option}", dialect=dialect)

    assert f"Unused field: '{option.replace('=', ' = ')}'" in capsys.readouterr().err


def test_a_dilated_kernel_looks_further(loaded):
    two_to_the_left = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]  # bias and 3 x 3 weights
    text = "[crnn]\nactivation=linear\npad=1\ndilation=2"
    floats = two_to_the_left + middle(0, 0) + middle(0, 1)

    y = run(loaded(text, floats, c=1, h=1, w=4, dialect="alexeyab"), [1, 2, 3, 4])

    assert y.tolist() == [[[0, 0, 1, 2]]]


def test_two_sequences_do_not_mix(loaded):
    network = loaded(FORK, [0.1, 0.5, 0.2, 0.7, 0.3, 0.9], c=1, h=1, w=1, dialect="alexeyab")

    with torch.no_grad():
        [y] = network.trace(torch.tensor([1.0, -2.0]).view(2, 1, 1, 1))

    assert y.flatten().tolist() == pytest.approx([steps([1, 0])[0], steps([-2, 0])[0]])


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_one_logistic_filter_is_the_default(net, dialect):
    [node] = net("[crnn]\npad=1", c=3, h=4, w=4, dialect=dialect).nodes

    assert (node.output, node.layer.hidden) == (Shape(c=1, h=4, w=4), 1)
    assert (node.layer.activation, node.layer.shortcut) == ("logistic", False)


def test_the_forks_defaults_are_those_of_the_c(net):
    [layer] = net("[crnn]\npad=1", dialect="alexeyab").layers

    assert (layer.size, layer.stride, layer.dilation) == (3, 1, 1)
    assert (layer.padding, layer.groups, layer.xnor) == (0, 1, False)


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[crnn\] needs an image before it"):
        net("[crnn]", inputs=4)


@pytest.mark.parametrize("option", ["output", "hidden", "size", "stride", "dilation", "groups"])
def test_nothing_is_refused(net, option):
    with pytest.raises(CfgError) as error:
        net(f"[crnn]\n{option}=0", dialect="alexeyab")

    assert str(error.value) == f"net.cfg:7: [crnn] {option} = 0: expected at least 1"


@pytest.mark.parametrize("option", ["output", "hidden", "size", "stride", "dilation", "groups"])
def test_one_is_taken(nodes, option):
    [node] = nodes(f"[crnn]\npad=1\n{option}=1", h=6, w=8, dialect="alexeyab")

    assert node.output == Shape(c=1, h=6, w=8)
