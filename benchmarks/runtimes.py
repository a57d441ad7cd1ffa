"""Programs that run ONNX files, each in its own Python, for compare_runtimes.py."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

OPENCV = """
import cv2
version = cv2.__version__
def load(path):
    cv2.setNumThreads(1)
    return cv2.dnn.readNetFromONNX(path)
def run(net, given, outputs):
    for name, values in given.items():
        net.setInput(values, name)
    named = list(net.getUnconnectedOutLayersNames())
    wanted = named if sorted(named) != sorted(outputs) else outputs
    found = dict(zip(wanted, net.forward(wanted)))
    return [found[name] if name in found else net.forward(name) for name in outputs]
"""
# The code of each: its `version`, `load` of a file, and `run` of what was loaded.
RUNTIMES = {
    "onnxruntime": """
import onnxruntime
version = onnxruntime.__version__
def load(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
def run(session, given, outputs):
    return session.run(outputs, given)
""",
    "opencv5": OPENCV,
    "opencv4": OPENCV,
    "openvino": """
import openvino
version = openvino.__version__.partition("-")[0]
def load(path):
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    return openvino.Core().compile_model(path, "CPU", options)
def run(model, given, outputs):
    found = model(given)
    return [found[name] for name in outputs]
""",
}
# A line is a file, inputs, and a folder for what it gives. Each file has a process of its own.
LOOP = """
import json, os, resource, signal, sys
import numpy as np
answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(1, 2)
def work(path, inputs, place):
    with np.load(inputs) as file:
        arrays = dict(file)
    job = json.loads(str(arrays.pop("job")))
    given = {name: arrays[name] for name in job["states"]}
    net = load(path)
    open(place + "/loaded", "w").close()
    for step in range(job["steps"]):
        given[job["input"]] = arrays[str(step)]
        found = run(net, given, job["outputs"] + job["after"])
        found = [np.zeros(0) if one is None else np.array(one) for one in found]
        count = len(job["outputs"])
        for name, after in zip(job["states"], found[count:]):
            given[name] = np.ascontiguousarray(after).reshape(arrays[name].shape)
        np.savez(place + f"/{step}.npz", *found[:count])
print(version, file=answers, flush=True)
for line in sys.stdin:
    path, inputs, place, seconds = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        signal.alarm(int(seconds))
        try:
            work(path, inputs, place)
        except BaseException as error:
            with open(place + "/error", "w") as file:
                file.write(f"{type(error).__name__}: {error}")
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
"""


@dataclass(frozen=True)
class Job:
    """What a file is run on: a batch per step, and the states before the first step.

    The states are the inputs of these sizes; what they become is the output `NAME_after`.
    """

    input: str
    outputs: list[str]
    batches: list[np.ndarray]
    states: dict[str, tuple[int, ...]]

    def save(self, path: Path) -> None:
        """Write it for a runtime."""
        job = {
            "input": self.input,
            "outputs": self.outputs,
            "states": list(self.states),
            "after": [f"{name}_after" for name in self.states],
            "steps": len(self.batches),
        }
        arrays = {str(step): batch for step, batch in enumerate(self.batches)}
        arrays |= {name: np.zeros((1, *size), np.float32) for name, size in self.states.items()}
        np.savez(path, job=np.array(json.dumps(job)), **arrays)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Done:
    """What became of a file: whether it was loaded, the outputs of each step, or why not."""

    loaded: bool
    steps: list[list[np.ndarray]] | None
    error: str = ""


class Runtime:
    """A runtime that waits in its own Python, so that it is imported once."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [python, "-c", RUNTIMES[name] + LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.version = self.answer() or "not installed"

    def answer(self) -> str:
        """Return its next line."""
        assert self.process.stdout, "a pipe"
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        """Let it end: it reads no more lines."""
        self.process.communicate()

    def run(self, path: Path, inputs: Path, place: Path, seconds: int) -> Done:
        """Run a file on inputs that a job saved; `place` is an empty folder."""
        assert self.process.stdin, "a pipe"
        print(path, inputs, place, seconds, sep="\t", file=self.process.stdin, flush=True)
        status = self.answer()
        loaded = Path(place, "loaded").exists()
        if status != "0":
            told = Path(place, "error")
            error = told.read_text() if told.exists() else f"its process ended with {status}"
            return Done(loaded, None, " ".join(error.split())[-400:])
        files = sorted(place.glob("*.npz"))
        return Done(loaded, [list(np.load(file).values()) for file in files])


def open_runtimes(pythons: dict[str, str], names: Sequence[str]) -> list[Runtime]:
    """Start runtimes, each by the Python that has it."""
    return [Runtime(name, pythons[name]) for name in names]
