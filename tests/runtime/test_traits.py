from __future__ import annotations

import json

import pytest

from pydarknet.graph.traits import traits_of
from pydarknet.runtime.traits import Traits

CFG = """
[convolutional]
filters=18
size=1
activation=linear

[yolo]
classes=1
num=3
anchors=1,1,2,2,3,3
"""


def test_traits_go_through_json(net):
    traits = traits_of(net(CFG, dialect="alexeyab"))

    assert Traits.read(json.loads(json.dumps(traits.words))) == traits


def test_what_lacks_one_is_none(net):
    words = traits_of(net(CFG)).words
    del words["table"]

    with pytest.raises(KeyError, match="table"):
        Traits.read(words)


def test_an_error_names_the_section_of_the_net(net):
    traits = traits_of(net(CFG))

    assert str(traits.error("is odd")) == "net.cfg:1: [net] is odd"
