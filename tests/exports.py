"""Networks that tests export as ONNX files, without the check that the command makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pydarknet.boxes.settings import Limits, settings
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import ExportOptions, build_model
from pydarknet.load import load_network
from pydarknet.network import Network


def exported(
    network: Network,
    path: Path,
    layout: str | None = None,
    *,
    batch: int | str = 1,
    thresh: float = 0.25,
    nms: float = 0.45,
) -> Path:
    """Write a network, which was read from a cfg file, as an ONNX file; return its path."""
    onnx = pytest.importorskip("onnx")
    facts = Facts(
        cfg=network.net.section.path,
        weights=None,
        letterbox=settings(network).letterbox,
        batch=batch,
        opset=13,
    )
    limits = Limits(thresh=thresh, nms=nms)
    options = ExportOptions(limits=limits, layout=layout, batch=batch)
    onnx.save_model(build_model(network, options, facts).model, path)
    return path


def both(
    folder: Path, path: Path, layout: str | None = None, *, batchnorm: str = "gpu", **form: Any
) -> tuple[Network, Network]:
    """Return the network of a recording, and the same exported to a path and opened again."""
    dialect = "alexeyab" if "_ab_" in folder.name else "pjreddie"
    network = load_network(
        folder / "net.cfg",
        folder / "net.weights",
        dialect=dialect,
        device="cpu",
        batchnorm=batchnorm,
    )
    return network, load_network(exported(network, path, layout, **form))
