"""YAML files, of which nothing is run or converted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from annotated import put

from pydarknet.annotations.yaml_file import read_yaml
from pydarknet.errors import DataError, MissingPackage


def test_texts_are_as_they_are_written_and_know_their_line():
    entries = read_yaml(put("a.yaml", "a: no\nb: [007, 1.10, 'on']\nc:\n  0: x\nd:\n")).entries()

    assert entries["a"].text == "no"
    assert [one.text for one in entries["b"].items()] == ["007", "1.10", "on"]
    assert entries["c"].entries()["0"].place == "a.yaml:4"
    assert [entries[key].empty for key in "abcd"] == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: !!python/object/apply:os.system [ls]", "a.yaml:2: tag"),
        ("a: !mine x", "a.yaml:1: tag !mine: expected plain values"),
        ("a: [1", "a.yaml:1: expected ',' or ']'"),
        ("a: 1\n\tb: 2", "a.yaml:2: found character"),
        ("a: *b", "a.yaml:1: found undefined alias"),
        ("a: \x07", "a.yaml: unacceptable character"),
        ("", "a.yaml: is empty"),
        (20000 * "[", "a.yaml: has too many lists within each other"),
    ],
)
def test_what_is_not_plain_is_told_with_its_line(text, told):
    with pytest.raises(DataError) as error:
        read_yaml(put("a.yaml", text))

    assert str(error.value).startswith(told)
    assert "\n" not in str(error.value)


def test_aliases_are_not_expanded():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join(9 * [f'*a{n - 1}'])}]" for n in range(1, 40)]

    entries = read_yaml(put("a.yaml", "\n".join(lines))).entries()

    assert len(entries["a39"].items()) == 9
    with pytest.raises(DataError, match=r"a\.yaml:39: expected a text"):
        entries["a39"].items()[0].text  # noqa: B018  # it is a property


@pytest.mark.parametrize("part", ["a", "b"])
def test_a_value_of_another_kind_is_told(part):
    entry = read_yaml(put("a.yaml", "a: {x: 1}\nb: 1")).entries()[part]

    with pytest.raises(DataError, match=r"^a\.yaml:[12]: expected "):
        entry.items() if part == "a" else entry.entries()


def test_without_pyyaml_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(MissingPackage) as error:
        read_yaml(put("a.yaml", "a: 1"))

    told = "this needs PyYAML, which is not installed\n    hint: pip install pyyaml"
    assert str(error.value) == told
    assert Path("a.yaml").exists()


def test_a_file_of_more_than_a_megabyte_is_none():
    path = put("a.yaml", "#" * (2**20 + 1))

    with pytest.raises(DataError, match=r"^a\.yaml: has 1048577 letters, more than 1048576"):
        read_yaml(path)
