"""[shortcut]: the residual connection of both lineages."""

from __future__ import annotations

import json
from math import exp

import numpy as np
import pytest
import torch
from conftest import HERE, both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.layers.shortcut import WeightedAdd

IMAGE = "[route]\nlayers=-1\n"  # layer 0
DOUBLE = "[route]\nlayers=0,0\n"  # its channels twice
SMALL = "[maxpool]\nsize=1\nstride=2\n"  # every other cell
LARGE = "[upsample]\nscale=10\n"  # every cell twice each way, ten times as much
TENFOLD = "[upsample]\nstride=1\nscale=10\n"


def add_source(x: tuple[int, int, int, list], skip: tuple[int, int, int, list]) -> list[float]:
    """Return the C's sum of two maps (c, h, w, cells): where they overlap, every n-th cell."""
    c, h, w, cells = x
    c2, h2, w2, others = skip
    s, t = max(w2 // w, 1), max(w // w2, 1)
    found = list(cells)
    for k in range(min(c, c2)):
        for j in range(min(h, h2)):
            for i in range(min(w, w2)):
                at = (k * h + j * t) * w + i * t
                value = others[(k * h2 + j * s) * w2 + i * s]
                found[at] = cells[at] + value
    return found


@both_lineages
def test_the_output_has_the_size_of_the_layer_before(nodes, dialect):
    node = nodes(f"{IMAGE}{DOUBLE}[shortcut]\nfrom=0", c=3, h=4, w=6, dialect=dialect)[2]

    assert node.output == Shape(c=6, h=4, w=6)
    assert node.sources == (1, 0)


@both_lineages
def test_maps_are_added(net, dialect):
    text = f"{IMAGE}{TENFOLD}[shortcut]\nfrom=-2"

    y = run(net(text, c=1, h=1, w=3, dialect=dialect), [1, -2, 3])

    assert y.tolist() == [[[11, -22, 33]]]


@both_lineages
def test_the_sum_is_activated(net, dialect):
    text = f"{IMAGE}{TENFOLD}[shortcut]\nfrom=-2\nactivation=relu"

    y = run(net(text, c=1, h=1, w=3, dialect=dialect), [1, -2, 3])

    assert y.tolist() == [[[11, 0, 33]]]


@both_lineages
def test_channels_that_only_one_has_stay(net, dialect):
    y = run(net(f"{IMAGE}{DOUBLE}[shortcut]\nfrom=0", c=2, h=1, w=1, dialect=dialect), [1, 2])

    assert y.flatten().tolist() == [2, 4, 1, 2]


@both_lineages
def test_channels_that_only_the_source_has_are_dropped(net, dialect):
    text = f"{IMAGE}{DOUBLE}[route]\nlayers=0\n[shortcut]\nfrom=1"

    y = run(net(text, c=2, h=1, w=1, dialect=dialect), [1, 2])

    assert y.flatten().tolist() == [2, 4]


@both_lineages
def test_of_a_larger_source_every_other_cell_is_added(net, dialect):
    text = f"{IMAGE}{SMALL}{TENFOLD}[shortcut]\nfrom=0"
    small = [10 * x for x in (0, 2, 8, 10)]

    y = run(net(text, c=1, h=4, w=4, dialect=dialect), range(16))

    assert y.flatten().tolist() == add_source((1, 2, 2, small), (1, 4, 4, list(range(16))))


@both_lineages
def test_a_smaller_source_is_scattered(net, dialect):
    text = f"{IMAGE}{LARGE}[shortcut]\nfrom=0"
    large = [10 * x for x in (1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4)]

    y = run(net(text, c=1, h=2, w=2, dialect=dialect), [1, 2, 3, 4])

    assert y.flatten().tolist() == add_source((1, 4, 4, large), (1, 2, 2, [1, 2, 3, 4]))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        # 2 * 10 + 3 * 1 and so on where both have a channel, ten times the image elsewhere
        (TENFOLD, [23, 46, 69, 92, 10, 20, 30, 40]),
        (
            LARGE,
            [
                *(23, 10, 46, 20, 10, 10, 20, 20, 69, 30, 92, 40, 30, 30, 40, 40),
                *(10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40),
            ],
        ),
    ],
)
def test_alpha_and_beta_scale_the_overlap_alone(net, before, expected):
    text = f"{IMAGE}{before}[route]\nlayers=1,1\n[shortcut]\nfrom=0\nalpha=2\nbeta=3"

    y = run(net(text, c=1, h=2, w=2), [1, 2, 3, 4])

    assert y.flatten().tolist() == expected


