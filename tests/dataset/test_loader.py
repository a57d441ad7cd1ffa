"""Batches are the same whoever makes them, and no worker outlives its trainer."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from forked import Program

from pydarknet.dataset import loader as module
from pydarknet.dataset.build import classifier_samples, detector_samples
from pydarknet.dataset.labels import labels_of
from pydarknet.dataset.loader import Batch, Batches, roomy, shared_folders
from pydarknet.dataset.worker import Order, make_samples
from pydarknet.errors import DataError, OutOfMemory
from pydarknet.image.files import save_image
from pydarknet.system.cores import usable_cores

YOLO = "[convolutional]\nfilters=24\n[yolo]\nnum=1\nclasses=19\nmask=0\njitter=.3\n"
V1 = "[connected]\noutput=15\n[detection]\nside=1\nclasses=5\nnum=2\ncoords=4\njitter=.1\n"
SOFTMAX = "[connected]\noutput=2\n[softmax]\n"
COLOURS = "hue=.1\nsaturation=1.5\nexposure=1.5\n"
FORK = COLOURS + "mosaic=1\nblur=5\ngaussian_noise=20"
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def size(number: int) -> tuple[int, int]:
    """Return a size that changes every other batch."""
    return (32, 64) if number // 2 % 2 else (48, 32)


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Return the paths of six images, one of which is none, and of which one has a bad label."""
    generator = np.random.default_rng(1)
    for index in range(6):
        image = generator.integers(0, 256, (40 + index, 60, 3), dtype=np.uint8)
        save_image(image, tmp_path / f"{index}.png")
        (tmp_path / f"{index}.txt").write_text("3 .5 .5 .5 .5\n4 .3 .3 .2 .2\n")
    (tmp_path / "4.txt").write_text("3 .5 .5 .5 .5\n77 .5 .5 .5 .5\n")
    (tmp_path / "5.png").write_bytes(b"no image")
    return [str(tmp_path / f"{index}.png") for index in range(6)]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Work in a folder of its own: the fork's lists are written there."""
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")


@pytest.fixture
def made(net, paths) -> Callable[..., list[Batch]]:
    """Make batches 3 to 6 of seven images."""

    def make(workers: int, text: str = YOLO, seed: int = 5, **network: object) -> list[Batch]:
        samples = detector_samples(net(text, **network), paths)
        with Batches(samples, count=7, seed=seed, size=size, workers=workers) as batches:
            found = list(batches(range(3, 7)))
            check_torch(batches)
            return found

    return make


def check_torch(batches: Batches) -> None:
    """Check that no worker imported torch, which takes a second and 200 MB of each."""
    for worker in batches.workers:
        maps = Path(f"/proc/{worker.process.pid}/maps")
        assert not maps.exists() or "libtorch" not in maps.read_text()


def numbers(made: list[Batch]) -> Iterator[np.ndarray]:
    """Yield everything that batches hold as arrays."""
    for batch in made:
        yield from (batch.images.numpy(), batch.truth.numpy(), np.array(batch.paths))
        yield np.array([str(batch.number), *(problem.text for problem in batch.problems)])


# What a batch is


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_holds_images_truth_and_paths(made, paths, workers):
    batches = made(workers)

    assert [batch.number for batch in batches] == [3, 4, 5, 6]
    assert [tuple(batch.images.shape) for batch in batches] == [
        (7, 3, 64, 32),
        (7, 3, 32, 48),
        (7, 3, 32, 48),
        (7, 3, 64, 32),
    ]
    assert batches[0].truth.shape == (7, 90, 5)
    assert batches[0].images.dtype == batches[0].truth.dtype == torch.float32
    assert 0 <= batches[0].images.min() < batches[0].images.max() <= 1
    assert set(batches[0].paths) <= set(paths[:5])


@pytest.mark.parametrize("workers", [0, 2])
def test_problems_are_told_once_a_batch_with_file_and_line(made, tmp_path, workers):
    told = {problem.text for batch in made(workers) for problem in batch.problems}

    assert told == {
        f"{tmp_path}/4.txt:2: class 77: expected 0 to 18",
        f'Cannot load image "{tmp_path}/5.png": not an image: expected JPEG, PNG, GIF, BMP,'
        " WebP, TIFF or Targa",
    }


