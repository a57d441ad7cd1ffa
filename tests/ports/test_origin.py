import numpy as np
import pytest

from pydarknet.errors import WeightsError
from pydarknet.ports.origin import distances, field_of, near, unpack, weights_from


def again(rows, factors):
    """Return rows from what is kept of them beside their products with factors."""
    with np.errstate(all="ignore"):
        constant = (rows * factors[:, None]).astype(np.float32)
    kept = distances(rows, constant, factors)
    import zlib

    return near(constant, zlib.compress(kept), rows.size), len(kept)


def test_weights_come_back_bit_by_bit_from_their_products():
    numbers = np.random.default_rng(1)
    rows = numbers.normal(size=(8, 1001)).astype(np.float32)
    factors = numbers.uniform(-3, 3, 8).astype(np.float32)

    bytes_, kept = again(rows, factors)

    assert bytes_ == rows.tobytes()
    assert kept == 8 * 4 + 4 + 2002  # factors, no row that is far, 8008 numbers of two bits


@pytest.mark.parametrize("factor", [0, np.inf, np.nan, 1e-44])
def test_a_filter_whose_factor_loses_it_is_kept_whole(factor):
    rows = np.array([[1, -2, 0], [3, 4e-39, -0.0]], np.float32)

    bytes_, _ = again(rows, np.array([factor, 2], np.float32))

    assert bytes_ == rows.tobytes()


@pytest.mark.parametrize("origin", [b"", b"\x02\x00\x00\x00{}", b"\xff" * 40])
def test_a_damaged_origin_is_one_line(tmp_path, origin):
    with pytest.raises(WeightsError, match="what it says of its weights file is damaged"):
        weights_from(origin, {}, tmp_path)


def test_no_more_is_unpacked_than_is_wanted():
    import zlib

    assert len(unpack(zlib.compress(bytes(1000)), 10)) == 10


def test_the_field_is_one_that_protobuf_passes_over():
    onnx = pytest.importorskip("onnx", reason="needs the package onnx")
    model = onnx.ModelProto(producer_name="a")
    model.MergeFromString(field_of(b"b" * 300))

    found = onnx.ModelProto.FromString(model.SerializeToString())

    assert found.producer_name == "a"
    assert found.SerializeToString().endswith(b"b" * 300)


def test_a_small_file_cannot_ask_for_much_memory(tmp_path):
    import json
    import zlib

    bomb = zlib.compress(bytes(200 << 20), 9)
    told = json.dumps({"header": 20, "arrays": [[1 << 40, "whole:", len(bomb)]]}).encode()
    origin = len(told).to_bytes(4, "little") + told + bytes(20) + bomb

    content = weights_from(origin, {}, tmp_path)

    assert len(content) < 65 << 20  # 64 MB and a header
