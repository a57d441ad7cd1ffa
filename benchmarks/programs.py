#!/usr/bin/env python3
"""The programs that benchmark.py times, each in a process of its own.

    benchmarks/programs.py NAME FOLDER BATCH THREADS

Run so, a program loads the network of a folder (random_network.py), says "ready", and answers every
line on stdin with the seconds of a burst (bursts.py). A form of ours, or another program, is one
more function here.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, NoReturn

from bursts import burst, timed

ROOT = Path(__file__).resolve().parents[1]
PREDICTED = re.compile(r"Predicted in ([\d.]+) (milli-)?seconds")
OURS = "pydarknet"  # beside which the others are measured
DARKNET = "darknet"


class Job(NamedTuple):
    """The folder of a network, how many images it gets at once, and by how many threads."""

    folder: Path
    batch: int
    threads: int

    @property
    def onnx(self) -> str:
        """The file that `pydarknet export onnx` writes."""
        return str(self.folder / f"net{self.batch}.onnx")


Call = Callable[[], object]
PROGRAMS: dict[str, Callable[[Job], Call]] = {}
FORMS: list[str] = []  # those programs that are ours in another form than it is shipped


def program(name: str, *, form: bool = False) -> Callable[[Callable[[Job], Call]], Callable]:
    """Register a function that loads the network of a job, and returns what runs a forward pass."""

    def register(load: Callable[[Job], Call]) -> Callable[[Job], Call]:
        PROGRAMS[name] = load
        if form:
            FORMS.append(name)
        return load

    return register


# Ours. Images have the form that `detect` gives a network.

SETTLED = 3  # passes after which it is in its last form; of users' images it is 32 or 64


def ours(job: Job, *, tune: bool = True, half: bool = False, **options: str) -> Call:
    """Return a forward pass of our network in one of its forms, which is settled."""
    import torch

    sys.path.insert(0, str(ROOT))
    import pydarknet
    from pydarknet.backends import graph_runner
    from pydarknet.inference.predict import batch_of

    torch.set_num_threads(job.threads)
    files = job.folder / "net.cfg", job.folder / "net.weights"
    network = pydarknet.load_network(*files, device="cpu", **options)
    network.tune, network.fixed = tune, True  # as the commands open it
    images = batch_of(list(torch.rand(job.batch, *network.input.tensor)), network)

    def forward() -> object:
        with torch.inference_mode():
            return network.prepared(many=job.batch > 1, half=half)(images)

    graph_runner.LATER = graph_runner.LATEST = SETTLED
    for _ in range(SETTLED + 1):  # ways are measured, another engine takes over, a graph is made
        forward()
    return forward


@program(OURS)
def as_shipped(job: Job) -> Call:
    """One image as `detector test` looks at it; several as a list of images is looked at."""
    return ours(job)


@program("untuned", form=True)
def untuned(job: Job) -> Call:
    """The same without measuring which way of a convolution is fastest, as at the first image."""
    return ours(job, tune=False)


@program("bf16", form=True)
def in_bfloat16(job: Job) -> Call:
    """All but the heads in bfloat16, on a processor that has it."""
    return ours(job, precision="bf16", half=True)


@program("-backend onnxruntime", form=True)
def by_onnxruntime(job: Job) -> Call:
    """Our network run by onnxruntime, including the heads."""
    return ours(job, backend="onnxruntime")


@program("-backend openvino", form=True)
def by_openvino(job: Job) -> Call:
    """Our network run by OpenVINO in float32, including the heads."""
    return ours(job, backend="openvino")


@program("exported, -backend openvino", form=True)
def exported_by_openvino(job: Job) -> Call:
    """The file that `export onnx` writes, which decodes its boxes, run by OpenVINO."""
    import torch

    sys.path.insert(0, str(ROOT))
    import pydarknet

    torch.set_num_threads(job.threads)
    network = pydarknet.load_network(job.onnx, backend="openvino")
    images = random_images(job)
    return lambda: network.file.run(images)


# Others. They get the same cfg and weights, or the file that we export.


@program("OpenCV")
def opencv(job: Job) -> Call:
    """OpenCV's own importer of cfg files (of version 4)."""
    import cv2

    cv2.setNumThreads(job.threads)
    network = cv2.dnn.readNetFromDarknet(
        *(str(job.folder / f"net.{x}") for x in ("cfg", "weights"))
    )
    images, names = random_images(job), network.getUnconnectedOutLayersNames()

    def forward() -> None:
        network.setInput(images)
        network.forward(names)

    return forward


