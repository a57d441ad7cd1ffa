"""A cfg and its weights as OpenCV reads them: the compiled form if there is one, else torch's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiled import Wanted, open_compiled
from ..errors import UsageError
from ..load_any import RUNTIME, check_compilable
from ..runtime.network import RuntimeNetwork
from ..system.torch_errors import torch_errors
from .open_handle import may_be_compiled, open_either

if TYPE_CHECKING:
    from ..network import Network

BATCH_NORM = "opencv"  # which adds another epsilon than Darknet's, so it has forms of its own


def open_net(cfg: Path, weights: Path | None, backend: str | None) -> Network | RuntimeNetwork:
    """Return a network; with the `backend` "runtime" it is compiled at its first use.

    Raises DarknetError, also for another backend.
    """
    if backend not in (None, RUNTIME):
        raise UsageError(f"backend {backend}: expected {RUNTIME}")
    wanted = Wanted(cfg=cfg, weights=weights, batchnorm=BATCH_NORM)
    if backend:
        check_compilable(weights, None)
        return open_compiled(wanted, partial(by_torch, cfg, weights, "cpu"), compile_by_torch)
    if weights and may_be_compiled(cfg, 1):
        return open_either(wanted, partial(by_torch, cfg, weights))
    return by_torch(cfg, weights)


def compile_by_torch(network: Network, engine: str, folder: Path) -> dict[str, Any]:
    """Write the compiled form of OpenCV's network; see `opencv_compile`."""
    from .opencv_compile import compile_net

    return compile_net(network, engine, folder)


def by_torch(
    cfg: Path, weights: Path | None, device: str | None = None, *, dialect: str | None = None
) -> Network:
    """Return the network that torch runs, with OpenCV's batch norm."""
    with torch_errors():
        from ..load import load_network
        from .opencv_layers import set_epsilon

    network = load_network(cfg, weights, device=device, dialect=dialect)
    set_epsilon(network)
    return network
