"""Compiled forms in the cache folder: whose they are, whole or not, and which are kept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
from pathlib import Path

import pytest

from pydarknet.errors import DataError, UsageError
from pydarknet.runtime import forms
from pydarknet.runtime.forms import (
    ARRAYS,
    MODEL,
    RECORD,
    cache_size,
    find_form,
    may_keep,
    remove_all,
    write_form,
)
from pydarknet.system.cache import write_content

from .conftest import ABOUT

KEY, OTHER = "a" * 64, "b" * 64
pytestmark = pytest.mark.usefixtures("cache")


def make(folder: Path) -> dict:
    """Write a model and its arrays as an export does; return what it says."""
    (folder / MODEL).write_bytes(b"model")
    (folder / ARRAYS).write_bytes(bytes(1000))
    return ABOUT


def path_of(key: str = KEY) -> Path:
    """Return the folder of a form that is made."""
    write_form(key, "net.cfg", "onnxruntime", make)
    form = find_form(key)
    assert form
    return form.path


def test_what_is_written_is_found():
    path = path_of()
    form = find_form(KEY)

    assert form
    assert (form.name, form.engine, form.about.layout) == ("net.cfg", "onnxruntime", "rows")
    assert form.size > 1000
    assert (path / MODEL).read_bytes() == b"model"
    assert find_form(OTHER) is None


@pytest.mark.skipif(os.name == "nt", reason="of modes")
def test_it_is_this_user_s_alone():
    path = path_of()

    assert path.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o600}


@pytest.mark.parametrize("name", [MODEL, ARRAYS, RECORD])
@pytest.mark.parametrize("content", [b"", b"mode", b"models", bytes(1000) + b"1"])
def test_a_damaged_file_is_not_taken(name, content):
    (path_of() / name).write_bytes(content)

    assert find_form(KEY) is None


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"files": 1},
        {"files": {}, "name": "", "engine": "", "about": {}},
        {"files": {}, "name": "", "engine": "", "about": ABOUT},  # and of no model
        {"files": {MODEL: ""}, "name": "", "engine": "", "about": ABOUT},
    ],
)
def test_a_record_that_says_nothing_is_not_taken(said):
    write_content(path_of() / RECORD, json.dumps(said).encode())

    assert find_form(KEY) is None


@pytest.mark.skipif(os.name == "nt", reason="of modes and links")
def test_what_another_could_have_written_is_not_taken(tmp_path):
    path = path_of()
    (path / MODEL).chmod(0o666)
    assert find_form(KEY) is None

    (path / MODEL).chmod(0o600)
    path.chmod(0o777)
    assert find_form(KEY) is None

    path.chmod(0o700)
    assert find_form(KEY)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert find_form(KEY) is None


@pytest.mark.skipif(os.name == "nt", reason="of users")
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6])  # two folders, the form's, and its files
def test_what_another_user_owns_is_not_taken(monkeypatch, number):
    path_of()
    mine, asked = os.geteuid(), []

    def user():
        asked.append(mine)
        return mine + (len(asked) == number)

    monkeypatch.setattr(os, "geteuid", user)

    assert find_form(KEY) is None


@pytest.mark.skipif(os.name == "nt", reason="of links")
def test_a_link_in_the_place_of_a_file_is_not_taken(tmp_path):
    path = path_of()
    (path / MODEL).rename(tmp_path / MODEL)
    (path / MODEL).symlink_to(tmp_path / MODEL)

    assert find_form(KEY) is None


def test_a_damaged_form_is_made_anew():
    path = path_of()
    (path / MODEL).write_bytes(b"")
    (path / "folder").mkdir()

    assert (path_of() / MODEL).read_bytes() == b"model"


def test_of_two_threads_that_make_it_at_once_the_first_is_kept(cache):
    def make_late(folder: Path) -> dict:
        write_form(KEY, "first.cfg", "onnxruntime", make)
        return make(folder)

    write_form(KEY, "second.cfg", "onnxruntime", make_late)

    form = find_form(KEY)
    assert form
    assert form.name == "first.cfg"
    assert [path.name for path in (cache / "compiled").iterdir()] == [KEY]


def test_one_that_another_process_removes_has_no_size():
    path_of()
    form = find_form(KEY)
    remove_all()

    assert form
    assert (form.size, form.last_use) == (0, 0)


def test_a_wrong_size_is_told_before_anything_is_made(monkeypatch):
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "much")

    with pytest.raises(UsageError, match="PYDARKNET_CACHE_SIZE=much"):
        write_form(KEY, "net.cfg", "onnxruntime", pytest.fail)


def test_what_fails_leaves_nothing(cache):
    def fail(folder: Path) -> dict:
        (folder / MODEL).write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_form(KEY, "net.cfg", "onnxruntime", fail)

    assert list((cache / "compiled").iterdir()) == []


def test_what_a_killed_process_left_is_removed(cache):
    left = cache / "compiled" / f"{OTHER}.0a1b2c3d.4194304.tmp"  # more than any process number
    path_of()
    left.mkdir()
    (left / MODEL).write_bytes(b"half")

    write_form(KEY, "net.cfg", "onnxruntime", make)

    assert not left.exists()


def test_the_oldest_make_room(monkeypatch):
    now, size = time.time(), 0
    for age, key in enumerate(("1" * 64, "2" * 64, "3" * 64)):
        path = path_of(key)
        os.utime(path / RECORD, (now - 100 + age, now - 100 + age))
        size = sum(file.stat().st_size for file in path.iterdir())
    find_form("1" * 64)  # which uses it
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", str(2 * size + 10))

    write_form(KEY, "net.cfg", "onnxruntime", make)

    assert [form.path.name[0] for form in forms.forms()] == ["a", "1"]


def test_a_look_at_the_list_uses_none():
    path = path_of()
    os.utime(path / RECORD, (1000, 1000))

    [form] = forms.forms()

    assert form.last_use == 1000


def test_all_are_removed(cache):
    path_of()
    (cache / "opened").mkdir()
    (cache / "opened" / KEY).write_bytes(b"x")
    (cache / "yolov3.weights").write_bytes(b"x")  # which is the user's

    assert remove_all() == 1
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["yolov3.weights"]


@pytest.mark.parametrize(
    ("told", "size"),
    [("", 2 << 30), ("0", 0), ("1000", 1000), ("500M", 500 << 20), ("2 GiB", 2 << 30)],
)
def test_the_size_is_told_as_people_write_it(monkeypatch, told, size):
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", told)

    assert cache_size() == size


@pytest.mark.parametrize("told", ["many", "-1", "2GG", "1e9", "9" * 99])
def test_a_size_that_is_none_is_told(monkeypatch, told):
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", told)

    with pytest.raises(UsageError, match=r"^PYDARKNET_CACHE_SIZE=.*: expected a number of bytes"):
        cache_size()


def test_a_form_is_of_the_key_that_it_was_made_for():
    path = path_of()
    path.rename(path.with_name(OTHER))

    assert find_form(OTHER) is None
    assert list(forms.forms()) == []
    assert find_form("../opened") is None


def test_a_file_without_a_digest_is_not_taken():
    (path_of() / "more").write_bytes(b"")

    assert find_form(KEY) is None


def test_an_error_for_want_of_room_is_the_disk_s(cache, monkeypatch):
    def fail(folder: Path) -> dict:
        raise DataError("the engine cannot read it")

    with pytest.raises(DataError):
        write_form(KEY, "net.cfg", "onnxruntime", fail)

    monkeypatch.setattr("builtins.open", refuse_to_open)
    with pytest.raises(OSError, match="No space left"):
        write_form(KEY, "net.cfg", "onnxruntime", fail)


def refuse_to_open(*given, **how):
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_where_none_are_kept_is_known(monkeypatch, capsys):
    assert may_keep()
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "0")
    assert not may_keep()
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "much")
    assert not may_keep()
    assert not may_keep()
    assert capsys.readouterr().err == (
        "PYDARKNET_CACHE_SIZE=much: expected a number of bytes, such as 500M or 2G:"
        " no network is kept\n"
    )


def test_without_a_folder_nothing_is_written(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "file"))

    assert find_form(KEY) is None
    with pytest.raises(OSError, match="no cache folder"):
        write_form(KEY, "net.cfg", "onnxruntime", make)
    shutil.rmtree(tmp_path, ignore_errors=True)
