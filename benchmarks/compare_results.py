#!/usr/bin/env python3
"""Print how our times changed between two files of results of one machine.

    benchmarks/compare_results.py OLD.json NEW.json

Only pydarknet may differ. A change is that of our time beside the other programs' (their geometric
mean), which are the same in both files, so that a machine that is slower today changes nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from programs import FORMS, OURS
from results import Case, Content, difference, key_of


def change(old: Case, new: Case) -> float | None:
    """Return our new time as a share of the old one; None without a program in both."""
    names = [name for name in old["ratios"] if name in new["ratios"] and name not in FORMS]
    shares = [old["ratios"][name][0] / new["ratios"][name][0] for name in names]
    return statistics.geometric_mean(shares) if shares else None


def lines(old: Content, new: Content) -> list[str]:
    """Return a line per case that both files have."""
    before = {key_of(case): case for case in old["cases"]}
    found = []
    for case in new["cases"]:
        network, batch, threads = key_of(case)
        share = change(before[key_of(case)], case) if key_of(case) in before else None
        if share is not None:
            told = f"{network}, batch {batch}, threads {threads}"
            found.append(f"{told:40} {OURS} takes {share:.3f} of its old time")
    return found


def main() -> None:
    """Compare two files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args()
    old, new = (json.loads(path.read_text()) for path in (options.old, options.new))
    if differs := difference(old, new, but=[OURS]):
        sys.exit(f"{options.old} has {differs} in {options.new}: expected files of one machine")
    print("\n".join(lines(old, new)))


if __name__ == "__main__":
    main()
