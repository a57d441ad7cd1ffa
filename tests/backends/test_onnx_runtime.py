"""A network that onnxruntime runs gives what the plain one gives."""

from __future__ import annotations

import forked
import numpy as np
import pytest
import torch
from conftest import recording

import pydarknet
from pydarknet.backends import onnx_form, onnx_runtime
from pydarknet.backends.programs import PROGRAMS, Program
from pydarknet.cli.main import main
from pydarknet.inference.classify import classify
from pydarknet.network import Network
from pydarknet.system.resources import shipped_file

installed = pytest.mark.skipif(
    bool(PROGRAMS["onnxruntime"].missing),
    reason="onnxruntime is not installed: pip install -c constraints.txt '.[onnxruntime]'",
)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    """Keep exported networks in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))


def twice(network: Network, images: torch.Tensor) -> list[torch.Tensor]:
    """Return what its fast form gives the second time."""
    with torch.inference_mode():
        network.prepared()(images)
        return [head.activated for head in network.prepared()(images)]


@installed
@pytest.mark.parametrize(
    "name",
    [
        "infer_pj_yolov2_a",
        pytest.param("infer_ab_yolov4tiny_a", marks=pytest.mark.slow),
        pytest.param("infer_pj_darknet19_a", marks=pytest.mark.slow),
    ],
)
def test_recorded_networks_give_the_same(name, capsys):
    folder = recording(name)
    dialect = {"ab": "alexeyab", "pj": "pjreddie"}[name.split("_")[1]]
    network = pydarknet.load_network(
        folder / "net.cfg", folder / "net.weights", dialect=dialect, device="cpu"
    )
    images = torch.rand(2, *network.input.tensor, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        plain = [head.activated for head in network(images)]

    network.backend = "onnxruntime"
    found = twice(network, images)

    assert not network.prepared().runner.refused, capsys.readouterr().err
    for one, other in zip(found, plain, strict=True):
        assert not torch.equal(one, other), "another program computed it"
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@installed
def test_a_network_is_exported_once(net, monkeypatch):
    count, write = [], onnx_form.write_network
    monkeypatch.setattr(
        onnx_form, "write_network", lambda *a, **b: (count.append(1), write(*a, **b))[1]
    )
    text = "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
    network = net(text, c=3, h=8, w=8)
    network.initialize(torch.Generator().manual_seed(1))
    network.backend = "onnxruntime"
    images = torch.rand(1, 3, 8, 8)

    [first] = twice(network, images)
    [again] = twice(network, images)
    assert torch.equal(first, again)
    assert len(count) == 1

    with torch.no_grad():
        network.stack[0].biases.add_(1)
    [changed] = twice(network, images)
    assert len(count) == 2
    assert not torch.equal(first, changed)


@installed
def test_a_network_that_keeps_a_state_runs_without_it(net, capsys):
    network = net("[rnn]\noutput=3\nhidden=2\nactivation=tanh\n", inputs=4)
    network.initialize(torch.Generator().manual_seed(1))
    network.backend = "onnxruntime"

    twice(network, torch.rand(1, 4))

    told = "onnxruntime cannot run this network; continuing without it: its layers keep a state\n"
    assert told in capsys.readouterr().err


@installed
def test_what_cannot_be_exported_is_told_and_runs(net, monkeypatch, capsys):
    def refuse(*_: object, **__: object) -> bytes:
        raise RuntimeError("no such operator\nand a page more")

    monkeypatch.setattr(onnx_form, "write_network", refuse)
    network = net("[convolutional]\nfilters=4\nactivation=leaky\n", c=3, h=8, w=8)
    network.initialize(torch.Generator().manual_seed(1))
    images = torch.rand(1, 3, 8, 8)
    with torch.inference_mode():
        [plain] = network(images)
    capsys.readouterr()

    network.backend = "onnxruntime"
    [found] = twice(network, images)

    assert torch.equal(found, plain.activated)
    told = "onnxruntime cannot run this network; continuing without it: no such operator\n"
    assert capsys.readouterr().err == told


@installed
def test_a_command_finds_the_same_boxes_by_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    image = tmp_path / "digits.png"
    image.write_bytes(shipped_file("data/digits.png").read_bytes())
    (tmp_path / "list.txt").write_text(f"{image}\n" * 9)
    words = ["detect", "list.txt", "-dont_show", "-nogpu"]

    def lines() -> list[str]:
        text = capsys.readouterr().out.split("\n")
        return [line for line in text if "%" in line]

    assert main(words) == 0
    expected = lines()
    assert main([*words, "-backend", "onnxruntime"]) == 0

    assert lines() == expected
    assert len(expected) >= 9


@installed
def test_classes_are_its_too(monkeypatch):
    ran, record = [], onnx_runtime.onnx_session
    counting = Program(lambda *a: (ran.append(1), record(*a))[1], ())
    monkeypatch.setitem(PROGRAMS, "onnxruntime", counting)
    folder = recording("infer_pj_darknet19_a")
    files = folder / "net.cfg", folder / "net.weights"
    network = pydarknet.load_network(*files, dialect="pjreddie", device="cpu")
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    expected = classify(network, [image])

    network.backend = "onnxruntime"
    first, second = (classify(network, [image]) for _ in range(2))

    assert len(ran) == 1
    torch.testing.assert_close(first, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(second, expected, rtol=1e-4, atol=1e-5)


def test_nothing_of_it_is_imported_unasked():
    code = "import sys, pydarknet.load; print([m for m in sys.modules if 'onnxruntime' in m])"

    assert forked.run("-c", code).stdout == "[]\n"
