"""Where layers read, what stands between them, and the table of them all."""

from __future__ import annotations

import time

import pytest
from conftest import both_lineages

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

# In these texts [net] ends on line 5, so that the first layer stands on line 6.
POOL = "[maxpool]\nsize=2\nstride=2\n"


def stdout_text(error: pytest.ExceptionInfo[CfgError]) -> str:
    """Return the text of an error."""
    return str(error.value)


# References


@pytest.mark.parametrize(
    ("layers", "sources"),
    [("0", (0,)), ("1", (1,)), ("-1", (2,)), ("-3", (0,)), ("-1,0", (2, 0)), ("1,-2", (1, 1))],
)
def test_a_reference_counts_back_if_negative_and_else_from_the_first_layer(nodes, layers, sources):
    route = nodes(f"{POOL}{POOL}[dropout]\n[route]\nlayers={layers}", h=8, w=8)[3]

    assert route.sources == sources


def test_a_layer_reads_the_one_before_it_and_the_first_the_image(nodes):
    found = nodes("[dropout]\n[dropout]\n[dropout]")

    assert [node.sources for node in found] == [(-1,), (0,), (1,)]


def test_the_first_layer_may_name_the_image_as_the_one_before_it(nodes):
    [route] = nodes("[route]\nlayers=-1", c=3, h=4, w=5)

    assert route.inputs == (Shape(c=3, h=4, w=5),)
    assert route.reads == (None,)


def test_a_reference_brings_the_shape_of_its_layer(nodes):
    route = nodes(f"{POOL}{POOL}[route]\nlayers=0", c=3, h=8, w=8)[2]

    assert route.inputs == (Shape(c=3, h=4, w=4),)


@pytest.mark.parametrize(
    ("layers", "absolute"), [("2", 2), ("7", 7), ("-3", -1), ("-9", -7), ("0,2", 2)]
)
def test_a_reference_must_name_an_earlier_layer(net, layers, absolute):
    with pytest.raises(CfgError) as error:
        net(f"[dropout]\n[dropout]\n[route]\nlayers={layers}")

    problem = f"[route] reads layer {absolute} from layer 2: expected one of the earlier"
    assert stdout_text(error) == f"net.cfg:8: {problem}"


@pytest.mark.parametrize("source", ["0", "1", "-2"])
def test_the_first_layer_has_none_to_name_but_the_image(net, source):
    with pytest.raises(CfgError, match="from layer 0: expected one of the earlier"):
        net(f"[route]\nlayers={source}")


def test_parameters_may_be_those_of_an_earlier_layer(nodes):
    found = nodes(
        "[convolutional]\nfilters=3\n[convolutional]\nfilters=3\nshare_index=0", dialect="alexeyab"
    )

    assert [node.shares for node in found] == [None, 0]


@pytest.mark.parametrize(
    ("share", "problem"),
    [
        ("-1", "shares the parameters of the image: expected an earlier layer's"),
        ("0", "reads layer 0 from layer 0: expected one of the earlier"),
    ],
)
def test_the_first_layer_has_none_to_share_with(net, share, problem):
    with pytest.raises(CfgError) as error:
        net(f"[convolutional]\nshare_index={share}\n[convolutional]", dialect="alexeyab")

    assert stdout_text(error) == f"net.cfg:6: [convolutional] {problem}"


# Images


@pytest.mark.parametrize("section", ["convolutional", "maxpool", "avgpool", "reorg", "upsample"])
def test_some_layers_need_an_image_before_them(net, section):
    with pytest.raises(CfgError) as error:
        net(f"[softmax]\n[{section}]", c=3, h=4, w=5)

    assert stdout_text(error) == (
        f"net.cfg:7: [{section}] needs an image before it:"
        " the layer before gives 60 numbers without channels, height and width"  # 3 * 4 * 5
    )


@pytest.mark.parametrize("section", ["convolutional", "maxpool", "avgpool", "reorg", "upsample"])
def test_an_image_before_them_is_enough(nodes, section):
    assert nodes(f"[dropout]\n[{section}]", c=3, h=4, w=5)[1].inputs[0].image


@pytest.mark.parametrize("section", ["connected", "softmax", "dropout"])
def test_others_read_plain_numbers(nodes, section):
    assert nodes(f"[softmax]\n[{section}]", c=3, h=4, w=5)[1].inputs == (Shape(length=60),)


def test_a_layer_gives_no_more_numbers_than_32_bits_count(net):
    with pytest.raises(CfgError) as error:
        net("[upsample]\nstride=8192", c=8, h=4, w=2)

    # 8 * (4 * 8192) * (2 * 8192)
    problem = "[upsample] gives 4294967296 numbers: more than 32 bits can count"
    assert stdout_text(error) == f"net.cfg:6: {problem}"


