"""What is said where torch is needed and not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import MissingPackage

HINT = "pip install torch; compiled networks and exported .onnx files run without it"


@contextmanager
def torch_errors() -> Iterator[None]:
    """Turn the error of an import of torch into one line that says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingPackage("this needs torch, which is not installed", hint=HINT) from None
