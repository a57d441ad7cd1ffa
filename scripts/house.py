#!/usr/bin/env python3
"""Print the figures of the house: how long functions and files are, and who names a section."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import test_house as house  # noqa: E402  # the rules live with their test


def main() -> None:
    """Print a line a figure."""
    lengths = house.functions()
    ordered = sorted(lengths.values())
    files = {house.module_of(path): len(path.read_text().split("\n")) for path in house.FILES}
    name, longest = max(lengths.items(), key=lambda item: item[1])
    file, lines = max(files.items(), key=lambda item: item[1])
    documented = sum(
        bool(ast.get_docstring(node))
        for path in house.FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )
    print(f"files: {len(files)}, functions: {len(lengths)}, with docstring: {documented}")
    print(f"function length: median {ordered[len(ordered) // 2]}, ", end="")
    print(f"90th percentile {ordered[len(ordered) * 9 // 10]}, longest {longest} ({name})")
    print(f"longest file: {lines} lines ({file})")
    print(f"places outside layers/ that name a section: {len(house.places_that_name_a_section())}")


if __name__ == "__main__":
    main()
