"""Training on a text: the input is each symbol, the target the next one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..cfg.lineage import PerLineage
from ..errors import DataError
from ..graph.header import Header
from ..modules.recurrent import Recurrent
from ..network import Network
from ..system.console import note
from ..system.digest import digest
from ..system.inputs import remember
from ..system.text import not_a_file
from .checkpoints import Files, base_name
from .learner import Learner, Step
from .resume import Request, Start, check_unfinished, find_start, resume
from .run import describe_run
from .saver import Saver
from .signals import catch_stop_signals
from .state import State

JUMPS = 64  # a stream jumps to another place once in n batches


class Streams:
    """Several readers of one text. Each continues where its last batch ended, in a circle.

    Darknet: examples/rnn.c get_rnn_data
    """

    def __init__(self, text: np.ndarray, symbols: int, count: int, seed: int) -> None:
        self.text, self.symbols = text, symbols
        self.draws = np.random.default_rng(seed)
        self.places = self.draws.integers(0, len(text), count)

    def batch(self, steps: int) -> tuple[Tensor, Tensor]:
        """Return the inputs and the targets, both one-hot [steps * streams, symbols].

        Rows are step-major: all streams' first step, then their second.
        """
        places = self.places + np.arange(steps + 1)[:, None]  # [steps + 1, streams]
        read = torch.from_numpy(self.text[places % len(self.text)])
        self.places = places[-1] % len(self.text)
        one_hot = torch.nn.functional.one_hot(read, self.symbols).float()
        return one_hot[:-1].flatten(0, 1), one_hot[1:].flatten(0, 1)

    def state(self) -> dict[str, Any]:
        """Return where the streams are, ready for JSON."""
        return {"places": self.places.tolist(), "draws": self.draws.bit_generator.state}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue where the streams of a training were that was stopped. Raises DataError."""
        try:
            self.draws.bit_generator.state = state["draws"]
            self.places = np.array(state["places"], np.int64).reshape(self.places.shape)
        except (ValueError, TypeError, KeyError, OverflowError):
            raise DataError("the state is of other streams: -clear starts over") from None

    def jump(self) -> np.ndarray:
        """Move some streams to other places, and return which ones."""
        [chosen] = np.nonzero(self.draws.integers(0, JUMPS, len(self.places)) == 0)
        self.places[chosen] = self.draws.integers(0, len(self.text), len(chosen))
        return chosen


def forget(network: Network, streams: np.ndarray) -> None:
    """Clear the recurrent state of some streams.

    Darknet: src/network.c reset_network_state
    """
    for module in network.modules():
        if isinstance(module, Recurrent) and module.state is not None:
            for state in module.state:
                state[streams] = 0


def read_symbols(path: Path, symbols: int, *, tokenized: bool) -> np.ndarray:
    """Return a text as int64 numbers: its bytes, or the numbers that it lists.

    Darknet: examples/rnn.c train_char_rnn, read_tokenized_data
    """
    reason = not_a_file(path)
    if reason:
        raise DataError(f"Couldn't open file: {path} ({reason}): expected a text")
    try:
        content = path.read_bytes()
        remember(path)
        numbers = content.split() if tokenized else list(content)
        text = np.array(numbers, np.int64)
    except OSError as error:
        raise DataError(f"Couldn't open file: {path} ({error.strerror})") from None
    except ValueError:
        raise DataError("expected numbers and blanks, for -tokenized", where=path) from None
    if not len(text):
        raise DataError("is empty: expected a text", where=path)
    [wrong] = np.nonzero((text < 0) | (text >= symbols))
    if len(wrong):
        line = content.count(b"\n", 0, int(wrong[0])) + 1
        where = path if tokenized else f"{path}:{line}"
        problem = f"symbol {text[wrong[0]]}: expected less than {symbols}, the network's inputs"
        raise DataError(problem, where=where)
    return text


