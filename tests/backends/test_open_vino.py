"""A network that OpenVINO runs gives what the plain one gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import recording

import pydarknet
from pydarknet.backends import open_vino
from pydarknet.backends.programs import PROGRAMS
from pydarknet.cli.main import main
from pydarknet.system.resources import shipped_file

installed = pytest.mark.skipif(
    bool(PROGRAMS["openvino"].missing),
    reason="openvino is missing: pip install -c constraints.txt '.[openvino]' (60 MB)",
)


@pytest.fixture
def network():
    """Return a recorded network that OpenVINO runs."""
    folder = recording("infer_pj_yolov2_a")
    files = folder / "net.cfg", folder / "net.weights"
    return pydarknet.load_network(*files, dialect="pjreddie", device="cpu", backend="openvino")


def random_images(network, seed: int) -> torch.Tensor:
    return torch.rand(2, *network.input.tensor, generator=torch.Generator().manual_seed(seed))


@installed
def test_a_recorded_network_gives_the_same(network, capsys):
    images = random_images(network, 1)
    with torch.inference_mode():
        plain = network(images)
        network.prepared()(images)
        found = network.prepared()(images)

    assert not network.prepared().runner.refused, capsys.readouterr().err
    for one, other in zip(found, plain, strict=True):
        assert not torch.equal(one.activated, other.activated), "another program computed it"
        torch.testing.assert_close(one.activated, other.activated, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(one.raw, other.raw, rtol=1e-4, atol=1e-4)


@installed
def test_what_it_gave_stays_and_threads_may_run_it(network):
    several = [random_images(network, seed) for seed in range(6)]
    with torch.inference_mode():
        network.prepared()(several[0])
        alone = [network.prepared()(images)[0].activated for images in several]
        with ThreadPoolExecutor(3) as pool:
            fast = network.prepared()
            beside = list(pool.map(lambda images: by_itself(fast, images), several))

    for one, other in zip(alone, beside, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def by_itself(fast, images: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return fast(images)[0].activated


@pytest.mark.parametrize("error", [RuntimeError("no such operator\nand more"), ImportError("no")])
def test_what_it_cannot_run_is_told_and_runs_by_torch(network_of_one, monkeypatch, capsys, error):
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(open_vino, "compile_float32", refuse)
    images = torch.rand(1, 3, 8, 8)
    with torch.inference_mode():
        [plain] = network_of_one(images)
        network_of_one.backend = "openvino"
        network_of_one.prepared()(images)
        [found] = network_of_one.prepared()(images)

    assert torch.equal(found.activated, plain.activated)
    told = (
        f"openvino cannot run this network; continuing without it: {str(error).splitlines()[0]}\n"
    )
    assert told in capsys.readouterr().err


@pytest.fixture
def network_of_one(net):
    """Return a network of one convolution."""
    pytest.importorskip("onnx")
    network = net("[convolutional]\nfilters=4\nactivation=leaky\n", c=3, h=8, w=8)
    network.initialize(torch.Generator().manual_seed(1))
    return network


@installed
def test_a_command_finds_the_same_boxes_by_it(tmp_path, monkeypatch, capsys, cache):
    monkeypatch.chdir(tmp_path)
    image = tmp_path / "digits.png"
    image.write_bytes(shipped_file("data/digits.png").read_bytes())
    (tmp_path / "list.txt").write_text(f"{image}\n" * 5)
    words = ["detect", "list.txt", "-dont_show", "-nogpu"]

    def lines() -> list[str]:
        return [line for line in capsys.readouterr().out.split("\n") if "%" in line]

    assert main(words) == 0
    expected = lines()
    assert main([*words, "-backend", "openvino"]) == 0

    assert lines() == expected
    assert len(expected) >= 5
