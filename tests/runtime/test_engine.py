"""What runs an ONNX file."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pydarknet.errors import DataError, UsageError
from pydarknet.runtime import engine
from pydarknet.runtime.engine import open_engine

onnx = pytest.importorskip("onnx")


@pytest.fixture
def doubling(tmp_path):
    """Return a file that doubles a map."""
    x, y = (onnx.helper.make_tensor_value_info(n, 1, [1, 1, 2, 2]) for n in "xy")
    node = onnx.helper.make_node("Add", ["x", "x"], ["y"])
    graph = onnx.helper.make_graph([node], "double", [x], [y])
    imports = [onnx.helper.make_opsetid("", 13)]
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=7)
    onnx.save_model(model, tmp_path / "double.onnx")
    return tmp_path / "double.onnx"


@pytest.mark.parametrize("name", ["onnxruntime", "opencv", "openvino"])
def test_every_engine_runs_a_file(doubling, name):
    pytest.importorskip({"opencv": "cv2"}.get(name, name))
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)

    [found] = open_engine(doubling, name, 1).run({"x": x}, ["y"])

    assert found.ravel().tolist() == [0, 2, 4, 6]


def test_onnxruntime_tells_sizes_and_metadata(tmp_path):
    pytest.importorskip("onnxruntime")
    x = onnx.helper.make_tensor_value_info("x", 10, ["batch", 3, 4, "width"])  # 10: float16
    y = onnx.helper.make_tensor_value_info("y", 10, None)
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    imports = [onnx.helper.make_opsetid("", 14)]
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=7)
    onnx.helper.set_model_props(model, {"pydarknet": "{}"})
    onnx.save_model(model, tmp_path / "half.onnx")

    opened = open_engine(tmp_path / "half.onnx")

    assert opened.inputs == [engine.Input("x", (None, 3, 4, None), np.float16)]
    assert opened.outputs == ["y"]
    assert opened.metadata == {"pydarknet": "{}"}


def test_opencv_tells_outputs_and_takes_the_only_input(doubling):
    opened = open_engine(doubling, "opencv")
    x = np.ones((1, 1, 2, 2), np.float32)

    assert opened.inputs == [engine.Input("", (None, None, None, None))]
    assert opened.outputs == ["y"]
    assert opened.run({"": x}, opened.outputs)[0].ravel().tolist() == [2, 2, 2, 2]


def test_opencv_runs_where_onnxruntime_is_missing(doubling, monkeypatch):
    monkeypatch.setattr("pydarknet.runtime.installed.find_spec", lambda name: None)

    assert open_engine(doubling).name == "OpenCV"


@pytest.mark.parametrize("name", ["onnxruntime", "opencv"])
def test_a_file_that_is_none_is_told(tmp_path, name):
    if name == "onnxruntime":
        pytest.importorskip("onnxruntime")
    path = tmp_path / "a.onnx"
    path.write_bytes(b"\x08\x07\x3a\x0a\x0a\x08\x12\x02no\x22\x02no")  # a node that nobody knows

    with pytest.raises(DataError, match=rf"a\.onnx: {name} cannot read it: "):
        open_engine(path, name)


def test_an_unknown_engine_is_told(tmp_path):
    with pytest.raises(
        UsageError, match=r"^engine tensorrt: expected onnxruntime or opencv or openvino$"
    ):
        open_engine(tmp_path / "a.onnx", "tensorrt")


def test_the_room_imports_no_torch():
    code = (
        "import sys, pydarknet.runtime.engine, pydarknet.runtime.layouts;"
        "print([m for m in sys.modules if m == 'torch' or m.startswith('onnx')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_opencv_is_not_given_a_name_at_which_it_crashes(doubling):
    other = doubling.rename(doubling.with_name("caf\udce9.onnx"))
    with pytest.raises(DataError, match="OpenCV reads no file whose name is not UTF-8"):
        open_engine(other, "opencv")
