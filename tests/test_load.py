"""From a cfg to a network on a device: initial values, shared parameters, memory, names."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from conftest import HERE, recording
from exports import both

import pydarknet
from pydarknet import load, load_network
from pydarknet.errors import DataError, UsageError

NET = "[net]\nwidth=4\nheight=4\nchannels=3\n"
CONV = "[convolutional]\nfilters=2\n"
NORMED = "[convolutional]\nfilters=2\nbatch_normalize=1\n"
SAME = "[convolutional]\nfilters=3\nbatch_normalize=1\n"  # of 3 channels


@pytest.fixture
def cfg(tmp_path):
    """Return a function that writes a cfg file with layers, for images of 3 x 4 x 4."""

    def make(text: str, head: str = NET) -> Path:
        path = tmp_path / "net.cfg"
        path.write_text(head + text)
        return path

    return make


def from_the_same_seed(network: pydarknet.Network) -> pydarknet.Network:
    """Set the initial values of a network from a fixed seed."""
    network.initialize(torch.Generator().manual_seed(7))
    return network


# Loading


def test_a_network_is_loaded_ready_to_infer(cfg):
    network = load_network(cfg(CONV), device="cpu")

    [head] = network(torch.zeros(1, 3, 4, 4))

    assert not network.training
    assert head.activated.shape == (1, 2, 4, 4)


def test_a_cfg_without_layers_is_refused(cfg):
    with pytest.raises(pydarknet.CfgError) as error:
        load_network(cfg(""), device="cpu")

    assert str(error.value).endswith(
        "net.cfg:1: [net] is the only section: expected layers after it"
    )


@pytest.mark.parametrize(("form", "variance"), [("gpu", 1e-5), ("cpu", 1e-12)])
def test_batchnorm_says_where_the_epsilon_stands(cfg, form, variance):
    network = load_network(cfg(NORMED), device="cpu", batchnorm=form)

    # of a variance of 0: sqrt(0 + 1e-5), and sqrt(0) + 1e-6
    divisor = network.stack[0].norm.divisor()
    torch.testing.assert_close(divisor, torch.full((2,), math.sqrt(variance)))


def test_an_unknown_batchnorm_is_told_with_the_choices(cfg):
    with pytest.raises(pydarknet.UsageError) as error:
        load_network(cfg(NORMED), device="cpu", batchnorm="tpu")

    assert str(error.value) == "batchnorm tpu: expected one of gpu, cpu"


def test_unknown_words_are_refused_unless_reading_is_lenient(cfg):
    path = cfg("[convolutional]\nactivation=nonsense")

    with pytest.raises(pydarknet.CfgError, match="activation = nonsense"):
        load_network(path, device="cpu")

    assert load_network(path, device="cpu", strict=False).layers[0].activation == "relu"


# Initial values


@pytest.mark.parametrize(
    ("dialect", "deviation", "largest"),
    [
        # scale sqrt(2 / (3 * 3 * 4)) = 0.2357; normal: of 4608 draws some lie beyond 3 deviations
        ("pjreddie", 0.2357, (0.71, 1.4)),
        # uniform between -0.2357 and 0.2357: its deviation is 0.2357 / sqrt(3)
        ("alexeyab", 0.1361, (0.23, 0.2358)),
    ],
)
def test_a_convolution_begins_normal_in_the_original_and_uniform_in_the_fork(
    net, dialect, deviation, largest
):
    text = "[convolutional]\nfilters=128\nsize=3\ngroups=2"
    network = from_the_same_seed(net(text, c=8, dialect=dialect))

    weights = network.stack[0].weights.detach()

    assert weights.shape == (128, 4, 3, 3)
    assert float(weights.std()) == pytest.approx(deviation, rel=0.05)
    assert largest[0] < float(weights.abs().max()) < largest[1]


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_matrix_begins_uniform_in_both(net, dialect):
    network = from_the_same_seed(net("[connected]\noutput=50", inputs=32, dialect=dialect))

    largest = float(network.stack[0].weights.detach().abs().max())

    assert 0.24 < largest < 0.25  # sqrt(2 / 32)


@pytest.mark.parametrize(
    ("name", "value"),
    [("biases", 0), ("norm.scales", 1), ("norm.rolling_mean", 0), ("norm.rolling_variance", 0)],
)
def test_all_but_weights_begin_even(net, name, value):
    network = from_the_same_seed(net(NORMED))

    array = network.state_dict()[f"stack.0.{name}"]

    assert array.tolist() == [value, value]


def test_a_seed_decides_the_first_values(net):
    first, second = (from_the_same_seed(net(CONV)) for _ in range(2))

    assert torch.equal(first.stack[0].weights, second.stack[0].weights)


def test_first_values_are_given_once(net):
    network = from_the_same_seed(net(CONV))
    before = network.stack[0].weights.clone()

    network.initialize(torch.Generator().manual_seed(9))

    assert torch.equal(network.stack[0].weights, before)


# Shared parameters


def test_layers_that_share_have_the_same_parameters(cfg):
    network = load_network(cfg(f"{SAME}{SAME}share_index=0"), device="cpu")

    owner, borrower = (stack.state_dict(keep_vars=True) for stack in network.stack)

    assert {"weights", "biases", "norm.scales", "norm.rolling_mean"} < set(owner)
    assert all(borrower[name] is owner[name] for name in owner)


def test_layers_without_share_index_have_their_own(cfg):
    network = load_network(cfg(SAME * 2), device="cpu")

    assert network.stack[0].biases is not network.stack[1].biases


def test_a_layer_shares_with_one_of_its_sizes_only(cfg):
    path = cfg("[convolutional]\nfilters=5\n[convolutional]\nfilters=2\nshare_index=0")

    with pytest.raises(pydarknet.CfgError) as error:
        load_network(path, device="cpu")

    problem = "[convolutional] shares layer 0: expected a layer of the same sizes"
    assert str(error.value) == f"{path}:7: {problem}"


# Memory


def test_the_meta_device_takes_no_memory(cfg):
    text = "[connected]\noutput=40000\n" * 2  # the second: 6.4 GB

    network = load_network(cfg(text), device="meta", memory_limit=0)

    assert {tensor.device.type for tensor in network.state_dict().values()} == {"meta"}


def test_a_network_beyond_the_limit_is_refused_before_it_takes_memory(cfg, monkeypatch):
    monkeypatch.setattr("pydarknet.graph.executor.fill", pytest.fail)
    path = cfg("[connected]\noutput=40000\n" * 2)

    with pytest.raises(pydarknet.CfgError) as error:
        load_network(path, device="cpu", memory_limit=2**30)

    # 40000 * 40000 + 48 * 40000 + 2 * 40000 floats and a little: 5.97 * 2^30 bytes
    problem = "[net] the network needs 6.0 GiB: expected at most 1.0 GiB"
    assert str(error.value) == f"{path}:1: {problem}"


@pytest.mark.parametrize("limit", [352, 353])  # 4 * (3 * 2 + 2 + 3 * 4 * 4 + 2 * 4 * 4)
def test_a_network_within_the_limit_is_loaded(cfg, limit):
    assert load_network(cfg(CONV), device="cpu", memory_limit=limit).footprint() == 352


def test_a_byte_less_is_too_little(cfg):
    with pytest.raises(pydarknet.CfgError, match="the network needs"):
        load_network(cfg(CONV), device="cpu", memory_limit=351)


def test_unsaid_the_limit_is_what_the_process_may_have(cfg, monkeypatch):
    monkeypatch.setattr("pydarknet.load.usable_memory", lambda: 351)

    with pytest.raises(pydarknet.CfgError, match="the network needs"):
        load_network(cfg(CONV), device="cpu")


# Names


@pytest.mark.parametrize("names", [["cat", "dog"], ("cat", "dog"), iter(["cat", "dog"])])
def test_names_may_be_listed(cfg, names):
    assert load_network(cfg(CONV), names=names, device="meta").names == ("cat", "dog")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"cat\ndog\n", ("cat", "dog")),
        (b"cat\ndog", ("cat", "dog")),
        (b"cat\r\ndog\r\n", ("cat", "dog")),
        (b"traffic light\n # dog \n", ("traffic light", " # dog ")),
        (b"cat\n\ndog\n", ("cat", "", "dog")),
        (b"", ()),
    ],
    ids=["lines", "no end", "CRLF", "verbatim", "blank line", "empty"],
)
def test_names_may_be_a_file_with_one_a_line(cfg, tmp_path, content, expected):
    (tmp_path / "net.names").write_bytes(content)

    network = load_network(cfg(CONV), names=tmp_path / "net.names", device="meta")

    assert network.names == expected


def test_names_may_be_left_out(cfg):
    assert load_network(cfg(CONV), device="meta").names is None


def test_a_missing_file_of_names_is_told(cfg, tmp_path):
    with pytest.raises(pydarknet.DarknetError, match=r"Couldn't open file: .*none\.names"):
        load_network(cfg(CONV), names=str(tmp_path / "none.names"), device="meta")


# Learning


def test_a_loaded_network_learns_while_batch_norm_changes_statistics(cfg, tmp_path):
    path, weights = cfg(NORMED * 2), tmp_path / "net.weights"
    from_the_same_seed(load_network(path)).save_weights(weights)
    network = load_network(path, weights).train()

    [head] = network(torch.rand(2, 3, 4, 4))
    head.activated.sum().backward()

    assert network.stack[0].norm.rolling_mean.count_nonzero() == 2
    assert network.stack[0].weights.grad is not None


class Steps:
    """Keeps what `load_network` reports."""

    def __init__(self):
        self.steps = []

    def on_read(self, network):
        self.steps.append(("read", all(p.is_meta for p in network.parameters())))

    def on_loading(self, weights):
        self.steps.append(("loading", weights.name))

    def on_loaded(self, network, loaded):
        self.steps.append(("loaded", loaded.layers))


def test_an_observer_hears_of_each_step():
    observer = Steps()
    cfg, weights = (HERE.parent / folder / f"digits.{folder}" for folder in ("cfg", "weights"))

    network = load.load_network(cfg, weights, device="cpu", observer=observer)

    layers = ("loaded", len(network.nodes))
    assert observer.steps == [("read", True), ("loading", "digits.weights"), layers]


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
def test_a_device_that_is_not_there_is_told(cfg, device):
    with pytest.raises(pydarknet.UsageError, match=f"device {device}: "):
        load_network(cfg(CONV), device=device)


# What is no file


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (3, "the cfg is of type int: expected its path"),
        (None, "the cfg is of type NoneType: expected its path"),
        ("", "the cfg is an empty word: expected its path"),
        (f"{NET}{CONV}", "the cfg is given as its content: expected its path"),
        (f"{NET}{CONV}".encode(), "the cfg is given as its content: expected its path"),
    ],
)
def test_what_is_no_path_of_a_cfg_is_one_line(given, told):
    with pytest.raises(pydarknet.DarknetError) as error:
        load_network(given)

    assert str(error.value) == told
    assert isinstance(error.value, TypeError) == (" is of type " in told)


def test_a_path_may_be_bytes(cfg):
    assert len(load_network(bytes(cfg(CONV)), device="cpu").nodes) == 1


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (3, "names is of type int: expected its path"),
        ([1, 2], "names[0] is of type int: expected a name, as text"),
        ({0: "cat"}, "names[0] is of type int: expected a name, as text"),
    ],
)
def test_what_are_no_names_is_told(cfg, names, told):
    with pytest.raises(TypeError) as error:
        load_network(cfg(CONV), names=names)
    assert str(error.value) == told


HEAD = "[convolutional]\nfilters=14\n[yolo]\nmask=0,1\nanchors=8,8,16,16\nnum=2\nclasses=2\n"


@pytest.mark.parametrize(
    ("names", "told"),
    [(["cat"], "1 name"), (["cat", "dog", "cow"], "3 names"), ([], "0 names")],
)
def test_another_number_of_names_than_classes_is_told(cfg, capsys, names, told):
    path = cfg(HEAD)
    network = load_network(path, names=names, device="cpu")

    assert network.names == tuple(names)
    line = f"{told}: expected 2, one for each class of {path}\n"
    assert capsys.readouterr().err.endswith(line)


def test_a_data_file_for_names_is_told(cfg, tmp_path, capsys):
    (tmp_path / "net.data").write_text("classes=2\nnames = net.names\ntrain=a.txt\n")

    load_network(cfg(HEAD), names=str(tmp_path / "net.data"), device="cpu")

    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"{tmp_path}/net.data: 3 names: expected 2, one for each class of ")
    assert told.endswith("; is it the .data file? its names= says the file of names")


def test_as_many_names_as_classes_and_names_of_no_classes_need_no_word(cfg, capsys):
    load_network(cfg(HEAD), names=["cat", "dog"], device="cpu")
    load_network(cfg(CONV), names=["cat"], device="cpu")

    assert "expected" not in capsys.readouterr().err


# exported files


@pytest.fixture
def file(tmp_path):
    """Export a recorded network; return its path."""
    pytest.importorskip("onnxruntime")
    both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def test_an_exported_file_is_a_network(file):
    network = pydarknet.load_network(file, names=["a"])

    assert network.names == ("a",)
    assert network.table().split("\n")[1].lstrip().startswith("0 conv")


def test_an_observer_follows_an_exported_file(file):
    calls = []

    class Observer:
        def on_read(self, network):
            calls.append("read")

        def on_loading(self, weights):
            calls.append(weights.name)

        def on_loaded(self, network, loaded):
            calls.append(loaded)

    load.load_network(file, observer=Observer())

    assert calls == ["read", "net.onnx", None]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"weights": "my.weights"}, "has its weights in itself: expected no my.weights after it"),
        ({"batchnorm": "cpu"}, "has no batch norm: expected no batchnorm cpu"),
        ({"transfer": True}, "cannot be trained: expected a cfg"),
    ],
)
def test_what_does_not_go_with_an_exported_file_is_told(file, given, problem):
    with pytest.raises(UsageError) as error:
        load.load_network(file, **given)

    assert str(error.value) == f"{file}: an exported network {problem}"


def test_the_dialect_is_the_files(file, monkeypatch):
    monkeypatch.setenv("PYDARKNET_DIALECT", "alexeyab")

    assert pydarknet.load_network(file).dialect.name == "pjreddie"
    with pytest.raises(UsageError, match=r"was exported in the dialect pjreddie: expected no dial"):
        pydarknet.load_network(file, dialect="alexeyab")


def test_an_engine_that_is_none_is_told(file):
    with pytest.raises(
        UsageError, match=r"^engine tensorrt: expected onnxruntime or opencv or openvino$"
    ):
        pydarknet.load_network(file, backend="tensorrt")


def test_a_file_that_is_no_model_is_told(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"[net]\n")

    with pytest.raises(DataError, match=r"net\.onnx: expected an ONNX model$"):
        pydarknet.load_network(tmp_path / "net.onnx")
