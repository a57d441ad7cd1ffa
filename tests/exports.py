"""Networks that tests export as ONNX files, without the check that the command makes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from pydarknet.boxes.box_columns import Detection
from pydarknet.boxes.settings import Limits, settings
from pydarknet.export.layouts import choose_layout
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import ExportOptions, build_model
from pydarknet.graph.onnx_network import onnx_model, write_network
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


def check_layout(network: Network, name: str, images: int) -> int:
    """Assert that onnxruntime gives what the network does in a layout; return how many outputs."""
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    x = torch.rand(images, *network.input.tensor, generator=torch.Generator().manual_seed(2))
    layout = choose_layout(network, name, Limits(thresh=0.25, nms=0.45))
    writer, written = write_network(network, batch=images, name=layout.input)
    values = layout.write(writer, written)

    session = onnxruntime.InferenceSession(onnx_model(writer, values).SerializeToString())
    found = session.run([value.name for value in values], {layout.input: x.numpy()})

    expected = layout.outputs_of(network(x))
    for one, ours in zip(map(torch.from_numpy, found), expected, strict=True):
        there = ~ours.isnan()  # deepstream's class of the best score is not compared
        torch.testing.assert_close(one[there], ours[there], rtol=1e-4, atol=1e-4)
    return len(found)


def check_boxes(ours: Sequence[Detection], theirs: Sequence[Detection], layout: str) -> None:
    """Assert that a file of a layout finds our boxes; of two layouts the best score is the same."""
    best, other_best = (max(box.score for box in boxes) for boxes in (ours, theirs))
    assert other_best == pytest.approx(best, abs=1e-4)
    if layout in ("deepstream", "nms"):  # which has one class a box, or does not suppress as we do
        return
    for one, other in zip(ours, theirs, strict=True):
        assert one.name == other.name
        assert one.score == pytest.approx(other.score, abs=1e-4)
        assert tuple(one.box) == pytest.approx(tuple(other.box), abs=1e-4)
