"""From a network to a checked file of 8-bit integers, and what it costs and gains."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from ..errors import UsageError
from ..graph.executor import Executor
from ..image.files import load_image
from ..inference.predict import network_input
from ..load import load_network
from ..runtime.engine import open_engine
from ..system.files import write_errors
from .check import check_file
from .costs import Costs
from .export import Result, inputs
from .judge import Judge, judge_of
from .metadata import Facts
from .onnx_file import check_place, save_model, write_model
from .onnx_model import Exported, ExportOptions, build_model
from .quantize import LEAST_OPSET, quantize

SECONDS, ROUNDS = 2.0, 5  # for which files are timed, and how often at least


@dataclass(frozen=True, kw_only=True)
class Int8:
    """How a file is quantised: the images that give its ranges, and those with known truth.

    These are the list `valid` of the .data file `data`. `force` keeps a file that loses more than
    costs.MOST_LOST.
    """

    calibrate: tuple[str, ...]
    data: Path | None = None
    valid: tuple[str, ...] = ()
    force: bool = False


def check_words(half: bool, opset: int) -> None:
    """Raise UsageError for what int8 does not go with."""
    if half:
        raise UsageError("-int8 and -half: expected one of them")
    if opset < LEAST_OPSET:
        raise UsageError(f"-int8 with -opset {opset}: expected at least {LEAST_OPSET}")
    if find_spec("onnxruntime") is None:
        raise UsageError(
            "-int8: onnxruntime is not installed: expected it, because it quantises",
            hint="pip install onnxruntime",
        )


def export_int8(
    network: Executor,
    path: Path,
    options: ExportOptions,
    facts: Facts,
    int8: Int8,
    images: tuple[Path, ...] = (),
) -> Result:
    """Write a network as an ONNX file that computes in 8-bit integers, and measure it.

    The file in float is made first and proven; it is gone at the end. Raises DarknetError for what
    cannot be exported, and if too much is lost: then no file is left.
    """
    check_words(options.half, options.opset)
    check_place(path)
    judge = judge_of(network, int8.data, int8.valid)
    exported = build_model(network, options, replace(facts, precision="int8"))
    batches = list(inputs(network, options.batch, facts.letterbox, images))
    with write_errors(path):
        made = TemporaryDirectory(prefix=".pydarknet.", suffix=".tmp", dir=path.parent)
    results: list[Result] = []
    with made as folder:
        exact = Path(folder, "float.onnx")
        keys = [(prop.key, prop.value) for prop in exported.model.metadata_props]
        with write_errors(path):
            write_model(exported.model, exact)
        check_file(exact, exported, batches, "float")
        given = calibration(network, exported, facts, int8.calibrate)
        model = quantize(exact, Path(folder, "int8.onnx"), exported.heads, given)
        for key, value in keys:
            model.metadata_props.add(key=key, value=value)

        def check(written: Path) -> None:
            report = check_file(written, exported, batches, "int8")
            first = {exported.layout.input: batches[0].numpy()}
            given = first | exported.first_states(len(batches[0]))
            costs = Costs(
                times=compare_times(exact, written, given, exported.outputs),
                shares=shares_of(judge, exact, written),
            )
            if not int8.force:
                costs.check(path)
            results.append(Result(exported.layout.name, report, costs))

        save_model(model, path, check)
    return results[0]


def calibration(
    network: Executor, exported: Exported, facts: Facts, paths: Sequence[str]
) -> Iterator[dict[str, np.ndarray]]:
    """Yield the inputs of a run for each image, fitted as the network fits it.

    A batch is filled by repeating it. Raises DataError for an image that cannot be read.
    """
    count = 1 if isinstance(facts.batch, str) else facts.batch
    for path in paths:
        image = load_image(path, network.image_channels, network.exif)
        one = network_input(network, image, letterboxed=facts.letterbox)
        images = one.expand(count, *one.shape).contiguous().numpy()
        yield {exported.layout.input: images} | exported.first_states(count)


def compare_times(
    exact: Path, written: Path, given: Mapping[str, np.ndarray], outputs: Sequence[str]
) -> tuple[float, float]:
    """Return the median milliseconds of both files, run by turns."""
    engines = [open_engine(path) for path in (exact, written)]
    times: tuple[list[float], list[float]] = ([], [])
    for engine in engines:
        engine.run(given, outputs)
    end = time.perf_counter() + SECONDS
    while len(times[1]) < ROUNDS or time.perf_counter() < end:
        for engine, spent in zip(engines, times, strict=True):
            start = time.perf_counter()
            engine.run(given, outputs)
            spent.append((time.perf_counter() - start) * 1000)
    return median(times[0]), median(times[1])


def shares_of(judge: Judge | None, exact: Path, written: Path) -> dict[str, tuple[float, float]]:
    """Return what is measured of both files, by name; nothing without a judge."""
    if judge is None:
        return {}
    before, after = (judge(load_network(path, device="cpu")) for path in (exact, written))
    return {name: (before[name], after[name]) for name in before}
