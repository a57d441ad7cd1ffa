"""The command import: the weights that it writes, and its lines."""

from __future__ import annotations

import pytest
import torch
from state_dicts import CFG, ULTRALYTICS, Port, safetensors

import pydarknet
from pydarknet.cli.main import main


@pytest.fixture
def files(tmp_path):
    """Return the paths of a cfg, of a port's arrays, and of the weights to write."""
    (tmp_path / "net.cfg").write_text(CFG)
    port = safetensors(tmp_path / "port.safetensors", Port(1e-4).named(*ULTRALYTICS))
    return [str(path) for path in (tmp_path / "net.cfg", port, tmp_path / "net.weights")]


def test_a_port_becomes_weights_that_compute_the_same(files, capfd):
    x = torch.rand(1, 3, 8, 8)

    assert main(["import", *files]) == 0

    network = pydarknet.load_network(files[0], files[2], device="cpu")
    with torch.no_grad():
        expected = Port(1e-4)(x)
    torch.testing.assert_close(network.trace(x)[-1], expected, atol=1e-5, rtol=1e-5)
    told = capfd.readouterr().err
    assert "layout ultralytics/yolov3 (archive) or WongKinYiu/PyTorch_YOLOv4: 7 arrays" in told
    assert "epsilon 0.0001 of its batch norms became Darknet's 1e-05" in told


def test_scales_that_make_up_for_a_variance_are_counted(files, tmp_path, capfd):
    port = Port(1e-4)
    port.norm.running_var[:2] = 1e-6
    safetensors(tmp_path / "port.safetensors", port.named(*ULTRALYTICS))

    assert main(["import", *files, "-epsilon", "0"]) == 0

    assert "2 variances would be negative: they are 0" in capfd.readouterr().err


def test_a_pickle_ends_with_status_one_and_writes_nothing(files, tmp_path, capfd):
    torch.save({"model": {}}, tmp_path / "best.pt")

    assert main(["import", files[0], str(tmp_path / "best.pt"), files[2]]) == 1

    assert "is a Python pickle, which is a program" in capfd.readouterr().err
    assert not (tmp_path / "net.weights").exists()
