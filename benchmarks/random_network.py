"""Networks of random weights that other programs run too."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def write_network(folder: Path, cfg: Path, side: int | None = None) -> None:
    """Write a network of random weights that detects nothing, so that only the forward pass counts.

    Batch norms keep its maps in bounds. `side` is the side of its square input, if given.
    """
    import cv2
    import numpy as np
    import torch

    import pydarknet

    network = pydarknet.load_network(cfg, device="cpu")
    if side:
        network.resize(side, side)
    arrays = network.state_dict()
    for name, values in arrays.items():
        if "rolling_variance" in name:
            values.fill_(1.0)
        if name.endswith(".biases") and name.replace("biases", "norm.scales") not in arrays:
            values.fill_(-20.0)
            arrays[name.replace("biases", "weights")].zero_()
    network.save_weights(folder / "net.weights")
    text = re.sub(r"(?m)^(batch|subdivisions)\s*=.*$", r"\1=1", cfg.read_text())
    size = network.input
    text = re.sub(r"(?m)^width\s*=.*$", f"width={size.w}", text, count=1)
    text = re.sub(r"(?m)^height\s*=.*$", f"height={size.h}", text, count=1)
    (folder / "net.cfg").write_text(text)
    (folder / "net.data").write_text(f"names={ROOT / 'data/coco.names'}\n")
    (folder / "size.json").write_text(json.dumps(size.tensor))
    image = np.random.default_rng(1).integers(0, 255, (size.h, size.w, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / "image.png"), image)
    torch.manual_seed(1)


def export(folder: Path, batch: int) -> None:
    """Write the network of a folder as netBATCH.onnx, as the command does; say why it cannot."""
    path = folder / f"net{batch}.onnx"
    files = [str(folder / "net.cfg"), str(folder / "net.weights"), str(path)]
    command = [sys.executable, "-m", "pydarknet", "export", "onnx", *files]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = ["-layout", "raw", "-batch", str(batch)]
    done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True)
    if not path.exists():
        print(done.stderr.strip())


def label(cfg: Path, side: int | None = None) -> str:
    """Return the name of a network with the size of its input: yolov3-tiny 416."""
    text = cfg.read_text()
    w, h = (
        side or int(re.search(rf"(?m)^{name}\s*=\s*(\d+)", text)[1]) for name in ("width", "height")
    )
    name = cfg.parent.name if cfg.stem == "model" else cfg.stem
    return f"{name} {w}" + (f" x {h}" if h != w else "")
