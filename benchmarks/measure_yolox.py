#!/usr/bin/env python3
"""Measure how far imported networks of YOLOX are from the official ones.

    git clone https://github.com/Megvii-BaseDetection/YOLOX ../YOLOX
    benchmarks/measure_yolox.py ../YOLOX [nano tiny s m l x]

Each official network gets seeded values and looks at an image of 64 x 64. Its state dict becomes a
.safetensors file, which is imported with the cfg of scripts/yolox_cfg.py. Printed are the arrays,
and the largest differences of boxes in pixels and of scores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests")]

import record_yolox  # noqa: E402
import yolox_cfg  # noqa: E402
from state_dicts import safetensors  # noqa: E402

import pydarknet  # noqa: E402  # the copy beside this script
from pydarknet.cli.main import main as run  # noqa: E402

DEPTHS = {"nano": 0.33, "tiny": 0.33, "s": 0.33, "m": 0.67, "l": 1.0, "x": 1.33}
CLASSES = 80


def measure(name: str, models: dict[str, object], folder: Path) -> str:
    """Return a line about one network."""
    kind = yolox_cfg.KINDS[name]
    more = {"depthwise": True} if kind.depthwise else {}
    official = record_yolox.network_of(
        models, CLASSES, DEPTHS[name], kind.width, record_yolox.DAMPED, **more
    )
    image = torch.from_numpy(record_yolox.picture(0))
    with torch.no_grad():
        theirs = official(image)[0]
    state = {key: one for key, one in official.state_dict().items() if "num_batches" not in key}
    safetensors(folder / "net.safetensors", state)
    cfg, weights = folder / f"yolox-{name}.cfg", folder / "net.weights"
    cfg.write_text(yolox_cfg.cfg_of(name))
    words = ["import", str(cfg), str(folder / "net.safetensors"), str(weights)]
    assert run(words) == 0
    network = pydarknet.load_network(cfg, weights, device="cpu")
    network.resize(record_yolox.SIDE, record_yolox.SIDE)
    with torch.no_grad():
        [head] = network(image.flip(1) / 255)
    ours = head.activated[0, :, 0].T * torch.tensor([record_yolox.SIDE] * 4 + [1] * (1 + CLASSES))
    apart = (ours - theirs).abs()
    boxes, scores = float(apart[:, :4].max()), float(apart[:, 4:].max())
    return f"| yolox-{name} | {len(state)} | {boxes:.2g} | {scores:.2g} |"


def main() -> None:
    """Print a row for each network."""
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("\n\n")[1].strip())
    parser.add_argument("clone", type=Path)
    parser.add_argument("networks", nargs="*", default=[*DEPTHS])
    options = parser.parse_args()
    models = record_yolox.official_models(options.clone.resolve())
    rows = []
    for name in options.networks:
        with tempfile.TemporaryDirectory() as made:
            rows.append(measure(name, models, Path(made)))
    print("| network | arrays | boxes, in pixels | scores |\n|---|---|---|---|", *rows, sep="\n")


if __name__ == "__main__":
    main()
