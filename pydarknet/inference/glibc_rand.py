"""The C library's random numbers, as Darknet draws them on Linux."""

from __future__ import annotations

import numpy as np

from ..graph.executor import Executor
from ..modules.ops import Connected, Conv

RAND_MAX = 2**31 - 1
WORD = 2**32


class Rand:
    """rand() of the GNU C library after srand(seed): each number is a sum of two before it.

    Word i + 31 is word i plus word i + 28; a number is a word without its last bit.

    Darknet: src/utils.c rand_uniform
    """

    def __init__(self, seed: int) -> None:
        words = [seed % WORD or 1]
        for _ in range(30):
            words.append(16807 * as_signed(words[-1]) % RAND_MAX)
        self.words = [*words, *words[:3]][-31:]
        self.skip(310)

    def integer(self) -> int:
        """Return the next integer of 0..RAND_MAX."""
        self.words.append((self.words.pop(0) + self.words[27]) % WORD)
        return self.words[-1] >> 1

    def uniform(self) -> np.float32:
        """Return the next number of 0..1."""
        return np.float32(self.integer()) / np.float32(RAND_MAX)

    def skip(self, count: int) -> None:
        """Skip `count` numbers at once: word n is the remainder of x^n, with x^k as word k."""
        rest = power(count)
        words = self.words[:]
        while len(words) < 61:
            words.append((words[-31] + words[-3]) % WORD)
        self.words = [sum(map(int.__mul__, rest, words[k:])) % WORD for k in range(31)]


def after_loading(seed: int, network: Executor) -> Rand:
    """Return the numbers that are left after a network of the C took its first weights of them.

    A normal weight takes a number, but they are made in pairs.

    Darknet: src/convolutional_layer.c make_convolutional_layer, src/utils.c rand_normal
    """
    made = [m for m in network.modules() if isinstance(m, Conv | Connected)]
    normal = sum(m.weights.numel() for m in made if isinstance(m, Conv) and not m.uniform)
    rand = Rand(seed)
    rand.skip(sum(m.weights.numel() for m in made) + normal % 2)
    return rand


def power(count: int) -> list[int]:
    """Return x^count by x^31 - x^28 - 1: its remainder's coefficients, from the first."""
    rest = [1] + [0] * 30
    for bit in bin(count)[2:]:
        rest = product(rest, rest)
        if bit == "1":
            rest = product(rest, [0, 1])
    return rest


def product(a: list[int], b: list[int]) -> list[int]:
    """Return the product of two such remainders."""
    terms = [0] * 61
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            terms[i + j] += x * y
    for k in range(60, 30, -1):
        terms[k - 3] += terms[k]
        terms[k - 31] += terms[k]
    return [term % WORD for term in terms[:31]]


def as_signed(word: int) -> int:
    """Return 32 bits as a signed number."""
    return word - WORD if word >= WORD // 2 else word
