"""A model as a file, under its name only when it is right."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.export import onnx_file
from pydarknet.export.onnx_file import save_model

onnx = pytest.importorskip("onnx")


def model(count: int = 4000) -> object:
    """Return a model that adds numbers to its input."""
    term = onnx.numpy_helper.from_array(np.arange(count, dtype=np.float32), "term")
    x, y = (onnx.helper.make_tensor_value_info(n, 1, [count]) for n in "xy")
    node = onnx.helper.make_node("Add", ["x", "term"], ["y"])
    return onnx.helper.make_model(onnx.helper.make_graph([node], "add", [x], [y], [term]))


def test_a_file_is_checked_before_it_has_its_name(tmp_path):
    path, seen = tmp_path / "a.onnx", []

    save_model(model(), path, lambda new: seen.append((new.is_file(), path.exists())))

    assert seen == [(True, False)]
    assert [one.name for one in tmp_path.iterdir()] == ["a.onnx"]


def test_a_file_that_fails_is_not_left_and_an_older_one_stays(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"older")

    def refuse(_: object) -> None:
        raise DataError("wrong")

    with pytest.raises(DataError):
        save_model(model(), path, refuse)

    assert [one.name for one in tmp_path.iterdir()] == ["a.onnx"]
    assert path.read_bytes() == b"older"


def test_arrays_of_a_large_file_stand_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "LARGEST", 1000)
    path = tmp_path / "a.onnx"

    save_model(model(), path, lambda _: None)

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.onnx", "a.onnx.data"]
    assert path.stat().st_size < 1000
    loaded = onnx.load(path)
    assert onnx.numpy_helper.to_array(loaded.graph.initializer[0])[-1] == 3999


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match=r"missing/a\.onnx: cannot be written: No such file"):
        save_model(model(), tmp_path / "missing" / "a.onnx", lambda _: None)
