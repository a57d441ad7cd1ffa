"""The words of a command line: flags wherever they stand, then operands in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..cfg.numbers import Range, misreading, number
from ..errors import UsageError
from ..system.console import note
from ..system.spelling import nearest
from ..system.text import excerpt
from .verbs import ON_OFF, SHARE, VERBS, Parameter, Verb

ALIASES = {  # hank-ai's other names of flags
    "color": "colour",
    "nocolor": "nocolour",
    "nmsthresh": "nms",
    "noshow": "dontshow",
    "threshold": "thresh",
}
LINE_ENDS = dict.fromkeys(map(ord, "\t\n\r"))
PERCENTAGE = Range(least=2, most=100)
YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, **ON_OFF}


def words_of(typed: Sequence[str], verbs: Iterable[Verb]) -> list[str]:
    """Return the words of a command line as Darknet reads them.

    What is given to a flag as text is left as it was typed.
    """
    flags = [flag for verb in verbs if verb.words[0] in typed for flag in verb.flags]
    texts = {flag.word for flag in flags if flag.help.typed}
    before = ["", *typed]
    return [
        word if texts & {last, word.partition("=")[0]} else word_of(word)
        for last, word in zip(before, typed, strict=False)
    ]


def word_of(typed: str) -> str:
    """Return a word as Darknet reads it: without tabs and line ends, unless a file has them.

    What vanishes inside of it is told.

    Darknet: src/utils.c strip_args (AlexeyAB)
    """
    word = typed.translate(LINE_ENDS)
    if word == typed or os.path.exists(typed):
        return typed
    if word != typed.strip("\t\n\r"):
        note(f"{excerpt(typed)} is read as {excerpt(word)}: tabs and line ends vanish")
    return word


def words_apart(words: Iterable[str], flags: Iterable[Parameter]) -> list[str]:
    """Return the words with `-flag=value` of known flags as two: `-flag value`.

    A flag without a value is on or, as `-flag=0`, left out.
    """
    known, apart = list(flags), []
    for word in words:
        name, equals, value = word.partition("=")
        flag = next((flag for flag in known if equals and same(name, flag)), None)
        if flag is None:
            apart.append(word)
        elif flag.valued:
            apart += [name, value]
        elif flag.help.switch:
            apart += [name, "on" if on_or_off(name, value) else "off"]
        elif on_or_off(name, value):
            apart.append(name)
    return apart


def on_or_off(name: str, value: str) -> bool:
    """Return whether a flag without a value is on in `-flag=value`."""
    if value.lower() not in YES_NO:
        raise UsageError(f"{name}={value}: expected {name} alone, which takes no value")
    return YES_NO[value.lower()]


def flag_values(words: list[str], flags: Iterable[Parameter]) -> dict[str, Any]:
    """Remove the flags from the words and return their values by name.

    A flag that takes a value takes whatever word is next, another flag too, which is told; as the
    very last word it is left. A switch takes `on` or `off` if that is next; one word of letters
    that is neither a file nor of a command is an error there. Of a flag given twice the first is
    removed.

    Darknet: src/utils.c find_arg, find_int_arg, find_float_arg, find_char_arg
    """
    values: dict[str, Any] = {}
    known = list(flags)
    for flag in known:
        last = len(words) - 1 if flag.valued else len(words)
        at = next((i for i, word in enumerate(words[:last]) if same(word, flag)), None)
        if at is None:
            continue
        after = words[at + 1] if at + 1 < len(words) else ""
        takes = flag.valued or (flag.help.switch and switches(after))
        if flag.help.switch and not takes and is_stray(after):
            raise UsageError(f"{words[at]} {after}: expected on or off")
        if flag.valued:
            values[flag.name] = parse(flag, flag.word, after)
            if any(same(after, other) for other in known):
                note(f"{flag.word} takes the next word as its value, the flag {after}")
        else:
            values[flag.name] = YES_NO[after.lower()] if takes else True
        del words[at : at + 1 + takes]
    return values


def switches(word: str) -> bool:
    """Return whether a word after a switch belongs to it: on or off, or the like if no file is."""
    word = word.lower()
    return word in ON_OFF or (word in YES_NO and not Path(word).exists())


def is_stray(word: str) -> bool:
    """Return whether a word is of letters alone, and neither a file nor of a command."""
    return word.isalpha() and not os.path.exists(word) and not any(word in key for key in VERBS)


def same(word: str, flag: Parameter) -> bool:
    """Whether a word is the flag; hank-ai's fork compares letters and digits alone."""
    if not word.startswith("-"):
        return False
    bare = letters(word)
    return word == flag.word or ALIASES.get(bare, bare) == letters(flag.word)


