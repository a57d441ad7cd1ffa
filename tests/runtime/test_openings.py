"""What opening a network told, found again as long as its files are the same."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from pydarknet.runtime import openings
from pydarknet.runtime.openings import Opening, find_opening, keep_opening, key_of, text_key
from pydarknet.runtime.traits import Traits
from pydarknet.system import identity
from pydarknet.system.cache import write_content
from pydarknet.system.identity import Identity

from .conftest import ABOUT

KEY = "a" * 64
pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def opening(tmp_path):
    """Return an opening of a cfg, beside which no state lay."""
    cfg = tmp_path / "net.cfg"
    cfg.write_text("[net]\n")
    return Opening(
        told=[["note", "layer", {"end": "\n"}]],
        files=[Identity.of(cfg), Identity.of(tmp_path / "net.state")],
        dialect="pjreddie",
        traits=Traits.read(ABOUT["traits"]),
        form="f" * 64,
    )


def test_it_is_found_again(opening):
    keep_opening(KEY, opening)

    assert find_opening(KEY) == opening
    assert find_opening("b" * 64) is None


def test_a_large_file_that_rests_is_not_read_whole_each_time(opening, tmp_path, monkeypatch):
    large = tmp_path / "net.weights"
    large.write_bytes(bytes(identity.SMALL + 1))
    keep_opening(KEY, replace(opening, files=[Identity.of(large)]))
    clock = identity.time.time_ns
    monkeypatch.setattr(identity.time, "time_ns", lambda: clock() + 2 * identity.SETTLED)
    assert find_opening(KEY)

    monkeypatch.setattr(identity, "digest", None)
    assert find_opening(KEY)


def test_not_once_a_file_changed(opening, tmp_path):
    keep_opening(KEY, opening)
    (tmp_path / "net.cfg").write_text("[net]#\n")

    assert find_opening(KEY) is None


def test_not_once_a_missing_file_is_there(opening, tmp_path):
    keep_opening(KEY, opening)
    (tmp_path / "net.state").write_bytes(b"")

    assert find_opening(KEY) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"told": []}'])
def test_what_is_no_opening_is_none(opening, cache, content):
    keep_opening(KEY, opening)
    write_content(cache / "opened" / KEY, content)

    assert find_opening(KEY) is None


@pytest.mark.skipif(os.name == "nt", reason="of modes and links")
def test_what_another_could_have_written_is_none(opening, cache, tmp_path):
    keep_opening(KEY, opening)
    path = cache / "opened" / KEY
    path.chmod(0o622)
    assert find_opening(KEY) is None

    path.chmod(0o600)
    assert find_opening(KEY)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert find_opening(KEY) is None


def test_a_damaged_one_is_none(opening, cache):
    keep_opening(KEY, opening)
    path = cache / "opened" / KEY
    path.write_bytes(path.read_bytes().replace(b"layer", b"lawyer"))  # what was told

    assert find_opening(KEY) is None


def test_the_later_one_counts(opening):
    keep_opening(KEY, opening)
    keep_opening(KEY, replace(opening, form=""))

    found = find_opening(KEY)
    assert found
    assert found.form == ""


def test_only_so_many_are_kept(opening, cache, monkeypatch):
    monkeypatch.setattr(openings, "MOST", 3)
    for number in range(5):
        keep_opening(str(number) * 64, opening)

    assert len(list((cache / "opened").iterdir())) == 3
    assert find_opening("4" * 64)


def test_a_key_is_of_all_words():
    assert key_of("a", ["b"]) == key_of("a", ["b"])
    assert key_of("a", ["b"]) != key_of("a", "b")
    assert len(key_of()) == 64


def test_a_path_is_what_is_typed_and_where_it_leads(tmp_path, monkeypatch):
    before = text_key("net.cfg")
    monkeypatch.chdir(tmp_path)

    assert text_key("net.cfg") != before
    assert text_key("net.cfg") != text_key(tmp_path / "net.cfg")
    assert json.dumps(text_key("net.cfg"))
