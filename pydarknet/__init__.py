"""Darknet without the C: any .cfg is a PyTorch network, any .weights file loads into it."""

from .errors import CfgError, DarknetError, DataError, UsageError, WeightsError
from .load import load_network
from .network import Network
from .weights import Header

__all__ = [
    "CfgError",
    "DarknetError",
    "DataError",
    "Header",
    "Network",
    "UsageError",
    "WeightsError",
    "load_network",
]
__version__ = "0.1.0"
