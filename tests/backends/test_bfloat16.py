"""What a CPU computes in bfloat16, with its instructions or by torch's emulation of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import recording
from torch import nn

import pydarknet
from pydarknet.backends import bfloat16, onednn
from pydarknet.backends.fused_graph import fused_graph
from pydarknet.backends.half import InFloat32
from pydarknet.backends.packed_conv import PackedConv
from pydarknet.modules.activations import words
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network
from pydarknet.system import processor
from pydarknet.system.resources import shipped_file

RECORDINGS = (
    "infer_ab_gaussian_yolo_corners",
    "infer_ab_sam_se_a",
    "infer_ab_yolov4_mish_diounms",
    "infer_ab_yolov4tiny_a",
    "infer_ab_yolov7_newcoords_swish",
    "infer_pj_reorg_variants",
    "infer_pj_shortcut_a",
    "infer_pj_yolov1_a",
    "infer_pj_yolov3_a",
)
CONV = "[convolutional]\nfilters=32\nsize=1\nactivation=linear\n"


TIME, ABLE = bfloat16.time_beside_float32, bfloat16.has_bfloat16()


@pytest.fixture(autouse=True)
def able(monkeypatch):
    """Let this processor have bfloat16; torch emulates what it lacks."""
    monkeypatch.setattr(bfloat16, "has_bfloat16", lambda: True)
    monkeypatch.setattr(bfloat16, "time_beside_float32", lambda: 1.0)


@pytest.fixture(params=[True, False], ids=["oneDNN", "public"])
def operators(request, monkeypatch):
    """Infer with oneDNN's private operators, where they take bfloat16, and without."""
    if not request.param:
        monkeypatch.setattr(onednn, "operators_work", lambda dtype: False)


def digits(precision: str | None = None) -> tuple[Network, np.ndarray]:
    """Return the built-in model, and an image of digits."""
    files = (shipped_file(f"digits.{kind}") for kind in ("cfg", "weights"))
    network = pydarknet.load_network(*files, device="cpu", precision=precision)
    return network, load_image(shipped_file("data/digits.png"))


def is_narrow(module: nn.Module) -> bool:
    """Return whether a layer computes in bfloat16, as its input has it."""
    if isinstance(module, PackedConv):
        return module.weights.dtype is torch.bfloat16
    return not isinstance(module, InFloat32)


def outputs(network: Network, images: torch.Tensor) -> tuple[list[torch.Tensor], ...]:
    """Return the heads' outputs of the plain form, and of that in bfloat16."""
    network.precision = "bf16"
    with torch.inference_mode():
        plain = [head.activated.clone() for head in network(images)]
        network.reset()
        return plain, [head.activated for head in network.prepared(half=True)(images)]


@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_networks_give_nearly_the_same(name):
    folder, lineage = recording(name), {"ab": "alexeyab", "pj": "pjreddie"}[name.split("_")[1]]
    files = folder / "net.cfg", folder / "net.weights"
    network = pydarknet.load_network(*files, dialect=lineage, device="cpu")
    images = torch.rand(2, *network.input.tensor, generator=torch.Generator().manual_seed(1))

    plain, half = outputs(network, images)

    for one, other in zip(plain, half, strict=True):
        assert other.dtype == torch.float32
        assert float((one - other).abs().mean()) < 0.02 * float(one.abs().max())


@pytest.mark.skipif(not ABLE, reason="oneDNN makes graphs of what the processor computes in")
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_graph_gives_nearly_the_same(name):
    network = pydarknet.load_network(
        *(recording(name) / f"net.{kind}" for kind in ("cfg", "weights")),
        device="cpu",
        precision="bf16",
    )
    images = torch.rand(2, *network.input.tensor, generator=torch.Generator().manual_seed(1))

    run = fused_graph(network.prepared(half=True), images)

    with torch.inference_mode():
        for plain, half in zip(network(images), run(images), strict=True):
            far = (plain.activated - half.activated).abs().mean()
            assert half.activated.dtype is torch.float32
            assert 0 < float(far) < 0.02 * float(plain.activated.abs().max())


@pytest.mark.usefixtures("operators")
@pytest.mark.parametrize("word", words("alexeyab"))
def test_every_activation_is_nearly_the_same(net, word):
    text = f"{CONV}[convolutional]\nfilters=8\nsize=3\npad=1\nactivation={word}\n{CONV}"
    network = net(text, c=3, h=9, w=7, dialect="alexeyab")
    network.initialize(torch.Generator().manual_seed(1))

    draws = torch.Generator().manual_seed(1)
    plain, half = outputs(network, torch.rand(2, 3, 9, 7, generator=draws) * 4)

    assert is_narrow(network.prepared(half=True).stack[1])
    torch.testing.assert_close(half, plain, atol=5e-2, rtol=2e-2)