def letters(word: str) -> str:
    """Return a word's letters and digits, in lower case."""
    return "".join(c for c in word.lower() if c.isalnum())


def parse(parameter: Parameter, name: str, word: str) -> Any:
    """Return a word as the type of its parameter; a number is the digits that the word begins with.

    An empty word is the default if there is one, unless it is a text as it was typed, and an error
    if it is a file that must be given.

    Quirk: NUMBER_PREFIX
    """
    if parameter.kind is int or parameter.kind is float:
        return parse_number(parameter, name, word)
    if not word and parameter.required and parameter.kind is Path:
        raise UsageError(f"{name} is an empty word: expected a file")
    given = word or parameter.required or parameter.several or parameter.help.typed
    return parameter.kind(word) if given else parameter.default


def parse_number(parameter: Parameter, name: str, word: str) -> int | float:
    """Return a word as a number, and warn if it is cut; of a share, that is an error."""
    kind, cut = parameter.kind, misreading(word, parameter.kind)
    share = parameter.help.range == SHARE
    try:
        if cut and share:
            raise ValueError(f"expected a number in 0..1 ({cut})")
        value = number(word, kind, parameter.help.range)
    except ValueError as error:
        raise UsageError(f"{name} {word}: {error}{share_of(word) if share else ''}") from None
    if cut:
        note(f"{name} {word}: {cut}")
    return value


def share_of(percentage: str) -> str:
    """Return the question whether a percentage was meant as its share; empty if it is none."""
    try:
        value = number(percentage, float, PERCENTAGE)
    except ValueError:
        return ""
    cut = misreading(percentage.removesuffix("%"), float)
    return "" if cut else f", did you mean {value / 100:g}?"


def without_unknown(
    words: list[str], flags: Iterable[Parameter], operands: Iterable[Parameter] = ()
) -> list[str]:
    """Return the words without those that look like flags, and warn about each of those.

    The next word is dropped too if the flag resembles one that takes it, unless it is a file; so is
    a number after a flag that is unknown, unless one may be among the operands.
    """
    known = {flag.word: flag for flag in flags}
    counts = any(operand.kind in (int, float) for operand in operands)
    kept: list[str] = []
    rest = iter(range(len(words)))
    for i in rest:
        if not looks_like_flag(words[i]):
            kept.append(words[i])
            continue
        near, after = nearest_flag(words[i], known), "".join(words[i + 1 : i + 2])
        drops = near and takes(near, after)
        if not counts and not (near and same(words[i], near)):
            drops = drops or is_loose_number(after)
        value = after if after and drops else None
        note(problem(words[i], near, value, last=i == len(words) - 1))
        if value is not None:
            next(rest)
    return kept


def takes(flag: Parameter, word: str) -> bool:
    """Return whether a word after a flag that is ignored belongs to it."""
    if flag.valued:
        return not os.path.exists(word)
    return flag.help.switch and switches(word)


def is_loose_number(word: str) -> bool:
    """Return whether a word is a number, and no file."""
    try:
        float(word)
    except ValueError:
        return False
    return not os.path.exists(word)


def problem(word: str, near: Parameter | None, value: str | None, *, last: bool) -> str:
    """Return what is wrong with a word that looks like a flag, and with its value."""
    if near is None or not same(word, near):
        meant = f", did you mean {near.word}?" if near else ""
        return " ".join(filter(None, (word, value))) + f" is ignored: unknown flag{meant}"
    if last and near.valued:
        return f"{word} is ignored: it has no value"
    if not near.valued and not near.help.switch:
        return f"{word} is given twice: that is the same as once"
    return f"{word} is given twice: the first counts" + (f", not {value}" if value else "")


def nearest_flag(word: str, known: dict[str, Parameter]) -> Parameter | None:
    """Return the known flag that a word misspells."""
    spelt = {letters(name): flag for name, flag in known.items()}
    bare = letters(word.partition("=")[0])
    found = nearest(ALIASES.get(bare, bare), spelt)
    return spelt[found] if found else None


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
