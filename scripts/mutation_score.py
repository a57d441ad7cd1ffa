#!/usr/bin/env python3
"""Print how many mutants of the core the tests kill, after scripts/mutate.py or `mutmut run`.

    pip install -c constraints.txt -e '.[test,mutate]'
    python scripts/mutate.py pydarknet/boxes/nms.py
    python scripts/mutation_score.py

For `mutmut run`, pyproject.toml says which modules are mutated, and which tests look at them.
Mutants that no test can tell from the program stand in tests/equivalent_mutants.txt with the
reason, and do not count.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = ROOT / "tests" / "equivalent_mutants.txt"
MADE = re.compile(r"(?P<function>.+)__mutmut_\d+$")
SURVIVED, UNTESTED = 0, (5, 33)  # exit codes of pytest and mutmut; none: not run


@dataclass(frozen=True)
class Equivalence:
    """A replacement of code that changes nothing in a module, `*` in all, and why."""

    module: str
    old: str
    new: str
    reason: str

    def explains(self, module: str, before: str, after: str) -> bool:
        """Return whether one such replacement makes the code of a mutant."""
        if self.module not in ("*", module):
            return False
        places = (match.start() for match in re.finditer(re.escape(self.old), before))
        return any(before[:at] + self.new + before[at + len(self.old) :] == after for at in places)


@dataclass(frozen=True)
class Mutant:
    """A mutant: its name, its code and that of the program, and the exit code of its tests."""

    module: str
    name: str
    before: str
    after: str
    code: int | None

    @property
    def change(self) -> Iterator[str]:
        """The lines that differ."""
        old, new = (text.split("\n") for text in (self.before, self.after))
        yield from (f"    - {line.strip()}" for line in old if line not in new)
        yield from (f"    + {line.strip()}" for line in new if line not in old)


def equivalences(path: Path) -> list[Equivalence]:
    """Read the file of equivalent mutants: module | old | new | reason."""
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = (line.split(" | ") for line in lines if line and line[0] != "#")
    return [Equivalence(*(word.strip("`") for word in row)) for row in rows]


def mutants_of(meta: Path, folder: Path) -> Iterator[Mutant]:
    """Yield the mutants of a module, given mutmut's file about it."""
    module = meta.relative_to(folder).as_posix().removesuffix(".meta")
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(meta.with_suffix("").read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    codes = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    for key, code in codes.items():
        name = key.rpartition(".")[2]
        match = MADE.fullmatch(name)
        if match and name in functions:
            before, after = functions[f"{match['function']}__mutmut_orig"], functions[name]
            yield Mutant(module, name, code_of(before), code_of(after), code)


def code_of(function: ast.FunctionDef) -> str:
    """Return the arguments and the body of a function as text."""
    return "\n".join(map(ast.unparse, (function.args, *function.body)))


def row_of(module: str, mutants: Sequence[Mutant], left: Sequence[Mutant], same: int) -> str:
    """Return the line of a module: its mutants, those that are equal, left, not run, the score."""
    waiting = sum(one.code is None for one in mutants)
    counted = len(mutants) - same - waiting
    score = f"{100 * (counted - len(left)) / counted:.1f} %" if counted else "-"
    return f"{module:48} {len(mutants):6} {same:6} {len(left):6} {waiting:8} {score:>8}"


def main() -> None:
    """Print a line for each module and, if asked for, the mutants that are left."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mutants", type=Path, default=Path("mutants"), help="mutmut's folder")
    parser.add_argument("--equivalent", type=Path, default=EQUIVALENT, help="the file of reasons")
    parser.add_argument("--left", action="store_true", help="print the mutants that live")
    options = parser.parse_args()
    known = equivalences(options.equivalent)
    print(f"{'module':48} {'all':>6} {'equal':>6} {'left':>6} {'not run':>8} {'score':>8}")
    for meta in sorted(options.mutants.rglob("*.py.meta")):
        found = list(mutants_of(meta, options.mutants))
        alive = [one for one in found if one.code == SURVIVED or one.code in UNTESTED]
        left = [
            one
            for one in alive
            if not any(each.explains(one.module, one.before, one.after) for each in known)
        ]
        if found:
            print(row_of(found[0].module, found, left, len(alive) - len(left)))
        for one in left if options.left else []:
            print(f"  {one.name}", *one.change, sep="\n")


if __name__ == "__main__":
    main()
