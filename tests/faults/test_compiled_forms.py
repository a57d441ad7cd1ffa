"""Whatever happens to the cache of compiled networks, the answer is right, with a line at most."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import BENCHMARKS

from pydarknet.cli import compile_later
from pydarknet.runtime import forms
from pydarknet.runtime.forms import ARRAYS, MODEL, RECORD, find_form, write_form
from pydarknet.system.cache import write_content

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")  # whose form has arrays in a file of their own
SPARE = "f" * 64  # a key of nothing


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Compile a network once; return its case, the right answer, and its form in a cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        import stale_forms

        folder = tmp_path_factory.mktemp("template")
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("PYDARKNET_CACHE_SIZE", "1G")
        case = stale_forms.Case(folder / "case", random.Random(1))
        case.write(case.folder, wide=64)  # for which onnxruntime writes arrays of their own
        patch.chdir(case.folder)
        expected = stale_forms.answer(case, "-nocache")
        stale_forms.answer(case, "-compile")
        [form] = forms.forms()
        assert (form.path / ARRAYS).stat().st_size > 3000
        yield SimpleNamespace(
            case=case, expected=expected, form=form, home=folder / "cache", tools=stale_forms
        )


def copy_of(template):
    """Return a function that makes the template's form in a folder, as compiling does."""

    def make(folder):
        shutil.copy(template.form.path / MODEL, folder)
        shutil.copy(template.form.path / ARRAYS, folder)
        return json.loads((template.form.path / RECORD).read_bytes()[32:])["about"]

    return make


@pytest.fixture
def home(template, cache, monkeypatch):
    """Work with a copy of that cache, in which compiling takes no time; return the copy."""

    def compile_network(network, engine, folder):
        return copy_of(template)(folder)

    shutil.copytree(template.home / "pydarknet", cache)
    monkeypatch.setattr("pydarknet.export.compile.compile_network", compile_network)
    monkeypatch.chdir(template.case.folder)
    return cache


@pytest.fixture
def right(template):
    """Return a function that runs the command, and asserts that all but a line is as it must be.

    It returns what ran the network, "torch" or "form".
    """

    def run(*words):
        mine = template.tools.answer(template.case, *words)
        lines = template.expected.err
        more = [line for line in mine.err if line not in lines]
        assert len(more) <= 1, more
        mine = replace(mine, err=[line for line in mine.err if line in lines])
        assert template.tools.difference(mine, template.expected) == ""
        return "torch" if mine.by_torch else "form"

    return run


def form_in(home):
    """Return the folder of the form in a cache."""
    [path] = (home / "compiled").iterdir()
    return path


def opening_in(home):
    """Return the file of the opening in a cache."""
    [path] = (home / "opened").iterdir()
    return path


FILES = {
    "model": lambda home: form_in(home) / MODEL,
    "arrays": lambda home: form_in(home) / ARRAYS,
    "record": lambda home: form_in(home) / RECORD,
    "opening": opening_in,
}


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def make_pipe(path):
    path.unlink()
    os.mkfifo(path)


def make_link(path):
    path.rename(path.parents[2] / "elsewhere")
    path.symlink_to(path.parents[2] / "elsewhere")


def remove(path):
    path.unlink()


def let_others_write(path):
    path.chmod(0o666)


DAMAGES = [truncate, flip, make_pipe, make_link, remove, let_others_write]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_never_loaded_and_made_anew(home, right, monkeypatch, file, damage):
    assert right() == "form"
    damage(FILES[file](home))

    with monkeypatch.context() as patch:
        patch.setattr("pydarknet.compiled.network_of", None)  # an engine may crash on it
        assert right("-compile") == "torch"

    assert right() == "form"


def put_folder(path):
    """Put a folder with something in it in the place of a file."""
    path.unlink()
    path.mkdir()
    (path / "x").write_text("x")


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_the_place_of_a_file_is_no_file(home, right, file):
    put_folder(FILES[file](home))

    assert right("-compile") == "torch"
    assert right() == "form"


GARBAGE = ["0", "null", "[]", "{}", '"form"', "[" * 100_000, '{"files": {}}', "\xff", "{"]


@pytest.mark.parametrize("file", ["record", "opening"])
@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_of_the_right_digest_says_nothing(home, right, file, garbage):
    write_content(FILES[file](home), garbage.encode("latin-1"))

    assert right("-compile") == "torch"
    assert right() == "form"


@pytest.mark.parametrize("value", [None, 5, [5]])
@pytest.mark.parametrize("file", ["record", "opening"])
def test_nor_does_a_value_of_another_kind(home, right, monkeypatch, file, value):
    path = FILES[file](home)
    said = json.loads(path.read_bytes()[32:])
    for name in said:
        if type(said[name]) is not type(value):
            write_content(path, json.dumps(said | {name: value}).encode())
            assert right() == "torch", name