def test_a_layer_may_give_nearly_as_many(nodes):
    [node] = nodes("[upsample]\nstride=8192", c=7, h=2, w=2)

    assert node.output.outputs == 7 * 16384 * 16384  # 1879048192 of 2147483647


# Sections


@pytest.mark.parametrize(
    ("dialect", "known"), [("pjreddie", "logistic"), ("alexeyab", "scale_channels")]
)
def test_an_unknown_section_is_told_with_the_choices_of_its_lineage(net, dialect, known):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[nonsense]", dialect=dialect)

    assert stdout_text(error).startswith("net.cfg:7: [nonsense] is no section: expected one of ")
    assert f", {known}, " in stdout_text(error)
    assert "hint" not in stdout_text(error)


@pytest.mark.parametrize(
    ("section", "nearest"),
    [
        ("rout", "route"),
        ("Yolo", "yolo"),
        ("convolutionnal", "convolutional"),
        ("max_pool", "maxpool"),
    ],
)
def test_an_unknown_section_is_told_with_the_nearest(net, section, nearest):
    with pytest.raises(CfgError) as error:
        net(f"[{section}]")

    assert stdout_text(error).endswith(f"\n    hint: did you mean [{nearest}]?")


@pytest.mark.parametrize(
    ("section", "dialect", "other"),
    [("iseg", "alexeyab", "pjreddie"), ("sam", "pjreddie", "alexeyab")],
)
def test_a_section_of_the_other_lineage_is_told_as_such(net, section, dialect, other):
    with pytest.raises(CfgError) as error:
        net(f"[{section}]", dialect=dialect)

    hint = f"it is known in the dialect {other}; this cfg is read as {dialect}"
    assert stdout_text(error).endswith(f"\n    hint: {hint}")


def test_a_second_net_is_an_unknown_section(net):
    with pytest.raises(CfgError, match=r"^net.cfg:7: \[net\] is no section"):
        net("[dropout]\n[net]")


def test_an_unknown_section_is_a_layer_of_nothing_where_reading_is_lenient(nodes, capsys):
    _, nothing, route = nodes("[dropout]\n[nonsense]\n[route]\nlayers=0", strict=False)

    assert (nothing.index, nothing.output.outputs) == (1, 0)
    assert route.index == 2
    assert "Type not recognized: [nonsense] (net.cfg:7)\n" in capsys.readouterr().err


def test_nothing_can_be_read_from_it(net):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[nonsense]\n[dropout]", strict=False)

    problem = "[dropout] reads a layer that gives nothing: expected a known section there"
    assert stdout_text(error) == f"net.cfg:8: {problem}"


# Unused options


@pytest.mark.parametrize(
    ("line", "field"),
    [("bogus=3", "bogus = 3"), ("bogus", "bogus = (null)"), ("scale_x_y=1.0", "scale_x_y = 1.0")],
)
def test_an_option_nobody_asks_for_is_told_with_its_place(net, capsys, line, field):
    net(f"[dropout]\nprobability=.5\n{line}")

    assert f"Unused field: '{field}' (net.cfg:8 [dropout])\n" in capsys.readouterr().err


def test_a_second_value_of_an_option_is_unused(net, capsys):
    net("[dropout]\nprobability=.5\nprobability=.7")

    assert "Unused field: 'probability = .7' (net.cfg:8 [dropout])" in capsys.readouterr().err


def test_an_option_that_is_asked_for_is_used(net, capsys):
    net("[dropout]\nprobability=.5\nlearning_rate=2\nstopbackward=1")

    assert "Unused" not in capsys.readouterr().err


@pytest.mark.parametrize(("dialect", "unused"), [("pjreddie", 1), ("alexeyab", 0)])
def test_an_option_of_the_other_lineage_is_unused(net, capsys, dialect, unused):
    net("[maxpool]\nstride_x=2", dialect=dialect)

    assert capsys.readouterr().err.count("Unused field: 'stride_x = 2'") == unused


# The table


def test_the_originals_table_has_indices_of_five_places(net):
    table = net(f"{POOL}[dropout]", c=3, h=4, w=4).table()

    assert table.split("\n") == [
        "layer     filters    size              input                output",
        "    0 max          2 x 2 / 2     4 x   4 x   3   ->     2 x   2 x   3",
        "    1 dropout       p = 0.50                 12  ->    12",  # 2 * 2 * 3
    ]


