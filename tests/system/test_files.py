"""Files are written whole or not at all; what killed processes left is removed."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pydarknet.errors import DataError
from pydarknet.system import files
from pydarknet.system.files import (
    SharedFolder,
    check_writable,
    hold_folder,
    hold_lock,
    is_abandoned,
    is_no_plain_file,
    lock,
    make_folder,
    remove,
    remove_partial_files,
    replace_file,
    write_errors,
    write_file,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs locks and /dev")


@pytest.fixture(scope="module")
def dead() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def names(folder) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_at_the_end_of_the_block(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    with replace_file(tmp_path / "a", durable=True) as file:
        file.write(b"new")
        assert (tmp_path / "a").read_bytes() == b"old"

    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_a_block_that_fails_leaves_the_old_file_alone(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    with suppress(ZeroDivisionError), replace_file(tmp_path / "a") as file:
        file.write(b"half")
        raise ZeroDivisionError

    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a").symlink_to("b/target")

    write_file(tmp_path / "a", b"new")

    assert (tmp_path / "b/target").read_bytes() == b"new"
    assert (tmp_path / "a").is_symlink()


@linux
def test_a_device_is_written_to_and_not_replaced():
    write_file("/dev/null", b"new")

    assert not os.path.isfile("/dev/null")
    assert os.path.exists("/dev/null")


@pytest.mark.parametrize(
    ("path", "plain"), [("/dev/stdout", False), ("/dev/shm/a", True), ("a", True), ("/", False)]
)
def test_standard_output_is_no_plain_file_wherever_it_goes(path, plain):
    assert is_no_plain_file(path) is not plain


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    name = "é" * 127

    write_file(tmp_path / name, b"new")

    assert names(tmp_path) == [name]


@pytest.mark.parametrize("form", ["{}.{}.tmp", "{}.0123abcd.{}.tmp"])
def test_the_partial_file_of_a_dead_process_is_removed(tmp_path, dead, form):
    (tmp_path / form.format("a", dead)).touch()

    remove_partial_files(tmp_path, re.compile("a"))

    assert names(tmp_path) == []


def test_other_files_stay(tmp_path, dead):
    kept = ["a", f"a.{os.getppid()}.tmp", "a.tmp", f"b.{dead}.tmp", f"ab.{dead}.tmp"]
    for name in kept:
        (tmp_path / name).touch()
    (tmp_path / f"a.{dead}.tmp").symlink_to("b")

    remove_partial_files(tmp_path, re.compile("a"))

    assert names(tmp_path) == sorted([*kept, f"a.{dead}.tmp"])


def test_a_file_that_is_being_written_stays_though_its_process_is_unknown_here(tmp_path, dead):
    (tmp_path / f"a.{dead}.tmp").touch()  # as of another container that shares the folder

    with open(tmp_path / f"a.{dead}.tmp", "rb") as writing:
        lock(writing)
        remove_partial_files(tmp_path, re.compile("a"))

    assert names(tmp_path) == [f"a.{dead}.tmp"]


def test_a_file_of_another_user_stays(tmp_path, dead, monkeypatch):
    (tmp_path / f"a.{dead}.tmp").touch()
    monkeypatch.setattr(files, "is_own", lambda handle: False)

    remove_partial_files(tmp_path, re.compile("a"))

    assert names(tmp_path) == [f"a.{dead}.tmp"]


def test_a_lock_is_held_by_one(tmp_path):
    with hold_lock(tmp_path / "a.lock") as taken:
        with hold_lock(tmp_path / "a.lock") as second:
            assert (taken, second) == (False, True)

        assert names(tmp_path) == ["a.lock"]

    assert names(tmp_path) == []


def test_a_lock_that_its_holder_removes_is_made_anew(tmp_path, monkeypatch):
    path, real = tmp_path / "a.lock", files.lock

    def slow(file):
        monkeypatch.setattr(files, "lock", real)
        path.unlink()  # as its holder ends between opening and locking
        return real(file)

    monkeypatch.setattr(files, "lock", slow)
    with hold_lock(path) as taken, hold_lock(path) as second:
        assert (taken, second) == (False, True)


def test_where_no_lock_can_be_made_none_is_held(tmp_path):
    with hold_lock(tmp_path / "missing" / "a.lock") as taken:
        assert not taken


@linux
def test_a_folder_that_is_held_is_not_abandoned(tmp_path, dead):
    assert is_abandoned(tmp_path, dead)
    with hold_folder(tmp_path):
        assert not is_abandoned(tmp_path, dead)
        assert not is_abandoned(tmp_path, os.getpid())  # as another thread asks
    assert is_abandoned(tmp_path, dead)


def test_a_folder_that_is_missing_holds_nothing(tmp_path):
    remove_partial_files(tmp_path / "a", re.compile("a"))


def test_a_shared_folder_is_removed_with_its_files(tmp_path):
    folder = SharedFolder("x", tmp_path)
    (folder.path / "batch").touch()

    folder.remove()

    assert names(tmp_path) == []


def test_the_next_shared_folder_removes_those_of_dead_processes(tmp_path, dead):
    (tmp_path / f"x-{dead}-abcdefgh").mkdir()
    (tmp_path / f"x-{dead}-abcdefgh" / "1").touch()
    kept = [f"x-{os.getppid()}-abcdefgh", f"x-{dead}-mine", f"y-{dead}-abcdefgh"]
    for name in kept:
        (tmp_path / name).mkdir()

    SharedFolder("x", tmp_path).remove()

    assert names(tmp_path) == sorted(kept)


def test_a_second_shared_folder_leaves_the_first(tmp_path):
    first = SharedFolder("x", tmp_path)

    SharedFolder("x", tmp_path).remove()

    assert first.path.is_dir()
    first.remove()


def test_a_file_that_could_be_written_is_not_touched(tmp_path):
    (tmp_path / "a").write_bytes(b"old")

    check_writable(tmp_path / "a")
    check_writable(tmp_path / "b")

    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("path", [".", "none/a", "file/a"])
def test_a_file_that_could_not_be_written_is_an_error_before_the_work(tmp_path, path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(OSError, match=r"Is a directory|No such file|Not a directory"):
        check_writable(tmp_path / path)


def test_an_error_of_writing_names_the_file():
    with (
        pytest.raises(DataError, match=r"^a: cannot be written: No space left$"),
        write_errors("a"),
    ):
        raise OSError(28, "No space left")


@pytest.mark.parametrize(
    ("folder", "named", "told"),
    [
        ("file", False, "is a file: expected a folder"),
        ("file", True, "file is a file: expected a folder"),
        ("file/a/b", False, "file is a file: expected a folder"),
        ("link", False, "is a link to nothing: expected a folder"),
    ],
)
def test_a_file_in_the_place_of_a_folder_is_told(tmp_path, monkeypatch, folder, named, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")

    with pytest.raises(NotADirectoryError) as error:
        make_folder(Path(folder), named=named)

    assert error.value.strerror == told
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")


def test_whatever_stands_there_is_removed(tmp_path):
    (tmp_path / "folder" / "in").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("folder")

    remove(tmp_path / "link")
    assert (tmp_path / "folder" / "in").is_dir()
    for name in ("folder", "file", "none"):
        remove(tmp_path / name)

    assert list(tmp_path.iterdir()) == []
