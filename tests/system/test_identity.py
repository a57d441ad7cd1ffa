from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pydarknet.errors import DataError
from pydarknet.system import identity
from pydarknet.system.identity import (
    CHANCE,
    SETTLED,
    SMALL,
    Identity,
    depends_on,
    depends_on_chance,
    record_reads,
)

OLD = 10**18  # nanoseconds since 1970: in 2001


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return a file that is larger than those that are compared by their bytes."""
    file = tmp_path / "net.weights"
    file.write_bytes(bytes(SMALL + 1))
    return file


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at files long after they were written."""
    clock = identity.time.time_ns
    monkeypatch.setattr(identity.time, "time_ns", lambda: clock() + 2 * SETTLED)


def test_a_small_file_is_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "net.cfg"
    file.write_text("[net]\nwidth=32\n")
    seen = Identity.of(file)

    os.utime(file, ns=(OLD, OLD))
    assert seen.holds()  # the time alone says nothing

    file.write_text("[net]\nwidth=64\n")
    os.utime(file, ns=(OLD, OLD))
    assert not seen.holds()


def test_a_large_file_that_rested_is_what_the_disk_says(large: Path, later: None) -> None:
    seen = Identity.of(large)
    assert seen.disk in seen.key
    assert seen.holds()

    os.utime(large, ns=(OLD, OLD))  # which changes the time of that change too
    assert not seen.holds()


def test_a_large_file_of_this_moment_is_read(large: Path) -> None:
    seen = Identity.of(large)
    assert seen.content

    disk = seen.disk
    large.write_bytes(bytes(SMALL) + b"\1")
    forged = Identity(seen.path, seen.seen, identity.disk_of(str(large)), seen.content)
    assert disk
    assert not forged.holds()  # the disk says the same, the bytes do not


def test_of_a_large_file_that_rested_some_bytes_count(large: Path, later: None) -> None:
    seen = Identity.of(large)
    first = large.read_bytes()

    for place in (0, SMALL):  # of an image of a disk that says the same, as its maker said so
        large.write_bytes(first[:place] + b"\1" + first[place + 1 :])
        image = replace(Identity.of(large), content=seen.content)
        assert not image.holds()


def test_what_cannot_be_read_never_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> str:
        raise DataError(f"Couldn't open file: {path}")

    file = tmp_path / "net.state"
    file.write_bytes(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(identity, "digest", refuse)
        seen = Identity.of(file)
        assert not seen.holds()

    assert not seen.holds()


def test_a_folder_is_another_once_it_is_a_file(tmp_path: Path) -> None:
    place = tmp_path / "net.state"
    place.mkdir()
    seen = Identity.of(place)
    assert seen.holds()

    place.rmdir()
    place.write_bytes(b"")
    assert not seen.holds()


@pytest.mark.skipif(os.name == "nt", reason="of pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "net.state")

    assert Identity.of(tmp_path / "net.state").holds()


def test_a_relative_name_is_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen = Identity.of("c.tree")
    assert seen.holds()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.tree").write_text("x")

    monkeypatch.chdir(tmp_path / "sub")
    assert not seen.holds()


def test_a_file_that_was_changed_and_changed_back_does_not_rest(tmp_path: Path) -> None:
    file = tmp_path / "net.cfg"
    file.write_text("[net]\n")
    os.utime(file, ns=(OLD, OLD))
    seen = Identity.of(file)
    assert seen.rests()

    file.write_text("[nut]\n")
    file.write_text("[net]\n")
    assert seen.holds()
    assert not seen.rests()


def test_a_large_file_that_has_rested_since_is_read_no_more(large, monkeypatch):
    seen = Identity.of(large)
    assert seen.at_rest() == seen  # it has not rested yet

    clock = identity.time.time_ns
    monkeypatch.setattr(identity.time, "time_ns", lambda: clock() + 2 * SETTLED)
    rested = seen.at_rest()

    assert rested.holds()
    assert rested.content != seen.content  # of its spots
    monkeypatch.setattr(identity, "digest", None)
    assert rested.holds()
    assert rested.at_rest() is rested


def test_a_file_from_the_future_is_read(large: Path) -> None:
    os.utime(large, ns=(2 * 10**18, 2 * 10**18))  # 2033

    assert Identity.of(large).content


def test_a_replaced_file_with_its_old_time_is_another(large: Path, later: None) -> None:
    seen, status = Identity.of(large), os.stat(large)
    other = large.with_suffix(".new")
    other.write_bytes(bytes(SMALL) + b"\1")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(other, large)

    assert not seen.holds()


def test_a_file_that_is_gone_or_came_is_another(large: Path, tmp_path: Path) -> None:
    there, missing = Identity.of(large), Identity.of(tmp_path / "net.state")
    assert there.holds()
    assert missing.holds()

    large.rename(tmp_path / "net.state")
    assert not there.holds()
    assert not missing.holds()


def test_it_goes_through_json(large: Path) -> None:
    seen = Identity.of(large)

    assert Identity.read(json.loads(json.dumps(seen.words))) == seen
    with pytest.raises((TypeError, ValueError)):
        Identity.read([1])


def test_files_that_are_asked_for_are_recorded_once(large: Path, tmp_path: Path) -> None:
    depends_on(large)  # outside of a record it means nothing
    with record_reads() as files:
        depends_on(large)
        depends_on(str(large))
        depends_on(tmp_path / "missing")

    assert [Path(name).name for name in files] == ["net.weights", "missing"]
    assert files[str(tmp_path / "missing")].disk is None


def test_what_chance_decides_never_holds() -> None:
    depends_on_chance()  # outside of a record it means nothing
    with record_reads() as files:
        depends_on_chance()

    [seen] = files.values()
    assert seen == CHANCE
    assert not seen.holds()
    assert not seen.rests()
