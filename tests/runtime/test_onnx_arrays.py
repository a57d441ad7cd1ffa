"""Arrays of an ONNX file that are in other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.runtime.engine import open_engine
from pydarknet.runtime.onnx_arrays import check_arrays

onnx = pytest.importorskip("onnx")


def write_model(path: Path, place: str, constant: bool = False) -> Path:
    """Write a network of one convolution, whose weights are in another file.

    They are an initializer, or the value of a node.
    """
    weights = onnx.TensorProto(name="weights", data_type=onnx.TensorProto.FLOAT, dims=[4, 3, 1, 1])
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": place, "offset": "0", "length": "48"}.items():
        weights.external_data.add(key=key, value=value)
    value = onnx.helper.make_tensor_value_info
    nodes = [onnx.helper.make_node("Conv", ["images", "weights"], ["y"])]
    if constant:
        nodes.insert(0, onnx.helper.make_node("Constant", [], ["weights"], value=weights))
    images = value("images", onnx.TensorProto.FLOAT, [1, 3, 4, 4])
    outputs = value("y", onnx.TensorProto.FLOAT, [1, 4, 4, 4])
    arrays = [] if constant else [weights]
    graph = onnx.helper.make_graph(nodes, "graph", [images], [outputs], arrays)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return the folder of a model; the weights are in it, and outside of it."""
    (tmp_path / "in" / "below").mkdir(parents=True)
    for name in ("in/net.bin", "in/below/net.bin", "secret.bin"):
        (tmp_path / name).write_bytes(np.arange(12, dtype=np.float32).tobytes())
    (tmp_path / "in" / "link.bin").symlink_to("../secret.bin")
    return tmp_path / "in"


@pytest.mark.parametrize("place", ["net.bin", "below/net.bin", "./below/../net.bin"])
def test_arrays_of_its_folder_are_read(folder, place):
    check_arrays(write_model(folder / "net.onnx", place))


@pytest.mark.parametrize(
    "place", ["../secret.bin", "below/../../secret.bin", "link.bin", "/s", ".."]
)
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("engine", ["opencv", "onnxruntime"])
def test_arrays_of_elsewhere_are_refused_by_every_engine(folder, place, engine, constant):
    path = write_model(folder / "net.onnx", place, constant)

    with pytest.raises(
        DataError, match=r"net.onnx: has arrays in \S+: expected a file of its fold"
    ):
        open_engine(path, engine)


def test_arrays_in_a_graph_within_a_node_are_found(folder):
    inner = onnx.load(write_model(folder / "in.onnx", "../secret.bin"), load_external_data=False)
    outer = onnx.helper.make_node("If", ["x"], ["y"], then_branch=inner.graph)
    graph = onnx.helper.make_graph([outer], "graph", [], [])
    (folder / "net.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())

    with pytest.raises(DataError, match=r"has arrays in ../secret\.bin"):
        check_arrays(folder / "net.onnx")


def test_graphs_in_each_other_without_end_are_refused(tmp_path):
    content = b""
    for _ in range(200):  # graph, node, attribute, each as a field of bytes within the next
        for number in (6, 5, 1):
            content = bytes([number << 3 | 2]) + varint(len(content)) + content
    content = bytes([7 << 3 | 2]) + varint(len(content)) + content
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07" + content)

    with pytest.raises(DataError, match="its graphs are in each other without end: expected an ON"):
        check_arrays(tmp_path / "net.onnx")


def varint(value: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first."""
    more = value >> 7
    return bytes([value & 127 | 128 * bool(more)]) + (varint(more) if more else b"")


def test_what_is_no_onnx_file_is_refused(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07no protobuf")

    with pytest.raises(DataError, match="a field of kind 6 at byte 3: expected an ONNX model"):
        check_arrays(tmp_path / "net.onnx")


def test_a_missing_file_is_left_to_the_engine(tmp_path):
    check_arrays(tmp_path / "missing.onnx")
