"""[convolutional]: shapes, numbers, weights and rows of both lineages."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

CONV = "[convolutional]\nactivation=linear\n"
IMAGE = [(7 * i) % 11 - 5 for i in range(2 * 5 * 6)]  # 2 x 5 x 6
WEIGHTS = [(5 * i) % 7 - 3 for i in range(4 * 2 * 9)]


def linear_output(
    n: int,
    size: int,
    *,
    stride: tuple[int, int] = (1, 1),
    margin: int = 0,
    dilation: int = 1,
    groups: int = 1,
    outside: float = 0,
) -> list[float]:
    """Return the cross-correlation of IMAGE with WEIGHTS, cell by cell; stride is (y, x)."""
    c, h, w = 2, 5, 6
    reach, per_group = dilation * (size - 1) + 1, c // groups
    found = []
    for f in range(n):
        for y in range(-margin, h + margin - reach + 1, stride[0]):
            for x in range(-margin, w + margin - reach + 1, stride[1]):
                total = 0.0
                for k in range(per_group):
                    channel = f // (n // groups) * per_group + k
                    for i in range(size):
                        for j in range(size):
                            row, column = y + i * dilation, x + j * dilation
                            inside = 0 <= row < h and 0 <= column < w
                            value = IMAGE[(channel * h + row) * w + column] if inside else outside
                            total += value * WEIGHTS[((f * per_group + k) * size + i) * size + j]
                found.append(total)
    return found


# Shapes


@pytest.mark.parametrize(
    ("options", "side"),
    [
        ("size=3\npad=1", 15),
        ("size=3\npad=1\nstride=2", 8),  # (15 + 2 - 3) // 2 + 1
        ("size=4\npad=1", 16),  # 15 + 4 - 4 + 1: an even size grows the map
        ("size=5\npadding=1", 13),
        ("size=5\npadding=1\npad=1", 15),  # pad is a flag: padding is 5 // 2
        ("size=5\npadding=1\npad=7", 15),
        ("size=11\nstride=4", 2),  # (15 - 11) // 4 + 1
        ("stride=2", 8),
        ("stride=2\npadding=1", 9),  # (15 + 2 - 1) // 2 + 1
    ],
)
@pytest.mark.parametrize("name", ["convolutional", "conv"])
@both_lineages
def test_the_map_has_a_cell_a_step(nodes, name, options, side, dialect):
    [node] = nodes(f"[{name}]\nfilters=8\n{options}", c=2, h=15, w=15, dialect=dialect)

    assert node.output == Shape(c=8, h=side, w=side)


def test_the_forks_strides_may_differ(nodes):
    text = f"{CONV}size=3\npad=1\nstride=4\nstride_x=2\nstride_y=3"

    [node] = nodes(text, c=2, h=15, w=16, dialect="alexeyab")

    assert node.output == Shape(c=1, h=5, w=8)  # (15 - 1) // 3 + 1, (16 - 1) // 2 + 1


@pytest.mark.parametrize(
    ("antialiasing", "side"),
    [(1, 8), (2, 7), (3, 8)],  # (15 + 2 - 3) // 2 + 1, (15 - 2) // 2 + 1
)
def test_a_blur_strides_in_place_of_the_convolution(nodes, antialiasing, side):
    text = f"{CONV}size=3\npad=1\nstride=2\nantialiasing={antialiasing}"

    [node] = nodes(text, c=2, h=15, w=15, dialect="alexeyab")

    assert node.output == Shape(c=1, h=side, w=side)


# Numbers


@pytest.mark.parametrize(
    ("options", "n", "rule"),
    [
        ("size=3", 4, {"size": 3}),
        ("size=3\npad=1", 4, {"size": 3, "margin": 1}),
        ("size=2\npad=1\nstride=2", 4, {"size": 2, "margin": 1, "stride": (2, 2)}),
        ("size=3\npad=1\ngroups=2", 4, {"size": 3, "margin": 1, "groups": 2}),
        ("size=3\npad=1\ngroups=2", 2, {"size": 3, "margin": 1, "groups": 2}),
        ("stride=2", 4, {"size": 1, "stride": (2, 2)}),
        ("padding=1", 4, {"size": 1, "margin": 1}),
        ("size=3\npad=1\nbinary=1", 4, {"size": 3, "margin": 1}),
    ],
)
@both_lineages
def test_the_output_is_the_cross_correlation(loaded, options, n, rule, dialect):
    count = n * 2 // rule.get("groups", 1) * rule["size"] ** 2
    text, floats = f"{CONV}filters={n}\n{options}", [0] * n + WEIGHTS[:count]

    y = run(loaded(text, floats, c=2, h=5, w=6, dialect=dialect), IMAGE)

    assert y.flatten().tolist() == linear_output(n, **rule)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("pad=1\nstride_x=2\nstride_y=1", {"margin": 1, "stride": (1, 2)}),
        ("pad=1\ndilation=2", {"margin": 2, "dilation": 2}),
        ("pad=1\ndilation=2\nstride=2", {"margin": 2, "dilation": 2, "stride": (2, 2)}),
        ("pad=1\ngroups=0", {"margin": 1}),
    ],
)
def test_the_forks_options_change_the_cross_correlation(loaded, options, rule):
    text, floats = f"{CONV}filters=4\nsize=3\n{options}", [0] * 4 + WEIGHTS

    y = run(loaded(text, floats, c=2, h=5, w=6, dialect="alexeyab"), IMAGE)

    assert y.flatten().tolist() == linear_output(4, 3, **rule)


def test_a_kernel_of_one_cell_has_no_dilation(nodes):
    [node] = nodes(f"{CONV}dilation=3\npadding=1", c=2, h=5, w=6, dialect="alexeyab")

    assert node.output == Shape(c=1, h=7, w=8)


@both_lineages
def test_biases_come_before_the_activation(loaded, dialect):
    text = "[convolutional]\nfilters=2\nactivation=relu"

    y = run(loaded(text, [-5, 1, 2, 3], c=1, h=1, w=2, dialect=dialect), [1, 4])

    assert y.tolist() == [[[0, 3]], [[4, 13]]]  # 2x - 5 and 3x + 1


@pytest.mark.parametrize(
    ("dialect", "batchnorm", "divisor"),
    [
        ("pjreddie", "gpu", 0.0032557641),  # sqrt(6e-7 + 1e-5)
        ("pjreddie", "cpu", 0.0007755967),  # sqrt(6e-7) + 1e-6
        ("alexeyab", "gpu", 0.0032557641),
        ("alexeyab", "cpu", 0.0032557641),
    ],
)
def test_batch_norm_stands_between_biases_and_weights(loaded, dialect, batchnorm, divisor):
    text, floats = f"{CONV}batch_normalize=1", [100, 0.01, 1, 6e-7, 3]

    y = run(loaded(text, floats, c=1, h=1, w=1, dialect=dialect, batchnorm=batchnorm), [1])

    torch.testing.assert_close(y, torch.tensor([[[(3 - 1) / divisor * 0.01 + 100]]]))


def test_cbn_means_batch_norm(loaded):
    floats = [100, 10, 1, 4 - 1e-5, 3]

    y = run(loaded(f"{CONV}cbn=1", floats, c=1, h=1, w=1, dialect="alexeyab"), [1])

    torch.testing.assert_close(y, torch.tensor([[[110.0]]]))  # (3 - 1) / 2 * 10 + 100


@pytest.mark.parametrize(
    ("antialiasing", "expected"),
    [
        # over 16: 4 * 1 + 4, 4 * 2 + 4, 4 * 3 + 4 and 4 * 0 + 4 (1 2 1 / 2 4 2 / 1 2 1)
        (1, [[8 / 16, 12 / 16], [16 / 16, 4 / 16]]),
        (2, [[1.25]]),  # (1 + 0 + 0 + 4) / 4
    ],
)
def test_the_blur_comes_after_the_activation(loaded, antialiasing, expected):
    text = f"[conv]\nactivation=relu\nstride=2\nantialiasing={antialiasing}"
    network = loaded(text, [0, 1], c=1, h=3, w=3, dialect="alexeyab")

    y = run(network, [1, -9, 2, -9, 4, -9, 3, -9, -9])  # the negative ones become 0

    assert y.tolist() == [expected]


def test_a_binary_convolution_is_blurred_too(loaded):
    text = f"{CONV}xnor=1\nstride=2\nantialiasing=2"

    y = run(loaded(text, [0, 3], c=1, h=2, w=2, dialect="alexeyab"), [1, 5, 2, -1])

    assert y.tolist() == [[[1.5]]]  # (3 + 3 + 3 - 3) / 4


def test_one_logistic_filter_of_size_one_is_the_default(loaded):
    y = run(loaded("[convolutional]", [0, 1], c=1, h=1, w=2), [0, 100])

    assert y.tolist() == [[[0.5, 1]]]


# Binary convolutions


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("pjreddie", -14 / 9),  # one tap, the middle: 14 / 9 is the mean magnitude
        ("alexeyab", 7 * 14 / 9),  # the 8 taps outside are -1 times -1
    ],
)
def test_xnor_takes_the_signs_of_input_and_weights(loaded, dialect, expected):
    weights = [-1, -1, -1, -1, -6, -1, -1, -1, -1]
    text = f"{CONV}size=3\npad=1\nxnor=1"

    y = run(loaded(text, [0, *weights], c=1, h=1, w=1, dialect=dialect), [5])

    torch.testing.assert_close(y, torch.tensor([[[expected]]]))


@both_lineages
def test_each_filter_has_its_own_magnitude(loaded, dialect):
    text = f"{CONV}filters=2\nxnor=1"

    y = run(loaded(text, [0, 0, 1, 3, -5, -7], c=2, h=1, w=1, dialect=dialect), [9, 9])

    assert y.flatten().tolist() == [4, -12]  # 2 + 2 and -6 - 6


def test_xnor_leaves_the_fork_one_group(loaded):
    text = f"{CONV}filters=2\nxnor=1\ngroups=2"

    weights = loaded(text, [0, 0, 1, 2, 3, 4], c=2, dialect="alexeyab").stack[0].weights

    assert weights.flatten(1).tolist() == [[1, 2], [3, 4]]


@both_lineages
def test_the_sign_of_zero_is_negative(loaded, dialect):
    y = run(loaded(f"{CONV}xnor=1", [0, 0, 4], c=2, h=1, w=1, dialect=dialect), [0, 3])

    assert y.tolist() == [[[4]]]  # mean 2: -1 * -1 * 2 + 1 * 1 * 2


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("pjreddie", 10),  # 0 and 4 are -2 and 2: (-2 + 2 - 3) / 2 * -2 + 7
        ("alexeyab", 6),  # 0 and 4 times -2 / 2 are -2 and -2: -2 - 2 + 7 - 3 * -2 / 2
    ],
)
def test_the_fork_folds_batch_norm_before_it_takes_signs(loaded, dialect, expected):
    text = f"{CONV}xnor=1\nbatch_normalize=1"
    floats = [7, -2, 3, 4 - 1e-5, 0, 4]  # bias, scale, mean, variance, weights

    y = run(loaded(text, floats, c=2, h=1, w=1, dialect=dialect), [1, 1])

    torch.testing.assert_close(y, torch.tensor([[[float(expected)]]]))


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("", -3),
        ("[maxpool]", -3),
        ("[route]\nlayers=-1", 0),
        ("[shortcut]\nfrom=-1", 0),
        ("[sam]\nfrom=-1", 0),
        ("[scale_channels]\nfrom=-1", 0),
    ],
)
def test_bin_output_drops_the_activation_unless_another_kind_of_layer_merges_it(
    loaded, then, expected
):
    text = f"[conv]\nactivation=relu\nxnor=1\nbin_output=1\n{then}"

    y = run(loaded(text, [0, -3], c=1, h=1, w=1, dialect="alexeyab"), [1])

    assert y.tolist() == [[[expected]]]


# Weights


@pytest.mark.parametrize("groups", [1, 2])
def test_flipped_weights_stand_with_the_filters_last(loaded, groups):
    text = f"{CONV}filters=2\nsize=2\ngroups={groups}\nflipped=1"
    inputs = 2 // groups * 4
    columns = [x for i in range(inputs) for x in (i, 100 + i)]

    weights = loaded(text, [0, 0, *columns], c=2).stack[0].weights

    assert weights.flatten(1).tolist() == [
        [*range(inputs)],
        [*range(100, 100 + inputs)],
    ]


def test_a_layer_shares_the_parameters_of_another(loaded):
    shared = "[conv]\nactivation=relu\npadding=1\nshare_index=0\n"
    floats = [-1, 3, 100, 1]  # of layers 0 and 2
    network = loaded(f"{CONV}{shared}{CONV}", floats, c=1, h=1, w=1, dialect="alexeyab")

    y = run(network, [2])

    # 3 * (3 * 2 - 1) - 1 in the middle
    assert y.tolist() == [[[100, 100, 100], [100, 114, 100], [100, 100, 100]]]


def test_dontload_leaves_a_layer_out_of_the_file(loaded):
    network = loaded(f"{CONV}dontload=1\n{CONV}", [5, 7], c=1)

    assert network.stack[0].biases.tolist() == [0]
    assert network.stack[1].biases.tolist() == [5]


@both_lineages
def test_dontloadscales_leaves_batch_norm_out_of_the_file(loaded, dialect):
    text = f"{CONV}batch_normalize=1\ndontloadscales=1"

    y = run(loaded(text, [100, 3], c=1, h=1, w=1, dialect=dialect), [1])

    torch.testing.assert_close(y, torch.tensor([[[3 / 0.0031622777 + 100]]]))  # sqrt(1e-5)


def test_numload_reads_so_many_filters(loaded):
    text = f"{CONV}filters=3\nbatch_normalize=1\nnumload=2"
    conv = loaded(text, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], c=1).stack[0]

    assert conv.biases.tolist() == [1, 2, 0]
    assert conv.norm.scales.tolist() == [3, 4, 1]
    assert conv.norm.rolling_mean.tolist() == [5, 6, 0]
    assert conv.norm.rolling_variance.tolist() == [7, 8, 0]
    assert conv.weights.flatten().tolist()[:2] == [9, 10]


def test_numload_reads_so_many_flipped_filters(loaded):
    text = f"{CONV}filters=3\nnumload=2\nflipped=1"

    weights = loaded(text, [0, 0, 1, 10, 2, 20], c=2).stack[0].weights

    assert weights.flatten(1)[:2].tolist() == [[1, 2], [10, 20]]


def test_first_weights_are_normal_in_the_original(net):
    network = net(f"{CONV}filters=500\nsize=2", c=2)

    network.initialize(torch.Generator().manual_seed(1))

    weights = network.stack[0].weights
    assert weights.std().item() == pytest.approx(0.5, rel=0.05)  # sqrt(2 / (2 * 2 * 2))
    assert weights.abs().max().item() > 1


def test_first_weights_are_uniform_in_the_fork(net):
    network = net(f"{CONV}filters=500\nsize=2", c=2, dialect="alexeyab")

    network.initialize(torch.Generator().manual_seed(1))

    weights = network.stack[0].weights
    assert weights.std().item() == pytest.approx(0.5 / 3**0.5, rel=0.05)
    assert 0.49 < weights.abs().max().item() <= 0.5


# Rows


@pytest.mark.parametrize(
    ("options", "row"),
    [
        (
            "filters=16\nsize=3\npad=1\nstride=2",  # 2 * 16 * 9 * 3 * 160 * 160 / 1e9
            "   16  3 x 3 / 2   320 x 320 x   3   ->   160 x 160 x  16  0.022 BFLOPs",
        ),
        (
            "filters=3\nsize=11\npad=1\ngroups=3",  # 2 * 3 * 121 * 1 * 320 * 320 / 1e9
            "    3 11 x11 / 1   320 x 320 x   3   ->   320 x 320 x   3  0.074 BFLOPs",
        ),
    ],
)
def test_the_originals_row(net, options, row):
    assert rows(net(f"{CONV}{options}", h=320, w=320)) == [f"    0 conv  {row}"]


@pytest.mark.parametrize(("groups", "count"), [(1, 100800), (2, 50400)])
@both_lineages
def test_a_product_and_a_sum_a_weight_and_cell_are_counted(net, groups, count, dialect):
    text = f"{CONV}filters=4\nsize=3\npad=1\ngroups={groups}"

    network = net(text, c=20, h=10, w=7, dialect=dialect)

    assert network.operations() == count  # 2 * 4 * 9 * 20 * 10 * 7


@pytest.mark.parametrize(
    ("options", "row"),
    [
        (
            "filters=16\npad=1\nstride=2",
            "conv     16       3 x 3/ 2     64 x  64 x  32 ->   32 x  32 x  16 0.009 BF",
        ),  # 2 * 16 * 9 * 32 * 32 * 32 / 1e9
        (
            "filters=32\npad=1\ngroups=32",
            "conv     32/  32  3 x 3/ 1     64 x  64 x  32 ->   64 x  64 x  32 0.002 BF",
        ),  # 2 * 32 * 9 * 64 * 64 / 1e9
        (
            "filters=8\npad=1\ndilation=2",
            "conv      8       3 x 3/ 1(2)  64 x  64 x  32 ->   64 x  64 x   8 0.019 BF",
        ),  # 2 * 8 * 9 * 32 * 64 * 64 / 1e9
        (
            "filters=8\npad=1\nstride_x=2\nstride_y=1",
            "conv      8       3x 3/ 2x 1   64 x  64 x  32 ->   32 x  64 x   8 0.009 BF",
        ),
        (
            "filters=512\npad=1\nxnor=1",
            "convX   512       3 x 3/ 1     64 x  64 x  32 ->   64 x  64 x 512 0.038 BF",
        ),  # 2 * 512 * 9 * 32 * 64 * 64 / 1e9 / 32
        (
            "filters=512\npad=1\nxnor=1\nbin_output=1",
            "convXB  512       3 x 3/ 1     64 x  64 x  32 ->   64 x  64 x 512 0.038 BF",
        ),
        (
            "filters=8\npad=1\nassisted_excitation=4000",
            "convAE    8       3 x 3/ 1     64 x  64 x  32 ->   64 x  64 x   8 0.019 BF",
        ),
    ],
)
def test_the_forks_row(net, options, row):
    network = net(f"{CONV}size=3\n{options}", c=32, h=64, w=64, dialect="alexeyab")

    assert rows(network) == [f"   0 {row}"]


def test_the_forks_row_of_shared_parameters(net):
    conv = f"{CONV}filters=32\nsize=3\npad=1\n"

    network = net(f"{conv}\n{conv}share_index=0", c=32, h=64, w=64, dialect="alexeyab")

    expected = "convS    32       3 x 3/ 1     64 x  64 x  32 ->   64 x  64 x  32 0.075 BF"
    assert rows(network)[1] == f"   1 {expected}"  # 2 * 32 * 9 * 32 * 64 * 64 / 1e9


def test_the_fork_prints_another_row_for_the_blur(net):
    network = net(f"{CONV}stride=2\nantialiasing=1", dialect="alexeyab")

    assert [row[:9] for row in rows(network)] == ["   0 conv", "conv     "]


# Refusals


@pytest.mark.parametrize(
    ("options", "line", "problem"),
    [
        ("filters=0", 8, "filters = 0: expected at least 1"),
        ("size=0", 8, "size = 0: expected at least 1"),
        ("stride=0", 8, "stride = 0: expected at least 1"),
        ("padding=-1", 8, "padding = -1: expected at least 0"),
        ("size=17", 6, "size = 17 is larger than its padded input of 16"),
        ("size=19\npadding=1", 6, "size = 19 is larger than its padded input of 16"),
        ("groups=2", 6, "groups = 2 must divide the 3 channels it gets and filters = 1"),
        ("groups=3", 6, "groups = 3 must divide the 3 channels it gets and filters = 1"),
        ("groups=0", 6, "groups = 0 must divide the 3 channels it gets and filters = 1"),
    ],
)
def test_the_original_refuses(net, options, line, problem):
    with pytest.raises(CfgError) as error:
        net(f"{CONV}{options}")

    assert str(error.value) == f"net.cfg:{line}: [convolutional] {problem}"


@pytest.mark.parametrize(
    "options", ["size=16", "size=18\npadding=1", "groups=3\nfilters=3", "groups=1", "padding=0"]
)
def test_the_original_takes(nodes, options):
    [node] = nodes(f"{CONV}{options}")

    assert node.output.h in (1, 16)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("size=3\ndilation=2", "dilation = 2 with size 3 and padding 0: expected an odd size"),
        ("size=4\npad=1\ndilation=2", "dilation = 2 with size 4 and padding 2: expected an odd"),
        ("size=3\nsway=1\nrotate=1", "sway, rotate, stretch, stretch_sway: expected one"),
        ("stretch=1", "sway, rotate, stretch, stretch_sway: expected one, and size above 1"),
        ("share_index=-1", "shares the parameters of the image"),
        ("share_index=0", "reads layer 0 from layer 0"),
    ],
)
def test_the_fork_refuses(net, options, problem):
    with pytest.raises(CfgError) as error:
        net(f"{CONV}{options}", dialect="alexeyab")

    assert str(error.value).startswith(f"net.cfg:6: [convolutional] {problem}")


@both_lineages
def test_a_vector_is_refused(net, dialect):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[convolutional\] needs an image before it"):
        net(CONV, inputs=4, dialect=dialect)


@pytest.mark.parametrize(
    "options",
    [
        "size=3\npad=1\ndilation=2",
        "size=5\npadding=2\ndilation=2",
        "size=3\npad=1\nsway=1",
        "dilation=2",
    ],
)
def test_the_fork_takes(nodes, options):
    [node] = nodes(f"{CONV}{options}", dialect="alexeyab")

    assert node.output == Shape(c=1, h=16, w=16)


def test_a_map_smaller_than_the_blur_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[convolutional\] "):
        net(f"{CONV}antialiasing=2", h=1, w=4, dialect="alexeyab")


def test_a_map_as_large_as_the_blur_is_taken(nodes):
    [node] = nodes(f"{CONV}antialiasing=2", h=2, w=4, dialect="alexeyab")

    assert node.output == Shape(c=1, h=1, w=3)


@pytest.mark.parametrize("other", ["filters=2", "size=3\npad=1", "batch_normalize=1", "groups=3"])
def test_parameters_are_shared_by_layers_of_the_same_sizes(net, other):
    text = f"{CONV}{other}\nfilters=3\n{CONV}filters=3\nshare_index=0"

    with pytest.raises(CfgError, match=r"\[convolutional\] shares layer 0: expected a layer of"):
        net(text, dialect="alexeyab")


def test_parameters_are_shared_by_layers_of_another_stride(nodes):
    text = f"{CONV}filters=3\n{CONV}filters=3\nstride=2\nshare_index=0"

    assert nodes(text, dialect="alexeyab")[1].shares == 0


@pytest.mark.parametrize(
    "option", ["stride_x=2", "dilation=2", "antialiasing=1", "cbn=1", "bin_output=1", "sway=1"]
)
def test_the_original_does_not_use_the_forks_options(net, option, capsys):
    network = net(f"{CONV}{option}")

    assert network.nodes[0].output == Shape(c=1, h=16, w=16)
    assert f"Unused field: '{option.replace('=', ' = ')}'" in capsys.readouterr().err
