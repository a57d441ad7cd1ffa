"""Class names as Python programs give them."""

from __future__ import annotations

import pytest

from pydarknet.errors import WrongType
from pydarknet.runtime.names import class_names, doubtful_names

SOFTMAX = "[connected]\noutput=4\nactivation=linear\n\n[softmax]\n"


def test_names_are_a_file_or_texts(tmp_path):
    file = tmp_path / "net.names"
    file.write_text("cat\ndog\n")

    assert class_names(file) == class_names(["cat", "dog"]) == ("cat", "dog")
    assert class_names(None) is None
    with pytest.raises(WrongType, match=r"names\[1\] is of type int: expected a name"):
        class_names(["cat", 1])


def test_another_number_of_names_is_told(net):
    network = net(SOFTMAX, h=2, w=2)
    network.names = ("cat", "dog")

    assert doubtful_names(network, ["cat", "dog"]) == (
        "2 names: expected 4, one for each class of net.cfg"
    )
    network.names = ("a", "b", "c", "d")
    assert doubtful_names(network, network.names) == ""
