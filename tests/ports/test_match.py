from pathlib import Path

import pytest
import torch
from state_dicts import ERIK, ULTRALYTICS, Port, safetensors

from pydarknet.errors import WeightsError
from pydarknet.graph.weights_edit import parts
from pydarknet.ports.arrays import read_arrays
from pydarknet.ports.layouts import LAYOUTS, Branch, Form, Layout
from pydarknet.ports.match import Taker, choose_layout, order_of, with_words
from pydarknet.ports.stored import Stored

TWO = "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\npad=1\n[convolutional]\nfilters=5\n"


@pytest.mark.parametrize(("names", "name"), [(ERIK, "eriklindernoren"), (ULTRALYTICS, "ultraly")])
def test_a_layout_is_known_by_its_names(net, tmp_path, names, name):
    arrays = read_arrays(safetensors(tmp_path / "a", Port(1e-5).named(*names)))

    layout = choose_layout(arrays, list(parts(net(TWO, c=3, h=8, w=8))), tmp_path)

    assert layout.name.startswith(name)


def test_a_network_of_another_number_of_convolutions_is_named(net, tmp_path):
    [tiny] = [layout for layout in LAYOUTS if layout.name.endswith("yolov7-tiny")]
    state = {
        f"{one.name(tiny.forms[0].branches[0].conv)}.weight": torch.zeros(1)
        for one in with_words(tiny, [None] * 58)
    }
    arrays = read_arrays(safetensors(tmp_path / "a", state))

    with pytest.raises(
        WeightsError, match=r"yolov7-tiny, which has 58 convolutions: the cfg has 2"
    ):
        choose_layout(arrays, list(parts(net(TWO, c=3, h=8, w=8))), tmp_path)


def test_a_place_says_how_its_input_is_joined():
    [tiny] = [layout for layout in LAYOUTS if layout.name.endswith("yolov7-tiny")]

    assert order_of(tiny, 0) == ()
    assert order_of(tiny, 6) == (3, 2, 1, 0)  # model.7, after six convolutions


@pytest.mark.parametrize(("norm", "bias"), [(True, 2 * (1 + 3)), (False, 1)])
def test_learned_constants_count_once_also_where_a_port_has_folded_them(net, norm, bias):
    layout = Layout("a port", 1e-3, (Form((Branch("m"),), added="ia", factor="im"),))
    state = {
        "m.weight": torch.ones(1, 1, 1, 1),
        "m.bias": torch.ones(1),
        "ia": torch.full((1, 1, 1, 1), 3.0),
        "im": torch.full((1, 1, 1, 1), 2.0),
    }
    if norm:
        state["elsewhere.running_var"] = torch.ones(1)
    arrays = {name: Stored(tuple(value.shape), "F32", value.numpy) for name, value in state.items()}
    found = list(parts(net("[convolutional]\nfilters=1\n", c=1, h=2, w=2)))
    taker = Taker(arrays, layout, 1e-3, Path("a"))

    filters = taker.filters(with_words(layout, found)[0])

    assert filters.biases.tolist() == [bias]  # 2 * (1 + 1 * 3), or as it is
    assert {"ia", "im"} <= taker.taken
