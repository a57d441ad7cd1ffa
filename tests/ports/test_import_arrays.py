from pathlib import Path

import numpy as np
import pytest
import torch
from state_dicts import CFG, ERIK, TIANXIAOMO, ULTRALYTICS, Port, npz, safetensors

from pydarknet.errors import DarknetError
from pydarknet.ports.import_arrays import import_arrays, import_stored
from pydarknet.ports.layouts import Layout, one
from pydarknet.ports.stored import Stored

HEAD = "[net]\nwidth=8\nheight=8\nchannels=3\n"


@pytest.fixture
def imported(net, tmp_path):
    """Return the network of a cfg with the values of a state dict."""

    def make(state, cfg=CFG, write=safetensors, **options):
        network = net(cfg.split("\n\n", 1)[1] if cfg is CFG else cfg, c=3, h=8, w=8)
        ending = {safetensors: "safetensors", npz: "npz"}[write]
        import_arrays(network, write(tmp_path / f"port.{ending}", state), **options)
        network.eval()
        return network

    return make


def output(network, x):
    with torch.no_grad():
        return network.trace(x)[-1]


@pytest.mark.parametrize("write", [safetensors, npz])
@pytest.mark.parametrize(
    ("names", "epsilon"), [(ERIK, 1e-5), (ULTRALYTICS, 1e-4), (TIANXIAOMO, 1e-5)]
)
def test_a_port_and_its_import_compute_the_same(imported, names, epsilon, write):
    port, x = Port(epsilon), torch.rand(2, 3, 8, 8)

    network = imported(port.named(*names), write=write)

    with torch.no_grad():
        torch.testing.assert_close(output(network, x), port(x), atol=1e-5, rtol=1e-5)


def test_values_of_darknets_own_epsilon_stay_as_they_are(imported):
    port = Port(1e-5)

    network = imported(port.named(*ERIK))

    assert torch.equal(network.stack[0].weights, port.conv.weight)
    assert torch.equal(network.stack[0].norm.rolling_variance, port.norm.running_var)


def test_a_larger_epsilon_is_added_to_the_variance(imported):
    port = Port(1e-4)
    port.norm.running_var.fill_(0.5)

    network = imported(port.named(*ULTRALYTICS))

    expected = torch.full((4,), 0.50009)  # 0.5 + 1e-4 - 1e-5
    torch.testing.assert_close(network.stack[0].norm.rolling_variance, expected)


def test_a_smaller_epsilon_than_darknets_is_exact_where_the_variance_is_below_it(imported):
    port, x = Port(1e-7), torch.rand(1, 3, 8, 8)
    port.norm.running_var[0] = 1e-6

    network = imported(port.named(*ERIK), epsilon=1e-7)

    assert network.stack[0].norm.rolling_variance[0] == 0
    with torch.no_grad():
        torch.testing.assert_close(output(network, x), port(x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_read(imported, dtype):
    state = {
        name: value.to(dtype) if value.is_floating_point() else value
        for name, value in Port(1e-5).named(*ERIK).items()
    }

    network = imported(state)

    assert torch.equal(network.stack[1].weights, state["module_list.1.conv_1.weight"].float())


def test_names_of_data_parallel_networks_are_known(imported):
    state = {f"module.{name}": value for name, value in Port(1e-5).named(*ERIK).items()}

    assert imported(state).stack[0].norm is not None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.pop("module_list.1.conv_1.bias"), "has no module_list.1.conv_1.bias, which"),
        (lambda s: s.pop("module_list.0.conv_0.weight"), "has no module_list.0.conv_0.weight"),
        (lambda s: s.pop("module_list.0.batch_norm_0.running_var"), "batch_norm_0.running_var"),
        (lambda s: s.update(extra=torch.zeros(7)), "extra (7) has no place in the cfg"),
        (
            lambda s: s.update({"module_list.1.conv_1.weight": torch.zeros(6, 4, 1, 1)}),
            "is 6 x 4 x 1 x 1: layer 1 [convolutional] of the cfg needs 5 x 4 x 1 x 1",
        ),
        (
            lambda s: s.update({"module_list.1.conv_1.bias": torch.zeros(5, dtype=torch.int64)}),
            "module_list.1.conv_1.bias has numbers of kind I64: expected floats",
        ),
    ],
)
def test_an_array_too_many_too_few_or_of_another_form_is_an_error(imported, change, told):
    state = Port(1e-5).named(*ERIK)
    change(state)

    with pytest.raises(DarknetError) as error:
        imported(state)

    assert told in str(error.value)


def test_a_file_of_another_program_is_an_error_that_names_its_first_array(imported):
    with pytest.raises(
        DarknetError, match=r"its first array is features.0.weight: expected the names of [^;]*; "
    ):
        imported({"features.0.weight": torch.zeros(1)})


