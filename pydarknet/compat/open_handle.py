"""A handle of a cfg and its weights: of a compiled network if there is one, else of torch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiled import Wanted, open_before, record_opening
from ..errors import DataError
from ..runtime.environment import gpu_may_be_there
from ..runtime.forms import may_keep
from ..runtime.onnx_properties import is_onnx
from ..runtime.openings import keep_opening
from ..system.resources import locate
from ..system.torch_errors import torch_errors
from .network_handle import Handle, Text, text

if TYPE_CHECKING:
    from ..network import Network
    from ..runtime.network import RuntimeNetwork


def load_handle(
    cfg: Text, weights: Text | None, *, clear: int = 0, batch: int = 1, seen: str
) -> Handle:
    """Load a network; `seen` is the name of the function called, if only the fork has it.

    Darknet: src/network.c load_network, load_network_custom (AlexeyAB)
    """
    if batch < 1:
        raise DataError(f"a batch of {batch}: expected at least 1")
    file = locate(Path(text(weights))) if weights else None
    path = locate(text(cfg))
    if file is None or not may_be_compiled(path, batch):
        return handle_of(by_torch(path, file, clear, seen=seen), batch)
    wanted = Wanted(cfg=path, weights=file, seen=seen)
    network = open_either(wanted, partial(by_torch, path, file, clear, seen=seen))
    again = partial(by_torch, path, file, clear, dialect=network.dialect.name)
    return handle_of(network, batch, again)


def open_either(wanted: Wanted, load: Callable[[], Network]) -> Network | RuntimeNetwork:
    """Return a compiled network if there is one, else that which `load` opens by torch."""
    before, compiled = open_before(wanted)
    if compiled:
        compiled.get_ready(many=True)  # a program may look at thousands
        return compiled
    network, opening = record_opening(wanted, load)
    if before is None and opening.rests():  # the next process may find a form of these files
        keep_opening(wanted.key, replace(opening, form=wanted.form_key(opening)))
    return network


def may_be_compiled(cfg: Path, batch: int) -> bool:
    """Return whether a compiled form may run: one image at a time, on a CPU."""
    return batch == 1 and not gpu_may_be_there() and may_keep() and not is_onnx(cfg)


def handle_of(
    network: Network | RuntimeNetwork, batch: int, again: Callable[[], Network] | None = None
) -> Handle:
    """Return a handle of a network; `again` opens it by torch."""
    return Handle(network, batch, network.dialect.letterbox, open_by_torch=again)


def by_torch(
    cfg: Path, weights: Path | None, clear: int, *, seen: str = "", dialect: str | None = None
) -> Network:
    """Return the network that torch runs; `clear` forgets how many images it has seen."""
    with torch_errors():
        from ..load import load_network

    network = load_network(cfg, weights, seen=seen, dialect=dialect)
    if clear:
        network.header = replace(network.header, seen=0)
    return network
