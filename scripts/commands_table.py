#!/usr/bin/env python3
"""Write docs/COMMANDS.md: every command and flag of the three forks, and its state here."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet.cli.arguments import letters  # noqa: E402  # the copy beside this script
from pydarknet.cli.main import GLOBAL, HELP, VERSION  # noqa: E402
from pydarknet.cli.unsupported import IGNORED, NEVER  # noqa: E402
from pydarknet.cli.verbs import VERBS, Parameter  # noqa: E402

FORKS = json.loads((ROOT / "scripts" / "commands.json").read_text())
HEAD = """# Commands and flags

Written by `scripts/commands_table.py` from what the program declares, and from the list of what the
three forks have, scripts/commands.json. P is {P}, A is {A}, H is
{H}, a dash none of them.

Flags stand anywhere in the line, in either spelling: `-dont_show` is `--dont-show`. *Ignored* flags
are told on stderr and do no harm. A command that is *not* here answers with one line that says what
is instead, and exits with status 1.

## Commands

| command | forks | here |
| --- | --- | --- |
"""
FLAGS = """
## Flags

| command | flag | forks | here |
| --- | --- | --- | --- |
"""


def command_rows() -> Iterator[str]:
    """Yield the table's row of every command of the forks, then of those that are ours alone."""
    for name, known in FORKS["commands"].items():
        yield row(f"`{name}`", known["forks"], command_state(name))
    for words, verb in VERBS.items():
        if " ".join(words) not in FORKS["commands"]:
            yield row(f"`{' '.join(words)}`", "-", verb.summary)


def command_state(name: str) -> str:
    """Return what becomes of a command."""
    if name in NEVER or name.split()[0] in NEVER:
        return f"*not*: {NEVER.get(name) or NEVER[name.split()[0]]}"
    verb = VERBS.get(tuple(name.split()))
    if verb:
        return verb.summary
    return "Yes." if name in (*VERSION, *HELP) else "not yet"


def flag_rows() -> Iterator[str]:
    """Yield the table's row of every flag: of all commands, then of each that is or will be."""
    yield from rows_of("every", FORKS["every"], GLOBAL, built=True)
    for name, known in FORKS["commands"].items():
        verb = VERBS.get(tuple(name.split()))
        if command_state(name).startswith("*not*"):
            continue
        yield from rows_of(
            f"`{name}`", known["flags"], verb.flags if verb else (), built=bool(verb)
        )
    for words, verb in VERBS.items():
        if " ".join(words) not in FORKS["commands"]:
            yield from rows_of(f"`{' '.join(words)}`", {}, verb.flags, built=True)


def rows_of(
    command: str, known: dict[str, str], declared: tuple[Parameter, ...], *, built: bool
) -> Iterator[str]:
    """Yield the rows of one command's flags."""
    ours = {letters(flag.word): flag for flag in declared}
    for name, forks in known.items():
        flag = ours.pop(letters(name), None)
        yield row(command, f"`-{name}`", forks, flag_state(name, flag, built))
    for flag in ours.values():
        yield row(command, f"`{flag.word}`", "-", flag_state(flag.name, flag, built))


def flag_state(name: str, flag: Parameter | None, built: bool) -> str:
    """Return what becomes of a flag."""
    if flag:
        return flag.help.text
    ignored = {flag.name: flag.help.text for flag in IGNORED}
    if name in ignored:
        return f"*ignored*: {ignored[name]}"
    return "*ignored*" if built else "not yet"


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def document() -> str:
    """Return the whole text."""
    return HEAD.format(**FORKS["forks"]) + "".join(command_rows()) + FLAGS + "".join(flag_rows())


def main() -> None:
    """Write the document, or with --check say whether it is the one that lies there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where it differs")
    target = ROOT / "docs" / "COMMANDS.md"
    if not parser.parse_args().check:
        target.write_text(document())
    elif target.read_text() != document():
        sys.exit(f"{target}: is not what the program declares: run scripts/commands_table.py")


if __name__ == "__main__":
    main()
