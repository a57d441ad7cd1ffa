"""The words of a command line: flags wherever they stand, then operands in order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..cfg.numbers import integer, real
from ..errors import UsageError
from ..system.console import note
from .verbs import ON_OFF, Parameter, Verb


def flag_values(words: list[str], flags: Iterable[Parameter]) -> dict[str, Any]:
    """Remove the flags from the words and return their values by name.

    A flag that takes a value takes whatever word is next; as the very last word it is left. A
    switch takes `on` or `off`, if that is next. Of a flag given twice the first is removed.

    Darknet: src/utils.c find_arg, find_int_arg, find_float_arg, find_char_arg
    """
    values: dict[str, Any] = {}
    for flag in flags:
        last = len(words) - 1 if flag.valued else len(words)
        at = next((i for i, word in enumerate(words[:last]) if same(word, flag)), None)
        if at is None:
            continue
        after = words[at + 1] if at + 1 < len(words) else ""
        switched = flag.help.switch and after in ON_OFF
        given = parse(flag, flag.word, after) if flag.valued else ON_OFF.get(after, True)
        values[flag.name] = given if flag.valued or switched else True
        del words[at : at + 1 + (flag.valued or switched)]
    return values


def same(word: str, flag: Parameter) -> bool:
    """Whether a word is the flag; hank-ai's fork compares letters and digits alone."""
    return word == flag.word or (word.startswith("-") and letters(word) == letters(flag.word))


def letters(word: str) -> str:
    """Return a word's letters and digits, in lower case."""
    return "".join(c for c in word.lower() if c.isalnum())


def parse(parameter: Parameter, name: str, word: str) -> Any:
    """Return a word as the type of its parameter; a number is the digits that the word begins with.

    An empty word is None if the parameter is optional.

    Quirk: NUMBER_PREFIX
    """
    try:
        if parameter.kind is int:
            return integer(word)
        if parameter.kind is float:
            return real(word)
    except ValueError as error:
        raise UsageError(f"{name} {word}: {error}") from None
    return parameter.kind(word) if word or parameter.required else None


def without_unknown(words: list[str], flags: Iterable[Parameter]) -> list[str]:
    """Return the words without those that look like flags, and warn about each of those.

    The next word is dropped too if the flag resembles one that takes a value, unless it is a file.
    """
    known = {flag.word: flag for flag in flags}
    kept: list[str] = []
    rest = iter(range(len(words)))
    for i in rest:
        if not looks_like_flag(words[i]):
            kept.append(words[i])
            continue
        near = nearest(words[i], known)
        note(f"{words[i]} is ignored: {problem(words[i], near, last=i == len(words) - 1)}")
        if near and near.valued and i + 1 < len(words) and not Path(words[i + 1]).exists():
            next(rest)
    return kept


def problem(word: str, near: Parameter | None, *, last: bool) -> str:
    """Return what is wrong with a word that looks like a flag."""
    if near is None:
        return "unknown option"
    if not same(word, near):
        return f"unknown option, did you mean {near.word}?"
    return "it has no value" if last and near.valued else "it is given twice"


def nearest(word: str, known: dict[str, Parameter]) -> Parameter | None:
    """Return the known flag that a word resembles."""
    exact = [flag for name, flag in known.items() if letters(name) == letters(word)]
    close = difflib.get_close_matches(f"-{word.lstrip('-')}", known, n=1)
    return exact[0] if exact else known[close[0]] if close else None


def looks_like_flag(word: str) -> bool:
    """Whether a word begins like a flag and is not a number."""
    return len(word) > 1 and word[0] == "-" and not (word[1].isdigit() or word[1] == ".")


def operand_values(words: list[str], verb: Verb) -> list[Any]:
    """Return the operands of a command in order; warn about words that are too many."""
    values: list[Any] = []
    rest = list(words)
    for operand in verb.operands:
        if operand.several:
            values += [parse(operand, operand.name, word) for word in rest]
            rest = []
        elif rest:
            values.append(parse(operand, operand.name, rest.pop(0)))
        elif operand.required:
            raise UsageError(f"{operand.name} is missing: {verb.usage}")
        else:
            values.append(operand.default)
    if rest:
        note(f"too many words: {' '.join(rest)}: ignored")
    return values