def test_the_fork_does_not_use_alpha_and_beta(net, capsys):
    text = f"{IMAGE}{TENFOLD}[shortcut]\nfrom=0\nalpha=2\nbeta=3"

    y = run(net(text, c=1, h=1, w=1, dialect="alexeyab"), [1])

    assert y.tolist() == [[[11]]]
    assert "Unused field: 'alpha = 2'" in capsys.readouterr().err


def test_the_fork_adds_several_layers(net):
    text = f"{IMAGE}{DOUBLE}{TENFOLD}[shortcut]\nfrom=0,1"

    y = run(net(text, c=1, h=1, w=1, dialect="alexeyab"), [1])

    assert y.flatten().tolist() == [12, 11]  # 10 + 1 + 1 and 10 + 1


RELU = "weights_type=per_feature\nweights_normalization=relu"


@pytest.mark.parametrize(
    ("options", "weights", "expected"),
    [
        # rows of the layer before (10) and of layer 0 (1)
        (RELU, [3, 1], (10 * 3 + 1 * 1) / 4.0001),
        (RELU, [3, -1], (10 * 3 + 1 * 0.001) / 3.0011),  # at least .001
        (RELU.replace("per_feature", "per_layer"), [3, 1], 31 / 4.0001),
        (RELU.replace("per_feature", "per_channel"), [3, 1], 31 / 4.0001),
        (RELU.replace("relu", "avg_relu"), [3, 1], 31 / 4.0001),
        (
            RELU.replace("relu", "softmax"),
            [3, 1],
            (10 * 1 + 1 * exp(-2)) / (0.0001 + 1 + exp(-2)),
        ),
    ],
)
def test_the_fork_weighs_its_sources(loaded, options, weights, expected):
    text = f"{IMAGE}{TENFOLD}[shortcut]\nfrom=0\n{options}"

    y = run(loaded(text, weights, c=1, h=1, w=1, dialect="alexeyab"), [1])

    torch.testing.assert_close(y.flatten(), torch.tensor([expected]))


def test_weights_per_channel_stand_a_row_a_source(loaded):
    text = f"{IMAGE}{TENFOLD}[shortcut]\nfrom=0,0\n{RELU.replace('feature', 'channel')}"
    weights = [1, 2, 3, 4, 5, 6]  # of the layer before, of the first source, of the second

    y = run(loaded(text, weights, c=2, h=1, w=1, dialect="alexeyab"), [1, 2])

    expected = [(10 * 1 + 1 * 3 + 1 * 5) / 9.0001, (20 * 2 + 2 * 4 + 2 * 6) / 12.0001]
    torch.testing.assert_close(y.flatten(), torch.tensor(expected))


def test_weights_reach_the_channels_that_both_have(loaded):
    text = f"{IMAGE}{DOUBLE}[shortcut]\nfrom=0\n{RELU.replace('feature', 'channel')}"

    y = run(loaded(text, [1, 2, 3, 4], c=1, h=1, w=1, dialect="alexeyab"), [1])

    expected = [(1 * 1 + 1 * 3) / 4.0001, 1 * 2 / 6.0001]
    torch.testing.assert_close(y.flatten(), torch.tensor(expected))


