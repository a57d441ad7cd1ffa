#!/usr/bin/env python3
"""Write the tables of docs/PERFORMANCE.md: one for each machine in benchmarks/results.

    benchmarks/write_performance.py [--page docs/PERFORMANCE.md] [--results FOLDER]

They stand between two marks in the page. Rows are the cases of a file, columns its programs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from machine import headline
from programs import DARKNET, FORMS, OURS, PROGRAMS
from results import FOLDER, Case, Content

PAGE = Path(__file__).resolve().parents[1] / "docs" / "PERFORMANCE.md"
BEGIN = "<!-- written by benchmarks/write_performance.py -->"
END = "<!-- end of what is written -->"


def tables(contents: Sequence[Content]) -> str:
    """Return the tables of all files, the newest first."""
    newest = sorted(contents, key=lambda content: content["measured"], reverse=True)
    return "\n\n".join(section(content) for content in newest)


def section(content: Content) -> str:
    """Return the table of a file, with what was measured and where."""
    names = ", ".join(f"{name} {text}" for name, text in content["versions"].items())
    told = f"{headline(content['machine'])}; {content['measured']}: {names}. {content['note']}"
    head = f"### {content['machine']['processor']}\n\n{told.strip()}\n\n"
    return head + "\n".join(table(content["cases"]))


def table(cases: Sequence[Case]) -> list[str]:
    """Return the lines of a table: our time, and the times of others as multiples of it."""
    columns = programs(cases)
    titles = ["network", "images", "threads", "ours", *columns]
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for case in cases:
        ms = case["ms"][OURS]
        ours = f"{ms:.3g} ms" if ms < 1000 else f"{ms:.0f} ms"
        cells = [case["network"], str(case["batch"]), str(case["threads"]), ours]
        cells += [cell(case["ratios"].get(name)) for name in columns]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def programs(cases: Sequence[Case]) -> list[str]:
    """Return the programs that were measured: others first, then our other forms."""
    order = [DARKNET, *PROGRAMS]
    found = {name: None for case in cases for name in case["ratios"]}
    place = {name: order.index(name) if name in order else len(order) for name in found}
    return sorted(found, key=lambda name: (name in FORMS, place[name]))


def cell(ratio: Sequence[float] | None) -> str:
    """Return a ratio with its interval."""
    if ratio is None:
        return "-"
    middle, *ends = (f"{value:.2f}" for value in ratio)
    return f"{middle} ({' to '.join(ends)})" if ends else middle


def page(text: str, contents: Sequence[Content]) -> str:
    """Return a page with the tables between its marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        sys.exit(f"the page has no lines {BEGIN} and {END}: expected tables between them")
    return f"{before}{begin}\n\n{tables(contents)}\n\n{end}{after}"


def read(folder: Path) -> list[Content]:
    """Return the content of every file in a folder."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def main() -> None:
    """Write the page anew."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--results", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.page.write_text(page(options.page.read_text(), read(options.results)))


if __name__ == "__main__":
    main()
