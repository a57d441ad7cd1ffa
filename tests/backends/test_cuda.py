"""What a GPU runs: the form of a network for it, here in either precision on a CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import HERE, on_cuda, recording

import pydarknet
from pydarknet.backends.cuda import CudaConv
from pydarknet.backends.half import InFloat32
from pydarknet.backends.prepare import PrepareOptions, on_gpu
from pydarknet.inference import predict
from pydarknet.modules.activations import words
from pydarknet.modules.ops import Conv
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network
from pydarknet.system.resources import shipped_file

LINEAGES = {"ab": "alexeyab", "pj": "pjreddie"}

RECORDINGS = (
    "infer_ab_darknet19_a",
    "infer_ab_gaussian_yolo_corners",
    "infer_ab_gru_seq",
    "infer_ab_local_variants",
    "infer_ab_misc_layers",
    "infer_ab_sam_se_a",
    "infer_ab_yolov2_a",
    "infer_ab_yolov4_mish_diounms",
    "infer_ab_yolov4tiny_a",
    "infer_ab_yolov7_newcoords_swish",
    "infer_pj_deconv",
    "infer_pj_maxpool_odd",
    "infer_pj_reorg_variants",
    "infer_pj_shortcut_a",
    "infer_pj_xnor_binary",
    "infer_pj_yolov1_a",
    "infer_pj_yolov3_a",
)


def formed(network: Network, *, half: bool) -> Network:
    """Return the form for a GPU, on the CPU and not recorded."""
    fast = on_gpu(network, PrepareOptions(half=half))
    fast.runner = None
    return fast


def opened(name: str) -> Network:
    """Return the network of a recording."""
    folder, lineage = recording(name), LINEAGES[name.split("_")[1]]
    return pydarknet.load_network(
        folder / "net.cfg", folder / "net.weights", dialect=lineage, device="cpu"
    )


def difference(network: Network, *, half: bool) -> float:
    """Return how far outputs are from the plain network's, beside the largest of a head."""
    images = torch.rand(2, *network.input.tensor, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        plain = [head.activated.clone() for head in network(images)]
        network.reset()
        other = [head.activated for head in formed(network, half=half)(images)]
    assert all(one.dtype == torch.float32 for one in other)
    return max(
        float((a - b).abs().max() / a.abs().max()) for a, b in zip(plain, other, strict=True)
    )


@pytest.mark.parametrize("name", RECORDINGS)
def test_in_float_it_computes_the_same(name):
    assert difference(opened(name), half=False) < 1e-4


@pytest.mark.parametrize("name", [name for name in RECORDINGS if "xnor" not in name])
def test_in_half_it_computes_nearly_the_same(name):
    assert difference(opened(name), half=True) < 5e-2


QUICK = ("enet-coco", "gru", "resnext50", "rnn", "tiny", "yolov1-tiny", "yolov2", "yolov3-tiny")
QUICK += ("yolov4-sam-mish-csp-reorg-bfm", "yolov4-tiny", "yolov7-tiny")  # the others are like them
CFGS = [
    pytest.param(path, id=path.stem, marks=() if path.stem in QUICK else pytest.mark.slow)
    for path in sorted((HERE.parent / "cfg").glob("*.cfg"))
]


@pytest.mark.parametrize("cfg", CFGS)
def test_every_shipped_network_has_all_it_computes_with_on_its_device(cfg):
    network = pydarknet.load_network(cfg, device="meta")
    images = torch.empty(2, *network.input.tensor, device="meta")

    with torch.inference_mode():
        heads = formed(network, half=True)(images)

    assert heads
    assert {head.activated.dtype for head in heads} == {torch.float32}
    assert {head.activated.device.type for head in heads} == {"meta"}


@pytest.mark.parametrize("word", words("alexeyab"))
def test_every_activation_has_room(net, word):
    text = f"[convolutional]\nfilters=8\nsize=3\npad=1\nactivation={word}\n"
    network = net(text, c=3, h=9, w=7, dialect="alexeyab")
    network.initialize(torch.Generator().manual_seed(1))
    images = torch.rand(2, 3, 9, 7, generator=torch.Generator().manual_seed(2)) * 4

    with torch.inference_mode():
        [plain], [half] = network(images), formed(network, half=True)(images)

    torch.testing.assert_close(half.activated.float(), plain.activated, atol=5e-2, rtol=1e-2)


def test_only_what_gains_or_loses_nothing_is_narrow():
    network = opened("infer_ab_yolov4tiny_a")

    kinds = {
        node.layer.section.name: type(module)
        for node, module in zip(network.nodes, formed(network, half=True).stack, strict=True)
    }

    assert kinds["convolutional"] is CudaConv
    assert kinds["yolo"] is InFloat32
    assert {kinds[name] for name in ("maxpool", "route", "upsample")}.isdisjoint({InFloat32})


# What half precision cannot hold


@pytest.fixture
def on_a_gpu(monkeypatch):
    """Let networks be prepared as if the CPU were a GPU."""

    def prepared(network: Network, *, many: bool = False, half: bool = False) -> Network:
        return formed(network, half=half)

    monkeypatch.setattr(predict, "fast_form", prepared)
    monkeypatch.setattr(predict, "on_cuda", lambda network: True)
    monkeypatch.setattr(predict, "device_around", lambda network: torch.device("cpu"))


def digits() -> tuple[Network, np.ndarray]:
    """Return the built-in model, and an image of digits."""
    files = (shipped_file(f"digits.{kind}") for kind in ("cfg", "weights"))
    network = pydarknet.load_network(*files, device="cpu")
    return network, load_image(shipped_file("data/digits.png"))


@pytest.mark.usefixtures("on_a_gpu")
def test_numbers_too_large_for_half_are_told_and_computed_in_float(capsys):
    network, image = digits()
    network.precision = "float"
    expected = network.detect(image)
    network.precision = None
    first, second = [m for m in network.stack if isinstance(m, Conv)][:2]
    with torch.no_grad():  # a million times as much between them, and no difference after them
        first.norm.scales.mul_(1e6)
        first.biases.mul_(1e6)
        second.norm.rolling_mean.mul_(1e6)
        second.norm.rolling_variance.mul_(1e12)

    found = network.detect(image)
    network.detect(image)

    told = "half precision overflows in this network: computing in float32 from here on"
    assert capsys.readouterr().err.count(told) == 1
    assert found.classes.tolist() == expected.classes.tolist() != []
    torch.testing.assert_close(found.boxes, expected.boxes, atol=1e-4, rtol=1e-4)


@pytest.mark.usefixtures("on_a_gpu")
def test_boxes_of_half_precision_are_the_same_but_for_their_last_digits():
    network, image = digits()

    half = network.detect(image)
    network.precision = "float"
    full = network.detect(image)

    assert half.classes.tolist() == full.classes.tolist() != []
    torch.testing.assert_close(half.boxes, full.boxes, atol=2e-3, rtol=0)
    torch.testing.assert_close(half.scores, full.scores, atol=1e-2, rtol=0)
    assert not torch.equal(half.scores, full.scores)


@pytest.mark.cuda
@on_cuda
@pytest.mark.parametrize("precision", ["half", "float"])
def test_a_gpu_finds_what_the_cpu_finds(precision):
    network, image = digits()
    expected = network.detect(image)
    network = network.to("cuda")
    network.precision = precision

    for _ in range(4):  # the first is not recorded, the second is
        found = network.detect(image)
        several = network.detect([image] * 3)

    for one in (found, *several):
        assert one.classes.tolist() == expected.classes.tolist()
        torch.testing.assert_close(one.boxes, expected.boxes, atol=2e-3, rtol=0)
