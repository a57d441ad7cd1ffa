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

from pydarknet.cli import commands  # noqa: E402
from pydarknet.cli.arguments import letters  # noqa: E402  # the copy beside this script
from pydarknet.cli.ignored_flags import ignored_flags  # noqa: E402
from pydarknet.cli.main import GLOBAL, HELP, VERSION  # noqa: E402
from pydarknet.cli.unsupported import UNSUPPORTED  # noqa: E402
from pydarknet.cli.verbs import INFER, READ_IMAGES, VERBS, Parameter  # noqa: E402

commands.register()
FORKS = json.loads((ROOT / "scripts" / "commands.json").read_text())
HEAD = """# Commands and flags

Written by `scripts/commands_table.py` from what the program declares, and from the list of what the
three forks have, scripts/commands.json. P is {P}, A is {A}, H is
{H}, a dash none of them.

Flags stand anywhere in the line, in either spelling: `-dont_show` is `--dont-show`. A flag that is
*ignored* does nothing; a line on stderr says why. A command that is *not* here prints one line that
says what to use instead, and exits with status 1.

Of the flags of every command, one that opens no network uses only `-i` and `-nogpu`. {inference}
mean nothing to `rnn` and `nightmare`, and to commands that edit or print weights. Training uses
`-tune` alone of them. `-exif` means nothing to a command that reads no image file.

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
    if name in UNSUPPORTED or name.split()[0] in UNSUPPORTED:
        return f"*not*: {UNSUPPORTED.get(name) or UNSUPPORTED[name.split()[0]]}"
    verb = VERBS.get(tuple(name.split()))
    if verb:
        return verb.summary
    return "Yes." if name in (*VERSION, *HELP) else "not yet"


def flag_rows() -> Iterator[str]:
    """Yield the table's row of every flag: of all commands, then of each that is or will be."""
    yield from rows_of("", FORKS["every"], GLOBAL, built=True)
    for name, known in FORKS["commands"].items():
        verb = VERBS.get(tuple(name.split()))
        if command_state(name).startswith("*not*"):
            continue
        yield from rows_of(name, known["flags"], verb.flags if verb else (), built=bool(verb))
    for words, verb in VERBS.items():
        if " ".join(words) not in FORKS["commands"]:
            yield from rows_of(" ".join(words), {}, verb.flags, built=True)


def rows_of(
    command: str, known: dict[str, str], declared: tuple[Parameter, ...], *, built: bool
) -> Iterator[str]:
    """Yield the rows of one command's flags; of all commands where it is empty."""
    ours = {letters(flag.word): flag for flag in declared}
    title = f"`{command}`" if command else "every"
    for name, forks in known.items():
        flag = ours.pop(letters(name), None)
        state = flag.help.text if flag else unused_state(command, name) if built else "not yet"
        yield row(title, f"`-{name}`", forks, state)
    for flag in ours.values():
        yield row(title, f"`{flag.word}`", "-", flag.help.text)


def unused_state(command: str, name: str) -> str:
    """Return why a flag does nothing in a command."""
    family = command.partition(" ")[0]
    ignored = ignored_flags(family).get(name)
    if ignored:
        return f"*ignored*: {ignored.reason}"
    users = [
        f"`{' '.join(words)}`"
        for words, verb in VERBS.items()
        if words[0] == family and name in {flag.name for flag in verb.flags}
    ]
    return f"*ignored*: {', '.join(users) or 'no command here'} uses it"


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |\n"


def head() -> str:
    """Return the text before the tables."""
    inference = [f"`-{name}`" for name in INFER if name not in READ_IMAGES]
    return HEAD.format(**FORKS["forks"], inference=" and ".join(inference))


def document() -> str:
    """Return the whole text."""
    return head() + "".join(command_rows()) + FLAGS + "".join(flag_rows())


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
