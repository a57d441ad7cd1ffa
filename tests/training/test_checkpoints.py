"""The state of a training on disk: whole, or not there."""

import os
import subprocess

import pytest
import torch

from pydarknet.errors import DataError
from pydarknet.training.checkpoints import Files, State, base_name, digest, read_state, write_state

STATE = State(
    run={"cfg": "a"},
    numbers={"batch": 3, "average": 0.1},
    tensors={"momentum": torch.tensor([[1.5, -2.0]]), "count": torch.tensor(7)},
    weights="b",
)


@pytest.fixture
def files(tmp_path):
    """The files of a training."""
    return Files(tmp_path, "net", ".backup")


def save(files: Files, weights: bytes, batch: int) -> None:
    """Write weights and their state as a training does."""
    files.keep_previous()
    new = files.path(".new")
    new.write_bytes(weights)
    os.replace(new, files.path(".backup"))
    files.write_pair(State({}, {"batch": batch}, {}))


def newest(files: Files) -> tuple[bytes, int]:
    """Return weights and batch of the newest whole pair."""
    path, state = files.whole_pair(lambda state: True)
    return path.read_bytes(), state.numbers["batch"]


@pytest.mark.parametrize(
    ("path", "base"), [("cfg/yolo.v3.cfg", "yolo"), ("net", "net"), ("a.b/net.cfg", "net")]
)
def test_a_base_name_ends_at_the_first_dot(path, base):
    assert base_name(path) == base


def test_a_digest_is_the_sha_256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")

    assert digest(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_state_is_read_as_it_was_written(tmp_path):
    write_state(tmp_path / "state", STATE)

    read = read_state(tmp_path / "state")

    assert (read.run, read.numbers, read.weights) == (STATE.run, STATE.numbers, "b")
    assert [tensor.tolist() for tensor in read.tensors.values()] == [[[1.5, -2.0]], 7]
    assert read.tensors["count"].dtype == torch.int64


@pytest.mark.parametrize("left", [0, 10, 30, 60, -1])
def test_a_part_of_a_state_is_none(tmp_path, left):
    write_state(tmp_path / "state", STATE)
    content = (tmp_path / "state").read_bytes()

    (tmp_path / "state").write_bytes(content[:left])

    assert read_state(tmp_path / "state") is None


def test_a_missing_state_is_none(tmp_path):
    assert read_state(tmp_path / "state") is None


def test_the_newest_pair_is_gone_on_with(files):
    save(files, b"one", 1)
    save(files, b"two", 2)

    assert newest(files) == (b"two", 2)


def test_weights_without_their_state_leave_the_pair_before(files):
    save(files, b"one", 1)
    files.keep_previous()
    files.path(".two").write_bytes(b"two")
    os.replace(files.path(".two"), files.path(".backup"))  # and killed before the state

    assert newest(files) == (b"one", 1)


def test_a_pair_that_does_not_fit_is_passed_over(files):
    save(files, b"one", 1)
    save(files, b"two", 2)

    path, state = files.whole_pair(lambda state: state.numbers["batch"] == 1)

    assert (path.read_bytes(), state.numbers["batch"]) == (b"one", 1)


def test_other_weights_under_the_name_are_no_pair(files):
    save(files, b"one", 1)
    files.path(".backup").write_bytes(b"other")

    assert files.whole_pair(lambda state: True) is None


def test_a_state_that_cannot_be_written_is_an_error_and_leaves_nothing(files):
    files.path(".backup").write_bytes(b"one")
    files.path(".state").mkdir()

    with pytest.raises(DataError, match=r"Couldn't open file: .*net.state"):
        files.write_pair(STATE)

    assert sorted(path.name for path in files.folder.iterdir()) == ["net.backup", "net.state"]


def test_a_folder_is_made_with_those_above_it(tmp_path):
    Files(tmp_path / "a" / "b", "net", ".backup").make_folder()

    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "a").touch()

    with pytest.raises(DataError, match=r"backup = .*a: File exists"):
        Files(tmp_path / "a", "net", ".backup").make_folder()


def test_a_save_after_one_that_was_killed_midway_leaves_no_partial_files(files):
    save(files, b"one", 1)
    files.keep_previous()  # and killed: both names are links of one file

    save(files, b"two", 2)

    assert newest(files) == (b"two", 2)
    assert sorted(path.name for path in files.folder.iterdir()) == [
        "net.backup",
        "net.previous",
        "net.previous.state",
        "net.state",
    ]
    assert files.path(".previous").read_bytes() == b"one"


def test_what_killed_runs_left_in_the_folder_is_removed(files):
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in ("net_last.weights", "net_100.weights", "net.previous.state", "other.state"):
        files.folder.joinpath(f"{name}.{dead.pid}.tmp").touch()

    files.make_folder()

    assert [path.name for path in files.folder.iterdir()] == [f"other.state.{dead.pid}.tmp"]