@program("onnxruntime")
def onnxruntime(job: Job) -> Call:
    """onnxruntime on our file: torch's export of our network takes it 1.0 to 1.5 times as long."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = job.threads
    session = onnxruntime.InferenceSession(job.onnx, options, ["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: random_images(job)}
    return lambda: session.run(None, feed)


@program("OpenVINO")
def openvino(job: Job, precision: str | None = "f32") -> Call:
    """OpenVINO on our file in float32."""
    import openvino

    settings = {"INFERENCE_NUM_THREADS": job.threads, "PERFORMANCE_HINT": "LATENCY"}
    if precision:
        settings["INFERENCE_PRECISION_HINT"] = precision
    core = openvino.Core()
    request = core.compile_model(core.read_model(job.onnx), "CPU", settings).create_infer_request()
    feed = [random_images(job)]
    return lambda: request.infer(feed, share_inputs=True, share_outputs=True)


@program("OpenVINO default")
def openvino_default(job: Job) -> Call:
    """OpenVINO on our file in the precision that it chooses for the processor."""
    return openvino(job, precision=None)


def random_images(job: Job) -> object:
    """Return random images [N, C, H, W] of the network's size."""
    import numpy as np

    shape = json.loads((job.folder / "size.json").read_text())
    return np.random.default_rng(1).random((job.batch, *shape), np.float32)


def serve(forward: Call, lines: IO[str]) -> None:
    """Answer every line with the seconds of a burst."""
    print("ready", flush=True)
    for _ in lines:
        print(burst(timed(forward)), flush=True)


# The other side: processes that are asked for bursts


class Peer:
    """A process that runs a network in bursts when it is asked to."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 ends with it
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env={**os.environ, **environment},
            text=True,
        )

    def ready(self) -> bool:
        """Wait until the process has loaded the network; return whether it could."""
        return self.process.stdout.readline() == "ready\n"

    def burst(self) -> float:
        """Run a burst, and return the median seconds of a forward pass."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        return float(answer) if answer else self.failure()

    def failure(self) -> NoReturn:
        """Exit, and say why the process ended."""
        sys.exit(f"{self.name} ended: {self.reason()}")

    def reason(self) -> str:
        """Return the last line of what it said on stderr."""
        self.errors.seek(0)
        lines = self.errors.read().split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

    def end(self) -> None:
        """End the process."""
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Darknet(Peer):
    """A C program that asks for paths of images. The times that it prints count."""

    def __init__(self, program: Path, folder: Path, threads: int) -> None:
        words = ["detector", "test", *(f"net.{kind}" for kind in ("data", "cfg", "weights"))]
        command = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), str(program.resolve()), *words]
        flags = ["-dont_show", "-thresh", "0.99"]
        super().__init__(DARKNET, [*command, *flags], {"OMP_NUM_THREADS": str(threads)})

    def ready(self) -> bool:
        return self.seconds() > 0

    def burst(self) -> float:
        return burst(lambda: self.seconds() or self.failure())

    def seconds(self) -> float:
        """Run one forward pass, and return the seconds that the program prints; 0 if it ended."""
        with suppress(BrokenPipeError):
            self.process.stdin.write("image.png\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            if match := PREDICTED.search(line):
                return float(match[1]) / (1000 if match[2] else 1)
        return 0.0


def start(name: str, job: Job, folder: str | None = None) -> Peer:
    """Start a program, with a folder in which pip installed its package."""
    words = [name, str(job.folder), str(job.batch), str(job.threads)]
    threads = {"OMP_NUM_THREADS": str(job.threads)}
    cache = {"XDG_CACHE_HOME": str(job.folder / "cache")}  # with no choices of former runs
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    return Peer(name, [sys.executable, __file__, *words], {**threads, **cache, "PYTHONPATH": path})


def main() -> None:
    """Serve a program."""
    name, folder, batch, threads = sys.argv[1:]
    serve(PROGRAMS[name](Job(Path(folder), int(batch), int(threads))), sys.stdin)


if __name__ == "__main__":
    main()
