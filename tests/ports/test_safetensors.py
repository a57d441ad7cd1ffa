import json
import time

import numpy as np
import pytest
import torch
from state_dicts import safetensors

from pydarknet.errors import WeightsError
from pydarknet.ports.arrays import read_arrays
from pydarknet.ports.stored import name_twice


def written(path, header, content=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)
    return path


def said(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"a": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


def test_bfloat16_is_the_upper_half_of_a_float(tmp_path):
    path = written(tmp_path / "a", said("BF16", offsets=(0, 4)), b"\x80\x3f\x20\xc0")

    assert read_arrays(path)["a"].read().tolist() == [1, -2.5]  # 0x3f80, 0xc020


def test_the_package_safetensors_writes_the_same_arrays(tmp_path):
    library = pytest.importorskip("safetensors.numpy", reason="needs the package safetensors")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    library.save_file({"b": values, "a": values[0].astype(np.float16)}, tmp_path / "a")

    found = read_arrays(tmp_path / "a")

    assert found["b"].read().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["a"].read().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (said(offsets=(0, 9)), "ends before a, whose last byte is 9 of 8"),
        (said(offsets=(4, 8)), r"has 4 bytes of a, which is \(2,\) of F32: expected 8"),
        (said(offsets=(8, 0)), r"has -8 bytes of a"),
        (said(shape=(-2,)), "says of a no dtype, shape and data_offsets"),
        (said(shape=(1 << 62, 1 << 62)), "expected"),
        (said(shape=(True, 2)), "says of a no dtype"),
        (said("F4"), "a has numbers of kind F4"),
        ({"a": 3}, "says of a no dtype"),
        ({"a": {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]}}, "says of a no dtype"),
        (b"{" + b"[" * 100_000, "its header is no JSON object"),
        (b"{nothing}", "its header is no JSON object"),
        (b'{"a": 1, "a": 2}', "has a twice in its header"),
    ],
)
def test_a_header_that_cannot_be_right_is_one_line(tmp_path, header, told):
    with pytest.raises(WeightsError, match=told):
        read_arrays(written(tmp_path / "a", header, bytes(8)))


@pytest.mark.parametrize("bytes_left", [9, 12, 60, 90])
def test_a_truncated_file_is_an_error_wherever_it_ends(tmp_path, bytes_left):
    path = safetensors(tmp_path / "a", {"a": torch.ones(4)})
    path.write_bytes(path.read_bytes()[:bytes_left])

    with pytest.raises(WeightsError, match=r"says that its header has|ends before|is none of"):
        read_arrays(path)


def test_a_name_that_stands_twice_is_found_at_once():
    start = time.process_time()

    assert name_twice([*map(str, range(100_000)), "99999"]) == "99999"
    assert time.process_time() - start < 1  # minutes where each name was counted
