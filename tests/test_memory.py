"""Loading takes the memory of the parameters and the time of reading the file, little more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE

import pydarknet

YOLOV4 = HERE.parent / "cfg" / "yolov4.cfg"

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
for _ in range(5):
    start = time.perf_counter()
    data = open(weights, "rb").read()
    reading.append(time.perf_counter() - start)
    del data
    before, start = resident(), time.perf_counter()
    network = pydarknet.load_network(cfg, weights, device="cpu")
    loading.append(time.perf_counter() - start)
    grown.append(resident() - before)
    floats = sum(t.numel() for t in network.state_dict().values())
    del network
print(json.dumps([min(reading), min(loading), max(grown), 4 * floats]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_loading_yolov4_takes_the_parameters_memory_and_the_time_of_reading(
    tmp_path: Path,
) -> None:
    network = pydarknet.load_network(YOLOV4, device="meta")
    floats = sum(tensor.numel() for tensor in network.state_dict().values())
    weights = tmp_path / "yolov4.weights"
    noise = np.random.default_rng(0).random(floats, dtype=np.float32)
    weights.write_bytes(pydarknet.Header(0, 2, 5).packed() + noise.tobytes())

    out = subprocess.run(
        [sys.executable, "-c", MEASURE, str(YOLOV4), str(weights)],
        capture_output=True,
        text=True,
        check=True,
    )
    reading, loading, grown, parameters = json.loads(out.stdout)

    assert weights.stat().st_size > 245e6
    assert grown <= 1.3 * parameters
    assert loading <= 2 * reading