def test_the_originals_row_has_the_source_before_the_output(net):
    network = net(f"{IMAGE}{SMALL}{DOUBLE.replace('0,0', '1,1')}[shortcut]\nfrom=0", h=64, w=64)

    expected = "    3 res    0                  64 x  64 x   3   ->    32 x  32 x   6"
    assert rows(network)[3] == expected


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("from=0", "0,  wt = 0, wn = 0"),
        ("from=0,-3", "0, 0,  wt = 0, wn = 0"),
        (f"from=0,1\n{RELU}", "0, 1,  wt = 1, wn = 1"),
        (
            "from=1\nweights_type=per_channel\nweights_normalization=softmax",
            "1,  wt = 2, wn = 2",
        ),
    ],
)
def test_the_forks_row_lists_sources_and_weights(net, options, told):
    text = f"{IMAGE}[dropout]\n[dropout]\n[shortcut]\n{options}"
    network = net(text, c=128, h=26, w=26, dialect="alexeyab")

    expected = f"   3 Shortcut Layer: {told}, outputs:  26 x  26 x 128 0.000 BF"
    assert rows(network)[3] == expected


def test_the_forks_row_counts_a_sum_a_source(net):
    text = f"{IMAGE}[dropout]\n[shortcut]\nfrom=0,0,0"

    [_, _, row] = rows(net(text, c=64, h=104, w=104, dialect="alexeyab"))

    assert row.endswith(" 0.002 BF")  # 3 * 104 * 104 * 64 / 1e9


def test_first_weights_are_one(net):
    network = net(f"{IMAGE}[shortcut]\nfrom=0\n{RELU}", dialect="alexeyab")

    network.initialize()

    assert network.stack[1].weights.tolist() == [[1], [1]]


@pytest.mark.parametrize("options", ["weights_type=each", f"{RELU.replace('relu', 'sum')}"])
def test_read_leniently_an_unknown_word_is_none(net, options):
    text = f"{IMAGE}[shortcut]\nfrom=0\n{options.replace('per_feature', 'none')}"

    layer = net(text, dialect="alexeyab", strict=False).layers[1]

    assert (layer.weights_type, layer.weights_normalization) == ("none", "none")


def test_the_fork_prints_sizes_that_differ(net):
    network = net(f"{IMAGE}{DOUBLE}[shortcut]\nfrom=0", c=128, h=26, w=26, dialect="alexeyab")

    assert rows(network)[2:] == [
        "   2 Shortcut Layer: 0,  wt = 0, wn = 0, outputs:  26 x  26 x 256 0.000 BF",
        " (  26 x  26 x 256) + (  26 x  26 x 128) ",
    ]


@both_lineages
def test_from_is_required(net, dialect):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[shortcut]", dialect=dialect)

    assert str(error.value) == "net.cfg:7: [shortcut] from is missing"


@both_lineages
def test_maps_must_have_one_ratio(net, dialect):
    text = f"{IMAGE}[avgpool]\n[upsample]\nstride=4\n[shortcut]\nfrom=0"

    with pytest.raises(
        CfgError, match=r"\[shortcut\] cannot add 8 x 16 to 4 x 4: expected one ratio$"
    ):
        net(text, h=16, w=8, dialect=dialect)


@pytest.mark.parametrize("size", [{"inputs": 4}, {"c": 4}])
@both_lineages
def test_vectors_are_refused(net, size, dialect):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[softmax]\n[shortcut]\nfrom=0", **size, dialect=dialect)

    assert str(error.value).endswith(
        "[shortcut] adds images: expected channels, height and width on both sides"
    )


@pytest.mark.parametrize("kind", ["per_layer", "per_feature", "per_channel"])
def test_weights_without_normalization_are_refused(net, kind):
    with pytest.raises(CfgError) as error:
        net(f"{IMAGE}[shortcut]\nfrom=0\nweights_type={kind}", dialect="alexeyab")

    assert str(error.value) == (
        "net.cfg:8: [shortcut] weights_normalization = none: expected relu or softmax with weights"
    )


def test_no_weights_and_no_normalization_is_the_default(net):
    [_, shortcut] = net(f"{IMAGE}[shortcut]\nfrom=0", dialect="alexeyab").layers

    assert (shortcut.weights_type, shortcut.weights_normalization) == ("none", "none")
    assert shortcut.activation == "linear"


