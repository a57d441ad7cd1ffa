import pytest
import torch
from state_dicts import ERIK, ULTRALYTICS, Port, safetensors

from pydarknet.errors import WeightsError
from pydarknet.graph.weights_edit import parts
from pydarknet.ports.arrays import read_arrays
from pydarknet.ports.layouts import LAYOUTS
from pydarknet.ports.match import choose_layout, order_of, with_words

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