def test_a_record_without_digests_or_of_another_key_is_none(home, right, template):
    path = form_in(home)
    said = json.loads((path / RECORD).read_bytes()[32:])
    for change in ({"files": {}}, {"key": SPARE}, {"files": {MODEL: said["files"][MODEL]}}):
        write_content(path / RECORD, json.dumps(said | change).encode())
        assert find_form(path.name) is None
    write_content(path / RECORD, json.dumps(said).encode())
    assert find_form(path.name)

    path.rename(path.with_name(SPARE))  # as another user could in a folder that is open to all
    assert find_form(SPARE) is None
    assert right() == "torch"


def file_for_form(home):
    shutil.rmtree(form_in(home))
    (home / "compiled" / SPARE).write_text("x")


def file_for_forms(home):
    shutil.rmtree(home / "compiled")
    (home / "compiled").write_text("x")


def file_for_openings(home):
    shutil.rmtree(home / "opened")
    (home / "opened").write_text("x")


def file_for_all(home):
    shutil.rmtree(home)
    home.write_text("x")


def link_to_nothing(home):
    shutil.rmtree(home)
    home.symlink_to("nowhere")


def open_to_all(home):
    for path in (home, home / "compiled", home / "opened", form_in(home)):
        path.chmod(0o777)


@pytest.mark.parametrize(
    "damage",
    [file_for_form, file_for_forms, file_for_openings, file_for_all, link_to_nothing, open_to_all],
)
def test_damaged_folders_are_told_in_a_line(home, right, damage):
    damage(home)

    for words in (["-compile"], []):
        right(*words)


STEPS = ["make_with_room", "digest_of", "write_content", "put_in_place", "remove_oldest"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_step_leaves_nothing_for_long(home, right, template, step, after):
    shutil.rmtree(home)
    process = os.fork()
    if not process:  # it does nothing but to write files, and never returns
        do = getattr(forms, step)

        def die(*given):
            if after:
                do(*given)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(forms, step, die)
        write_form(template.form.path.name, "net.cfg", "onnxruntime", copy_of(template))
        os._exit(1)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
    done = (step, after) in (("put_in_place", True), ("remove_oldest", False), (STEPS[-1], True))
    assert bool(find_form(template.form.path.name)) is done

    assert right("-compile") == "torch"
    if not done:
        assert [path.name for path in (home / "compiled").iterdir()] == [template.form.path.name]
    assert right() == "form"


def test_two_that_make_the_same_form_at_once_both_have_it(home, right, template):
    shutil.rmtree(home)
    key, both, failures = template.form.path.name, threading.Barrier(2), []

    def make(folder):
        both.wait()
        said = copy_of(template)(folder)
        both.wait()
        return said

    def write():
        try:
            write_form(key, "net.cfg", "onnxruntime", make)
            assert find_form(key)
        except BaseException as error:
            failures.append(error)
            both.abort()

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(list((home / "compiled").iterdir())) == 1
    assert right("-compile") == "torch"
    assert right() == "form"


def test_a_whole_form_that_is_there_stays_in_its_place(home, template):
    path = form_in(home)
    before = (path / MODEL).stat().st_ino

    write_form(path.name, "net.cfg", "onnxruntime", copy_of(template))

    assert (path / MODEL).stat().st_ino == before


def test_a_link_to_an_own_folder_is_followed(home, right, tmp_path):
    home.rename(tmp_path / "elsewhere")
    home.symlink_to(tmp_path / "elsewhere")

    assert right() == "form"


def test_a_folder_of_another_user_is_left_alone(home, right, monkeypatch):
    another = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: another)
    before = form_in(home).stat().st_mtime_ns

    assert right("-compile") == "torch"

    assert form_in(home).stat().st_mtime_ns == before


@pytest.mark.parametrize("size", ["abc", "-1", "1e9", "0", "1", " 5 K "])
def test_a_size_that_is_none_is_told_in_a_line(home, right, monkeypatch, size):
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", size)

    assert right("-compile") == ("form" if size in ("1", " 5 K ") else "torch")
    assert len(list((home / "compiled").iterdir())) == 1


def refuse(*given, **options):
    """Fail as a call does on a disk that is read only."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_cache_on_a_disk_that_is_read_only_is_used(home, right, monkeypatch):
    monkeypatch.setattr(os, "utime", refuse)
    monkeypatch.setattr("pydarknet.system.cache.write_file", refuse)

    assert right("-compile") == "form"


def test_where_nothing_can_be_made_that_is_a_line(home, right, monkeypatch):
    shutil.rmtree(home)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refuse)
        patch.setattr(os, "mkdir", refuse)
        assert right("-compile") == "torch"
        assert right("-compile") == "torch"

    assert right("-compile") == "torch"
    assert right() == "form"


@pytest.mark.parametrize("room", [0, 100, 3000])
def test_a_full_disk_is_a_line_and_nothing_is_left(home, right, monkeypatch, room):
    compile_one = compile_later.compile_one

    def compile_in_room(one):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
        try:
            compile_one(one)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    shutil.rmtree(home)
    with monkeypatch.context() as patch:
        patch.setattr(compile_later, "compile_one", compile_in_room)
        assert right("-compile") == "torch"

    assert [path for path in home.rglob("*") if path.name.endswith(".tmp")] == []
    assert right("-compile") == "torch"  # and not given up for ever
    assert right() == "form"