@dataclass(frozen=True)
class SavingIntervals:
    """The intervals, in iterations, at which numbered weights and `.backup` are saved."""

    numbered: int
    newest: int

    def due(self, batch: int) -> list[str]:
        """Return the endings of the weights that are saved after an iteration."""
        endings = [f"_{batch}.weights"] if batch % self.numbered == 0 else []
        return [*endings, ".backup"] if batch % self.newest == 0 else endings


SAVING = PerLineage(pjreddie=SavingIntervals(10000, 100), alexeyab=SavingIntervals(1000, 10))

ReportStep = Callable[[Step, float, float], None]


def train_text(learner: Learner, streams: Streams, saver: Saver, report: ReportStep) -> int:
    """Train to `max_batches`; return 0, or the number of the signal that ended it before.

    `report` gets each step, its seconds and the epochs so far. Raises DataError if the loss is
    NaN or infinite.

    Darknet: examples/rnn.c train_char_rnn
    Quirk: RECURRENT_GRADIENTS
    """
    net, saving = learner.net, SAVING.of(learner.network.dialect)
    with saver.files.hold(), catch_stop_signals() as stop:
        while learner.batch < net.max_batches and not stop.requested:
            start = time.perf_counter()
            parts = [streams.batch(net.time_steps) for _ in range(net.subdivisions)]
            read, next_ones = (torch.cat(part) for part in zip(*parts, strict=True))
            step = learn(learner, read, next_ones, saver)
            epochs = step.batch * learner.images / len(streams.text)
            report(step, time.perf_counter() - start, epochs)
            forget(learner.network, streams.jump())
            if endings := saving.due(step.batch):
                saver.save(endings)
        finished = learner.batch >= net.max_batches
        saver.save_at_end(["_final.weights" if finished else ".backup"])
    return 0 if finished else stop.number


def learn(learner: Learner, read: Tensor, next_ones: Tensor, saver: Saver) -> Step:
    """Train one iteration; an error names the last good weights."""
    try:
        return learner.learn(read, next_ones)
    except DataError as error:
        raise DataError(str(error), hint=saver.last_good_text()) from None


def text_saver(
    learner: Learner, streams: Streams, files: Files, start: Start, weights: Path | None
) -> Saver:
    """Return what saves the weights of a training on text, and the state that it resumes from."""

    def state() -> State:
        made = learner.state(start.run)
        return State(made.run, {**made.numbers, "streams": streams.state()}, made.tensors)

    newest = start.pair.weights if start.pair else weights
    return Saver(learner.network, files, note, state, start.aside, newest)


@dataclass(frozen=True)
class TextSources:
    """The files of a training on text, and whether the text is the numbers of its symbols."""

    cfg: Path
    weights: Path | None
    text: Path
    tokenized: bool = False

    @property
    def name(self) -> str:
        """The text as a state names it."""
        return f"{self.text} (numbers)" if self.tokenized else str(self.text)


def open_text_training(
    network: Network, sources: TextSources, seed: int, *, given: bool, clear: bool
) -> tuple[Learner, Streams, Saver]:
    """Return what `train_text` needs, where the training starts or resumes.

    `given` says whether the user chose the seed.
    """
    symbols = network.input.outputs
    text = read_symbols(sources.text, symbols, tokenized=sources.tokenized)
    files = Files(Path("backup"), base_name(sources.cfg), ".backup")
    files.make_folder()
    run = describe_run(network, sources.name, digest(sources.weights) if sources.weights else "")
    start = find_start(network, files, Request(run, sources.weights, clear))
    if clear:
        network.header = Header(*network.dialect.version, seen=0)
    learner = Learner(network, seed=seed)
    resume(learner, start, seed if given else None)
    last = network.net.max_batches
    check_unfinished(sources.weights, learner.batch, last, "-clear counts from 0")
    start.tell()
    streams = Streams(text, symbols, learner.mini // network.net.time_steps, learner.seed)
    if start.pair and "streams" in start.pair.state.numbers:
        streams.restore(start.pair.state.numbers["streams"])
    return learner, streams, text_saver(learner, streams, files, start, sources.weights)
