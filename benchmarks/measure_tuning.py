#!/usr/bin/env python3
"""Measure what tuning costs and gains, and whether a second process finds it done.

    benchmarks/measure_tuning.py [CFG[:SIDE] ...] [--threads 1 2] [--batch 1 8]

Each network has random weights and a cache folder of its own. The first process measures; the
second must find it done, a third one must not trust the file after a byte of it is changed. Each
prints how much faster the tuned network is than the one whose convolutions are all direct: the
median of bursts by turns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from machine import headline, machine, versions
from random_network import ROOT, label, write_network

sys.path.insert(0, str(ROOT))
ROUNDS, SECONDS = 5, 0.2  # of the comparison at the end
NETWORKS = ["yolov3-tiny.cfg", "yolov4-tiny.cfg", "yolov3.cfg:416"]
HEAD = "| network | batch | threads | seconds | passes | faster | second process |"


def tune(folder: Path, batch: int, threads: int) -> None:
    """Run a network, and print as JSON what it gains, the seconds of a pass, and the verdict."""
    import torch

    import pydarknet
    from pydarknet.inference.predict import detection_form

    torch.set_num_threads(threads)
    files = folder / "net.cfg", folder / "net.weights"
    forms = []
    for tuned in (True, False):
        network = pydarknet.load_network(*files, device="cpu", tune=tuned)
        forms.append(detection_form(network, many=True))
    images = torch.rand(batch, *network.input.tensor).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        for form in forms:
            form(images)
        times: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            for form, taken in zip(forms, times, strict=True):
                taken.append(burst(lambda form=form: form(images)))
    gain = median(plain / fast for fast, plain in zip(*times, strict=True))
    verdict = forms[0].runner.settled[images.shape]
    print(json.dumps([gain, median(times[0]), verdict.seconds, verdict.disturbed]))


def burst(run: object) -> float:
    """Return the median seconds of a call, repeated for a while."""
    taken: list[float] = []
    while sum(taken) < SECONDS or len(taken) < 3:
        start = time.perf_counter()
        run()  # type: ignore[operator]
        taken.append(time.perf_counter() - start)
    return median(taken)


def process(folder: Path, batch: int, threads: int) -> list[float]:
    """Return what a process of its own prints."""
    words = [sys.executable, __file__, "--worker", str(folder), str(batch), str(threads)]
    environment = {
        **os.environ,
        "PYDARKNET_TUNE": "on",
        "PYDARKNET_CACHE_SIZE": "1G",
        "XDG_CACHE_HOME": str(folder / "cache"),
        "OMP_NUM_THREADS": str(threads),
    }
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(folder: Path, name: str, batch: int, threads: int) -> str:
    """Return the line of a network; exit if a process did not do what it should."""
    gain, one, seconds, disturbed = process(folder, batch, threads)
    if disturbed:
        return f"| {name} | {batch} | {threads} | other programs had the cores: nothing was kept |"
    later = process(folder, batch, threads)
    if later[2] != seconds:
        sys.exit("the second process measured again")
    [file] = (folder / "cache" / "pydarknet").glob("choices-*.json")
    content = bytearray(file.read_bytes())
    content[40] ^= 1
    file.write_bytes(content)
    if process(folder, batch, threads)[2] == seconds:
        sys.exit("a damaged file was believed")
    cells = f"{seconds:.1f} | {seconds / one:.0f} | {gain:.2f} | finds it, {later[0]:.2f}"
    return f"| {name} | {batch} | {threads} | {cells} |"


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--worker"]:
        tune(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[1])
    given = parser.parse_args()
    print(headline(machine()), versions(("torch",)))
    print(f"\n{HEAD}\n|---|---|---|---|---|---|---|")
    for word in given.networks:
        cfg, _, told = word.partition(":")
        side = int(told) if told else None
        path = Path(cfg) if Path(cfg).exists() else ROOT / "cfg" / cfg
        for batch in given.batch:
            for threads in given.threads:
                with tempfile.TemporaryDirectory() as folder:
                    write_network(Path(folder), path, side)
                    print(
                        row(Path(folder), label(path, side), batch, threads),
                        flush=True,
                    )


if __name__ == "__main__":
    main()
