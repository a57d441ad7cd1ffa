"""Networks as ONNX graphs: onnxruntime gives what the network gives, and what torch exports."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
import torch
from conftest import HERE, SHARED, recording
from torch import Tensor, nn

import pydarknet
from pydarknet.errors import CfgError
from pydarknet.graph.onnx_network import INPUT, name_value, onnx_model, write_network
from pydarknet.modules.onnx_graph import BATCH
from pydarknet.modules.onnx_writer import Value
from pydarknet.network import Network
from pydarknet.system.resources import shipped_file

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

Run = Callable[[object, Tensor], list]
RECORDINGS = sorted(
    folder.name
    for home in (HERE / "reference", SHARED / "golden")
    if home.is_dir()
    for folder in home.iterdir()
    if folder.name.startswith("infer_") and "_real_" not in folder.name
)


def load(name: str) -> Network:
    """Return a recorded network with its weights."""
    folder = recording(name)
    dialect = {"ab": "alexeyab", "pj": "pjreddie"}[name.split("_")[1]]
    files = folder / "net.cfg", folder / "net.weights"
    return pydarknet.load_network(*files, dialect=dialect, device="cpu", strict=False)


def run(model: object, images: Tensor, states: dict[str, np.ndarray] | None = None) -> list:
    """Return the outputs that onnxruntime computes; states are 0 unless given."""
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    first, *rest = session.get_inputs()
    given = {first.name: images.numpy()}
    for one in rest:
        given[one.name] = (states or {}).get(one.name, np.zeros(one.shape, np.float32))
    return session.run(None, given)


def run_opencv(model: object, images: Tensor) -> list:
    """Return the outputs that OpenCV computes; states are 0."""
    loaded = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    first, *rest = model.graph.input
    loaded.setInput(images.numpy(), first.name)
    for one in rest:
        size = [dim.dim_value for dim in one.type.tensor_type.shape.dim]
        loaded.setInput(np.zeros(size, np.float32), one.name)
    return list(loaded.forward([one.name for one in model.graph.output]))


def differences(network: Network, running: Run = run, **options: int | str) -> Iterator[float]:
    """Yield per head the largest difference between the file's values and the network's."""
    seed = torch.Generator().manual_seed(1)
    images = torch.rand(2 if options else 1, *network.input.tensor, generator=seed)
    writer, heads = write_network(network, **options)
    values = [name_value(value, f"out{i}") for i, (_, _, value) in enumerate(heads)]
    found = running(onnx_model(writer, values), images)
    network.reset()
    for one, head in zip(found, network(images), strict=False):
        expected = head.activated.numpy()
        one, there = one.reshape(expected.shape), ~np.isnan(expected)
        if running is run:  # OpenCV has other numbers after one that is none
            assert (np.isnan(one) == ~there).all()
        most = np.abs(expected[there]).max()
        yield float(np.abs(one - expected)[there].max() / max(most, 1))


@pytest.mark.parametrize("name", sorted(set(RECORDINGS)))
def test_recorded_networks_give_the_same(name):
    assert max(differences(load(name))) < 2e-5


def test_shared_weights_are_written_once(net):
    conv = "[convolutional]\nfilters=8\nsize=3\npad=1\nactivation=linear\n"
    network = net(f"{conv}{conv}{conv}share_index=1\n", c=8, dialect="alexeyab")
    network.initialize()

    writer, heads = write_network(network)
    model = onnx_model(writer, [head.activated for head in heads])

    shapes = [list(held.dims) for held in model.graph.initializer]
    assert shapes.count([8, 8, 3, 3]) == 2
    assert max(differences(network)) < 2e-5


@pytest.mark.skipif(int(cv2.__version__[0]) < 5, reason="written so that OpenCV 5 reads it")
@pytest.mark.parametrize("name", sorted(set(RECORDINGS)))
def test_opencv_gives_the_same_for_recorded_networks(name):
    assert max(differences(load(name), run_opencv)) < 1e-4


@pytest.mark.parametrize("options", [{"batch": 2}, {"batch": BATCH}, {"batch": 2, "opset": 18}])
@pytest.mark.parametrize(
    "name", ["infer_pj_yolov2_a", "infer_ab_yolov4tiny_a", "infer_ab_sam_se_a"]
)
def test_batches_and_opsets(name, options):
    assert max(differences(load(name), **options)) < 2e-5


def test_layers_are_named_as_the_cfg_counts_them():
    network = pydarknet.load_network(shipped_file("digits.cfg"), device="cpu")
    network.initialize()

    writer, _ = write_network(network)

    names = [node.name for node in writer.nodes if "/" not in node.name]
    assert names[:3] == ["000_convolutional", "001_convolutional", "002_convolutional"]


def test_a_state_comes_in_and_goes_out(net):
    network = net("[gru]\noutput=3\n", inputs=4)
    network.initialize(torch.Generator().manual_seed(1))
    steps = [torch.rand(1, 4) for _ in range(3)]
    writer, [head] = write_network(network)
    model = onnx_model(writer, [head.activated])
    assert [one.name for one in model.graph.input] == [INPUT, "000_gru.state_0"]
    assert [one.name for one in model.graph.output] == ["000_gru", "000_gru.state_0_after"]

    states: dict[str, np.ndarray] = {}
    for step in steps:
        found, states["000_gru.state_0"] = run(model, step, states)
        [expected] = network(step)
        np.testing.assert_allclose(found, expected.activated.numpy(), rtol=1e-5)


def test_half_precision_ends_at_the_heads():
    network = load("infer_pj_yolov2_a")
    images = torch.rand(1, *network.input.tensor, generator=torch.Generator().manual_seed(1))
    writer, [head] = write_network(network, half=True)
    model = onnx_model(writer, [name_value(head.activated, "out")])

    [found] = run(model, images)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, network(images)[0].activated.numpy(), atol=0.03)
    kinds = {held.data_type for held in model.graph.initializer if "weights" in held.name}
    assert kinds == {onnx.TensorProto.FLOAT16}


def test_half_precision_goes_on_after_a_head(net):
    network = net(
        "[connected]\noutput=3\nactivation=linear\n[softmax]\n[connected]\noutput=2\n", inputs=4
    )
    network.initialize(torch.Generator().manual_seed(1))
    images = torch.rand(1, 4)
    writer, [head] = write_network(network, half=True)
    last = writer.nodes[-1].output[0]

    model = onnx_model(writer, [head.activated, Value(writer, last, (1, 2))])

    found, after = run(model, images)
    np.testing.assert_allclose(found, network(images)[0].activated.numpy(), atol=0.01)
    assert after.dtype == np.float16


def test_outputs_and_states_of_half_precision_are_float32(net):
    network = net("[rnn]\noutput=3\nhidden=4\nactivation=leaky\n[gru]\noutput=2\n", inputs=4)
    network.initialize(torch.Generator().manual_seed(1))
    images = torch.rand(1, 4, generator=torch.Generator().manual_seed(1))
    writer, [head] = write_network(network, half=True)
    values = [*head.inputs, head.activated]
    model = onnx_model(writer, [name_value(value, value.name) for value in values])

    names = [value.name for value in model.graph.output]
    found = run(model, images)
    again = run(model, images, {"000_rnn.state_0": found[2], "001_gru.state_0": found[3]})

    assert names == ["000_rnn", "001_gru", "000_rnn.state_0_after", "001_gru.state_0_after"]
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    assert {held.data_type for held in model.graph.initializer if "weights" in held.name} == {
        onnx.TensorProto.FLOAT16
    }
    with torch.no_grad():
        for step in (found, again):
            np.testing.assert_allclose(step[1], network.trace(images)[1].numpy(), atol=1e-3)
    assert np.abs(found[1] - again[1]).max() > 1e-3


def test_what_cannot_be_written_names_its_layer(net):
    network = net("[convolutional]\nfilters=2\n")
    network.initialize()
    network.stack[0] = nn.Conv2d(3, 2, 1)

    with pytest.raises(CfgError) as error:
        write_network(network)

    assert str(error.value) == "net.cfg:6: [convolutional] Conv2d cannot be written as ONNX"


class Outputs(nn.Module):
    """A network that returns what its heads give."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(head.activated for head in self.network.heads(images))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["infer_pj_yolov3_a", "infer_ab_yolov4tiny_a"])
def test_torch_exports_the_same(name):
    pytest.importorskip("onnxscript")
    network, content = load(name), io.BytesIO()
    images = torch.rand(1, *network.input.tensor)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(Outputs(network), (images.clone(),), dynamo=True, verbose=False)
    program.save(content)
    theirs = onnxruntime.InferenceSession(content.getvalue())
    expected = theirs.run(None, {theirs.get_inputs()[0].name: images.numpy()})
    writer, heads = write_network(network)

    found = run(onnx_model(writer, [head.activated for head in heads]), images)

    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
