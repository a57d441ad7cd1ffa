"""The word that was probably meant by one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that a word misspells: at most two edits away, one if it is short."""
    most = 2 if len(word) > 5 else 1 if len(word) > 2 else 0
    close = [choice for choice in choices if least_edits(word, choice) <= most]
    found = min(close, key=lambda choice: edits(word, choice), default=None)
    return found if found is not None and edits(word, found) <= most else None


def least_edits(one: str, other: str) -> int:
    """Return how many edits there are at least: each changes two letters of the set, one length."""
    return max(abs(len(one) - len(other)), (len(set(one) ^ set(other)) + 1) // 2)


def edits(one: str, other: str) -> int:
    """Return how many edits make one word of the other: a letter more, less or changed, or a swap.

    A swap is of two letters that are neighbours.
    """
    above, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one):
        before, above, row = above, row, [i + 1]
        for j, wanted in enumerate(other):
            row.append(min(above[j] + (letter != wanted), above[j + 1] + 1, row[j] + 1))
            if i and j and (letter, one[i - 1]) == (other[j - 1], wanted):
                row[-1] = min(row[-1], before[j - 1] + 1)
    return row[-1]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the question whether the nearest choice was meant; empty if none is near."""
    found = nearest(word, choices)
    return f"did you mean {found}?" if found else ""
