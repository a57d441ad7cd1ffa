"""Results are kept per machine and version, and take no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import BENCHMARKS

MACHINE = {"processor": "Intel(R) Xeon(R) CPU @ 2.20GHz", "features": ["avx2"], "cores": 2.0}
VERSIONS = {"pydarknet": "abc", "torch": "2.13"}


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import results

    return results


def test_a_file_is_kept_and_taken_again(results, tmp_path: Path):
    content = results.new(MACHINE, VERSIONS)
    case = results.find_case(content, "a 416", 1, 2)
    case["seconds"] = {"pydarknet": [0.1, 0.2, 0.3], "OpenCV": [0.3, 0.2, 0.6]}

    results.save(tmp_path / "a" / "b.json", content)
    kept = results.open_results(tmp_path / "a" / "b.json", results.new(MACHINE, VERSIONS))

    assert kept == json.loads((tmp_path / "a" / "b.json").read_text()) == content
    [found] = kept["cases"]
    assert results.find_case(kept, "a 416", 1, 2) is found
    assert results.rounds(found) == 3
    assert found["ms"] == {"pydarknet": 200, "OpenCV": 300}
    assert found["ratios"] == {"OpenCV": [2, 1, 3]}  # not 300 / 200


def test_a_case_of_which_no_round_is_kept_is_not_written(results, tmp_path: Path):
    content = results.new(MACHINE, VERSIONS)
    results.find_case(content, "a 416", 1, 1)["seconds"] = {"pydarknet": [0.1]}
    results.find_case(content, "a 416", 1, 2)["seconds"] = {"pydarknet": [], "OpenCV": []}

    results.save(tmp_path / "a.json", content)

    [case] = json.loads((tmp_path / "a.json").read_text())["cases"]
    assert case["threads"] == 1


def test_another_number_of_threads_is_another_case(results):
    content = results.new(MACHINE, VERSIONS)

    cases = [results.find_case(content, "a 416", 1, threads) for threads in (1, 2)]

    assert content["cases"] == cases
    assert [results.rounds(case) for case in cases] == [0, 0]


@pytest.mark.parametrize(
    ("machine", "versions", "text"),
    [
        ({"cores": 4.0}, {}, "cores 2.0, and it is 4.0 here"),
        ({"features": ["avx2", "avx512f"]}, {}, "features avx2, and it is avx2 avx512f here"),
        ({"processor": "AMD EPYC"}, {}, "processor Intel"),
        ({}, {"pydarknet": "def"}, "pydarknet abc, and it is def here"),
        ({}, {"opencv": "4.14"}, "opencv None, and it is 4.14 here"),
    ],
)
def test_a_file_takes_nothing_of_another_machine_or_version(
    results, tmp_path: Path, machine, versions, text
):
    results.save(tmp_path / "a.json", results.new(MACHINE, VERSIONS))
    fresh = results.new({**MACHINE, **machine}, {**VERSIONS, **versions})

    with pytest.raises(SystemExit, match=rf"a\.json: holds results of {text}") as error:
        results.open_results(tmp_path / "a.json", fresh)

    assert "\n" not in str(error.value)


def test_a_file_takes_nothing_of_another_protocol(results, tmp_path: Path):
    results.save(tmp_path / "a.json", {**results.new(MACHINE, VERSIONS), "protocol": "old"})

    with pytest.raises(SystemExit, match="of protocol old, and it is bursts here: expected the sa"):
        results.open_results(tmp_path / "a.json", results.new(MACHINE, VERSIONS))


def test_a_version_may_differ_where_that_is_wanted(results):
    one, other = results.new(MACHINE, VERSIONS), results.new(MACHINE, {**VERSIONS, "torch": "3"})

    assert results.difference(one, other) == "torch 2.13, and it is 3"
    assert results.difference(one, other, but=["torch"]) == ""


def test_a_machine_names_its_file(results):
    assert results.place_of(MACHINE).name == "intel-xeon-2-cores.json"
