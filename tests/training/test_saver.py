"""How weights are saved: whole, kept when a save fails, and never if they are no numbers."""

import errno

import pytest
import torch

from pydarknet.errors import DataError
from pydarknet.training import state as state_file
from pydarknet.training.checkpoints import Files
from pydarknet.training.saver import Saver
from pydarknet.training.state import State

RUN = {"dialect": "pjreddie", "images": 4, "train": "a", "net": {}, "layers": [], "weights": ""}


class Full:
    """Stands in for a disk that is full whenever `full` is set."""

    full = False

    def writing(self, write):
        """Return a function that fails if the disk is full."""

        def write_or_fail(*values, **options):
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(*values, **options)

        return write_or_fail


@pytest.fixture
def disk(monkeypatch) -> Full:
    """Return a disk for states that may become full."""
    disk = Full()
    monkeypatch.setattr(state_file, "replace_file", disk.writing(state_file.replace_file))
    return disk


@pytest.fixture
def saver(net, tmp_path, disk) -> Saver:
    """Return what saves a network of one layer; `batch` counts, and `lines` are its notes."""
    network = net("[convolutional]\nfilters=1\n")
    network.initialize()

    def state() -> State:
        numbers = {"batch": made.batch, "average": 0.1, "boxes": [0, 0], "seed": 1, "scale": 1.0}
        return State(RUN, numbers, {})

    lines: list[str] = []
    made = Saver(network, Files(tmp_path, "net", ".backup"), lines.append, state)
    made.lines, made.batch = lines, 1
    return made


def batches(saver: Saver) -> list[int]:
    """Return the batches of the pairs that are whole."""
    return [pair.state.numbers["batch"] for pair in saver.files.pairs()]


def save(saver: Saver, batch: int) -> bool:
    """Save other weights as those of a batch."""
    saver.batch = batch
    with torch.no_grad():
        saver.network.stack[0].weights.fill_(batch)
    return saver.save([".backup"])


def test_two_pairs_are_kept(saver):
    for batch in (1, 2, 3):
        assert save(saver, batch)

    assert batches(saver) == [3, 2]


@pytest.mark.parametrize("before", [1, 2])
def test_a_disk_that_is_full_at_a_state_leaves_a_pair_and_the_training_goes_on(saver, disk, before):
    for batch in range(1, before + 1):
        save(saver, batch)
    disk.full = True

    assert not save(saver, 8)
    assert not save(saver, 9)

    assert batches(saver)[:1] == [before]
    newest, state = saver.files.path(".backup"), saver.files.path(".state")
    assert saver.lines[-1] == (
        f"Couldn't open file: {state} (No space left on device); the training continues;"
        f" the last good weights: {newest}"
    )
    disk.full = False
    save(saver, 10)
    assert batches(saver) == [10, before]


def test_weights_that_cannot_be_written_leave_both_pairs(saver, monkeypatch):
    save(saver, 1)
    save(saver, 2)
    monkeypatch.setattr(
        "pydarknet.graph.weights.replace_file", Full.writing(disk := Full(), lambda *_: None)
    )
    disk.full = True

    assert not save(saver, 3)

    assert batches(saver)[0] == 2
    assert saver.files.path(".backup").samefile(saver.files.path(".previous"))


def test_at_the_end_what_cannot_be_written_is_an_error(saver, disk):
    save(saver, 1)
    disk.full = True

    with pytest.raises(DataError, match=r"net.state \(No space.*\n    hint: the last good"):
        saver.save_at_end([".backup"])


def test_final_weights_are_enough_if_only_their_state_cannot_be_written(saver, disk):
    disk.full = True

    saver.save_at_end(["_final.weights"])

    assert saver.lines[-1].endswith("(No space left on device); the final weights are whole")


def test_weights_that_are_no_numbers_are_not_saved(saver):
    save(saver, 1)
    with torch.no_grad():
        saver.network.stack[0].weights[0, 0] = float("nan")

    with pytest.raises(DataError, match=r"stack\.0\.weights is no longer finite\n.*net\.backup"):
        saver.save([".backup"])

    assert batches(saver) == [1]


def test_files_of_an_earlier_training_are_set_aside_once(saver):
    save(saver, 5)
    saver.files.current, saver.aside = None, "net_old1"

    save(saver, 1)
    save(saver, 2)

    kept = Saver(saver.network, Files(saver.files.folder, "net_old1", ".backup"), print, dict)
    assert batches(kept) == [5]
    assert batches(saver) == [2, 1]


def test_best_weights_of_an_unknown_map_are_kept(saver):
    saver.files.path("_best.weights").write_bytes(b"best")

    saver.keep_best()

    assert saver.files.path("_old1_best.weights").read_bytes() == b"best"
    assert "is kept as" in saver.lines[0]


def test_moving_averages_that_cannot_be_written_are_noted(saver):
    saver.files.path("_ema.weights").mkdir()

    assert saver.write_quietly("_ema.weights") is None
    assert saver.lines[0].endswith("the training continues")
