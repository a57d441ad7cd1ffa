"""Arrays of an ONNX file that are in other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.runtime.engine import open_engine
from pydarknet.runtime.onnx_arrays import check_arrays

onnx = pytest.importorskip("onnx")


def write_model(path: Path, place: str) -> Path:
    """Write a network of one convolution, whose weights are in another file."""
    weights = onnx.TensorProto(name="weights", data_type=onnx.TensorProto.FLOAT, dims=[4, 3, 1, 1])
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": place, "offset": "0", "length": "48"}.items():
        weights.external_data.add(key=key, value=value)
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Conv", ["images", "weights"], ["y"])],
        "graph",
        [value("images", onnx.TensorProto.FLOAT, [1, 3, 4, 4])],
        [value("y", onnx.TensorProto.FLOAT, [1, 4, 4, 4])],
        [weights],
    )
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
@pytest.mark.parametrize("engine", ["opencv", "onnxruntime"])
def test_arrays_of_elsewhere_are_refused_by_every_engine(folder, place, engine):
    path = write_model(folder / "net.onnx", place)

    with pytest.raises(
        DataError, match=r"net.onnx: has arrays in \S+: expected a file of its fold"
    ):
        open_engine(path, engine)


def test_what_is_no_onnx_file_is_left_to_the_engine(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07no protobuf")

    check_arrays(tmp_path / "net.onnx")
    check_arrays(tmp_path / "missing.onnx")
