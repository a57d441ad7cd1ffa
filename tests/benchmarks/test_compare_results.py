"""Two files of one machine are compared; those of two machines are not."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import BENCHMARKS


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[dict, dict], None]:
    """Return a function that runs the script on two files."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_results

    def run(old: dict, new: dict) -> None:
        for name, content in (("old", old), ("new", new)):
            (tmp_path / f"{name}.json").write_text(json.dumps(content))
        words = [str(tmp_path / "old.json"), str(tmp_path / "new.json")]
        monkeypatch.setattr(sys, "argv", ["compare_results.py", *words])
        compare_results.main()

    return run


def content(commit: str, ratios: dict[str, float], cores: int = 2, threads: int = 1) -> dict:
    """Return the content of a file with one case."""
    case = {"network": "a 416", "batch": 1, "threads": threads}
    return {
        "machine": {"cores": cores},
        "versions": {"pydarknet": commit},
        "protocol": "bursts",
        "cases": [{**case, "ratios": {name: [value] for name, value in ratios.items()}}],
    }


def test_a_change_is_that_beside_other_programs(compare, capsys):
    old = content("abc", {"OpenCV": 1.0, "onnxruntime": 1.0, "untuned": 0.5})
    new = content("def", {"OpenCV": 2.0, "onnxruntime": 8.0, "untuned": 1.0, "other": 9.0})

    compare(old, new)

    # the geometric mean of 1 / 2 and 1 / 8
    assert capsys.readouterr().out.split(maxsplit=6)[6] == "pydarknet takes 0.250 of its old time\n"


def test_cases_of_one_file_alone_are_left_out(compare, capsys):
    compare(content("abc", {"OpenCV": 1.0}), content("abc", {"OpenCV": 1.0}, threads=2))

    assert capsys.readouterr().out == "\n"


def test_two_machines_are_not_compared(compare):
    with pytest.raises(SystemExit, match=r"cores 2, and it is 4 in .*: expected files of one"):
        compare(content("abc", {"OpenCV": 1.0}), content("abc", {"OpenCV": 1.0}, cores=4))
