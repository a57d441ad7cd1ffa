#!/usr/bin/env python3
"""Print what int8 files lose and gain: boxes beside float, and times as ratios to two programs.

    benchmarks/compare_int8.py CALIBRATION.txt MODEL... [--thresh 0.25]

MODEL is a folder with model.cfg and model.weights. The images of the list give the ranges, and
boxes are compared on them. Times are those of one image, on all cores, in bursts by turns
(bursts.py); a ratio is the median of those of nine rounds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from bursts import burst, ratio, timed, turns
from machine import features, headline, load, machine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pydarknet  # the copy beside this script
from pydarknet.boxes.settings import Limits, settings
from pydarknet.dataset.files import read_list
from pydarknet.export.export import export_onnx
from pydarknet.export.int8 import Int8, export_int8
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import ExportOptions
from pydarknet.runtime.engine import open_engine

ROUNDS = 9
HEAD = "| model | boxes in float | equal in int8 | time / ours | time / onnxruntime in float |"


def by_turns(runs: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Return the seconds of each of several things in each round."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(ROUNDS):
        for name in turns(list(runs), number):
            times[name].append(burst(timed(runs[name])))
    return times


def row(folder: Path, images: Sequence[str], thresh: float) -> str:
    """Return the row of a model."""
    cfg, weights = folder / "model.cfg", folder / "model.weights"
    network = pydarknet.load_network(cfg, weights, device="cpu")
    chosen = settings(network, thresh=thresh)
    options = ExportOptions(limits=Limits(thresh=thresh, nms=chosen.nms))
    facts = Facts(cfg=str(cfg), weights=weights, letterbox=chosen.letterbox, batch=1, opset=13)
    paths, how = tuple(map(Path, images)), Int8(calibrate=tuple(images))
    with TemporaryDirectory() as made:
        exact, small = Path(made, "float.onnx"), Path(made, "int8.onnx")
        export_onnx(network, exact, options, facts, paths)
        report = export_int8(network, small, options, facts, how, paths).report
        x = torch.rand(1, *network.input.tensor)
        engines = [open_engine(path) for path in (exact, small)]
        fast = network.prepared()

        def ours() -> None:
            with torch.inference_mode():
                fast(x)

        exact_run, small_run = (
            lambda e=e: e.run({"images": x.numpy()}, ["output0"]) for e in engines
        )
        times = by_turns({"ours": ours, "float": exact_run, "int8": small_run})
    beside_ours, beside_float = (ratio(times["int8"], times[name])[0] for name in ("ours", "float"))
    return (
        f"| {folder.name} | {report.ours} | {report.equal} |"
        f" {beside_ours:.2f} | {beside_float:.2f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calibration", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--thresh", type=float, default=0.25)
    given = parser.parse_args()
    vnni = any("vnni" in name for name in features())
    told = "with VNNI" if vnni else "without VNNI"
    threads = f"{torch.get_num_threads()} threads of torch"
    print(f"{headline(machine())}, {told}, load {load()}, {threads}")
    print(f"\n{HEAD}\n|---|---|---|---|---|")
    for folder in given.models:
        print(row(folder, read_list(given.calibration), given.thresh), flush=True)


if __name__ == "__main__":
    main()
