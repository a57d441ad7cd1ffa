"""The words of a command line: flags found wherever they stand, what is left in order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..cfg.options import integer, real
from ..errors import UsageError
from ..system.console import note
from .verbs import Parameter, Verb


def taken(words: list[str], flags: Iterable[Parameter]) -> dict[str, Any]:
    """Take the flags out of the words: a flag's name -> its value, for those given.

    A flag that takes a value takes whatever word is next; as the very last word it stays. Only
    its first appearance counts.

    Darknet: src/utils.c find_arg, find_int_arg, find_float_arg, find_char_arg
    """
    values: dict[str, Any] = {}
    for flag in flags:
        last = len(words) - 1 if flag.valued else len(words)
        at = next((i for i, word in enumerate(words[:last]) if same(word, flag)), None)
        if at is None:
            continue
        values[flag.name] = converted(flag, flag.word, words[at + 1]) if flag.valued else True
        del words[at : at + 1 + flag.valued]
    return values


def same(word: str, flag: Parameter) -> bool:
    """Say whether a word is the flag: as it is, or as the live fork compares them."""
    return word == flag.word or (word.startswith("-") and letters(word) == letters(flag.word))


def letters(word: str) -> str:
    """Return a word's letters and digits, in lower case."""
    return "".join(c for c in word.lower() if c.isalnum())


def converted(parameter: Parameter, name: str, word: str) -> Any:
    """Return a word as the type of its parameter; numbers by the number they begin with.

    An empty word is none, where there may be none.

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
    """Warn about each word left that looks like a flag, and drop it.

    The value of one that is or resembles a known flag goes with it, if it is no file.
    """
    known = {flag.word: flag for flag in flags}
    kept: list[str] = []
    rest = iter(range(len(words)))
    for i in rest:
        if not looks_like_flag(words[i]):
            kept.append(words[i])
            continue
        near = nearest(words[i], known)
        note(f"{words[i]} {trouble(words[i], near, last=i == len(words) - 1)}: ignored")
        if near and near.valued and i + 1 < len(words) and not Path(words[i + 1]).exists():
            next(rest)
    return kept


def trouble(word: str, near: Parameter | None, *, last: bool) -> str:
    """Say why a word that looks like a flag was not taken as one."""
    if near is None:
        return "is no flag of this command"
    if not same(word, near):
        return f"is no flag of this command, the nearest known one is {near.word}"
    return "has no value" if last and near.valued else "is given twice"


def nearest(word: str, known: dict[str, Parameter]) -> Parameter | None:
    """Return the known flag that a word resembles."""
    exact = [flag for name, flag in known.items() if letters(name) == letters(word)]
    close = difflib.get_close_matches(f"-{word.lstrip('-')}", known, n=1)
    return exact[0] if exact else known[close[0]] if close else None


def looks_like_flag(word: str) -> bool:
    """Say whether a word begins like a flag, and is no number."""
    return len(word) > 1 and word[0] == "-" and not (word[1].isdigit() or word[1] == ".")


def operands(words: list[str], verb: Verb) -> list[Any]:
    """Return the operands of a command in order; what is too many is told and ignored."""
    values: list[Any] = []
    rest = list(words)
    for operand in verb.operands:
        if operand.several:
            values += [converted(operand, operand.name, word) for word in rest]
            rest = []
        elif rest:
            values.append(converted(operand, operand.name, rest.pop(0)))
        elif operand.required:
            raise UsageError(f"{operand.name} is missing: {verb.usage}")
        else:
            values.append(operand.default)
    if rest:
        note(f"too many words: {' '.join(rest)}: ignored")
    return values
