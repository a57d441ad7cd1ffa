"""Trees of classes: their groups, the walk down them, and their file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydarknet.cfg.class_tree import Tree, read_tree
from pydarknet.cfg.parser import Section
from pydarknet.errors import CfgError

#       0 animal      1 thing
#    2 dog   3 cat     4 car
#  5 poodle
TREE = Tree(("animal", "thing", "dog", "cat", "car", "poodle"), (-1, -1, 0, 0, 1, 2))
TEXT = "animal -1\nthing -1\ndog 0\ncat 0\ncar 1\npoodle 2\n"


def test_groups_are_runs_of_one_parent():
    assert TREE.sizes == (2, 2, 1, 1)


@pytest.mark.parametrize(
    ("thresh", "expected"),
    [
        (0.9, 0),  # the best root, although .8 <= .9
        (0.5, 0),  # .8, then .8 * .4 = .32 <= .5
        (0.3, 2),  # .8, .32, then .32 * .36 = .1152 <= .3
        (0.1, 5),  # .1152 > .1, and poodle has no children
    ],
)
def test_a_walk_goes_down_while_the_product_of_what_it_met_exceeds_the_threshold(thresh, expected):
    products = [0.8, 0.2, 0.4, 0.4, 0.2, 0.36]

    assert TREE.top(products, thresh) == expected


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_file_has_a_name_and_the_number_of_its_parent_on_a_line(tmp_path, end):
    (tmp_path / "a.tree").write_text(TEXT.rstrip("\n") + end)

    assert read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 1)) == TREE


def test_a_tree_is_looked_for_beside_the_folder_of_the_cfg_too(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.tree").write_text(TEXT)

    assert read_tree("data/a.tree", Section("softmax", f"{tmp_path}/cfg/net.cfg", 1)) == TREE


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CfgError) as error:
        read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 7))

    assert str(error.value) == f"{tmp_path}/net.cfg:7: [softmax] Couldn't open file: a.tree"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "2: an empty line: expected the name of a class and the number of its parent"),
        ("dog", "2: dog: expected the name of a class and the number of its parent"),
        ("dog x", "2: dog x: expected the name of a class and the number of its parent"),
        ("dog --1", "2: dog --1: expected the name of a class and the number of its parent"),
        ("big dog 0", "2: big dog 0: expected the name of a class and the number of its parent"),
        ("dog -2", "2: parent -2: expected an earlier line, at most 0, or -1 for none"),
        ("dog 1", "2: parent 1: expected an earlier line, at most 0, or -1 for none"),
    ],
)
def test_a_line_that_is_no_node_is_refused(tmp_path, line, problem):
    path = tmp_path / "a.tree"
    path.write_text(f"animal -1\n{line}\ncat 0\n")

    with pytest.raises(CfgError) as error:
        read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 7))

    assert str(error.value) == f"{tmp_path}/net.cfg:7: [softmax] tree {path}:{problem}"


def test_a_number_of_thousands_of_digits_is_refused(tmp_path):
    (tmp_path / "a.tree").write_text(f"animal -1\ndog {'9' * 5000}\n")

    with pytest.raises(CfgError, match=r"a\.tree:2: "):
        read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 7))


def test_children_of_one_parent_must_stand_together(tmp_path):
    (tmp_path / "a.tree").write_text("animal -1\ncat 0\nlion 1\ndog 0\n")

    with pytest.raises(CfgError, match=r"a\.tree:4: dog: expected it next to its parent's others"):
        read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 7))


@pytest.mark.parametrize(
    ("make", "what"), [(Path.mkdir, "Is a directory"), (os.mkfifo, "is a pipe")]
)
def test_what_is_no_file_is_told(tmp_path, monkeypatch, make, what):
    monkeypatch.chdir(tmp_path)
    make(Path("a.tree"))

    with pytest.raises(CfgError) as error:
        read_tree("a.tree", Section("softmax", "net.cfg", 7))

    told = f"Couldn't open file: a.tree ({what}): expected a file"
    assert str(error.value) == f"net.cfg:7: [softmax] {told}"


def test_the_first_line_has_no_parent(tmp_path):
    (tmp_path / "a.tree").write_text("animal 0\n")

    with pytest.raises(CfgError, match=r"a.tree:1: parent 0: expected -1 for none"):
        read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 7))


@pytest.mark.parametrize("line", ["dog 0", "dog -1", "dog\t0"])
def test_a_line_that_is_a_node_is_read(tmp_path, line):
    (tmp_path / "a.tree").write_text(f"animal -1\n{line}\n")

    tree = read_tree("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 1))

    assert tree.names == ("animal", "dog")


def test_the_product_is_a_float_of_c_after_each_step():
    seven, thresh = 0.699999988079071, 0.4899999797344208  # floats of C, nearest to .7 and .7 * .7

    # as a float of C the product is the threshold itself, and does not exceed it
    assert seven * seven > thresh
    assert TREE.top([seven, 0.0, seven, 0.0, 0.0, 0.0], thresh) == 0