def test_the_forks_table_has_indices_of_four_places_and_totals(net):
    table = net(f"{POOL}[dropout]", c=3, h=4, w=4, dialect="alexeyab").table()

    assert table.split("\n") == [
        "   layer   filters  size/strd(dil)      input                output",
        "   0 max                2x 2/ 2      4 x   4 x   3 ->    2 x   2 x   3 0.000 BF",
        "   1 dropout    p = 0.200          12  ->     12",
        "Total BFLOPS 0.000 ",
        "avg_outputs = 12 ",
    ]


def test_the_total_adds_convolutions_and_pools(net):
    text = f"[convolutional]\nfilters=64\nsize=3\npad=1\n{POOL}"
    table = net(text, c=16, h=64, w=64, dialect="alexeyab").table()

    # 2 * 64 * 9 * 16 * 64 * 64 = 75497472, and 2 * 2 * 64 * 32 * 32 = 262144
    assert table.split("\n")[-2] == "Total BFLOPS 0.076 "


def test_the_average_is_of_layers_that_read_more_than_a_row_or_column(net):
    text = f"[convolutional]\nfilters=4\n{POOL}[avgpool]\n[convolutional]\nfilters=999"
    table = net(text, c=3, h=16, w=16, dialect="alexeyab").table()

    # (4 * 16 * 16 + 4 * 8 * 8 + 4) // 3; the last reads 1 x 1
    assert table.split("\n")[-1] == "avg_outputs = 428 "


def test_without_such_a_layer_the_average_is_zero(net):
    table = net("[connected]\noutput=5", inputs=20, dialect="alexeyab").table()

    assert table.split("\n")[-1] == "avg_outputs = 0 "


# Maps of unlike sizes

HALVES = "[maxpool]\nsize=2\nstride=2\npadding=1\n" * 3  # 100 becomes 50, 25, 13
JOINED = f"{HALVES}[upsample]\nstride=2\n[route]\nlayers=-1,1\n"
READ = "[convolutional]\nfilters=1\nsize=1\nactivation=linear\n"


@pytest.mark.parametrize("between", ["", "[dropout]\n", "[route]\nlayers=-1\n"])
@both_lineages
def test_a_route_of_unlike_maps_is_told_where_a_map_is_needed(net, dialect, between):
    with pytest.raises(CfgError) as error:
        net(f"{JOINED}{between}{READ}", h=100, w=100, dialect=dialect)

    assert str(error.value) == (
        "net.cfg:20: [route] layers 3 and 1 are 26 x 26 and 25 x 25: they cannot lie one after"
        " another\n    hint: width and height must be multiples of 8 here"
    )


@pytest.mark.parametrize(("h", "w"), [(104, 96), (8, 16)])
def test_a_route_of_like_maps_is_read(net, h, w):
    assert net(f"{JOINED}{READ}", h=h, w=w).nodes[-1].output == Shape(c=1, h=h // 4, w=w // 4)


def test_another_size_is_told_too(net):
    network = net(f"{JOINED}{READ}", h=64, w=64)

    with pytest.raises(CfgError, match="layers 3 and 1 are 14 x 16 and 13 x 16: they cannot lie"):
        network.resize(52, 64)


def test_maps_that_no_size_makes_alike_have_no_hint(net):
    with pytest.raises(CfgError) as error:
        net(f"{HALVES}[route]\nlayers=-1,0\n{READ}", h=64, w=64)

    assert str(error.value).endswith("they cannot lie one after another")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[shortcut]\nfrom=1\n", "[shortcut] cannot add 25 x 12 to 26 x 6: expected one ratio"),
        ("[sam]\nfrom=1\n", "[sam] multiplies 26 x 6 x 3 by 25 x 12 x 3: expected equal sizes"),
    ],
)
def test_other_merges_of_unlike_maps_have_the_hint(net, text, told):
    stretched = f"{HALVES}[upsample]\nstride=2\n[maxpool]\nsize=1\nstride_y=2\nstride_x=1\n"

    with pytest.raises(CfgError) as error:
        net(f"{stretched}{text}", h=48, w=100, dialect="alexeyab")

    assert told in str(error.value)


@pytest.mark.parametrize(
    "between",
    ["[dropout]\n" * 2000, "[route]\nlayers=-1,-1\n" * 27],
    ids=["a chain", "each twice"],
)
def test_a_map_is_missed_behind_any_number_of_layers_at_once(net, between):
    start = time.process_time()
    with pytest.raises(CfgError, match=r"\[maxpool\] needs an image before it"):
        net(f"{between}{POOL}", c=0, inputs=1)

    assert time.process_time() - start < 5
