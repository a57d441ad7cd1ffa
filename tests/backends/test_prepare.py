"""The fast form of a network computes what the plain one computes."""

from __future__ import annotations

import copy
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import SHARED, needs_shared, recording
from fast_forms import assert_same, filled
from posing_torch import posing_gpus

import pydarknet
from pydarknet.backends import onednn, prepare
from pydarknet.backends.packed_conv import PackedConv
from pydarknet.backends.ways import WAYS
from pydarknet.boxes.settings import settings
from pydarknet.inference.predict import decode, network_input, predict, suppress
from pydarknet.modules.activations import words
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network

RECORDINGS = (
    "infer_ab_grouped_a",
    "infer_ab_sam_se_a",
    "infer_ab_yolov4_mish_diounms",
    "infer_ab_yolov4tiny_a",
    "infer_ab_yolov7_newcoords_swish",
    "infer_pj_yolov2_a",
    "infer_pj_yolov3_a",
)
CONV = "[convolutional]\nfilters=8\nsize=3\npad=1\n"


@pytest.fixture(params=[True, False], ids=["oneDNN", "public"])
def operators(request, monkeypatch):
    """Infer with oneDNN's private operators, and without."""
    if not request.param:
        monkeypatch.setattr(onednn, "operators_work", lambda *_: False)


@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_networks_give_the_same(name):
    folder = recording(name)
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    draws = torch.Generator().manual_seed(1)

    for images in (1, 3):
        assert_same(network, torch.rand(images, *network.input.tensor, generator=draws))


@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("word", words("alexeyab"))
def test_every_activation_is_the_same(net, word):
    network = filled(net(f"{CONV}activation={word}\n", c=3, h=9, w=7, dialect="alexeyab"))

    assert_same(network, torch.randn(2, 3, 9, 7) * 4)


@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize(
    "options",
    [
        "",
        "groups=4\n",
        "stride=2\n",
        "stride_x=2\nstride_y=1\n",
        "dilation=2\n",
        "antialiasing=1\nstride=2\n",
    ],
)
@pytest.mark.parametrize("normal", ["", "batch_normalize=1\n"])
def test_every_option_is_the_same(net, options, normal):
    text = f"{CONV}activation=leaky\n{options}{normal}"
    network = filled(net(text, c=4, h=12, w=8, dialect="alexeyab"))

    assert_same(network, torch.randn(2, 4, 12, 8))


def test_the_fast_form_is_kept_until_a_value_or_the_size_changes(net):
    network = filled(net(f"{CONV}activation=leaky\n", c=3, h=8, w=8))
    first = network.prepared()
    assert network.prepared() is first

    with torch.no_grad():
        network.state_dict()["stack.0.biases"].add_(1)
    second = network.prepared()
    assert second is not first
    assert_same(network, torch.rand(1, 3, 8, 8))

    network.resize(16, 8)
    assert network.prepared() is not second
    assert_same(network, torch.rand(1, 3, 8, 16))


def biases(network: Network) -> torch.nn.Parameter:
    """Return the biases of the first layer."""
    return network.stack[0].biases


