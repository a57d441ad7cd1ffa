#!/usr/bin/env python3
"""Measure a forward pass on the CPU beside other programs that run the same network.

    benchmarks/benchmark.py [CFG[:SIDE][@BATCHES] ...] [--darknet PROGRAM] [--opencv FOLDER]
        [--threads 1 2] [--batch 1 8] [--rounds 9] [--programs NAME ...] [--results FILE]
        [--seconds 75] [--busy 0.05]

The programs are those of programs.py: our network in several forms, the C program, OpenCV 4 from a
folder (`pip install --no-deps --target FOLDER opencv-python==4.14.0.94`), onnxruntime and OpenVINO
on the file that `export onnx` writes. All have the same random weights, and each is a process of
its own. They are timed in bursts by turns (bursts.py); ratios compare the times of a round, and
their interval is that of the sign test. A round in which other processes, or other machines on the
same cores, take more than 5 % of the cores is not kept.

Results are kept in benchmarks/results, in a file per machine. A file takes no results of another
machine or of other versions. Where it has rounds, the same command goes on after the last one. It
ends after `--seconds` with the status 75 if there is more to do. So all figures of
docs/PERFORMANCE.md (25 minutes on two cores of a Xeon) are measured by

    while python benchmarks/benchmark.py yolov3-tiny.cfg yolov4-tiny.cfg yolov3.cfg:416@1 XL.cfg \\
        --darknet PROGRAM --opencv FOLDER; [ $? = 75 ]; do :; done
    python benchmarks/write_performance.py

where XL.cfg is that of yolo-fastest-1.1-xl. For a GPU see measure_gpu.py.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import results
from bursts import PAUSE, turns
from machine import Watch, busy, headline, load, machine, version, versions
from programs import DARKNET, OURS, PROGRAMS, Darknet, Job, Peer, start
from random_network import ROOT, export, label, write_network

sys.path.insert(0, str(ROOT))
PACKAGES = ("torch", "numpy", "onnxruntime", "openvino")
MORE = 75  # the exit status where there is more to do
BUSY = 0.05  # of the cores: a round in which others take more is not kept
TRIES = 5  # of our network to start undisturbed
START = 15  # seconds that starting the programs of a case takes, about


class Network(NamedTuple):
    """A network to measure: its cfg, the side of its input, and how many images at once."""

    cfg: Path
    side: int | None
    batches: list[int]


class Piece:
    """What one run of the script measures: until its time is over."""

    def __init__(self, options: argparse.Namespace, path: Path, content: results.Content) -> None:
        self.options, self.path, self.content = options, path, content
        self.end = time.perf_counter() + options.seconds
        self.rounds = 0

    def over(self, needed: float) -> bool:
        """Return whether the rest is too short for what needs so many seconds."""
        return self.rounds > 0 and time.perf_counter() + needed > self.end

    def measure(self, network: Network) -> bool:
        """Measure a network in all its cases; return whether all are done."""
        keys = [(batch, threads) for batch in network.batches for threads in self.options.threads]
        name = label(network.cfg, network.side)
        cases = {key: results.find_case(self.content, name, *key) for key in keys}
        missing = [key for key in keys if not self.done(cases[key])]
        if missing and self.over(START):
            return False
        with tempfile.TemporaryDirectory() as place:
            if missing:
                write_network(Path(place), network.cfg, network.side)
            return all(self.finish(cases[key], Job(Path(place), *key)) for key in missing)

    def done(self, case: results.Case) -> bool:
        """Return whether a case has all its rounds, of all programs that are wanted."""
        known = {*case["seconds"], *case["missing"]}
        same = known == set(self.names(case["batch"]))
        return same and results.rounds(case) >= self.options.rounds

    def finish(self, case: results.Case, job: Job) -> bool:
        """Measure the rounds of a case that are missing; return whether none is then."""
        if self.over(START):
            return False
        running: dict[str, Peer] = {}
        try:
            missing = self.start(self.names(job.batch), job, running)
            return self.go_on(case, running, missing)
        finally:
            for peer in running.values():
                peer.end()
            results.save(self.path, self.content)

    def names(self, batch: int) -> list[str]:
        """Return the names of the programs of a case."""
        darknet = [DARKNET] if self.options.darknet else []
        every = [*PROGRAMS, *darknet * (batch == 1)]  # the C program has one image at a time
        return [name for name in every if name in self.options.programs]

    def start(self, names: list[str], job: Job, running: dict[str, Peer]) -> dict[str, str]:
        """Start programs; return why some cannot run. Ours comes last: it measures what is fast."""
        if not Path(job.onnx).exists():
            export(job.folder, job.batch)
        for name in names:
            if name == DARKNET:
                running[name] = Darknet(self.options.darknet, job.folder, job.threads)
            elif name != OURS:
                running[name] = start(name, job, {"OpenCV": self.options.opencv}.get(name))
        missing = {name: peer.reason() for name, peer in running.items() if not peer.ready()}
        time.sleep(PAUSE)
        self.start_ours(job, running)
        return missing

    def start_ours(self, job: Job, running: dict[str, Peer]) -> None:
        """Start our network, again where others disturb it while it measures what is fast."""
        for _ in range(TRIES):
            shutil.rmtree(job.folder / "cache", ignore_errors=True)
            watch = Watch([peer.process.pid for peer in running.values()])
            ours = running[OURS] = start(OURS, job)
            watch.processes.append(ours.process.pid)
            if not ours.ready():
                sys.exit(f"{OURS} cannot run {job.folder}: {ours.reason()}")
            if (others := watch.share()) <= self.options.busy:
                return
            print(f"others took {others:.0%} of the cores: {OURS} starts again", flush=True)
            ours.end()
            del running[OURS]
        print("the machine is too busy now: the same command goes on", flush=True)
        sys.exit(MORE)

    def go_on(self, case: results.Case, running: dict[str, Peer], missing: dict[str, str]) -> bool:
        """Measure rounds until there are enough or the time is over; return whether there are."""
        able = [OURS, *(name for name in running if name not in (OURS, *missing))]
        if set(missing) != set(case["missing"]) or set(able) != set(case["seconds"]):
            case.update(seconds={name: [] for name in able}, missing=missing)
        took = 0.0
        while results.rounds(case) < self.options.rounds:
            if self.over(took):
                return False
            before = time.perf_counter()
            watch = Watch([peer.process.pid for peer in running.values()])
            spent = {name: running[name].burst() for name in turns(able, results.rounds(case))}
            self.rounds, took = self.rounds + 1, time.perf_counter() - before
            if (others := watch.share()) > self.options.busy:
                print(f"others took {others:.0%} of the cores: this round is not kept", flush=True)
                continue
            for name, seconds in spent.items():
                case["seconds"][name].append(results.significant(seconds))
        print("\n".join(lines(case)), flush=True)
        return True


def lines(case: results.Case) -> list[str]:
    """Return a line per program: its median time, and its time relative to ours."""
    found = results.summary(case["seconds"])
    texts = [f"{case['network']}, batch {case['batch']}, threads {case['threads']}"]
    for name, ms in found["ms"].items():
        middle, low, high = found["ratios"].get(name, (1, 1, 1))
        told = "" if name == OURS else f"{middle:6.2f} times ours ({low:.2f} to {high:.2f})"
        texts.append(f"  {name:24} {ms:8.1f} ms {told}")
    return texts + [f"  {name:24} cannot run: {why}" for name, why in case["missing"].items()]


def network_of(word: str, batches: list[int]) -> Network:
    """Return the network that a word CFG[:SIDE][@BATCHES] names."""
    rest, _, own = word.partition("@")
    name, _, side = rest.partition(":")
    cfg = next((p for p in (Path(name), ROOT / "cfg" / name) if p.is_file()), None)
    if cfg is None:
        sys.exit(f"{name}: no such file, nor in cfg/: expected a cfg")
    return Network(
        cfg, int(side) if side else None, [*map(int, own.split(","))] if own else batches
    )


def found_versions(options: argparse.Namespace) -> dict[str, str]:
    """Return the versions of all programs; of the C program it is the digest of its file."""
    found = versions(PACKAGES)
    opencv = version("opencv", options.opencv)
    if opencv:
        found["opencv"] = opencv
    if options.darknet:
        found[DARKNET] = hashlib.sha256(options.darknet.read_bytes()).hexdigest()[:12]
    return found


def command_line() -> argparse.Namespace:
    """Return the options."""
    every = [*PROGRAMS, DARKNET]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", default=["yolov3-tiny.cfg"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--programs", nargs="+", choices=every, default=every, metavar="NAME")
    parser.add_argument("--darknet", type=Path, help="a C program, built for CPUs")
    parser.add_argument("--opencv", help="folder of an OpenCV 4")
    parser.add_argument("--results", type=Path, help="the file; by default that of the machine")
    parser.add_argument("--seconds", type=float, default=75, help="after which the script ends")
    parser.add_argument("--busy", type=float, default=BUSY, help="share that others may take")
    options = parser.parse_args()
    options.programs = [*dict.fromkeys([OURS, *options.programs])]
    return options


def main() -> None:
    """Measure what is missing in the results."""
    options, here = command_line(), machine()
    path = options.results or results.place_of(here)
    networks = [network_of(word, options.batch) for word in options.networks]
    content = results.open_results(path, results.new(here, found_versions(options)))
    content["loads"].append(load())
    print(f"{headline(here)}, load {load()}, others take {busy():.0%} of the cores")
    print(", ".join(f"{name} {text}" for name, text in content["versions"].items()))
    piece = Piece(options, path, content)
    if not all(piece.measure(network) for network in networks):
        print("there is more to measure: the same command goes on")
        sys.exit(MORE)


if __name__ == "__main__":
    main()