@pytest.mark.parametrize("option", ["weights_type=each", "weights_normalization=sum"])
def test_an_unknown_word_is_refused(net, option):
    with pytest.raises(CfgError, match=r"net\.cfg:10: \[shortcut\] .*: expected one of none, "):
        net(f"{IMAGE}[shortcut]\nfrom=0\n{option}", dialect="alexeyab")


RECORDED = json.loads((HERE / "reference" / "fork_deltas" / "shortcuts.json").read_text())


def learnt(case: dict, processor: str) -> dict[str, list]:
    """Return what a weighted shortcut in training makes of a recorded case: maps of 1 x 2."""
    rows = torch.tensor(case["weights"])
    module = WeightedAdd(*rows.shape, case["softmax"], "linear", processor).train()
    module.weights = torch.nn.Parameter(rows)
    pairs = zip(case["inputs"], case["channels"], strict=True)
    maps = [torch.tensor(x).view(2, c, 1, 2).requires_grad_() for x, c in pairs]
    y = module(*maps)
    y.backward(torch.tensor(case["delta"]).view_as(y))
    return {
        "output": y.flatten().tolist(),
        "input_deltas": [x.grad.flatten().tolist() for x in maps],
        "updates": module.weights.grad.tolist(),
    }


def kernels(case: dict) -> dict[str, list]:
    """Return what shortcut_multilayer_kernel of src/blas_kernels.cu makes of it, and its backward.

    Each pass of the loop is a thread.
    """
    weights, delta = np.array(case["weights"]), case["delta"]
    n, columns = weights.shape
    src_outputs = len(delta) // 2
    step = src_outputs // columns
    output, updates = np.zeros(len(delta)), np.zeros(weights.shape)
    deltas = [np.zeros(len(x)) for x in case["inputs"]]
    for id in range(len(delta)):
        src_i, src_b = id % src_outputs, id // src_outputs
        column = weights[:, src_i // step]
        raised = np.exp(column - column.max()) if case["softmax"] else np.maximum(column, 0.001)
        for i in range(n):
            add_outputs = len(case["inputs"][i]) // 2
            if src_i < add_outputs:
                add_index = add_outputs * src_b + src_i
                w = raised[i] / (0.0001 + raised.sum())
                grad = w * (1 - w) if case["softmax"] else w
                output[id] += case["inputs"][i][add_index] * w
                deltas[i][add_index] += delta[id] * w
                updates[i, src_i // step] += delta[id] * case["inputs"][i][add_index] * grad
    return {"output": output.tolist(), "input_deltas": deltas, "updates": updates.tolist()}


def assert_alike(ours: dict[str, list], theirs: dict[str, list]) -> None:
    """Assert that outputs, deltas and updates agree."""
    for key, values in ours.items():
        wanted = theirs[key]
        pairs = zip(values, wanted, strict=True) if key != "output" else [(values, wanted)]
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=3e-6, err_msg=key)


@pytest.mark.parametrize("case", RECORDED)
def test_on_the_cpu_weights_learn_as_in_the_forks_cpu_code(case):
    assert_alike(learnt(case, "cpu"), case)


@pytest.mark.parametrize("case", RECORDED)
def test_by_default_weights_learn_as_in_the_forks_gpu_code(case):
    assert_alike(learnt(case, "gpu"), kernels(case))


@pytest.mark.parametrize(("processor", "least"), [("gpu", 0.001), ("cpu", 0)])
def test_in_training_the_least_weight_is_that_of_the_processor(net, processor, least):
    text = f"{IMAGE}{TENFOLD}[shortcut]\nfrom=0\n{RELU}"
    network = net(text, c=1, h=1, w=1, dialect="alexeyab", batchnorm=processor)
    network.initialize()
    with torch.no_grad():
        network.stack[2].weights.copy_(torch.tensor([[3.0], [-1.0]]))

    weights = network.train().stack[2].normalised_weights()

    assert weights.flatten().tolist() == pytest.approx([3 / (3.0001 + least), least / 3.0011])
