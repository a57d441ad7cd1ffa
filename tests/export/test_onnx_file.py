"""A model as a file, under its name only when it is right."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from pydarknet.errors import DataError, UsageError
from pydarknet.export import onnx_file
from pydarknet.export.onnx_file import check_place, save_model
from pydarknet.system.inputs import keep_inputs

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
    assert path.stat().st_mode == (tmp_path / "a.onnx.data").stat().st_mode
    loaded = onnx.load(path)
    assert onnx.numpy_helper.to_array(loaded.graph.initializer[0])[-1] == 3999


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match=r"missing/a\.onnx: cannot be written: No such file"):
        save_model(model(), tmp_path / "missing" / "a.onnx", lambda _: None)


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    path, target = tmp_path / "a.onnx", tmp_path / "other" / "b.onnx"
    target.parent.mkdir()
    path.symlink_to(target)

    save_model(model(), path, lambda _: None)

    assert path.is_symlink()
    assert onnx.load(target).graph.node[0].op_type == "Add"


def test_a_name_may_be_as_long_as_a_file_system_allows(tmp_path):
    path = tmp_path / ("x" * 250 + ".onnx")

    save_model(model(), path, lambda _: None)

    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"older")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(onnx_file, "check_place", lambda _: None)

    with pytest.raises(DataError, match=r"a\.onnx: cannot be written: No space left on device"):
        save_model(model(), path, lambda _: None)

    assert [one.name for one in tmp_path.iterdir()] == ["a.onnx"]
    assert path.read_bytes() == b"older"


def test_ctrl_c_leaves_nothing(tmp_path):
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_model(model(), tmp_path / "a.onnx", interrupt)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["photo.png", "new.cfg", "model", "o.onnx.txt", "."])
def test_other_names_than_of_onnx_files_are_refused(name, tmp_path):
    with pytest.raises(UsageError, match=r"is no name of an ONNX file: expected one that ends in"):
        check_place(tmp_path / name)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a\0.onnx", os.fsdecode(b"a\xff.onnx")])
def test_names_that_onnx_cannot_open_are_refused(name, tmp_path):
    with pytest.raises(UsageError, match="expected a name in UTF-8, which onnx can open"):
        check_place(tmp_path / name)


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "a.onnx").mkdir()

    with pytest.raises(DataError, match=r"a\.onnx: cannot be written: Is a directory"):
        check_place(tmp_path / "a.onnx")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_pipe_is_not_replaced(tmp_path):
    path = tmp_path / "a.onnx"
    os.mkfifo(path)

    with pytest.raises(UsageError, match="is a device or a pipe: expected a file"):
        check_place(path)

    assert path.is_fifo()


@pytest.mark.parametrize("name", ["a.onnx", "a.onnx.data"])
def test_a_file_that_is_read_is_not_written_over(name, tmp_path):
    (tmp_path / name).write_bytes(b"weights")

    with (
        keep_inputs([tmp_path / name]),
        pytest.raises(UsageError, match="is read by this command: expected another file"),
    ):
        check_place(tmp_path / "a.onnx")
