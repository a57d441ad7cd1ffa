"""How commands open a network: the device, and what the C programs print meanwhile."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..cfg.dialect import DIALECTS, VARIABLE
from ..cfg.lineage import PJREDDIE
from ..errors import UsageError
from ..system.console import note, say
from ..system.resources import locate
from .verbs import Run

if TYPE_CHECKING:
    import torch

    from ..graph.weights import Loaded
    from ..network import Network
    from ..runtime.about import About
    from ..runtime.any_network import AnyNetwork

NO_WEIGHTS = "no weights are loaded: the network has the random values with which a training begins"


def open_network(
    run: Run,
    cfg: Path,
    weights: Path | None,
    *,
    training: bool = False,
    transfer: bool = False,
    untrained: bool = False,
    changes: bool = False,
    again: bool = False,
) -> Network:
    """Read a cfg and its weights, if any, onto the device that the flags name, or the best.

    An exported network in the place of the cfg has its weights in itself.

    `training` is how the fork opens it; `transfer` takes weights of another number of classes too,
    as training does. Else what a training here wrote is used in the dialect of that training.
    That no weights are loaded is told, unless the network may be `untrained`. Its values are fixed,
    unless the command `changes` them. The table is not printed `again`.

    Darknet: src/network.c load_network
    """
    from ..exported_network import ExportedNetwork
    from ..load import load_network

    device = requested_device(run)
    weights = locate(weights) if weights else None
    network = load_network(
        locate(cfg),
        weights,
        dialect=run.dialect if transfer else dialect_of_training(run, weights),
        device=device,
        batchnorm=run.batchnorm,
        precision=run.precision,
        backend=run.backend,
        strict=run.strict,
        exif=run.exif is not False,
        tune=run.tune,
        seen=run.seen,
        shown=run.shown,
        observer=LoadPrinter(training, device, run.precision, again),
        transfer=transfer,
    )
    doubt = doubtful_dialect(run, network, weights)
    if doubt:
        note(doubt)
    if isinstance(network, ExportedNetwork):
        note(exported_line(network.file.about, network.file.engine.name))
    elif weights is None and not untrained:
        note(NO_WEIGHTS)
    network.fixed = not changes
    return network


def exported_line(about: About, engine: str) -> str:
    """Return the line that says how an exported network runs, and what it has done to its boxes."""
    from ..runtime.layouts import SUPPRESSED

    line = f"layout {about.layout}, run by {engine} on the CPU"
    if about.trees and not about.whole:
        line += "; of a tree of classes it has the leaves alone"
    if any("limits" in head for head in about.heads):
        line += "; scores are limited inside by the cfg's thresh and nms_threshold, as OpenCV 4 did"
    if about.layout not in SUPPRESSED:
        return line
    return (
        f"{line}; its boxes are suppressed inside: of scores above {about.thresh:g} and by an"
        f" overlap of {about.overlap:g}, whatever -nms says"
    )


def dialect_of_training(run: Run, weights: Path | None) -> str | None:
    """Return the dialect that is given, else the one in which a training here made the weights."""
    from ..training.trained_dialect import trained_dialect

    if weights is None or run.dialect or os.environ.get(VARIABLE):
        return run.dialect
    trained = trained_dialect(weights)
    if trained:
        note(f"dialect {trained}: {weights} was trained in it; -dialect NAME says otherwise")
    return trained


def doubtful_dialect(run: Run, network: Network, weights: Path | None) -> str:
    """Return the line that says why the fork's dialect may not be meant, and the flag for it.

    It may not if only a flag that shows results speaks for it, or if another word of the command
    line does and the weights have the header of the original.
    """
    from ..graph.header import read_header

    if not network.choice or not network.choice.word:
        return ""
    word = network.choice.word.removesuffix(" on the command line")
    if network.choice.word == run.shown:
        return (
            f"dialect {network.dialect.name}: only {word} speaks for it;"
            f" add -dialect {PJREDDIE} to do as the original does"
        )
    if weights and read_header(weights).version == DIALECTS.pjreddie.version:
        return (
            f"dialect {network.dialect.name}: {word} speaks for it, but the header of {weights}"
            f" is the original's: if that is how it was trained, add -dialect {PJREDDIE}"
        )
    return ""


def read_cfg(
    run: Run, cfg: Path, weights: Path | None = None, *, training: bool = False
) -> Network:
    """Read a cfg without memory, and print its table; `training` is how the fork opens it.

    Darknet: src/parser.c parse_network_cfg
    """
    from ..graph.header import read_header
    from ..load import read_network

    network = read_network(
        locate(cfg),
        dialect=run.dialect,
        batchnorm=run.batchnorm,
        strict=run.strict,
        seen=run.seen,
        shown=run.shown,
        version=read_header(weights).version if weights else None,
    )
    LoadPrinter(training).on_read(network)
    return network


def open_on_cpu(run: Run, cfg: Path, weights: Path | None) -> Network:
    """Read a cfg and its weights onto the CPU, as the commands do that edit weights."""
    return open_network(replace(run, device="cpu"), cfg, weights, training=True, changes=True)


def read_weights(run: Run, network: Network, weights: Path, *, upto: int | None = None) -> None:
    """Fill the layers of a network before `upto` from a weights file.

    Darknet: src/parser.c load_weights_upto
    """
    from ..load import load_weights

    load_weights(network, weights, strict=run.strict, upto=upto, observer=LoadPrinter())


def tell_table(network: AnyNetwork, training: bool) -> None:
    """Print the table, and what the fork adds on stdout.

    Darknet: src/parser.c parse_network_cfg
    """
    traits = network.traits
    note(traits.table)
    if network.dialect.reports_cfg:
        say(traits.training_summary if training else traits.summary, end="")


@dataclass(frozen=True)
class LoadPrinter:
    """Print what the C does while it loads a network; `training` is how the fork opens it."""

    training: bool = False
    device: torch.device | None = None
    precision: str | None = None
    again: bool = False  # the table stands above already

    def on_read(self, network: Network) -> None:
        """Print the table, and what the fork adds.

        Darknet: src/parser.c parse_network_cfg
        """
        if not self.again:
            tell_table(network, self.training)
        if self.device:
            check_gpu(self.device)
            warn_of_half(self.device, self.precision)

    def on_loading(self, weights: Path) -> None:
        """Print the weights file's name.

        Darknet: src/parser.c load_weights_upto
        """
        note(f"Loading weights from {weights}...", end="")

    def on_loaded(self, network: Network, loaded: Loaded | None) -> None:
        """Print that the weights are read, and in the fork how long they were trained.

        Darknet: src/parser.c load_weights_upto
        """
        if loaded and network.dialect.reports_weights:
            say(trained_images(loaded))
            note(f"Done! Loaded {loaded.layers} layers from weights-file ", continues=True)
        else:
            note("Done!", continues=True)


def device_of(run: Run) -> torch.device:
    """Return the device that the flags name, else the best one, or refuse one that is not there."""
    device = requested_device(run)
    check_gpu(device)
    return device


def requested_device(run: Run) -> torch.device:
    """Return the device that the flags name, else the best one; without CUDA, `-i 0` names none.

    Of the processes that torchrun starts, each has a GPU of its own.

    Darknet: src/cuda.c cuda_set_device
    """
    import torch

    from ..backends.device import best_device
    from ..ranks.company import device_of
    from ..ranks.place import place_of

    own = device_of(place_of(os.environ)) if run.device is None else None
    if own:
        return torch.device(own)
    if run.device is None or (run.device != "cpu" and not torch.cuda.is_available()):
        return best_device()
    return torch.device(run.device)


def check_gpu(device: torch.device) -> None:
    """Refuse a GPU whose number this machine does not have."""
    import torch

    if device.index is not None and device.index >= (count := torch.cuda.device_count()):
        raise UsageError(f"-i {device.index}: expected less than {count}, the GPUs of this machine")


def warn_of_half(device: torch.device, precision: str | None) -> None:
    """Warn that half precision is not for a CPU."""
    if precision == "half" and device.type != "cuda":
        note("-precision half is for a GPU: this computes in float")


def trained_images(loaded: Loaded) -> str:
    """Return the fork's line of how many images the weights were trained on.

    Darknet: src/parser.c load_weights_upto (AlexeyAB)
    """
    seen, bits = loaded.header.seen, 64 if loaded.header.long else 32
    return f"\n seen {bits}, trained: {seen // 1000} K-images ({seen // 64000} Kilo-batches_64) "
