#!/usr/bin/env python3
"""Measure time and memory of load_network on yolov4.cfg, relative to reading the weights file.

Time is the processor's, which other programs hardly change, of the best of three rounds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import pydarknet

MEASURE = """
import json, sys, time
import pydarknet

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

cfg, weights = sys.argv[1:]
pydarknet.load_network(cfg, device="meta")
open(weights, "rb").read()
reading, loading, grown = [], [], []
for _ in range(3):
    start = time.process_time()
    data = open(weights, "rb").read()
    reading.append(time.process_time() - start)
    del data
    before, start = resident(), time.process_time()
    network = pydarknet.load_network(cfg, weights, device="cpu")
    loading.append(time.process_time() - start)
    grown.append(resident() - before)
    floats = sum(t.numel() for t in network.state_dict().values())
    del network
print(json.dumps([min(reading), min(loading), max(grown), 4 * floats]))
"""


def loading_ratios(cfg: Path, folder: Path) -> tuple[float, float]:
    """Return loading time / reading time, and growth of memory / bytes of the parameters."""
    network = pydarknet.load_network(cfg, device="meta")
    floats = sum(tensor.numel() for tensor in network.state_dict().values())
    weights = folder / "noise.weights"
    noise = np.random.default_rng(0).random(1 << 20, dtype=np.float32)
    with weights.open("wb") as file:
        file.write(pydarknet.Header(0, 2, 5).to_bytes())
        for begin in range(0, floats, len(noise)):
            file.write(noise[: floats - begin].data)
    command = [sys.executable, "-c", MEASURE, str(cfg), str(weights)]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    reading, loading, grown, parameters = json.loads(out.stdout)
    return loading / reading, grown / parameters


def main() -> None:
    """Print the two ratios."""
    cfg = Path(__file__).resolve().parents[1] / "cfg" / "yolov4.cfg"
    with tempfile.TemporaryDirectory() as folder:
        time, memory = loading_ratios(cfg, Path(folder))
    print(f"load_network takes {time:.2f} times as long as reading the file")
    print(f"and {memory:.3f} times the memory of the parameters")


if __name__ == "__main__":
    main()
