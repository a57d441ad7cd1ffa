#!/usr/bin/env python3
"""Measure `detector test` on one picture beside a C program: whole commands, time and memory.

    benchmarks/measure_one_picture.py --darknet PROGRAM [--runs 9] [--image dog.jpg]
        [--models FOLDER ...] [--threads 2] [--dialect alexeyab]

A model is a folder with a .cfg, .weights and .names, or a cfg of COCO; if none is given, those of
MODELS that are in ../shared/models or shipped. A cfg gets random weights: its batch norms are
fitted to the image, and objectness and classes of its heads are shifted until twelve boxes and
twelve of their classes exceed 0.5, so that there is something to suppress, print and draw. On a
JPEG the numbers of boxes may differ a little, because the programs decode by different libraries.

Five commands take turns, each measured from the start of its process to its end: the C program;
ours by torch (`-nocache`); ours with an empty cache folder; ours with the cache of the call before;
and the same where onnxruntime cannot be imported, so that OpenCV is the only engine. The first
turns fill the caches and do not count. Other programs on the machine lengthen the seconds by the
clock, and much less the CPU's, if each command has one thread. Memory is the peak of resident
memory that the system counted for the process. That count begins with the memory of the process
that starts it, so this script imports nothing large, and another process makes the weights.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from torch import Tensor

    from pydarknet.graph.executor import Executor

MODELS = ["yolo-fastest-1.1-xl", "yolov3-tiny", "yolov4-tiny", "yolov3"]
PYDARKNET = [sys.executable, "-m", "pydarknet"]
UNCOUNTED = 2  # turns: the first compiles modules and fills our caches, the second reads them
BOX = re.compile(r"^.+: +\d+%", re.MULTILINE)  # a line that a box gets
TITLES = (
    "| network | program | seconds | of darknet's | CPU seconds | of darknet's "
    "| peak MiB | of darknet's | lines of boxes |"
)


# The models: each becomes a folder of net.cfg, net.weights, net.names, net.data and the picture


def model_place(word: str) -> Path | None:
    """Return the folder or cfg of a model: as given, of the shared models, or shipped."""
    places = [Path(word), SHARED / "models" / word, ROOT / "cfg" / f"{word}.cfg"]
    return next((place.resolve() for place in places if place.exists()), None)


def write_model(place: Path, image: Path, folder: Path, dialect: str) -> None:
    """Fill the folder of a model."""
    shutil.copy(image, folder / f"picture{image.suffix}")
    (folder / "net.data").write_text("classes=80\nnames=net.names\n")
    if place.is_dir():
        for suffix in (".cfg", ".weights", ".names"):
            shutil.copy(next(place.glob(f"*{suffix}")), folder / f"net{suffix}")
        return
    shutil.copy(place, folder / "net.cfg")
    shutil.copy(ROOT / "data" / "coco.names", folder / "net.names")
    files = (folder / "net.cfg", folder / "net.weights", image, dialect)
    maker = multiprocessing.get_context("spawn").Process(target=write_weights, args=files)
    maker.start()
    maker.join()
    if maker.exitcode:
        sys.exit(f"{place}: its weights could not be made")


def write_weights(cfg: Path, weights: Path, image: Path, dialect: str) -> None:
    """Write random weights with which a network finds some boxes in an image."""
    import torch
    from measure_map import fit_batch_norms

    import pydarknet
    from pydarknet.inference.predict import network_input
    from pydarknet.modules.transforms import load_image

    torch.manual_seed(1)
    network = pydarknet.load_network(cfg, dialect=dialect, device="cpu")
    inputs = network_input(network, load_image(image), letterboxed=False)[None]
    fit_batch_norms(network, inputs)
    shift_scores(network, inputs, boxes=12)
    network.save_weights(weights)


def shift_scores(network: Executor, inputs: Tensor, boxes: int) -> None:
    """Shift all objectness and classes: this many boxes and as many of their classes exceed 0.5."""
    import torch

    with torch.no_grad():
        maps = [head.raw.unflatten(1, (3, 85)) for head in network.heads(inputs)]
        cells = torch.cat([each.movedim(2, -1).flatten(0, -2) for each in maps])  # [K, 85]
        objectness, which = cells[:, 4].topk(boxes + 1)
        classes = cells[which[:-1], 5:].flatten().topk(boxes + 1).values
        for name, biases in network.named_parameters():
            if name.endswith("biases") and len(biases) == 255:  # of the convolution before a head
                biases.view(3, 85)[:, 4] -= objectness[-2:].mean()
                biases.view(3, 85)[:, 5:] -= classes[-2:].mean()


# The commands


class Command(NamedTuple):
    """The words of a command, its environment, and whether its cache folder is empty."""

    words: list[str]
    environment: dict[str, str]
    empty: bool = False


class Run(NamedTuple):
    """What a command took: seconds by the clock and of processors, bytes; the boxes it printed."""

    seconds: float
    cpu: float
    peak: int
    boxes: int


def environment(threads: int, dialect: str, compiled: Path) -> dict[str, str]:
    """Return what every command finds: threads, dialect, this copy, its compiled modules."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return {
        **kept,
        "OMP_NUM_THREADS": str(threads),
        "PYDARKNET_DIALECT": dialect,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONPYCACHEPREFIX": str(compiled),
    }


