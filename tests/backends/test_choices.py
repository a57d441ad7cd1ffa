"""What was measured on this machine is found again by the next process, and by no other machine."""

from __future__ import annotations

import json

import forked
import pytest

from pydarknet.backends import choices as module
from pydarknet.backends.choices import Choices, may_measure
from pydarknet.errors import UsageError
from pydarknet.system.cache import read_content, write_content


@pytest.fixture
def folder(cache, monkeypatch):
    """The cache folder, in which choices are kept."""
    return cache


def files(folder):
    return sorted(folder.glob("choices-*.json"))


@pytest.mark.usefixtures("folder")
def test_the_next_process_finds_them():
    Choices().put("way", {"a": 1})
    Choices().put("way", {"b": [2]})
    Choices().put("other", {"a": 3})

    found = Choices()
    assert (found.get("way", "a"), found.get("way", "b"), found.get("other", "a")) == (1, [2], 3)
    assert found.get("way", "c") is None


@pytest.mark.usefixtures("folder")
def test_two_processes_keep_each_others():
    one, other = Choices(), Choices()
    one.put("way", {"a": 1})
    other.put("way", {"b": 2})
    one.put("way", {"c": 3})

    assert {key: Choices().get("way", key) for key in "abc"} == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("name", "other"),
    [("processor", "80486DX2"), ("usable_cores", 17), ("__version__", "9.9"), ("FORM", 99)],
)
def test_another_machines_are_not_read(folder, monkeypatch, name, other):
    Choices().put("way", {"a": 1})
    value = (lambda: other) if name in ("processor", "usable_cores") else other
    monkeypatch.setattr(module, name, value)

    assert Choices().get("way", "a") is None
    Choices().put("way", {"a": 2})
    assert len(files(folder)) == 2, "each has a file of its own"


def test_a_file_under_the_name_of_another_machine_is_ignored(folder):
    Choices().put("way", {"a": 1})
    [file] = files(folder)
    content = json.loads(read_content(file))
    content["machine"]["cores"] = 99
    write_content(file, json.dumps(content).encode())

    assert Choices().get("way", "a") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(b""),
        lambda file: write_content(file, b"not JSON"),
        lambda file: write_content(file, b"[1]"),
        lambda file: write_content(file, b'{"choices": 1}'),
        lambda file: file.chmod(0o666),
    ],
)
def test_a_damaged_file_is_ignored_and_written_anew(folder, damage):
    Choices().put("way", {"a": 1})
    [file] = files(folder)
    damage(file)

    assert Choices().get("way", "a") is None
    Choices().put("way", {"a": 2})
    assert Choices().get("way", "a") == 2


def test_where_nothing_is_kept_the_process_keeps_its_own(folder, monkeypatch):
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "0")
    one = Choices()
    one.put("way", {"a": 1})

    assert one.get("way", "a") == 1
    assert not files(folder)


@pytest.mark.parametrize(("word", "expected"), [("on", True), ("OFF ", False), ("", True)])
def test_the_variable_says_whether_to_measure(monkeypatch, word, expected):
    monkeypatch.setenv("PYDARKNET_TUNE", word)

    assert may_measure(None) is expected
    assert may_measure(True)
    assert not may_measure(False)


def test_another_word_is_an_error(monkeypatch):
    monkeypatch.setenv("PYDARKNET_TUNE", "maybe")

    with pytest.raises(UsageError, match="PYDARKNET_TUNE=maybe: expected on or off"):
        may_measure(None)


def test_another_process_finds_them(folder):
    Choices().put("way", {"a": 1})
    say = "from pydarknet.backends.choices import choices; print(choices().get('way', 'a'))"

    assert forked.run("-c", say).stdout == "1\n"
