"""A worker's answers: samples in a file, and what is said of them."""

import errno
import io
import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from pydarknet.dataset import worker
from pydarknet.dataset.worker import Order, SampleInfo, bytes_of, orders, put
from pydarknet.errors import DataError

answer = worker.make_samples


class Counting:
    """Samples of 1 x 2 pixels and 3 numbers of truth, filled with their index."""

    channels, truth_shape = 1, (3,)

    def sample(self, request: object) -> object:
        return SimpleNamespace(
            path=f"{request.index}.png",
            problems=(),
            image=np.full((1, 1, 2), request.index, np.float32),
            truth=np.full(3, -request.index, np.float32),
        )


def order(path: object, places: range) -> Order:
    return Order(path, seed=0, batch=1, size=(2, 1), wanted=range(3), places=places)


def test_images_stand_before_the_truths_of_a_batch(tmp_path):
    path = tmp_path / "batch"
    path.write_bytes(bytes(4 * 15))

    told = answer(Counting(), order(path, range(1, 3)))

    assert told == {1: SampleInfo("1.png", ()), 2: SampleInfo("2.png", ())}
    assert np.fromfile(path, np.float32).tolist() == [
        *(0, 0, 1, 1, 2, 2),  # three images, the first another worker's
        *(0, 0, 0, -1, -1, -1, -2, -2, -2),
    ]


def test_an_error_of_a_sample_is_the_answer_to_all(tmp_path):
    path = tmp_path / "batch"
    path.touch()
    samples = Counting()
    samples.sample = lambda request: (_ for _ in ()).throw(DataError("is no image"))

    assert str(answer(samples, order(path, range(3)))) == "is no image"


def test_a_full_memory_says_how_much_is_needed(tmp_path, monkeypatch):
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "batch"
    path.touch()
    monkeypatch.setattr(worker, "put", full)

    told = answer(Counting(), order(path, range(3)))

    assert str(told) == f"{tmp_path}: is full: expected room for 0 MiB per batch"


def test_an_image_and_its_truth_take_4_bytes_a_number():
    assert bytes_of(SimpleNamespace(channels=3, truth_shape=(90, 5)), (4, 2)) == (96, 1800)


def test_numbers_are_put_at_their_place():
    file = io.BytesIO(bytes(12))

    put(file, 4, np.array([1.5]))

    assert np.frombuffer(file.getvalue(), np.float32).tolist() == [0, 1.5, 0]


@pytest.mark.parametrize("rest", [b"", pickle.dumps("third")[:-3]])
def test_orders_end_with_the_pipe(rest):
    pipe = io.BytesIO(pickle.dumps("first") + pickle.dumps("second") + rest)

    assert list(orders(pipe)) == ["first", "second"]
