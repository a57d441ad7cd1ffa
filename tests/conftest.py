"""What tests share: networks from cfg text, recordings of the C programs, the shared data."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor

from pydarknet.backends.choices import choices
from pydarknet.cfg.dialect import DIALECTS
from pydarknet.cfg.net import Net
from pydarknet.cfg.parser import sections_of
from pydarknet.graph.nodes import read_layers
from pydarknet.layers import Node, Reading
from pydarknet.network import Network
from pydarknet.system.console import forget_notes

pytest.register_assert_rewrite("texts")
os.environ["PYDARKNET_CACHE_SIZE"] = "0"  # tests of compiled forms say otherwise
os.environ["PYDARKNET_TUNE"] = "off"  # measuring takes a second for each network
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before a test imports onnxruntime by itself

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")  # for tests' folders: a disk may take milliseconds to remove a file
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
SHARED = HERE.parents[1] / "shared"
SCRIPTS = HERE.parent / "scripts"
BENCHMARKS = HERE.parent / "benchmarks"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs the public cfgs, models and recordings in ../shared"
)
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
both_lineages = pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let a process per core and one more, four at most, share a run of folders.

    One more, because tests wait for programs. Runs of named files stay in this process, which
    starts sooner; so does all with --pdb, or without pytest-xdist. -n says otherwise.
    """
    option = config.option
    chosen = getattr(option, "numprocesses", 0) is not None  # or there is no pytest-xdist
    shares = hasattr(config, "workerinput")  # this is one of the processes that share a run
    if chosen or shares or option.usepdb or not all(Path(word).is_dir() for word in config.args):
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    option.numprocesses = min((cores or 1) + 1, option.maxprocesses or 4)
    option.dist = "worksteal" if option.dist == "no" else option.dist
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # of each process that shares


@pytest.hookimpl(hookwrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for garbage, and never look for it in torch and what is collected."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Let each of the processes that share a run begin at another place of every folder.

    The first run compiles all files: each process finds compiled what the others came to before.
    """
    result = yield
    shares = getattr(collector.config, "workerinput", None)
    if shares and isinstance(collector, pytest.Directory):
        report = result.get_result()
        first = len(report.result) * int(shares["workerid"][2:]) // shares["workercount"]
        report.result = report.result[first:] + report.result[:first]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests the same order in all processes."""
    items.sort(key=lambda item: item.path)


def recording(name: str) -> Path:
    """Return the folder of a recording of the C programs; skip the test if it is missing."""
    for folder in (HERE / "reference" / name, SHARED / "golden" / name):
        if folder.is_dir():
            return folder
    pytest.skip(f"needs the recording {name} in ../shared")


def run(network: Network, numbers: Iterable[float]) -> Tensor:
    """Return the last layer's output for one image, given by its numbers in memory order.

    The batch has a second image, on which this output must not depend.
    """
    image = torch.tensor(list(numbers), dtype=torch.float32).view(1, *network.input.tensor)
    with torch.no_grad():
        return network.trace(torch.cat([image, 1 - image]))[-1][0]


def rows(network: Network) -> list[str]:
    """Return the lines of the layer table, without title and totals."""
    last = -2 if network.dialect.table_totals else None
    return network.table().split("\n")[1:last]


@pytest.fixture(autouse=True)
def new_run() -> None:
    """Let each test be a run of its own, in which no note was written yet."""
    forget_notes()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let compiled networks be kept in a folder of the test, which this returns."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "1G")
    return tmp_path / "cache" / "pydarknet"


@pytest.fixture
def no_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let trainings end with what a chart shows, undrawn: to draw it takes longer than to train."""
    monkeypatch.setattr("pydarknet.training.chart.png_of", pickle.dumps)


@pytest.fixture
def net() -> Callable[..., Network]:
    """Return a function that makes a network from cfg text and an input size, without weights."""

    def make(
        text: str,
        *,
        c: int = 3,
        h: int = 16,
        w: int = 16,
        inputs: int = 0,
        dialect: str = "pjreddie",
        strict: bool = True,
        batchnorm: str = "gpu",
        options: str = "",
    ) -> Network:
        size = f"inputs={inputs}" if inputs else f"channels={c}\nheight={h}\nwidth={w}"
        sections = sections_of(f"[net]\n{size}\n{options}\n{text}", "net.cfg")
        chosen = DIALECTS.of(dialect)
        reading = Reading(
            lineage=dialect,
            strict=strict,
            net=Net.read(sections[0], dialect, strict),
            processor=batchnorm,
        )
        return Network(reading.net, read_layers(sections[1:], reading), chosen)

    return make


@pytest.fixture
def nodes(net: Callable[..., Network]) -> Callable[..., list[Node]]:
    """Return a function that returns the nodes of such a network."""
    return lambda text, **options: net(text, **options).nodes


@pytest.fixture
def loaded(net: Callable[..., Network], tmp_path: Path) -> Callable[..., Network]:
    """Return a function that loads such a network from floats, and asserts that it reads all."""

    def make(
        text: str,
        floats: Sequence[float],
        *,
        header: bytes = struct.pack("<3iQ", 0, 2, 0, 0),
        **options: object,
    ) -> Network:
        network = net(text, **options)
        path = tmp_path / "net.weights"
        path.write_bytes(header + struct.pack(f"<{len(floats)}f", *floats))
        assert network.load_weights(path).floats == len(floats)
        return network

    return make


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Let torch use one thread: all processes get the same bits, and small networks are fast."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a script in an empty folder."""

    def run(name: str, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        interpreter = "bash" if name.endswith(".sh") else sys.executable
        command = [interpreter, str(SCRIPTS / name), *words]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, **options
        )

    return run


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Return a function that imports a script as a module."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module


def forget_choices() -> None:
    """Forget what this process knows of former measurements."""
    choices.cache_clear()
