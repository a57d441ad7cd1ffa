"""Darknet without the C: any .cfg is a PyTorch network, any .weights file loads into it."""

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import CfgError, DarknetError, DataError, UsageError, WeightsError

if TYPE_CHECKING:
    from .load import load_network as load_network
    from .network import Network as Network
    from .training.run import train as train
    from .weights import Header as Header

LATER = {  # they need torch
    "load_network": ".load",
    "Network": ".network",
    "Header": ".weights",
    "train": ".training.run",
}

__all__ = [
    "CfgError",
    "DarknetError",
    "DataError",
    "Header",
    "Network",
    "UsageError",
    "WeightsError",
    "load_network",
    "train",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import what needs torch when it is asked for: `--help` does not wait for it."""
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LATER[name], __name__), name)
