"""Networks that read text symbol by symbol, and return the probabilities of the next symbol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from ..graph.executor import Executor
from .glibc_rand import Rand

LEAST = np.float32(0.0001)  # symbols with a lower probability are never drawn


class Reader:
    """A recurrent network that reads symbols, bytes or the numbers of tokens.

    Darknet: examples/rnn.c test_char_rnn
    """

    def __init__(self, network: Executor) -> None:
        self.network = network
        self.symbols = network.input.outputs

    def trace(self, symbol: int) -> list[Tensor]:
        """Read a symbol and return every layer's output."""
        if not 0 <= symbol < self.symbols:
            raise DataError(f"symbol {symbol}: expected less than {self.symbols}, the inputs")
        image = torch.zeros(1, self.symbols)
        image[0, symbol] = 1
        device = next(iter(self.network.state_dict().values())).device
        with torch.inference_mode():
            return self.network.trace(image.view(1, *self.network.input.tensor).to(device))

    def read(self, symbol: int) -> np.ndarray:
        """Read a symbol and return the network's output, float32 [symbols]."""
        output: np.ndarray = self.trace(symbol)[self.network.result].flatten().cpu().numpy()
        return output

    def next_probability(self, symbol: int, after: int) -> np.float32:
        """Read a symbol and return the predicted probability that `after` follows it."""
        output = self.read(symbol)
        if after >= len(output):
            raise DataError(f"symbol {after}: expected less than {len(output)}, the outputs")
        return np.float32(output[after])

    def read_all(self, symbols: Iterable[int]) -> np.ndarray | None:
        """Read symbols and return the output after the last, None if there was none."""
        output = None
        for symbol in symbols:
            output = self.read(symbol)
        return output

    def temper(self, temperature: float) -> None:
        """Set the temperature of the softmax; below 1, the largest probability grows."""
        for layer, module in zip(self.network.layers, self.network.stack, strict=True):
            layer.temper(module, temperature)

    def write(self, output: np.ndarray, count: int, rand: Rand) -> Iterator[int]:
        """Yield `count` symbols after an output, each drawn by its probability and then read."""
        for _ in range(count):
            symbol = drawn_index(output, rand)
            yield symbol
            output = self.read(symbol)


def drawn_index(output: np.ndarray, rand: Rand) -> int:
    """Return an index, drawn with these probabilities; the smallest of them count as 0.

    Darknet: src/utils.c sample_array
    """
    weights = np.where(output < LEAST, np.float32(0), output)
    total = weights.cumsum(dtype=np.float32)[-1]
    weights = weights * np.float32(1 / float(total))
    left = np.subtract.accumulate(np.concatenate([[rand.uniform()], weights]), dtype=np.float32)
    below = np.flatnonzero(left[1:] <= 0)
    return int(below[0]) if len(below) else len(weights) - 1


class Perplexity:
    """The perplexity of the symbols so far, per symbol and per word.

    Darknet: examples/rnn.c valid_char_rnn
    """

    def __init__(self) -> None:
        self.count, self.words, self.sum = 0, 1, np.float32(0)

    def add(self, probability: np.float32) -> None:
        """Count a symbol that had this probability."""
        self.count += 1
        bits = np.log(float(probability)) / float(np.float32(np.log(2))) if probability else -np.inf
        self.sum = np.float32(float(self.sum) + bits)

    @property
    def bits(self) -> float:
        """The mean number of bits per symbol."""
        return float(-self.sum / np.float32(self.count))

    @property
    def per_symbol(self) -> float:
        """The number of equally likely symbols that would be as hard to predict."""
        return power_of_two(self.bits)

    @property
    def per_word(self) -> float:
        """The same per word."""
        return power_of_two(float(-self.sum / np.float32(self.words)))


def power_of_two(x: float) -> float:
    """Return 2 to the power of x, or infinity if that is too large."""
    return float(2.0**x) if x < 1024 else float("inf")