def biased(net) -> Network:
    """Return a network whose second layer has a bias that bfloat16 rounds to another result."""
    network = net(f"{CONV}{CONV}{CONV}", c=3, h=4, w=4)
    network.initialize(torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.stack[0].weights.zero_()
        network.stack[0].biases.fill_(1)
        network.stack[1].weights.fill_(4)  # 32 of them: 128
        network.stack[1].biases.fill_(-127.75)  # in bfloat16: -128
        network.stack[2].weights.fill_(1)  # 32 times a quarter, which is 8
    return network


@pytest.mark.usefixtures("operators")
def test_a_large_bias_costs_no_digits_of_small_differences(net):
    _, [half] = outputs(biased(net), torch.rand(1, 3, 4, 4))

    precise = onednn.operators_work(torch.bfloat16)  # torch's public operators round it
    expected = 8.0 if precise else 0.0
    assert half.unique().tolist() == [expected]


@pytest.mark.skipif(not ABLE, reason="oneDNN makes graphs of what the processor computes in")
def test_nor_does_it_in_a_graph(net):
    network, images = biased(net), torch.rand(1, 3, 4, 4)
    network.precision = "bf16"

    [head] = fused_graph(network.prepared(half=True), images)(images)

    assert head.activated.unique().tolist() == [8.0]


@pytest.mark.skipif(not ABLE, reason="oneDNN makes graphs of what the processor computes in")
@pytest.mark.parametrize("bias", [float("inf"), 3.4e38, 3.0e38])
def test_a_bias_that_bfloat16_has_not_is_as_large_as_may_be(net, bias):
    logistic = CONV.replace("linear", "logistic")
    network, images = net(f"{CONV}{logistic}[avgpool]\n", c=3, h=4, w=4), torch.rand(1, 3, 4, 4)
    network.initialize(torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.stack[1].biases[0] = bias
    network.precision = "bf16"

    [head] = fused_graph(network.prepared(half=True), images)(images)

    assert head.activated.flatten()[0] == 1.0
    assert head.activated.isfinite().all()


@pytest.mark.skipif(not ABLE, reason="oneDNN makes graphs of what the processor computes in")
def test_maps_of_other_sizes_are_added_in_a_graph(net):
    text = f"{CONV}{CONV.replace('32', '64')}[shortcut]\nfrom=0\nactivation=linear\n"
    network, images = net(text, c=3, h=4, w=4), torch.rand(1, 3, 4, 4)
    network.initialize(torch.Generator().manual_seed(1))
    network.precision = "bf16"

    [head] = fused_graph(network.prepared(half=True), images)(images)

    with torch.no_grad():
        [plain] = network(images)
    torch.testing.assert_close(head.activated, plain.activated, atol=5e-2, rtol=2e-2)


def test_only_what_gains_and_loses_little_is_narrow(net):
    head = "[yolo]\nclasses=1\nmask=0\nnum=1\nanchors=1,1\n"
    text = f"{CONV}{CONV}[maxpool]\n{CONV}groups=32\n[avgpool]\n[convolutional]\nfilters=6\n{head}"
    network = net(text, c=3, h=8, w=8)
    network.initialize(torch.Generator().manual_seed(1))
    network.precision = "bf16"

    narrow = [is_narrow(module) for module in network.prepared(half=True).stack]

    # 3 products a value; 32; a layer that moves values; 1 product; one that sums; a head's
    assert narrow == [False, True, True, False, False, False, False]


# The precision of a network


def test_boxes_are_the_same_but_for_their_last_digits():
    plain, image = digits()
    network, _ = digits("bf16")

    expected, found = plain.detect(image), network.detect(image)

    assert found.classes.tolist() == expected.classes.tolist() != []
    torch.testing.assert_close(found.boxes, expected.boxes, atol=1e-2, rtol=0)
    torch.testing.assert_close(found.scores, expected.scores, atol=5e-2, rtol=0)
    assert not torch.equal(found.scores, expected.scores)


@pytest.mark.parametrize("precision", [None, "float", "half"])
def test_a_cpu_computes_in_float_unless_told_otherwise(precision):
    network, image = digits(precision)
    network.detect(image)

    convolutions = [m for m in network.prepared(half=True).stack if isinstance(m, PackedConv)]
    assert not any(map(is_narrow, convolutions))
    assert network.prepared(half=True) is network.prepared()


def test_another_precision_makes_another_form():
    network, image = digits("bf16")
    narrow = network.detect(image)
    network.precision = None

    wide = network.detect(image)

    assert torch.equal(wide.scores, digits()[0].detect(image).scores)
    assert not torch.equal(wide.scores, narrow.scores)


def test_infinite_numbers_are_told_and_computed_in_float(capsys):
    network, image = digits("bf16")
    first = network.stack[0]
    with torch.no_grad():
        first.norm.scales.fill_(3.39e38)  # of which bfloat16 has fewer than float32

    network.detect(image)

    told = "half precision overflows in this network: computing in float32 from here on"
    assert capsys.readouterr().err.count(told) == 1
    assert network.precision == "float"


# What this processor can do


@pytest.mark.parametrize(
    ("listed", "able"),
    [
        ("flags : fpu avx512f avx512_vnni", False),
        ("flags : fpu avx512f avx512_bf16", True),
        ("flags : fpu amx_bf16 amx_tile", True),
        ("Features : fp asimd i8mm bf16", True),
        ("Features : fp asimd", False),
    ],
)
def test_linux_lists_the_instructions(monkeypatch, listed, able):
    monkeypatch.undo()
    monkeypatch.setattr(processor, "words", lambda: set(listed.split()))
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)

    assert bfloat16.has_bfloat16.__wrapped__() == able


@pytest.mark.parametrize("able", [False, True])
def test_elsewhere_torch_knows_them(monkeypatch, able):
    monkeypatch.undo()
    monkeypatch.setattr(processor, "words", set)
    monkeypatch.setattr(bfloat16.platform, "machine", lambda: "AMD64")
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: able, raising=False)

    assert bfloat16.has_bfloat16.__wrapped__() == able