# The same whoever makes them


@pytest.mark.parametrize(
    ("text", "network", "workers"),
    [
        (YOLO, {"options": COLOURS}, (1, 2)),
        (YOLO, {"options": FORK, "dialect": "alexeyab"}, (2,)),
        (YOLO, {"options": "mixup=1\ncontrastive=1", "dialect": "alexeyab"}, (2,)),
        (YOLO, {"options": "track=1\nbatch=7", "dialect": "alexeyab"}, (2,)),
        (V1, {"options": COLOURS}, (2,)),
    ],
    ids=["original", "mosaic", "pairs", "videos", "yolov1"],
)
def test_batches_are_the_same_for_any_number_of_workers(made, text, network, workers):
    alone = list(numbers(made(0, text, **network)))

    for count in workers:
        for expected, found in zip(alone, numbers(made(count, text, **network)), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_batches_of_a_classifier_are_the_same_for_any_number_of_workers(net, paths):
    network = net(SOFTMAX, dialect="alexeyab", options="cutmix=1\nangle=7\nblur=3\n" + COLOURS)
    samples = classifier_samples(network, paths, ["/0", "/1"])
    found = []
    for workers in (0, 2):
        with Batches(samples, count=7, seed=1, size=size, workers=workers) as batches:
            found.append(list(numbers(list(batches(range(1, 4))))))
            check_torch(batches)

    for expected, other in zip(*found, strict=True):
        np.testing.assert_array_equal(other, expected)


def test_a_batch_is_the_same_in_a_run_that_begins_with_it(net, paths):
    samples = detector_samples(net(YOLO), paths)
    with Batches(samples, count=3, seed=1, size=size, workers=0) as batches:
        late, early = list(batches(range(5, 6))), list(batches(range(1, 6)))[4:]

    for expected, other in zip(numbers(early), numbers(late), strict=True):
        np.testing.assert_array_equal(other, expected)


@pytest.mark.parametrize("workers", [0, 2])
def test_shares_of_a_batch_are_together_the_whole(net, paths, workers):
    samples = detector_samples(net(YOLO, dialect="alexeyab", options="mosaic=1\n"), paths)
    options = {"count": 7, "seed": 1, "size": size, "workers": workers}
    shares = (None, [4, 5, 0, 1], [6, 2, 3])
    found = []
    for wanted in shares:
        with Batches(samples, wanted=wanted, **options) as batches:
            found.append(next(batches([3])))
    whole, *parts = found

    for wanted, part in zip(shares[1:], parts, strict=True):
        assert part.paths == tuple(whole.paths[index] for index in wanted)
        np.testing.assert_array_equal(part.images, whole.images[wanted])
        np.testing.assert_array_equal(part.truth, whole.truth[wanted])


def test_another_seed_makes_other_batches(made):
    one, two = (made(0, seed=seed)[1] for seed in (1, 2))

    assert not torch.equal(one.images, two.images)


def test_a_batch_keeps_its_numbers_while_others_are_made(made):
    batches = made(2)

    again = made(0)

    assert all(torch.equal(one.images, two.images) for one, two in zip(batches, again, strict=True))


def test_an_iteration_may_be_given_up_and_another_begun(net, paths):
    samples = detector_samples(net(YOLO), paths)
    with Batches(samples, count=4, seed=1, size=size, workers=2) as batches:
        next(iter(batches(range(1, 101))))
        found = list(batches(range(8, 10)))
    with Batches(samples, count=4, seed=1, size=size, workers=0) as batches:
        expected = list(batches(range(8, 10)))

    for one, two in zip(numbers(expected), numbers(found), strict=True):
        np.testing.assert_array_equal(two, one)


def test_there_may_be_more_workers_than_images(net, paths):
    samples = detector_samples(net(YOLO), paths)
    with Batches(samples, count=2, seed=1, size=size, workers=5) as batches:
        assert len(batches.workers) == 2
        assert len(next(iter(batches(range(1, 2)))).paths) == 2


def test_as_many_workers_as_cores_are_taken_and_8_at_most(net, monkeypatch):
    samples = detector_samples(net(YOLO), ["a.jpg"])
    assert Batches(samples, count=1, seed=1, size=size).crew == min(usable_cores(), 8)

    monkeypatch.setattr(module, "usable_cores", lambda: 64)

    assert Batches(samples, count=1, seed=1, size=size).crew == 8


# What goes wrong


@pytest.mark.parametrize("workers", [0, 2])
def test_a_list_in_which_nothing_can_be_read_is_an_error(net, tmp_path, workers):
    samples = detector_samples(net(YOLO), [str(tmp_path / "none.jpg")])
    with (
        Batches(samples, count=2, seed=1, size=size, workers=workers) as batches,
        pytest.raises(DataError, match="no image of 1 can be read"),
    ):
        next(iter(batches(range(1, 2))))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_forks_lists_get_each_problem_once(made, tmp_path, workers):
    made(workers, dialect="alexeyab")

    assert (tmp_path / "run" / "bad.list").read_text() == f"{tmp_path}/5.png\n"
    assert (tmp_path / "run" / "bad_label.list").read_text() == (
        f"{tmp_path}/4.txt Wrong annotation: class_id = 77. But class_id should be [from 0 to 18]\n"
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_the_original_writes_no_lists(made, tmp_path, workers):
    made(workers)

    assert list((tmp_path / "run").iterdir()) == []


def test_labels_that_changed_since_an_earlier_run_are_read_again(made, tmp_path):
    made(0)
    for index in range(5):
        (tmp_path / f"{index}.txt").write_text("9 .5 .5 .5 .5\n")

    [first, *_] = made(0)

    assert set(first.truth[:, 0, 4].tolist()) == {9}
    assert labels_of.cache_info().currsize > 0


def test_a_worker_that_dies_is_an_error(net, paths):
    samples = detector_samples(net(YOLO), paths)
    with Batches(samples, count=2, seed=1, size=size, workers=2) as batches:
        iteration = iter(batches(range(1, 10)))
        next(iteration)
        batches.workers[1].process.kill()
        with pytest.raises(OutOfMemory, match="a worker process was ended by signal 9"):
            list(iteration)


def test_a_worker_that_cannot_start_is_an_error_and_leaves_no_others(net, paths, monkeypatch):
    started, worker = [], module.Worker

    def start():
        if started:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        started.append(worker())
        return started[0]

    monkeypatch.setattr(module, "Worker", start)
    samples = detector_samples(net(YOLO), paths)
    batches = Batches(samples, count=2, seed=1, size=size, workers=2)

    with (
        pytest.raises(DataError, match="no process can make samples: Too many open files"),
        batches,
    ):
        pass

    assert started[0].process.poll() is not None
    assert (batches.workers, batches.folders) == ([], [])


@linux
def test_a_batch_whose_file_cannot_be_made_is_an_error_that_says_what_needs_less(net, paths):
    resource = pytest.importorskip("resource")
    samples = detector_samples(net(YOLO), paths)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Batches(samples, count=2, seed=1, size=size, workers=1) as batches:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        try:
            with pytest.raises(OutOfMemory) as error:
                next(batches(range(1, 2)))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert "for a batch cannot be had (File too large)\n    hint: use fewer workers" in str(
        error.value
    )


def test_memory_without_room_for_the_batches_is_passed_over(tmp_path, monkeypatch):
    full, free = str(tmp_path / "full"), str(tmp_path / "free")
    space = {full: 399, free: 0}
    monkeypatch.setattr(
        module.shutil, "disk_usage", lambda folder: type("", (), {"free": space[folder]})
    )

    assert roomy([full, free], 100) == free  # four batches of 100 are needed
    assert roomy([full, free], 99) == full


@linux
def test_a_full_memory_is_an_error_that_says_how_much_is_needed(net, paths):
    samples = detector_samples(net(YOLO), paths)
    order = Order(Path("/dev/full"), 1, 1, (320, 320), range(64), range(2))

    answer = make_samples(samples, order)

    # 64 * (3 * 320 * 320 + 90 * 5) * 4 bytes
    assert str(answer) == "/dev: is full: expected room for 75 MiB per batch"


# The end of the workers

TRAINER = """
    import pickle, signal, sys, time
    from pydarknet.dataset.loader import Batches

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it

    def size(number):
        return 32, 32

    if __name__ == "__main__":
        samples = pickle.load(open(sys.argv[1], "rb"))
        with Batches(samples, count=4, seed=1, size=size, workers=2) as batches:
            iteration = iter(batches(range(1, 10**6 + 1)))
            next(iteration)
            pids = [worker.process.pid for worker in batches.workers]
            print(*pids, *[folder.path for folder in batches.folders], flush=True)
            if sys.argv[2] == "wait":
                time.sleep(60)
            for batch in iteration:
                pass
"""


@pytest.fixture
def trainer(net, paths, tmp_path) -> Iterator[Callable[..., Program]]:
    """Run a trainer that waits or works."""
    import pickle

    (tmp_path / "trainer.py").write_text(textwrap.dedent(TRAINER))
    (tmp_path / "samples").write_bytes(pickle.dumps(detector_samples(net(YOLO), paths)))
    started: list[Program] = []

    def start(what: str) -> Program:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        process = Program(
            *(str(tmp_path / "trainer.py"), str(tmp_path / "samples"), what),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def gone(places: list[Path]) -> bool:
    """Wait until nothing is at these places, for ten seconds at most."""
    end = time.monotonic() + 10
    while any(place.exists() for place in places) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(place.exists() for place in places)


def traces(process: Program) -> list[Path]:
    """Return where a trainer's two workers and its folders are to be seen."""
    assert process.stdout
    words = process.stdout.readline().split()
    return [*(Path("/proc") / pid for pid in words[:2]), *map(Path, words[2:])]


@linux
@pytest.mark.parametrize("what", ["wait", "work"])
def test_a_killed_trainer_leaves_no_workers_and_no_files(trainer, what):
    process = trainer(what)
    places = traces(process)
    assert all(place.exists() for place in places)

    process.send_signal(signal.SIGKILL)
    process.wait()

    assert gone(places)


@linux
def test_ctrl_c_ends_the_workers_without_a_word(trainer):
    process = trainer("work")
    places = traces(process)

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert gone(places)
    chained = errors.count("\nDuring handling of the above exception")
    assert errors.count("Traceback") - chained == 1, errors  # the trainer's own
    assert "KeyboardInterrupt" in errors


@linux
def test_workers_end_with_their_context(net, paths):
    samples = detector_samples(net(YOLO), paths)
    with Batches(samples, count=4, seed=1, size=size, workers=2) as batches:
        next(iter(batches(range(1, 101))))
        places = [Path(f"/proc/{worker.process.pid}") for worker in batches.workers]
        places += [folder.path for folder in batches.folders]

    assert not any(place.exists() for place in places)


def test_batches_come_through_temporary_files_where_no_folder_in_memory_can_be_made(
    monkeypatch, tmp_path
):
    monkeypatch.setattr("pydarknet.dataset.loader.SHARED", tmp_path / "memory")
    (tmp_path / "memory").mkdir()
    places: list[Path | None] = []

    def make(prefix: str, home: Path | None) -> str:
        places.append(home)
        if home:
            raise PermissionError(13, "Permission denied")
        return "a folder"

    monkeypatch.setattr("pydarknet.dataset.loader.SharedFolder", make)

    assert shared_folders() == ["a folder"]
    assert places == [tmp_path / "memory", None]


def test_no_folder_for_batches_is_an_error(monkeypatch):
    def fail(prefix: str, home: Path | None) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pydarknet.dataset.loader.SharedFolder", fail)

    with pytest.raises(DataError, match="no folder for batches can be made"):
        shared_folders()
