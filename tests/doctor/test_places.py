from __future__ import annotations

import os
import shutil
from pathlib import Path

from pydarknet.doctor import places
from pydarknet.doctor.finding import GOOD, MORE
from pydarknet.doctor.places import look_at_cache, look_at_disk, look_at_font, look_at_limits


def test_the_cache_is_counted(cache: Path) -> None:
    (cache / "compiled").mkdir(parents=True)
    (cache / "compiled" / "form").write_bytes(bytes(2048))

    [found] = look_at_cache()

    assert (found.state, found.text) == (GOOD, f"{cache}: 1 files, 2.0 KiB of at most 1.0 GiB")


def test_a_cache_that_is_not_there_yet_is_good_and_not_made(cache: Path) -> None:
    [found] = look_at_cache()

    assert found.state == GOOD
    assert not cache.exists()


def test_a_cache_that_cannot_be_written_is_told(cache: Path, monkeypatch) -> None:
    cache.mkdir(parents=True)
    access = os.access
    closed = lambda path, mode: path != cache and access(path, mode)  # noqa: E731  # root may all
    monkeypatch.setattr(places.os, "access", closed)

    [found] = look_at_cache()

    assert (found.state, found.mend) == (MORE, f"chmod u+rwx {cache}")
    assert found.text == f"nothing is kept in {cache}: {cache} cannot be written"
    monkeypatch.setattr(places, "read_only", lambda folder: True)
    assert [one.mend for one in look_at_cache()] == ["export XDG_CACHE_HOME=FOLDER"]


def test_a_file_in_the_place_of_the_cache_is_told(cache: Path) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text("")

    [found] = look_at_cache()

    assert found.text == f"nothing is kept in {cache}: {cache} is no folder"


def test_anothers_cache_is_told(cache: Path, monkeypatch) -> None:
    cache.mkdir(parents=True)
    monkeypatch.setattr(places.os, "geteuid", lambda: 4711)

    [found] = look_at_cache()

    assert found.text == f"nothing is kept in {cache}: another user owns it"


def test_a_size_of_0_keeps_nothing_and_is_no_problem(cache: Path, monkeypatch) -> None:
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "0")

    [found] = look_at_cache()

    assert (found.state, found.text) == (GOOD, "nothing is kept: PYDARKNET_CACHE_SIZE is 0")


def test_a_size_that_is_none_is_told(cache: Path, monkeypatch) -> None:
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "lots")

    [found] = look_at_cache()

    assert (found.state, found.mend) == (MORE, "unset PYDARKNET_CACHE_SIZE")
    assert found.text.startswith("nothing is kept: PYDARKNET_CACHE_SIZE=lots: expected a number")


def test_a_user_without_a_home_is_told(monkeypatch) -> None:
    monkeypatch.setattr(places, "cache_folder", lambda: None)

    [found] = look_at_cache()

    assert (found.state, found.text) == (MORE, "nothing is kept: this user has no home")


def test_free_room_is_told_and_a_full_disk_too(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert [one.state for one in look_at_disk()] == [GOOD]
    full = shutil.disk_usage(tmp_path)._replace(free=5 << 20)
    monkeypatch.setattr(places.shutil, "disk_usage", lambda folder: full)

    [found] = look_at_disk()

    assert (found.state, found.mend) == (MORE, "pydarknet cache clear")
    assert f"5.0 MiB free in {tmp_path}" in found.text


def test_a_working_folder_that_was_removed_is_told(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    [found] = look_at_disk()

    assert found.state == MORE
    assert found.text.endswith("No such file or directory")


def test_a_working_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places.os, "access", lambda path, mode: False)

    assert next(look_at_disk()).text == (
        f"{tmp_path} cannot be written: predictions.jpg has no place"
    )


def test_little_shared_memory_and_few_files_are_told(tmp_path: Path, monkeypatch) -> None:
    little = shutil.disk_usage(tmp_path)._replace(total=64 << 20)
    monkeypatch.setattr(places, "SHARED", tmp_path)
    monkeypatch.setattr(places.shutil, "disk_usage", lambda folder: little)
    monkeypatch.setattr("resource.getrlimit", lambda kind: (64, 64))

    shared, files = look_at_limits()

    assert shared.mend == "docker run --shm-size=1g ..."
    assert files.text == "64 files may be open at once"


def test_a_font_that_is_none_is_told(monkeypatch) -> None:
    monkeypatch.setenv("PYDARKNET_FONT", "/no/such.ttf")
    [found] = look_at_font()
    assert found.mend == "unset PYDARKNET_FONT"
    monkeypatch.delenv("PYDARKNET_FONT")
    assert list(look_at_font()) == []
