"""What to say of a command that does not exist: the one that was probably meant."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..system.spelling import nearest
from .verbs import VERBS, Verb


def family_of(word: str) -> list[Verb]:
    """Return the commands that begin with a word, or raise UsageError with the one that was meant.

    Darknet: examples/darknet.c main
    """
    family = [verb for key, verb in VERBS.items() if key[0] == word]
    if not family:
        meant = meant_commands(word)
        hint = f"did you mean {meant}?" if meant else "pydarknet --help lists the commands"
        raise UsageError(f"Not an option: {word}", hint=hint)
    return family


def meant_commands(word: str) -> str:
    """Return the commands that a word may mean: one of nearly its name, or those it is part of."""
    found = nearest(word.lower(), {key[0] for key in VERBS})
    if found:
        return f"`pydarknet {found}`"
    second = nearest(word.lower(), {key[-1] for key in VERBS})
    listed = [f"`pydarknet {' '.join(key)}`" for key in VERBS if key[1:] == (second,)]
    return " or ".join(sorted(listed, key=lambda command: "detector" not in command)[:2])


def no_verb(words: Sequence[str], family: Sequence[Verb]) -> UsageError:
    """Return the error for a family without a command, or with one that it does not have."""
    name, usage = words[0], "\n".join(verb.usage for verb in family)
    known = [verb.words[1] for verb in family]
    found = nearest(words[1].lower(), known) if len(words) > 1 else None
    if found:
        problem = f"{name} has no {words[1]}, did you mean `pydarknet {name} {found}`?"
    elif len(words) > 1:
        problem = f"{name} has no {words[1]}: expected one of {', '.join(sorted(known))}"
    else:
        problem = f"{name} needs one more word: expected one of {', '.join(sorted(known))}"
    return UsageError(f"{problem}\n{usage}")
