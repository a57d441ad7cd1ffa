"""[route]: other layers' outputs one after another."""

from __future__ import annotations

import pytest
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

# layer 0 is the image, layer 1 its double in number, layer 2 a quarter of its size
THREE = "[route]\nlayers=-1\n[route]\nlayers=0,0\n[maxpool]\nsize=1\nstride=2\n"


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ("0", Shape(c=3, h=4, w=6)),
        ("0,1", Shape(c=9, h=4, w=6)),
        ("-1", Shape(c=6, h=2, w=3)),
        ("0,2", Shape(length=108)),  # 3 * 4 * 6 + 6 * 2 * 3
        ("2,0,1", Shape(length=252)),
    ],
)
@both_lineages
def test_channels_add_up_and_unlike_maps_are_flat(nodes, layers, shape, dialect):
    node = nodes(f"{THREE}[route]\nlayers={layers}", c=3, h=4, w=6, dialect=dialect)[3]

    assert node.output == shape


@both_lineages
def test_vectors_are_flat(nodes, dialect):
    text = "[softmax]\n[route]\nlayers=0,0"

    node = nodes(text, c=3, h=4, w=6, dialect=dialect)[1]

    assert node.output == Shape(length=144)


@both_lineages
def test_the_outputs_stand_in_the_order_of_the_list(net, dialect):
    text = "[upsample]\nstride=1\n[upsample]\nstride=1\nscale=10\n[route]\nlayers=1,-2"

    y = run(net(text, c=2, h=1, w=2, dialect=dialect), [1, 2, 3, 4])

    assert y.flatten(1).tolist() == [[10, 20], [30, 40], [1, 2], [3, 4]]


@pytest.mark.parametrize(("h", "w"), [(1, 2), (2, 1)])
def test_unlike_maps_stand_one_after_the_other(net, h, w):
    text = "[route]\nlayers=-1\n[maxpool]\nsize=1\nstride=2\n[route]\nlayers=1,0"

    y = run(net(text, c=2, h=h, w=w), [1, 2, 3, 4])

    assert y.tolist() == [1, 3, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("group", "expected"), [(0, [1, 2, 1, 2, 3, 4]), (1, [3, 4, 10, 20, 30, 40])]
)
def test_the_fork_takes_a_slice_of_every_source(net, group, expected):
    text = (
        "[route]\nlayers=-1\n"  # channels 1 2 3 4
        "[upsample]\nstride=1\nscale=10\n"
        "[route]\nlayers=0,1\n"  # channels 1 2 3 4 10 20 30 40
        f"[route]\nlayers=0,2\ngroups=2\ngroup_id={group}"
    )
    network = net(text, c=4, h=1, w=1, dialect="alexeyab")

    y = run(network, [1, 2, 3, 4])

    assert network.nodes[3].output == Shape(c=6, h=1, w=1)
    assert y.flatten().tolist() == expected


def test_a_slice_may_be_all_there_is(net):
    network = net("[route]\nlayers=-1\ngroups=2\ngroup_id=1", c=4, h=1, w=1, dialect="alexeyab")

    assert run(network, [1, 2, 3, 4]).tolist() == [[[3]], [[4]]]


def test_the_original_does_not_use_groups(net, capsys):
    network = net("[route]\nlayers=-1\ngroups=2\ngroup_id=1", c=4)

    assert network.nodes[0].output == Shape(c=4, h=16, w=16)
    assert "Unused field: 'groups = 2'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layers", "row"), [("2", "route  2"), ("1,0", "route  1 0"), ("2,1,0", "route  2 1 0")]
)
def test_the_originals_row_lists_the_layers(net, layers, row):
    assert rows(net(f"{THREE}[route]\nlayers={layers}"))[3] == f"    3 {row}"


BLANKS = " " * 11


@pytest.mark.parametrize(
    ("layers", "row"),
    [
        ("-1", f"route  2 \t\t            {BLANKS}    ->    8 x   8 x  16 "),
        ("0,1", f"route  0 1 \t            {BLANKS}    ->   16 x  16 x  24 "),
        ("0,1,0", f"route  0 1 0 \t            {BLANKS}    ->   16 x  16 x  32 "),
        ("0,1,0,1", f"route  0 1 0 1 \t    {BLANKS}    ->   16 x  16 x  48 "),
        ("0\ngroups=2", f"route  0 \t\t            {BLANKS}0/2 ->   16 x  16 x   4 "),
        ("0\ngroups=4\ngroup_id=3", f"route  0 \t\t            {BLANKS}3/4 ->   16 x  16 x   2 "),
    ],
)
def test_the_forks_row_lists_layers_slice_and_output(net, layers, row):
    network = net(f"{THREE}[route]\nlayers={layers}", c=8, dialect="alexeyab")

    assert rows(network)[3] == f"   3 {row}"


def test_layers_are_required(net):
    with pytest.raises(CfgError) as error:
        net("[dropout]\n[route]")

    assert str(error.value) == "net.cfg:7: [route] layers is missing"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("layers=0\ngroups=3", "groups = 3 must divide the channels of every layer"),
        ("layers=0,2\ngroups=2", "groups = 2 must divide the channels of every layer"),
        ("layers=0\ngroups=2\ngroup_id=2", "group_id = 2: expected less than groups 2"),
    ],
)
def test_slices_that_cannot_be_cut_are_refused(net, options, problem):
    with pytest.raises(CfgError) as error:
        net(f"{THREE}[route]\n{options}", c=8, dialect="alexeyab")

    assert str(error.value) == f"net.cfg:13: [route] {problem}"


def test_a_comment_behind_the_list_adds_its_commas(nodes):
    node = nodes(f"{THREE}[route]\nlayers=1 #a,0", c=3)[3]

    assert node.sources == (1, 0)
