"""The state of a training on disk: as it was written, or one line that says that it is damaged."""

import json
import struct

import pytest
import torch

from pydarknet.errors import DataError
from pydarknet.training.state import (
    MAGIC,
    OLD_MAGIC,
    State,
    parse_state,
    read_state,
    write_state,
)

RUN = {"dialect": "pjreddie", "images": 4, "train": "a", "net": {"batch": "4"}, "weights": ""}
RUN["layers"] = [["yolo", {"classes": "2"}]]
NUMBERS = {"batch": 3, "average": 0.1, "boxes": [1, 0], "seed": 5, "scale": 1.0}
TENSORS = {
    "momentum": torch.tensor([[1.5, -2.0]]),
    "count": torch.tensor(7),
    "none": torch.zeros(0, 2),
}
STATE = State(RUN, NUMBERS, TENSORS, "b")
PAIR = {"a": {"dtype": "float32", "shape": [2]}}  # the bytes of old_state


@pytest.fixture
def written(tmp_path) -> bytes:
    """Return the content of a state."""
    write_state(tmp_path / "state", STATE)
    return (tmp_path / "state").read_bytes()


def old_state(**changes: object) -> bytes:
    """Return a state of the first version, some fields other than usual."""
    listed = {"momentum": {"dtype": "float32", "shape": [1, 2]}}
    head = {"run": {"cfg": "c", "data": "d", "weights": ""}, "weights": "b", "numbers": NUMBERS}
    text = json.dumps({**head, "tensors": listed, **changes}).encode()
    return OLD_MAGIC + struct.pack("<Q", len(text)) + text + struct.pack("<2f", 1.5, -2)


def test_a_state_is_read_as_it_was_written(written):
    read = parse_state(written)

    assert (read.run, read.numbers, read.weights) == (RUN, NUMBERS, "b")
    assert [tensor.tolist() for tensor in read.tensors.values()] == [[[1.5, -2.0]], 7, []]
    assert [tensor.dtype for tensor in read.tensors.values()] == [
        torch.float32,
        torch.int64,
        torch.float32,
    ]


def test_a_state_of_the_first_version_is_read():
    read = parse_state(old_state())

    assert read.numbers["batch"] == 3
    assert read.tensors["momentum"].tolist() == [[1.5, -2.0]]


@pytest.mark.parametrize("left", [0, 10, 17, 18, 20, 30, 60, -33, -1])
def test_a_state_that_is_cut_short_is_damaged(written, left):
    with pytest.raises(DataError, match=r"checksum|other words"):
        parse_state(written[:left])


def test_a_flipped_bit_anywhere_is_damage(written):
    for at in range(0, len(written), 13):
        flipped = bytearray(written)
        flipped[at] ^= 4

        with pytest.raises(DataError):
            parse_state(bytes(flipped))


def test_a_later_version_is_told():
    with pytest.raises(DataError, match="later version"):
        parse_state(MAGIC.replace(b"2", b"3") + bytes(100))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"run": None}, "run"),
        ({"weights": 3}, "weights"),
        ({"numbers": []}, "numbers"),
        ({"tensors": [1]}, "tensors"),
        ({"numbers": {**NUMBERS, "batch": -5}}, "numbers.batch"),
        ({"numbers": {**NUMBERS, "batch": 2.5}}, "numbers.batch"),
        ({"numbers": {**NUMBERS, "batch": True}}, "numbers.batch"),
        ({"numbers": {**NUMBERS, "batch": 10**100}}, "numbers.batch"),
        ({"numbers": {**NUMBERS, "average": float("nan")}}, "numbers.average"),
        ({"numbers": {**NUMBERS, "average": 10**400}}, "numbers.average"),
        ({"numbers": {**NUMBERS, "boxes": [1]}}, "numbers.boxes"),
        ({"numbers": {**NUMBERS, "seed": "x"}}, "numbers.seed"),
        ({"numbers": {**NUMBERS, "scale": 0}}, "numbers.scale"),
        ({"numbers": {**NUMBERS, "growth": -1}}, "numbers.growth"),
        ({"numbers": {**NUMBERS, "ranks": {}}}, "numbers.ranks"),
        ({"numbers": {**NUMBERS, "ranks": [1]}}, "numbers.ranks"),
        ({"numbers": {**NUMBERS, "ranks": [{"counts": [1, 2, 3]}]}}, "numbers.ranks"),
        ({"numbers": {**NUMBERS, "ranks": [{"counts": [1, 2], "scale": 1}]}}, "numbers.ranks"),
        ({"numbers": {**NUMBERS, "validation": {"at": 1}}}, "numbers.validation.last"),
        ({"numbers": {**NUMBERS, "exif": "yes"}}, "numbers.exif"),
        ({"tensors": {"a": {"dtype": "object", "shape": [1]}}}, "tensors.a.dtype"),
        ({"tensors": {"a": {"dtype": [1], "shape": [1]}}}, "tensors.a.dtype"),
        ({"tensors": {"a": {"dtype": "float32", "shape": [-2]}}}, "tensors.a.shape"),
        ({"tensors": {"a": {"dtype": "float32", "shape": 2}}}, "tensors.a.shape"),
        ({"tensors": {"a": None}}, "tensors.a has no fields"),
        ({"tensors": {"a": {"dtype": "float32", "shape": [3]}}}, "8 bytes: expected 12"),
        ({"tensors": {"a": {"dtype": "float32", "shape": [2**31 - 1] * 9}}}, "expected"),
        ({"tensors": {"a": {"dtype": "float32", "shape": [2, *[1] * 64]}}}, "tensors.a.shape"),
        ({"tensors": {**PAIR, "b": {"dtype": "bool", "shape": [0, *[2**31 - 1] * 3]}}}, "b.shape"),
        ({"tensors": {}}, "8 bytes: expected 0"),
    ],
)
def test_a_field_that_cannot_be_is_damage(changes, problem):
    with pytest.raises(DataError, match=problem):
        parse_state(old_state(**changes))


@pytest.mark.parametrize("text", [b"[" * 100_000, b"{", b"\xff", b"[]", b"null", b""])
def test_a_text_that_is_no_json_object_is_damage(text):
    with pytest.raises(DataError, match="its text"):
        parse_state(OLD_MAGIC + struct.pack("<Q", len(text)) + text)


def test_a_missing_state_is_none(tmp_path, capsys):
    assert read_state(tmp_path / "state") is None
    assert capsys.readouterr().err == ""


def test_a_damaged_state_is_none_and_noted_in_one_line(tmp_path, capsys, written):
    (tmp_path / "state").write_bytes(written[:-1])

    assert read_state(tmp_path / "state") is None
    noted = capsys.readouterr().err
    assert noted.count("\n") == 1
    assert "state: is no usable state of a training: its checksum differs" in noted


def test_a_folder_in_the_place_of_a_state_is_noted(tmp_path, capsys):
    assert read_state(tmp_path) is None
    assert "is no usable state of a training: Is a directory" in capsys.readouterr().err
