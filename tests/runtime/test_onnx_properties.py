"""What an ONNX file says about itself."""

from __future__ import annotations

import os
import time

import pytest

from pydarknet.errors import DataError
from pydarknet.runtime.onnx_properties import begins_onnx, is_onnx, read_properties

onnx = pytest.importorskip("onnx")
LONG = "x" * 70_000  # a length of three bytes


def model(**keys: str):
    """Return a model of one node, with keys."""
    names = [onnx.helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    node = onnx.helper.make_node("Neg", ["x"], ["y"])
    graph = onnx.helper.make_graph([node], LONG, names[:1], names[1:])
    made = onnx.helper.make_model(graph, producer_name="tester", doc_string="some words")
    onnx.helper.set_model_props(made, keys)
    return made


@pytest.mark.parametrize("keys", [{}, {"a": ""}, {"names": "dög, cat", "cfg": LONG, "b": "1"}])
def test_keys_are_those_that_onnx_reads(tmp_path, keys):
    path = tmp_path / "net.onnx"
    onnx.save_model(model(**keys), path)

    found = read_properties(path)

    assert found.producer == "tester"
    assert found.values == {p.key: p.value for p in onnx.load(path).metadata_props} == keys


def test_a_file_is_known_by_its_first_bytes(tmp_path):
    (tmp_path / "net.bin").write_bytes(model().SerializeToString())
    (tmp_path / "net.cfg").write_bytes(b"[net]\n")
    (tmp_path / "text.onnx").write_bytes(b"[net]\n")  # which is told as what is no model

    assert [is_onnx(tmp_path / name) for name in ("net.bin", "net.cfg", "text.onnx")] == [1, 0, 1]
    assert not is_onnx(tmp_path / "missing.onnx")
    assert not is_onnx(tmp_path)
    assert not begins_onnx(b"\x08\0\0\0\x02")  # a weights file of version 8


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "expected an ONNX model"),
        (b"[net]\nwidth=8\n", "expected an ONNX model"),
        (b"\x08\x07\x3a\x50few", "it ends after 7 bytes, inside field 7: expected an ONNX model"),
        (b"\x08\x07\x12\x01x\x08\xff", "it ends inside a number: expected an ONNX model"),
        (b"\x08\x07\x12\x01x\x0b", "a field of kind 3 at byte 6: expected an ONNX model"),
    ],
)
def test_what_is_no_model_is_told(tmp_path, content, problem):
    path = tmp_path / "net.onnx"
    path.write_bytes(content)

    with pytest.raises(DataError) as error:
        read_properties(path)

    assert str(error.value) == f"{path}: {problem}"


def test_a_folder_is_told(tmp_path):
    with pytest.raises(DataError, match=r": Is a directory: expected an ONNX model$"):
        read_properties(tmp_path)


def test_a_pipe_is_no_model_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "net")

    assert not is_onnx(tmp_path / "net")


def field(number: int, content: bytes) -> bytes:
    """Return a field of bytes as protobuf writes it."""
    length = len(content)
    groups = [length >> shift & 127 for shift in (0, 7, 14, 21)]
    return bytes([number << 3 | 2, *(part | 128 for part in groups[:3]), groups[3]]) + content


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (b"\xff" * 400_000, "a number that does not end"),
        (b"\x0a\xff", "a number that does not end"),
        (b"\x0a\x00" * 400_000, ""),  # a key 400,000 times over
    ],
    ids=["endless", "cut", "many"],
)
def test_an_entry_that_is_none_is_told_at_once(tmp_path, entry, problem):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08\x08" + field(7, b"graph") + field(14, entry))
    start = time.process_time()

    if problem:
        with pytest.raises(DataError) as error:
            read_properties(path)
        assert str(error.value) == f"{path}: {problem}: expected an ONNX model"
    else:
        assert read_properties(path).values == {"": ""}

    assert time.process_time() - start < 2  # minutes where each number or the rest was copied