def without_onnxruntime(shared: dict[str, str], folder: Path) -> dict[str, str]:
    """Return an environment in which Python does not find onnxruntime; write what does that."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text("import sys\n\nsys.modules['onnxruntime'] = None\n")
    return {**shared, "PYTHONPATH": os.pathsep.join([str(folder), shared["PYTHONPATH"]])}


def commands(darknet: Path, folder: Path, shared: dict[str, str]) -> dict[str, Command]:
    """Return the commands on the picture in a folder, by name; the first is the C program."""
    [picture] = folder.glob("picture.*")
    words = ["detector", "test", "net.data", "net.cfg", "net.weights", picture.name, "-dont_show"]
    ours = [*PYDARKNET, *words]
    bare = without_onnxruntime(shared, folder / "bare")

    def with_cache(name: str, found: dict[str, str]) -> dict[str, str]:
        return {**found, "XDG_CACHE_HOME": str(folder / name)}

    return {
        "darknet": Command([str(darknet), *words], shared),
        "pydarknet -nocache": Command([*ours, "-nocache"], with_cache("none", shared)),
        "pydarknet, first call": Command(ours, with_cache("first", shared), empty=True),
        "pydarknet, second call": Command(ours, with_cache("second", shared)),
        "pydarknet, second call, OpenCV alone": Command(ours, with_cache("opencv", bare)),
    }


def run(command: Command, folder: Path) -> Run:
    """Run a command in a folder, and return what it took."""
    if command.empty:
        shutil.rmtree(command.environment["XDG_CACHE_HOME"], ignore_errors=True)
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        start = time.perf_counter()
        process = subprocess.Popen(
            command.words, cwd=folder, env=command.environment, stdout=stdout, stderr=stderr
        )
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    text = out.read_text(errors="replace")
    if process.returncode or "Predicted in" not in text:
        said = err.read_text(errors="replace")[-400:]
        sys.exit(f"{' '.join(command.words)}: exit status {process.returncode}: {said}")
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = used.ru_utime + used.ru_stime
    return Run(took, cpu, used.ru_maxrss * unit, len(BOX.findall(text)))


def measure(named: dict[str, Command], folder: Path, runs: int) -> dict[str, list[Run]]:
    """Let the commands take turns, and return the runs of each."""
    taken: dict[str, list[Run]] = {name: [] for name in named}
    for turn in range(UNCOUNTED + runs):
        for name, command in named.items():
            one = run(command, folder)
            if turn >= UNCOUNTED:
                taken[name].append(one)
    return taken


def measure_model(
    place: Path, options: argparse.Namespace, shared: dict[str, str]
) -> dict[str, list[Run]]:
    """Return the runs of the commands on a model, by name."""
    darknet = options.darknet.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(place, options.image, folder, options.dialect)
        if (darknet.parent / "data").is_dir():  # the C program draws letters from there
            (folder / "data").symlink_to(darknet.parent / "data")
        return measure(commands(darknet, folder, shared), folder, options.runs)


# The table


def rows(model: str, taken: dict[str, list[Run]]) -> list[str]:
    """Return a row per command: the medians, and their ratios to those of the first command."""
    medians = {
        name: [statistics.median(column) for column in zip(*runs, strict=True)]
        for name, runs in taken.items()
    }
    first = next(iter(medians.values()))
    lines = []
    for name, (seconds, cpu, peak, boxes) in medians.items():
        shares = [
            f"{seconds:.2f} | {seconds / first[0]:.2f}",
            f"{cpu:.2f} | {cpu / first[1]:.2f}",
            f"{peak / 2**20:.0f} | {peak / first[2]:.2f}",
        ]
        lines.append(f"| {model} | {name} | {' | '.join(shares)} | {boxes:.0f} |")
    return lines


def processor() -> str:
    """Return the processor's name."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def command_line() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--darknet", type=Path, required=True, help="the C program")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--image", type=Path, help="dog.jpg if it is there, else digits.png")
    parser.add_argument("--models", nargs="+", metavar="FOLDER", help="or a cfg of COCO")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--dialect", default="alexeyab", choices=["alexeyab", "pjreddie"], help="the C program's"
    )
    options = parser.parse_args()
    dog = SHARED / "images" / "dog.jpg"
    options.image = options.image or (dog if dog.exists() else ROOT / "data" / "digits.png")
    return options


def main() -> None:
    """Print a table whose rows are the commands on each network."""
    options = command_line()
    places = {word: model_place(word) for word in options.models or MODELS}
    if options.models and None in places.values():
        sys.exit(f"there is no model {next(w for w in places if not places[w])}")
    engine = "" if importlib.util.find_spec("onnxruntime") else "no onnxruntime, "
    print(f"{processor()}, {options.threads} threads, {engine}{options.image.name}, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}, medians of {options.runs} runs")
    print(f"\n{TITLES}\n|{'---|' * TITLES.count(' | ')}---|")
    with tempfile.TemporaryDirectory() as compiled:
        shared = environment(options.threads, options.dialect, Path(compiled))
        for word, place in places.items():
            if place is not None:
                taken = measure_model(place, options, shared)
                print("\n".join(rows(Path(word).name, taken)), flush=True)


if __name__ == "__main__":
    main()
