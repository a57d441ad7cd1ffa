"""Which scores of an image compete for being left by suppression, where a head limits them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .box_arrays import BoxArrays


@dataclass(frozen=True)
class Competition:
    """Of the scores of each map the `most` best compete, or of each class where `maps` is empty.

    `maps` are how many boxes each map has, in their order. Scores that equal the last compete too.
    """

    most: int
    maps: tuple[int, ...] = ()

    def competitors(self, table: BoxArrays) -> BoxArrays:
        """Return all boxes of an image, where scores that do not compete are 0.

        An objectness is the best score that is left. Of a table that has other boxes than the maps,
        those of several heads, all compete.
        """
        scores = table.probabilities
        if not self.maps:
            left = best_of(scores.T, self.most).T
        elif len(scores) == sum(self.maps):
            parts = np.split(scores, np.cumsum(self.maps)[:-1])
            lines = [best_of(part.reshape(1, -1), self.most) for part in parts]
            left = np.concatenate(lines, 1).reshape(scores.shape)
        else:
            return table
        return replace(table, probabilities=left, objectness=left.max(1, initial=0))


def best_of(lines: np.ndarray, most: int) -> np.ndarray:
    """Return lines [N, K] of numbers, in each of which so many of the largest are left, else 0."""
    count = lines.shape[1]
    if count <= most:
        return lines
    last = np.partition(lines, count - most, axis=1)[:, count - most, None]
    found: np.ndarray = np.where(lines >= last, lines, 0)
    return found
