"""How commands train on images: the network, its options and its log."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..system.console import note, note_once, say
from ..system.problems import count_problems
from .gpus import trainers
from .operands import TrainFlags
from .verbs import Run

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from ..network import Network
    from ..ranks.ranks import Ranks
    from ..training.arguments import MapOptions, Options
    from ..training.callbacks import Callback, IterationReport
    from ..training.learner import Step
    from ..training.sources import Sources
    from ..training.team import Team
    from ..training.trainer import Trainer


def train(
    run: Run,
    maker: Callable[[Network, Sources, Options], Trainer],
    data: Path,
    cfg: Path,
    weights: Path | None,
    flags: TrainFlags,
    map_options: MapOptions | None = None,
    saveweights: int = 0,
) -> None:
    """Open a network and train it with the trainer that `maker` returns.

    Where torchrun started several processes, they train it together.
    """
    work = Work(maker, data, cfg, weights, map_options, saveweights)
    with trainers(run, flags.gpus) as (here, ranks):
        train_in(here, work, flags, ranks)


@dataclass(frozen=True)
class Work:
    """What is trained: files, who makes the trainer, and the command's own options."""

    maker: Callable[[Network, Sources, Options], Trainer]
    data: Path
    cfg: Path
    weights: Path | None
    map_options: MapOptions | None
    saveweights: int


def train_in(run: Run, work: Work, flags: TrainFlags, ranks: Ranks) -> None:
    """Train in the company of other processes, or alone."""
    from ..dataset.files import DataFile
    from ..system.resources import locate
    from ..training.arguments import Options
    from ..training.checkpoints import base_name
    from ..training.sources import Sources
    from ..training.train import first_seed
    from .open_network import open_network

    weights = locate(work.weights) if work.weights else None
    sources = Sources(DataFile.read(work.data), locate(work.cfg), weights)
    say(base_name(work.cfg))
    given_seed = flags.srand if flags.seed is None else flags.seed
    seed = first_seed(given_seed)
    opening = {"training": True, "transfer": True, "untrained": True, "changes": True}
    network = open_network(run, work.cfg, work.weights, **opening)
    options = Options(
        seed=seed,
        given_seed=given_seed,
        clear=flags.clear,
        workers=flags.workers,
        amp=flags.amp,
        bar=sys.stderr.isatty(),
        map=work.map_options,
        saveweights=work.saveweights,
        ranks=ranks,
        team=team_of(flags, ranks),
        exif=run.exif,
        callbacks=[tensorboard_log(flags.tensorboard)] if flags.tensorboard else [],
    )
    trainer = work.maker(network, sources, options)
    with count_problems():  # images that others replace, and those of evaluations, are no failure
        reached = trainer.train()
    if not reached:
        raise KeyboardInterrupt(trainer.signal or signal.SIGINT)


def team_of(flags: TrainFlags, ranks: Ranks) -> Callable[[Network, Ranks], Team]:
    """Return what several processes do together; flags that are for them are told to one."""
    from ..training.apart import Apart
    from ..training.team import AtOnce, InTurn

    for word, given in (("-sync_bn", flags.sync_bn), ("-allreduce", flags.allreduce)):
        if given and ranks.alone:
            note(f"{word} is for several processes, and this one is alone: it changes nothing")
    if flags.gpus is None or flags.allreduce:
        return AtOnce if flags.sync_bn else InTurn
    if flags.sync_bn and not ranks.alone:
        raise UsageError("-sync_bn: the networks of -gpus share nothing: expected -allreduce too")
    return Apart


def tensorboard_log(folder: Path) -> Callback:
    """Return a callback that writes loss and learning rate to a log of TensorBoard."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UsageError("-tensorboard needs a package: pip install tensorboard") from None
    writers: list[SummaryWriter] = []

    def write(report: IterationReport) -> None:
        try:
            writers[:] = writers or [SummaryWriter(str(folder))]
            write_scalars(writers[0], report.step)
        except OSError as error:
            problem = "TensorBoard's log cannot be written, and the training continues"
            note_once(f"{folder}: {problem}: {error.strerror or error}", problem)

    return write


def write_scalars(writer: SummaryWriter, step: Step) -> None:
    """Write loss and learning rate of an iteration to a log of TensorBoard."""
    writer.add_scalar("loss", step.loss, step.batch)
    writer.add_scalar("average loss", step.average, step.batch)
    writer.add_scalar("learning rate", step.rate, step.batch)
    writer.flush()