def test_a_layer_whose_arrays_no_port_has_is_an_error(imported):
    with pytest.raises(DarknetError, match="no layout of a port has its arrays"):
        imported(Port(1e-5).named(*ERIK), cfg="[connected]\noutput=3\n[batchnorm]\n")


def test_other_anchors_than_those_of_the_cfg_are_an_error(imported):
    cfg = "[convolutional]\nfilters=6\n[yolo]\nclasses=1\nnum=1\nmask=0\nanchors=3,4\n"
    state = {
        "module_list.0.conv_0.weight": torch.ones(6, 3, 1, 1),
        "module_list.0.conv_0.bias": torch.ones(6),
        "module_list.1.yolo_1.anchors": torch.tensor([[3.0, 5.0]]),
    }

    with pytest.raises(DarknetError, match="was trained with 1 anchor 3,5: the cfg has others"):
        imported(state, cfg=cfg)

    state["module_list.1.yolo_1.anchors"][0, 1] = 4
    assert imported(state, cfg=cfg)


def test_blocks_of_channels_are_joined_in_the_order_of_the_cfg(net):
    from pydarknet.ports.import_arrays import join_as_cfg
    from pydarknet.ports.values import Filters

    cfg = "[convolutional]\nfilters=1\n[convolutional]\nfilters=2\n[route]\nlayers=-1,-2\n"
    network = net(f"{cfg}[convolutional]\nfilters=1\n", c=1, h=2, w=2)
    port = Filters(np.arange(3.0).reshape(1, 3, 1, 1), np.zeros(1))

    joined = join_as_cfg(network, network.nodes[3], port, (0, 1))

    assert joined.weights.ravel().tolist() == [1, 2, 0]  # layer 1 has two channels, and is first
    assert join_as_cfg(network, network.nodes[3], port, (1, 0)).weights.ravel().tolist() == [
        0,
        1,
        2,
    ]


def stored(values: np.ndarray) -> Stored:
    """Return an array as a file of another program holds it."""
    return Stored(values.shape, "F32", lambda: values)


def test_a_batch_norm_of_the_image_gets_the_ports_pixels_and_other_layers_their_arrays(net):
    layout = Layout(
        "a port",
        1e-5,
        (one("{place}"),),
        ("conv",),
        others=("lengths",),
        pixels=((0.5, 0.25, 0.125), (0.5, 0.25, 0.25)),
    )
    state = {
        "conv.weight": stored(np.eye(3, dtype=np.float32)[:, :, None, None]),
        "conv.bias": stored(np.zeros(3, np.float32)),
        "lengths": stored(np.array([1, 2, 3], np.float32)),
    }
    cfg = "[batchnorm]\nuse_rolling=1\n[convolutional]\nfilters=3\nactivation=linear\n"
    network = net(f"{cfg}[l2norm]\nscale=20\n", h=1, w=1)
    network.initialize()  # the biases of [batchnorm], which no file has

    import_stored(network, state, layout, Path("port.npz"))
    network.eval()

    x = torch.tensor([1.0, 1.0, 0.5]).view(1, 3, 1, 1)
    pixels = (x.flatten() - torch.tensor([0.5, 0.25, 0.125])) / torch.tensor([0.5, 0.25, 0.25])
    expected = pixels / pixels.norm() * torch.tensor([1.0, 2.0, 3.0])
    torch.testing.assert_close(output(network, x).flatten(), expected, atol=1e-4, rtol=1e-4)


def test_an_array_whose_layer_the_cfg_has_not_is_an_error(net):
    layout = Layout("a port", 1e-5, (one("{place}"),), ("conv",), others=("lengths",))
    network = net("[convolutional]\nfilters=3\nactivation=linear\n", h=1, w=1)

    with pytest.raises(DarknetError, match="has no layer for lengths, which a port has"):
        import_stored(network, {"lengths": stored(np.zeros(3))}, layout, Path("port.npz"))


def test_a_cfg_that_does_not_normalise_pixels_as_its_port_does_is_told(net, capsys):
    layout = Layout("a port", 1e-5, (one("{place}"),), ("conv",), pixels=((0.5,) * 3, (0.25,) * 3))
    network = net("[convolutional]\nfilters=3\nactivation=linear\n", h=1, w=1)
    values = {"conv.weight": stored(np.ones((3, 3, 1, 1))), "conv.bias": stored(np.zeros(3))}

    import_stored(network, values, layout, Path("port.npz"))

    told = "a port normalises pixels: begin the cfg with a [batchnorm] for that"
    assert told in capsys.readouterr().err
