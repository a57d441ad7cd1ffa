"""A graph of a network computes what its layers compute, with convolutions that oneDNN fuses."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from conftest import recording
from fast_forms import filled

import pydarknet
from pydarknet.backends import fused_graph as module
from pydarknet.backends.fused_graph import fused_graph
from pydarknet.backends.ways import DIRECT, WAYS, public
from pydarknet.modules.activations import words
from pydarknet.network import Network

CONV = "[convolutional]\nfilters=8\nsize=3\npad=1\nbatch_normalize=1\n"
LINEAR = CONV + "activation=linear\n"
RECORDINGS = (
    "infer_ab_sam_se_a",
    "infer_ab_yolov4_mish_diounms",
    "infer_ab_yolov4tiny_a",
    "infer_ab_yolov7_newcoords_swish",
    "infer_pj_yolov2_a",
    "infer_pj_yolov3_a",
)


def assert_same(network: Network, size: tuple[int, ...]) -> None:
    """Assert that the graph of a network gives what the network does, for other images."""
    draws = torch.Generator().manual_seed(2)
    fast = network.prepared()
    run = fused_graph(fast, torch.rand(size, generator=draws))
    for images in torch.rand(2, *size, generator=draws):
        with torch.no_grad():
            expected = network.heads(images)
        heads = run(images)
        assert [head.node for head in heads] == [head.node for head in expected]
        for head, plain in zip(heads, expected, strict=True):
            torch.testing.assert_close(head.raw, plain.raw, rtol=1e-4, atol=1e-4)
            torch.testing.assert_close(head.activated, plain.activated, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_networks_give_the_same(name, images):
    folder = recording(name)
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")

    assert_same(network, (images, *network.input.tensor))


@pytest.mark.parametrize("word", words("alexeyab"))
def test_every_activation_is_the_same(net, word):
    network = net(f"{CONV}activation={word}\n" * 2, c=3, h=9, w=7, dialect="alexeyab")

    assert_same(filled(network), (2, 3, 9, 7))


@pytest.mark.parametrize(
    "options",
    ["groups=4\n", "stride=2\n", "dilation=2\n", "antialiasing=1\nstride=2\n", "size=1\npad=0\n"],
)
def test_every_option_is_the_same(net, options):
    text = LINEAR + LINEAR.replace(
        "size=3\npad=1\n", "" if "size" in options else "size=3\npad=1\n"
    )
    network = net(text + options, c=3, h=12, w=8, dialect="alexeyab")

    assert_same(filled(network), (2, 3, 12, 8))


SUMS = {
    "linear, then added": f"{LINEAR}{LINEAR}[shortcut]\nfrom=-2\nactivation=leaky\n",
    "activated, then added": f"{LINEAR}{CONV}activation=leaky\n[shortcut]\nfrom=-2\n",
    "read again": f"{LINEAR}{LINEAR}[shortcut]\nfrom=-2\n{LINEAR}[route]\nlayers=-1,-2,-3\n",
    "unlike channels": f"{LINEAR}{LINEAR.replace('=8', '=6')}[shortcut]\nfrom=-2\n",
    "weighted": f"{LINEAR}{LINEAR}[shortcut]\nfrom=-2\nweights_type=per_channel\n"
    "weights_normalization=softmax\n",
    "of itself": f"{LINEAR}[shortcut]\nfrom=-1\n",
}
REST = {
    "groups of several channels": f"{LINEAR}groups=8\n{LINEAR}groups=2\n",
    "maxpool": "[maxpool]\nsize=2\nstride=2\n",
    "odd maxpool": "[maxpool]\nsize=5\nstride=1\n",
    "upsample": "[upsample]\nstride=2\n",
    "half the channels": "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n",
    "reorg": "[reorg]\nstride=2\n",
    "connected": "[connected]\noutput=5\nactivation=leaky\n",
    "avgpool and softmax": "[avgpool]\n[softmax]\n",
}


@pytest.mark.parametrize("text", SUMS.values(), ids=SUMS)
def test_sums_are_the_same(net, text):
    assert_same(filled(net(text, c=3, h=8, w=8, dialect="alexeyab")), (1, 3, 8, 8))


@pytest.mark.parametrize("text", REST.values(), ids=REST)
def test_what_follows_a_convolution_is_the_same(net, text):
    assert_same(filled(net(LINEAR + text, c=3, h=8, w=8, dialect="alexeyab")), (2, 3, 8, 8))


@pytest.mark.parametrize(
    "order",
    [
        lambda x: x,
        lambda x: x.contiguous(memory_format=torch.channels_last),
        lambda x: x.flip(3),
        lambda x: torch.cat([x, x], 2)[:, :, ::2],
    ],
    ids=["planes", "channels last", "mirrored", "a view"],
)
def test_images_may_lie_in_any_order(net, order):
    network = filled(net(LINEAR * 2, c=3, h=8, w=8))
    run = fused_graph(network.prepared(), torch.rand(1, 3, 8, 8))
    images = order(torch.rand(1, 3, 8, 8))

    with torch.inference_mode():
        [head], [plain] = run(images), network.heads(images)

    torch.testing.assert_close(head.activated, plain.activated, rtol=1e-4, atol=1e-4)


def test_convolutions_are_fused_with_their_activation_and_sum(net):
    text = f"{CONV}activation=leaky\n{LINEAR}[shortcut]\nfrom=-2\n{LINEAR}"
    run = fused_graph(filled(net(text)).prepared(), torch.rand(1, 3, 16, 16))

    run(torch.rand(1, 3, 16, 16))

    kinds = [node.kind() for node in torch.jit.last_executed_optimized_graph().nodes()]
    assert "prim::oneDNNFusionGuard" in kinds
    assert not {"aten::leaky_relu", "aten::add", "aten::conv2d"} & set(kinds)


@pytest.mark.parametrize(
    "way", ["winograd2", "winograd4", "grouped2", "grouped4", "grouped5", "product"]
)
def test_any_way_of_a_convolution_is_the_same(net, way):
    wide = LINEAR.replace("=8", "=16")
    network = filled(
        net(wide + (wide.replace("size=3\npad=1\n", "") if way == "product" else wide))
    )
    network.prepared().stack[1].choose(torch.Size((1, 16, 16, 16)), way)

    assert_same(network, (1, 3, 16, 16))


def test_threads_have_their_own_maps(net):
    network = filled(net(LINEAR * 3))
    batches = [torch.rand(1, 3, 16, 16) for _ in range(8)]
    expected = [network.heads(images)[0].activated for images in batches]
    run, gate = fused_graph(network.prepared(), batches[0]), threading.Barrier(4)

    def work(number: int) -> None:
        torch.set_num_threads(1)
        gate.wait()
        with torch.inference_mode():
            for turn in range(50):
                which = (number + turn) % 8
                found = run(batches[which])[0].activated
                torch.testing.assert_close(found, expected[which], rtol=1e-4, atol=1e-4)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))


def test_a_graph_that_computes_something_else_is_refused(net, monkeypatch):
    fast = filled(net(LINEAR)).prepared()
    other = replace(WAYS[DIRECT], in_graph=lambda task: lambda x: -public(task)(x))
    monkeypatch.setitem(WAYS, DIRECT, other)

    with pytest.raises(RuntimeError, match="something else"):
        fused_graph(fast, torch.rand(1, 3, 16, 16))


def test_weights_for_which_there_is_no_memory_are_not_copied(net, monkeypatch):
    fast = filled(net(LINEAR)).prepared()
    monkeypatch.setattr(module, "usable_memory", lambda: 8640)  # the weights take 864
    assert fused_graph(fast, torch.rand(1, 3, 16, 16))

    monkeypatch.setattr(module, "usable_memory", lambda: 8630)
    with pytest.raises(RuntimeError, match="memory"):
        fused_graph(fast, torch.rand(1, 3, 16, 16))


def test_a_torch_without_this_interface_is_told(net, monkeypatch):
    fast = filled(net(LINEAR)).prepared()
    monkeypatch.delattr(torch.jit, "enable_onednn_fusion")

    with pytest.raises(RuntimeError, match="enable_onednn_fusion"):
        fused_graph(fast, torch.rand(1, 3, 16, 16))


def test_other_graphs_of_the_program_are_made_as_before(net):
    before = torch.jit.onednn_fusion_enabled()

    fused_graph(filled(net(LINEAR)).prepared(), torch.rand(1, 3, 16, 16))

    assert torch.jit.onednn_fusion_enabled() is before


def test_all_its_convolutions_may_be_direct(net):
    wide = LINEAR.replace("=8", "=16")
    network = filled(net(wide * 2))
    fast, x = network.prepared(), torch.rand(1, 3, 16, 16)
    for size, conv in zip((3, 16), fast.stack, strict=True):
        conv.choose(torch.Size((1, size, 16, 16)), "grouped4")
    [expected] = network.heads(x)

    [tiled] = fused_graph(fast, x)(x)
    [plain] = fused_graph(fast, x, direct=True)(x)

    assert not torch.equal(tiled.raw, plain.raw)
    for head in (tiled, plain):
        torch.testing.assert_close(head.raw, expected.raw, rtol=1e-4, atol=1e-4)


def test_maps_are_pooled_by_onednn(net):
    network = filled(net(LINEAR + "[maxpool]\nsize=2\nstride=2\n" + LINEAR))
    run = fused_graph(network.prepared(), torch.rand(1, 3, 16, 16))

    run(torch.rand(1, 3, 16, 16))

    kinds = [node.kind() for node in torch.jit.last_executed_optimized_graph().nodes()]
    assert not {"aten::maximum", "aten::max_pool2d"} & set(kinds)
