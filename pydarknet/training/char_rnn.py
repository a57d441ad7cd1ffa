"""Training on a text: the input is each symbol, the target the next one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..cfg.lineage import PerLineage
from ..errors import DataError
from ..modules.recurrent import Recurrent
from ..network import Network
from .checkpoints import Files
from .learner import Learner, Step
from .signals import catch_stop_signals

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
    try:
        content = path.read_bytes()
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


def train_text(
    learner: Learner, streams: Streams, save: Callable[[str], None], report: ReportStep
) -> bool:
    """Train to `max_batches`; return whether it was reached. A signal ends the training before.

    `save` writes weights under an ending. `report` gets each step, its seconds and
    the epochs so far.

    Darknet: examples/rnn.c train_char_rnn
    Quirk: RECURRENT_GRADIENTS
    """
    net, saving = learner.net, SAVING.of(learner.network.dialect)
    with catch_stop_signals() as stop:
        while learner.batch < net.max_batches and not stop.requested:
            start = time.perf_counter()
            parts = [streams.batch(net.time_steps) for _ in range(net.subdivisions)]
            read, next_ones = (torch.cat(part) for part in zip(*parts, strict=True))
            step = learner.learn(read, next_ones)
            epochs = step.batch * learner.images / len(streams.text)
            report(step, time.perf_counter() - start, epochs)
            forget(learner.network, streams.jump())
            for ending in saving.due(step.batch):
                save(ending)
    finished = learner.batch >= net.max_batches
    save("_final.weights" if finished else ".backup")
    return finished


def weights_saver(
    network: Network, cfg: Path, note: Callable[[str], None]
) -> Callable[[str], None]:
    """Return the function that saves weights in the folder `backup`."""
    files = Files(Path("backup"), cfg.name.partition(".")[0], ".backup")
    files.make_folder()

    def save(ending: str) -> None:
        path = files.path(ending)
        note(f"Saving weights to {path}")
        network.save_weights(path)

    return save
