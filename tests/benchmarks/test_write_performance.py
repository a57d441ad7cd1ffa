"""The tables of docs/PERFORMANCE.md are those of the files of results."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest
from conftest import BENCHMARKS, HERE

FILES = sorted((BENCHMARKS / "results").glob("*.json"))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import write_performance

    return write_performance


def content(**head: object) -> dict:
    """Return the content of a file: two cases, of which one has more programs."""
    first = {"network": "a 416", "batch": 1, "threads": 2, "ms": {"pydarknet": 57.71}}
    second = {"network": "b 320 x 64", "batch": 8, "threads": 1, "ms": {"pydarknet": 1048.2}}
    ratios = {"untuned": [0.7], "OpenCV": [1.4, 1.0, 2.0], "darknet": [3.941, 3.9, 4]}
    return {
        "machine": {"processor": "One", "features": ["avx2"], "cores": 1.5},
        "versions": {"torch": "2.13", "opencv": "4.14"},
        "measured": "2026-11-21",
        "note": "",
        "cases": [{**first, "ratios": ratios}, {**second, "ratios": {"OpenCV": [1, 0.9, 1.1]}}],
        **head,
    }


def test_the_page_is_what_the_script_writes(script):
    text = (HERE.parent / "docs" / "PERFORMANCE.md").read_text()

    assert script.page(text, script.read(BENCHMARKS / "results")) == text
    assert len(FILES) == text.count("\n| network | images | threads |") > 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_medians_and_ratios_are_those_of_the_rounds(script, path: Path):
    from results import summary

    measured = [case for case in json.loads(path.read_text())["cases"] if "seconds" in case]

    assert [{**case, **summary(case["seconds"])} for case in measured] == measured
    assert all(
        statistics.median(taken) > 0 and len(taken) >= 9
        for case in measured
        for taken in case["seconds"].values()
    )


def test_a_table_has_a_row_per_case_and_our_forms_last(script):
    assert script.table(content()["cases"]) == [
        "| network | images | threads | ours | darknet | OpenCV | untuned |",
        "|---|---|---|---|---|---|---|",
        "| a 416 | 1 | 2 | 57.7 ms | 3.94 (3.90 to 4.00) | 1.40 (1.00 to 2.00) | 0.70 |",
        "| b 320 x 64 | 8 | 1 | 1048 ms | - | 1.00 (0.90 to 1.10) | - |",
    ]


def test_the_newest_machine_comes_first_and_is_named(script):
    other = content(machine={"processor": "Two", "features": [], "cores": 8.0}, note="Doubtful.")

    text = script.tables([content(), {**other, "measured": "2026-12-01"}])

    titles = [line for line in text.split("\n") if "###" in line or ";" in line]
    assert titles == [
        "### Two",
        "Two (no features known), 8 cores; 2026-12-01: torch 2.13, opencv 4.14. Doubtful.",
        "### One",
        "One (avx2), 1.5 cores; 2026-11-21: torch 2.13, opencv 4.14.",
    ]


def test_tables_replace_those_of_the_page(script):
    text = f"before\n{script.BEGIN}\nold\n{script.END}\nafter\n"

    written = script.page(text, [content()])

    assert "old" not in written
    assert written.startswith(f"before\n{script.BEGIN}\n\n### One\n")
    assert written.endswith(f"| - |\n\n{script.END}\nafter\n")
    assert script.page(written, [content()]) == written


def test_a_page_without_marks_is_left_alone(script):
    with pytest.raises(SystemExit, match=r"^the page has no lines <!-- written"):
        script.page("before\n", [content()])
