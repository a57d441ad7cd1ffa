"""Whether numpy, and packages that need not be there, can be imported."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .packages import EXTRAS


def look() -> dict[str, Any]:
    """Return what is wrong with the import of each package that is there; empty if nothing is."""
    modules = ["numpy", *(one.module for one in EXTRAS)]
    return {name: problem(name) for name in modules if find_spec(name)}


def problem(name: str) -> str:
    """Return what goes wrong when a module is imported; empty if nothing does."""
    try:
        import_module(name)
    except Exception as error:  # whatever a broken package raises
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return ""
