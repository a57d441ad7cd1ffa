"""The files of a training: at any time, there is a pair of weights and state."""

import os
import subprocess

import pytest

from pydarknet.errors import DataError
from pydarknet.system.inputs import keep_inputs
from pydarknet.training.checkpoints import Files, base_name, copy_file, link_or_copy
from pydarknet.training.state import State

RUN = {"dialect": "alexeyab", "images": 4, "train": "a", "net": {}, "layers": [], "weights": ""}
NUMBERS = {"average": 0.1, "boxes": [1, 0], "seed": 5, "scale": 1.0}


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
    files.write_pair(State(RUN, {**NUMBERS, "batch": batch}, {}), files.path(".backup"))


def newest(files: Files) -> tuple[bytes, int]:
    """Return weights and batch of the newest whole pair."""
    pair = next(files.pairs())
    return pair.weights.read_bytes(), pair.state.numbers["batch"]


@pytest.mark.parametrize(
    ("path", "base"), [("cfg/yolo.v3.cfg", "yolo"), ("net", "net"), ("a.b/net.cfg", "net")]
)
def test_a_base_name_ends_at_the_first_dot(path, base):
    assert base_name(path) == base


def test_the_newest_pair_comes_first(files):
    save(files, b"one", 1)
    save(files, b"two", 2)

    assert newest(files) == (b"two", 2)


def test_weights_without_their_state_leave_the_pair_before(files):
    save(files, b"one", 1)
    files.keep_previous()
    files.path(".two").write_bytes(b"two")
    os.replace(files.path(".two"), files.path(".backup"))  # and killed before the state

    assert newest(files) == (b"one", 1)


def test_the_pair_before_comes_second(files):
    save(files, b"one", 1)
    save(files, b"two", 2)

    assert [pair.state.numbers["batch"] for pair in files.pairs()] == [2, 1]


def test_a_damaged_state_leaves_the_pair_before(files, capsys):
    save(files, b"one", 1)
    save(files, b"two", 2)
    files.path(".state").write_bytes(b"")

    assert newest(files) == (b"one", 1)
    assert "net.state: is no usable state of a training" in capsys.readouterr().err


def test_the_save_after_resuming_from_the_pair_before_keeps_that(files):
    save(files, b"one", 1)
    save(files, b"two", 2)
    files.path(".backup").write_bytes(b"damaged")
    again = Files(files.folder, "net", ".backup")
    again.resume_from(next(again.pairs()))

    again.keep_previous()
    again.path(".backup").write_bytes(b"three")  # and killed before the state

    assert newest(files) == (b"one", 1)


def test_final_weights_are_a_pair_too(files):
    save(files, b"one", 1)
    files.keep_previous()
    files.path("_final.weights").write_bytes(b"end")
    files.write_pair(State(RUN, {**NUMBERS, "batch": 3}, {}), files.path("_final.weights"))

    assert [(pair.weights.name, pair.state.numbers["batch"]) for pair in files.pairs()] == [
        ("net_final.weights", 3),
        ("net.backup", 1),
    ]


def test_weights_that_are_given_may_stand_in_another_folder(files, tmp_path):
    save(files, b"one", 1)
    moved = tmp_path / "moved.weights"
    files.path(".backup").rename(moved)

    assert next(files.pairs(moved)).weights == moved


def test_files_that_are_set_aside_are_a_pair_of_another_base(files):
    save(files, b"one", 1)
    save(files, b"two", 2)
    files.path("_best.weights").write_bytes(b"best")

    files.set_aside(base := files.free_base())

    assert next(files.pairs(), None) is None
    assert base == "net_old1"
    assert newest(Files(files.folder, base, ".backup")) == (b"two", 2)
    assert files.path("_old1_best.weights").read_bytes() == b"best"
    assert files.path(".backup").read_bytes() == b"two"
    assert files.free_base() == "net_old2"


def test_a_pair_before_that_is_set_aside_is_kept_too(files):
    save(files, b"one", 1)
    save(files, b"two", 2)
    files.path(".backup").unlink()

    files.set_aside("kept")

    assert newest(Files(files.folder, "kept", ".backup")) == (b"one", 1)


def test_other_weights_under_the_name_are_no_pair(files):
    save(files, b"one", 1)
    files.path(".backup").write_bytes(b"other")

    assert next(files.pairs(), None) is None


def test_a_state_that_cannot_be_written_is_an_error_and_leaves_nothing(files):
    files.path(".backup").write_bytes(b"one")
    files.path(".state").mkdir()

    with pytest.raises(OSError, match=r"net.state"):
        files.write_pair(State(RUN, {**NUMBERS, "batch": 1}, {}), files.path(".backup"))

    assert sorted(path.name for path in files.folder.iterdir()) == ["net.backup", "net.state"]


def test_a_folder_is_made_with_those_above_it(tmp_path):
    Files(tmp_path / "a" / "b", "net", ".backup").make_folder()

    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "a").touch()

    with pytest.raises(DataError, match=r"backup = .*a: is a file: expected a folder"):
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


def test_two_trainings_do_not_write_the_same_files(files):
    second = Files(files.folder, "net", "_last.weights")
    with files.hold():
        with (
            pytest.raises(DataError, match=r"another training is writing .*net_last.weights"),
            second.hold(),
        ):
            pass
        with Files(files.folder, "other", ".backup").hold():
            pass

    with second.hold():
        pass
    assert list(files.folder.iterdir()) == []


def test_what_another_training_wrote_meanwhile_is_not_written_over(files):
    files.make_folder()
    files.path("_final.weights").write_bytes(b"of another training")

    with (
        pytest.raises(DataError, match=r"another training has just written .*net.state: expected"),
        files.hold(),
    ):
        pass

    files.make_folder()
    with files.hold():
        pass


def test_a_link_is_kept_as_the_file_to_which_it_leads(tmp_path):
    (tmp_path / "in.w").write_bytes(b"given")
    (tmp_path / "a_final.weights").symlink_to("in.w")
    (tmp_path / "a.previous").symlink_to("a_final.weights")

    link_or_copy(tmp_path / "a_final.weights", tmp_path / "a.previous")

    assert not (tmp_path / "a.previous").is_symlink()
    assert (tmp_path / "a.previous").samefile(tmp_path / "in.w")


def test_a_copy_is_not_made_through_a_link(tmp_path):
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "in.w").write_bytes(b"given")
    (tmp_path / "b").symlink_to("in.w")

    copy_file(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "in.w").read_bytes() == b"given"
    assert (tmp_path / "b").read_bytes() == b"new"


def test_weights_of_a_pair_are_written_over_by_the_training_that_goes_on(files):
    path = files.path("_final.weights")
    path.write_bytes(b"given")

    with keep_inputs([path]):
        assert files.make_way("_final.weights") == ""

    assert path.read_bytes() == b"given"


def test_what_no_training_reads_keeps_its_link(files, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"")
    files.path("_1.weights").symlink_to(tmp_path / "elsewhere")

    with keep_inputs([]):
        assert files.make_way("_1.weights") == ""

    assert files.path("_1.weights").is_symlink()