@pytest.mark.parametrize("where", ["cuda", "mps"])
def test_it_is_for_a_cpu(where):
    with pytest.raises(pydarknet.UsageError, match=f"expected a CPU .*the device is {where}"):
        bfloat16.check_precision("bf16", torch.device(where), None)


def test_it_is_for_torch():
    with pytest.raises(pydarknet.UsageError, match="expected no backend onnxruntime"):
        bfloat16.check_precision("bf16", torch.device("cpu"), "onnxruntime")


def test_a_processor_without_it_is_refused_in_a_line(monkeypatch):
    monkeypatch.setattr(bfloat16, "has_bfloat16", lambda: False)

    with pytest.raises(pydarknet.UsageError) as error:
        digits("bf16")

    assert str(error.value) == (
        "precision bf16: expected a processor with AVX512-BF16, AMX or Arm's BF16;"
        " this one has none"
    )
    assert digits("float")[0].precision == "float"


# Whether it is faster


@pytest.mark.parametrize(("ratio", "times"), [(0.4, 0), (1.0, 0), (1.94, 1)])
def test_that_it_is_slower_is_told_once(monkeypatch, capsys, ratio, times):
    monkeypatch.setattr(bfloat16, "time_beside_float32", lambda: ratio)
    bfloat16.tell_if_slower.cache_clear()

    for _ in range(2):
        network, image = digits("bf16")
        network.detect(image)

    told = (
        "bfloat16 is slower than float32 on this processor: a convolution takes 1.9 times as long;"
        " -precision float is faster here\n"
    )
    assert capsys.readouterr().err.count(told) == times
    bfloat16.tell_if_slower.cache_clear()


@pytest.mark.parametrize("work", [True, False])
def test_a_convolution_is_timed_in_both(monkeypatch, work):
    monkeypatch.undo()
    if not work:
        monkeypatch.setattr(onednn, "operators_work", lambda dtype: False)
    monkeypatch.setattr(bfloat16, "TRIED", (1, 32, 8, 8))

    assert 0.01 < bfloat16.time_beside_float32() < 100


def test_both_are_timed_by_turns(monkeypatch):
    order: list[torch.dtype] = []
    monkeypatch.setattr(bfloat16, "direct_convolution", lambda *_: lambda x: order.append(x.dtype))
    TIME()

    alternate = [one for one, before in zip(order, [None, *order], strict=False) if one != before]
    assert len(alternate) >= 6
    assert set(order) == {torch.bfloat16, torch.float32}
