"""Which of the processes of a machine prints an error: exactly one prints each."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydarknet.errors import DataError, LostProcess, UsageError
from pydarknet.ranks import failures
from pydarknet.ranks.failures import FILE, Failures, tells

PLACE = {
    "RANK": "5",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "MASTER_ADDR": "a",
    "MASTER_PORT": "1",
}
BROKEN, LATE = UsageError("run.cfg:1: broken"), DataError("no image is left")
LOST = LostProcess("lost another one: closed")
OTHER_LOST = LostProcess("process 1 lost another one: closed")


def printed(folder, *errors, patience=0.3) -> list[bool]:
    """Return which processes print, given the error of each by its number; None has none."""
    with ThreadPoolExecutor(len(errors)) as threads:
        told = [
            threads.submit(Failures(folder, local).tells, error, patience)
            for local, error in enumerate(errors)
            if error
        ]
    return [one.result() for one in told]


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ((BROKEN, BROKEN, BROKEN), [True, False, False]),
        ((BROKEN, LATE, LATE), [True, True, False]),  # the second's is no other's
        ((BROKEN, LOST, LOST), [True, False, False]),
        ((LOST, LATE, LOST), [False, True, False]),
        ((LOST, OTHER_LOST, OTHER_LOST), [True, False, False]),  # one was killed
        ((None, LOST, OTHER_LOST), [True, False]),  # the first was killed
        ((None, LATE), [True]),  # the first goes on
        ((LOST,), [True]),  # on its machine none else has failed
    ],
)
def test_each_error_is_printed_once(tmp_path, errors, told):
    assert printed(tmp_path, *errors) == told


def test_the_first_process_does_not_wait(tmp_path):
    start = time.monotonic()

    assert Failures(tmp_path, 0).tells(BROKEN)

    assert time.monotonic() - start < 1


def test_what_cannot_be_recorded_is_printed(tmp_path):
    assert Failures(tmp_path / "none", 1).tells(BROKEN)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_who_ends_the_wait_hears_the_error(tmp_path, monkeypatch, end):
    def interrupt(seconds: float) -> None:
        raise end

    monkeypatch.setattr(failures.time, "sleep", interrupt)

    assert Failures(tmp_path, 1).tells(LATE)


def test_the_folder_is_that_of_all_processes_of_a_start():
    failures = Failures.of({**PLACE, FILE: "/tmp/run/attempt_0/1/error.json"})

    assert failures
    assert (str(failures.folder), failures.local) == ("/tmp/run/attempt_0", 1)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        PLACE,
        {**PLACE, FILE: ""},
        {**PLACE, FILE: "/tmp/run/1/error.json", "WORLD_SIZE": "1"},
        {**PLACE, FILE: "/tmp/run/1/error.json", "RANK": "one"},
    ],
)
def test_without_a_folder_or_others_there_are_none(environment):
    assert Failures.of(environment) is None


def test_a_process_that_is_alone_prints_what_no_other_does(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    told = DataError("of a process that it started")
    told.told = True

    assert tells(BROKEN)
    assert not tells(told)


def test_a_process_of_several_asks_the_others(monkeypatch, tmp_path):
    for word, value in PLACE.items():
        monkeypatch.setenv(word, value)
    monkeypatch.setenv(FILE, str(tmp_path / "1" / "error.json"))
    Failures(tmp_path, 0).tells(BROKEN)

    assert not tells(BROKEN)
    assert tells(LATE)
