"""ONNX files of ours, back to the weights file that was exported."""

from __future__ import annotations

import struct

import pytest
import torch

import pydarknet
from pydarknet.cli.main import main

pytest.importorskip("onnxruntime", reason="export needs the extra [export]")

CFG = """
[net]
width=16
height=16
channels=3

[convolutional]
batch_normalize=1
filters=8
size=3
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
batch_normalize=1
filters=18
size=1
activation=linear

[yolo]
mask=0,1,2
anchors=1,2, 3,4, 5,6
classes=1
num=3
"""
HEADER = struct.pack("<3iQ", 0, 2, 5, 6400)


@pytest.fixture
def exported(tmp_path):
    """Export a network of random weights; return the cfg, the ONNX file, and the weights."""
    (tmp_path / "net.cfg").write_text(CFG)
    numbers = torch.rand(
        4 * 8 + 8 * 27 + 4 * 18 + 18 * 8, generator=torch.Generator().manual_seed(1)
    )
    (tmp_path / "net.weights").write_bytes(HEADER + numbers.numpy().tobytes())
    paths = [tmp_path / name for name in ("net.cfg", "net.onnx", "net.weights")]

    def make(*words):
        main(["export", "onnx", str(paths[0]), str(paths[2]), str(paths[1]), *words])
        return paths

    return make


@pytest.mark.parametrize("layout", ["merged", "raw", "nms"])
def test_an_exported_file_becomes_the_same_bytes_again(exported, tmp_path, layout):
    cfg, file, weights = exported("-layout", layout)

    assert main(["import", str(cfg), str(file), str(tmp_path / "again.weights")]) == 0

    assert (tmp_path / "again.weights").read_bytes() == weights.read_bytes()


def test_what_another_tool_made_of_it_computes_the_same(exported, tmp_path, capfd):
    import onnx

    cfg, file, weights = exported()
    model = onnx.load(file)
    clean = onnx.helper.make_model(model.graph, opset_imports=model.opset_import)
    clean.metadata_props.extend(model.metadata_props)  # without fields that it does not know
    onnx.save_model(clean, file)
    again = tmp_path / "again.weights"

    assert main(["import", str(cfg), str(file), str(again)]) == 0

    x = torch.rand(1, 3, 16, 16)
    first, second = (
        pydarknet.load_network(cfg, path, device="cpu").trace(x)[2] for path in (weights, again)
    )
    torch.testing.assert_close(second, first, atol=1e-5, rtol=1e-5)
    assert "the file has lost the weights that were exported; these" in capfd.readouterr().err


def test_half_precision_comes_back_in_its_own(exported, tmp_path, capfd):
    cfg, file, weights = exported("-half")
    again = tmp_path / "again.weights"

    assert main(["import", str(cfg), str(file), str(again)]) == 0

    x = torch.rand(1, 3, 16, 16)
    first, second = (
        pydarknet.load_network(cfg, path, device="cpu").trace(x)[2] for path in (weights, again)
    )
    torch.testing.assert_close(second, first, atol=0.02, rtol=0.01)  # float16 has 11 bits
    assert "-half rounded the weights that were exported" in capfd.readouterr().err


def test_weights_of_8_bits_are_an_error(exported, tmp_path, capfd):
    import onnx

    cfg, file, _ = exported()
    model = onnx.load(file)
    [held] = [one for one in model.metadata_props if one.key == "pydarknet"]
    held.value = held.value.replace('"precision": "float"', '"precision": "int8"')
    onnx.save_model(model, file)

    assert main(["import", str(cfg), str(file), str(tmp_path / "again.weights")]) == 1

    assert "net.onnx: has weights rounded to 8 bits (-int8)" in capfd.readouterr().err
    assert not (tmp_path / "again.weights").exists()


@pytest.mark.parametrize("precision", ["float", "double"])
def test_what_a_python_program_exported_becomes_the_same_bytes_again(exported, tmp_path, precision):
    cfg, file, weights = exported()
    network = pydarknet.load_network(cfg, weights, device="cpu")

    pydarknet.export_onnx(getattr(network, precision)(), file)

    assert main(["import", str(cfg), str(file), str(tmp_path / "again.weights")]) == 0
    assert (tmp_path / "again.weights").read_bytes() == weights.read_bytes()


def test_values_that_a_python_program_changed_come_back(exported, tmp_path):
    cfg, file, weights = exported()
    network = pydarknet.load_network(cfg, weights, device="cpu")
    with torch.no_grad():
        network.stack[0].weights.mul_(2)
    network.save_weights(tmp_path / "new.weights", header=network.header)

    pydarknet.export_onnx(network, file)

    assert main(["import", str(cfg), str(file), str(tmp_path / "again.weights")]) == 0
    new = (tmp_path / "new.weights").read_bytes()
    assert (tmp_path / "again.weights").read_bytes() == new != weights.read_bytes()


def test_another_cfg_is_an_error(exported, tmp_path, capfd):
    cfg, file, _ = exported()
    cfg.write_text(CFG.replace("filters=8", "filters=9"))

    assert main(["import", str(cfg), str(file), str(tmp_path / "again.weights")]) == 1

    told = capfd.readouterr().err
    assert "net.onnx: was exported from weights of 464 floats: the cfg needs 513" in told
    assert not (tmp_path / "again.weights").exists()


def test_a_damaged_file_is_one_line(exported, tmp_path, capfd):
    cfg, file, _ = exported()
    file.write_bytes(file.read_bytes()[:-100])

    assert main(["import", str(cfg), str(file), str(tmp_path / "again.weights")]) == 1

    assert "net.onnx: " in capfd.readouterr().err


def test_a_transposed_convolution_comes_back_from_its_node(tmp_path):
    cfg, file, weights = [tmp_path / f"net.{end}" for end in ("cfg", "onnx", "weights")]
    deconv = "[deconvolutional]\nfilters=18\nsize=2\nstride=2\nactivation=linear\n"
    head = f"{deconv}{CFG[CFG.index('[yolo]') :]}"
    cfg.write_text(f"[net]\nwidth=16\nheight=16\nchannels=3\n{head}")
    floats = torch.rand(18 + 3 * 18 * 4, generator=torch.Generator().manual_seed(1))
    weights.write_bytes(HEADER + floats.numpy().tobytes())
    main(["export", "onnx", str(cfg), str(weights), str(file), "-half"])

    assert main(["import", *map(str, (cfg, file, tmp_path / "again.weights"))]) == 0

    again = torch.frombuffer(
        bytearray((tmp_path / "again.weights").read_bytes()[20:]), dtype=torch.float32
    )
    torch.testing.assert_close(again, floats, atol=0.001, rtol=0.001)  # float16 has 11 bits