CHANGES = {
    "written to": lambda n: biases(n).detach().add_(1),
    "other memory": lambda n: setattr(biases(n), "data", torch.ones(8)),
    "another parameter": lambda n: setattr(n.stack[0], "biases", torch.nn.Parameter(torch.ones(8))),
    "another layer": lambda n: n.stack.__setitem__(0, copy.deepcopy(n.stack[0])),
    "without batch norm": lambda n: setattr(n.stack[0], "norm", None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_values_is_noticed(net, change):
    network = filled(net(f"{CONV}batch_normalize=1\nactivation=leaky\n", c=3, h=8, w=8))
    first = network.prepared()

    change(network)

    assert network.prepared() is not first
    assert_same(network, torch.rand(1, 3, 8, 8))


def test_a_network_in_training_has_none(net):
    network = filled(net(f"{CONV}activation=leaky\n", c=3, h=8, w=8))

    assert network.train().prepared() is network


def test_copies_are_made_without_it(net):
    network = filled(net(f"{CONV}activation=leaky\n", c=3, h=8, w=8))
    fast = network.prepared()

    twin = copy.deepcopy(network)

    assert twin.derived == {}
    assert network.prepared() is fast
    assert_same(twin, torch.rand(1, 3, 8, 8))


# On trained models


MODELS = sorted((SHARED / "models").glob("*yol*"))
PHOTOGRAPHS = ("dog.jpg", "person.jpg")


@needs_shared
@pytest.mark.parametrize(
    ("way", "near"), [("direct", 1e-4), ("winograd4", 1e-3), ("grouped5", 1e-3)]
)
@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_trained_models_find_the_same_boxes(folder, way, near):
    network = pydarknet.load_network(folder / "model.cfg", folder / "model.weights", device="cpu")
    for module in network.prepared().stack:
        if isinstance(module, PackedConv) and WAYS[way].fits(module.task(torch.Size((1, 1, 1, 1)))):
            module.way_of_others = lambda size: way
    chosen = settings(network, thresh=0.25)

    for name in PHOTOGRAPHS:
        image = load_image(SHARED / "images" / name, 1 if network.input.c == 1 else 3)
        [fast] = predict(network, [image], chosen)
        with torch.inference_mode():
            heads = network(network_input(network, image, letterboxed=chosen.letterbox)[None])
            [plain] = suppress(heads, decode(network, heads, [image], chosen), chosen)
        one, other = fast.kept(), plain.kept()
        assert one.classes.tolist() == other.classes.tolist()
        torch.testing.assert_close(one.boxes, other.boxes, rtol=0, atol=near)
        torch.testing.assert_close(one.scores, other.scores, rtol=0, atol=near)


@needs_shared
def test_the_models_are_there():
    assert len(MODELS) >= 14


def test_a_fast_form_is_its_own(net):
    fast = filled(net(f"{CONV}activation=leaky\n", c=3, h=8, w=8)).prepared(many=True)

    assert fast.prepared() is fast


def test_on_a_gpu_one_image_and_many_have_the_same_form(net):
    network = filled(net(f"{CONV}activation=leaky\n", c=3, h=8, w=8))

    with posing_gpus():
        network.to("cuda")
        forms = [network.prepared(many=many, half=True) for many in (False, True, False)]

    assert forms[0] is forms[1] is forms[2] is not network


@pytest.mark.parametrize("write", [lambda x: x.data.mul_(2), lambda x: x.detach().numpy().fill(1)])
def test_a_write_that_torch_does_not_count_is_noticed(net, write):
    network = filled(net(CONV * 2))
    before = network.prepared()

    write(network.stack[1].weights)

    assert network.prepared() is not before
    assert_same(network, torch.rand(1, 3, 16, 16))


def test_what_the_sample_does_not_see_can_be_said(net):
    network = filled(net(CONV * 2))
    before = network.prepared()

    network.stack[1].weights.data[0, 0, 0, 1] += 1  # not one of the sample
    assert network.prepared() is before

    network.refresh()
    assert network.prepared() is not before


@pytest.mark.parametrize("convert", [Network.double, Network.half, Network.bfloat16])
def test_values_of_another_type_are_computed_with_in_float32(net, convert):
    network = convert(filled(net(CONV)))
    images = torch.rand(1, 3, 16, 16)

    [head] = network.prepared()(images)

    expected = copy.deepcopy(network).float()(images)[0].activated
    torch.testing.assert_close(head.activated, expected, rtol=1e-4, atol=1e-4)


def test_threads_share_one_fast_form(net, monkeypatch):
    network, made, gate = filled(net(CONV)), [], threading.Barrier(4)
    plain = prepare.on_cpu
    monkeypatch.setattr(prepare, "on_cpu", lambda *a: made.append(1) or plain(*a))

    def ask() -> Network:
        gate.wait()
        return network.prepared()

    with ThreadPoolExecutor(4) as pool:
        forms = {id(task.result()) for task in [pool.submit(ask) for _ in range(4)]}

    assert len(forms) == len(made) == 1


def test_other_streams_may_use_what_was_made_on_one(net):
    network = filled(net("[convolutional]\nfilters=4\nbatch_normalize=1\nactivation=leaky\n"))
    images = torch.rand(1, 3, 16, 16)
    with torch.inference_mode():
        [expected] = network(images)

    with posing_gpus(), torch.inference_mode():  # which raises an error where a stream must wait
        with torch.cuda.stream(torch.cuda.Stream()), torch.inference_mode(False):
            fast = network.to("cuda").prepared()
        with torch.cuda.stream(torch.cuda.Stream()):
            [found] = fast(images.to("cuda"))

    torch.testing.assert_close(found.activated.inner, expected.activated)


def test_a_fixed_network_is_not_looked_at_until_weights_are_loaded(net, tmp_path, monkeypatch):
    network = filled(net(f"{CONV}\n", c=3, h=9, w=7))
    network.save_weights(tmp_path / "net.weights")
    network.fixed = True
    fast = network.prepared()
    monkeypatch.setattr(prepare.Values, "changed", property(lambda values: 1 / 0))

    assert network.prepared() is fast
    network.load_weights(tmp_path / "net.weights")
    assert network.prepared() is not fast


def test_a_fixed_network_that_moves_gets_another_fast_form(net):
    network = filled(net(f"{CONV}\n", c=3, h=9, w=7))
    network.fixed = True
    fast = network.prepared()

    network.double().float()

    assert network.prepared() is not fast
    assert not copy.deepcopy(network).fixed
