"""The commands rnn generate, train, valid and vec, with their variants."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...cfg.numbers import Range
from ...errors import DataError
from ...system.console import note, say, say_bytes
from ..arguments import word_of
from ..operands import Weights
from ..verbs import NATURAL, READ_CFG, Help, Run, verb

if TYPE_CHECKING:
    import numpy as np

    from ...inference.char_rnn import Reader
    from ...training.learner import Step

REPORTS_INPUTS = PerLineage(pjreddie=True, alexeyab=False)  # of `rnn train`, beside the rates
REPORTS_BITS = PerLineage(pjreddie=True, alexeyab=False)  # of `rnn valid`: bits per character
READS_LINE_ENDS = PerLineage(pjreddie=True, alexeyab=False)  # of the seed that was typed

TextFile = Annotated[Path, Help("the text to train on")]
Clear = Annotated[
    bool, Help("start over: count images from 0; earlier files in backup are kept as *_old1*")
]
Tokenized = Annotated[bool, Help("the text consists of the numbers of its symbols")]
Seed = Annotated[
    str | None, Help("what the network reads first; if omitted, two line ends", typed=True)
]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg whose inputs are the symbols")]
Length = Annotated[int, Help("how many symbols to write", range=NATURAL)]
Temperature = Annotated[
    float,
    Help("below 1: more probable symbols; above 1: more surprising ones", range=Range(above=0)),
]
Srand = Annotated[int | None, Help("the seed of random numbers; if omitted, the time")]
Tokens = Annotated[
    Path | None, Help("the list of symbols, one per line; if omitted, they are bytes")
]


@verb("rnn generate", uses=READ_CFG)
def generate(
    run: Run,
    cfg: Cfg,
    weights: Weights = None,
    *,
    seed: Seed = None,
    len_: Length = 1000,
    temp: Temperature = 0.7,
    srand: Srand = None,
    tokens: Tokens = None,
) -> None:
    """Print the seed and what the network writes after it.

    Darknet: examples/rnn.c test_char_rnn
    """
    reader = open_reader(run, cfg, weights, temp, training=False)
    symbols = symbol_bytes(tokens)
    read = seed_of(reader, seed) or b"\0"
    for symbol in read:
        say_bytes(symbols[symbol])
    write(reader, reader.read_all(read), len_, srand, symbols)


@verb("rnn train", uses=READ_CFG)
def train(
    run: Run,
    cfg: Cfg,
    weights: Weights = None,
    *,
    file: TextFile = Path("data/shakespeare.txt"),
    clear: Clear = False,
    tokenized: Tokenized = False,
    srand: Srand = None,
) -> None:
    """Train a network to predict the next symbol of a text; after a stop, the same continues.

    Darknet: examples/rnn.c train_char_rnn
    """
    from ...training.char_rnn import TextSources, open_text_training, train_text
    from ...training.train import first_seed
    from ...training.unsupported import check_trainable
    from ..open_network import open_network

    note(cfg.name.partition(".")[0])
    seed = first_seed(None if srand is None else srand % 2**32)
    network = open_network(run, cfg, weights, training=True, untrained=True, changes=True)
    check_trainable(network)
    learner, streams, saver = open_text_training(
        network,
        TextSources(cfg, weights, file, tokenized),
        seed,
        given=srand is not None,
        clear=clear,
    )
    symbols, steps = network.input.outputs, network.net.time_steps
    inputs = f", Inputs: {symbols} {learner.mini} {steps}"
    note(network.net.rates() + (inputs if REPORTS_INPUTS.of(network.dialect) else ""))
    if number := train_text(learner, streams, saver, print_step):
        same = "the same command without -clear" if clear else "the same command"
        note(f"stopped after batch {learner.batch}: {same} resumes from there")
        raise KeyboardInterrupt(number)


def print_step(step: Step, seconds: float, epochs: float) -> None:
    """Print the line of an iteration.

    Darknet: examples/rnn.c train_char_rnn
    """
    note(
        f"{step.batch}: {step.loss:f}, {step.average:f} avg, {step.rate:f} rate,"
        f" {seconds:f} seconds, {epochs:f} epochs"
    )


@verb("rnn generatetactic", uses=READ_CFG)
def generate_tactic(
    run: Run,
    cfg: Cfg,
    weights: Weights = None,
    *,
    len_: Length = 1000,
    temp: Temperature = 0.7,
    srand: Srand = None,
    tokens: Tokens = None,
) -> None:
    """Print what the network writes after the text on stdin, until a line ends with a full stop.

    Darknet: examples/rnn.c test_tactic_rnn
    """
    reader, symbols = open_reader(run, cfg, weights, temp), symbol_bytes(tokens)
    output = reader.read_all(sys.stdin.buffer.read())
    write(reader, output, len_, srand, symbols, stop=True)


@verb("rnn valid", uses=READ_CFG)
def valid(run: Run, cfg: Cfg, weights: Weights = None, *, seed: Seed = None) -> None:
    """Print how well the network predicts the text on stdin.

    Darknet: examples/rnn.c valid_char_rnn
    """
    from ...inference.char_rnn import Perplexity

    reader, so_far = open_reader(run, cfg, weights), Perplexity()
    reader.read_all(seed_of(reader, seed))
    bits = REPORTS_BITS.of(reader.network.dialect)
    for symbol, after in pairs():
        so_far.words += after in b" \n\t"
        so_far.add(reader.next_probability(symbol, after))
        first = f"{so_far.count} BPC: {so_far.bits:4.4f}  " if bits else f"{so_far.count}"
        say(f"{first} {perplexities(so_far.per_symbol, so_far.per_word)}")


@verb("rnn validtactic", uses=READ_CFG)
def valid_tactic(run: Run, cfg: Cfg, weights: Weights = None, *, seed: Seed = None) -> None:
    """Print how well the network predicts what follows each >> of the text on stdin.

    Darknet: examples/rnn.c valid_tactic_rnn
    """
    from ...inference.char_rnn import Perplexity

    reader, so_far, inside = open_reader(run, cfg, weights), Perplexity(), False
    reader.read_all(seed_of(reader, seed))
    for symbol, after in pairs():
        probability = reader.next_probability(symbol, after)
        inside = inside and (symbol, after) != (ord("."), ord("\n"))
        if inside:
            so_far.add(probability)
            numbers = perplexities(so_far.per_symbol, so_far.per_word)
            say(f"{so_far.count} {so_far.words} {numbers}")
        elif symbol == after == ord(">"):
            inside = True
            so_far.words += 1


@verb("rnn vec", uses=READ_CFG)
def vec(run: Run, cfg: Cfg, weights: Weights = None, *, seed: Seed = None) -> None:
    """Print each line of stdin, without its blanks, and the first layer's output after it.

    Darknet: examples/rnn.c vec_char_rnn
    Quirk: STATE_KEPT
    """
    reader = open_reader(run, cfg, weights)
    first_read = seed_of(reader, seed)
    for line in sys.stdin.buffer:
        text = line.translate(None, b" \t\r\n")
        reader.network.reset()
        reader.read_all(first_read + text)
        first = reader.trace(ord(" "))[0].flatten().tolist()
        say_bytes(text)
        say("".join(f",{value:g}" for value in first))


def open_reader(
    run: Run,
    cfg: Path,
    weights: Path | None,
    temperature: float | None = None,
    *,
    training: bool = True,
) -> Reader:
    """Open a network over symbols, and print its base name as the C does.

    `training` is how the fork opens it.

    Darknet: examples/rnn.c valid_char_rnn
    """
    from ...inference.char_rnn import Reader
    from ..open_network import open_network

    note(cfg.name.partition(".")[0])
    reader = Reader(open_network(run, cfg, weights, training=training))
    if temperature is not None:
        reader.temper(temperature)
    return reader


def seed_of(reader: Reader, seed: str | None) -> bytes:
    """Return what a network reads first; the fork drops tabs and line ends of what was typed."""
    if seed is None:
        return b"\n\n"
    return os.fsencode(seed if READS_LINE_ENDS.of(reader.network.dialect) else word_of(seed))


def symbol_bytes(tokens: Path | None) -> list[bytes]:
    """Return the bytes that are printed for each symbol.

    Darknet: examples/rnn.c read_tokens, print_symbol
    """
    from ...dataset.files import read_lines

    if tokens is None:
        return [bytes([symbol]) for symbol in range(256)]
    listed = read_lines(tokens, "a list of tokens")
    words = ["\n" if word == "<NEWLINE>" else word for word in listed]
    return [f"{word} ".encode("utf-8", "surrogateescape") for word in words]


def write(
    reader: Reader,
    output: np.ndarray | None,
    count: int,
    srand: int | None,
    symbols: list[bytes],
    *,
    stop: bool = False,
) -> None:
    """Print symbols drawn after an output, and end the line."""
    from ...inference.glibc_rand import after_loading

    if output is None:
        raise DataError("stdin is empty: expected a text to continue")
    rand = after_loading(int(time.time()) if srand is None else srand, reader.network)
    before = 0
    for symbol in reader.write(output, count, rand):
        if stop and (before, symbol) == (ord("."), ord("\n")):
            break
        say_bytes(symbols[symbol] if symbol < len(symbols) else b"")
        before = symbol
    say()


def pairs() -> Iterator[tuple[int, int]]:
    """Yield each byte of stdin and the one after it.

    Darknet: examples/rnn.c valid_char_rnn
    """
    text = sys.stdin.buffer.read()
    for symbol, after in pairwise(text):
        if after == 255:
            raise DataError("Out of range character: expected bytes below 255 on stdin")
        yield symbol, after


def perplexities(per_symbol: float, per_word: float) -> str:
    """Return how the C prints the two perplexities."""
    return f"Perplexity: {per_symbol:4.4f}    Word Perplexity: {per_word:4.4f}"
