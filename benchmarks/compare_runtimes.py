#!/usr/bin/env python3
"""Export cfgs in every layout, run the files by other programs, and compare their numbers.

python benchmarks/compare_runtimes.py --opencv4 VENV/bin/python --openvino VENV/bin/python cfg/*.cfg

Each cfg gets random weights and the batch norm statistics of a random image. Each file is compared
on another random image, in two steps where the network keeps a state, and deleted after its row.
A difference is a part of the largest value of its kind: of sides, of scores. Rows are kept in
--results, the same command goes on where it stopped, and at last it prints the tables. Run it where
the relative paths in the cfgs lead somewhere.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compare_converters import random_values
from runtimes import RUNTIMES, Done, Job, Runtime, open_runtimes

from pydarknet import load_network
from pydarknet.boxes.settings import Limits
from pydarknet.errors import DarknetError
from pydarknet.export.check import check_model
from pydarknet.export.layout import Layout
from pydarknet.export.layouts import LAYOUTS, choose_layout
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_file import save_model
from pydarknet.export.onnx_model import ExportOptions, build_model
from pydarknet.graph.head import Head
from pydarknet.layers import detection_heads
from pydarknet.load import read_network
from pydarknet.modules.recurrent import Recurrent
from pydarknet.network import Network

SAME = 1e-3  # the largest difference of a file that gives our numbers
BOXES = range(20, 60)  # how many boxes the layout nms finds before suppression
NONE = Limits(thresh=0.0, nms=0.45)
Row = dict[str, Any]


def small_network(cfg: str, side: int) -> Network:
    """Return the network of a cfg with random weights, its input `side` wide if it can be."""
    torch.manual_seed(1)
    network = load_network(cfg, device="cpu").eval()
    if side and network.input.image and max(network.input.w, network.input.h) > side:
        try:
            network.resize(side, side)
        except DarknetError:  # it has [connected] layers
            network = load_network(cfg, device="cpu").eval()
    random_values(network)
    return network


def limits(network: Network, heads: list[Head]) -> Limits:
    """Return a threshold that some boxes exceed, where scores are far apart."""
    if not detection_heads(network.layers):
        return NONE
    [found] = choose_layout(network, "rows", NONE).boxes_of(heads)
    scores = (
        torch.sort(found.probabilities.flatten(), descending=True).values[: BOXES.stop].tolist()
    )
    gaps = [(a - b, (a + b) / 2) for a, b in pairwise(scores)]
    return Limits(thresh=max(gaps[BOXES.start :] or gaps)[1], nms=NONE.nms)


def candidates(layout: Layout, heads: list[Head]) -> np.ndarray:
    """Return what `nms` suppresses, rows [M, 7] as it gives them: every score above its limit."""
    [found] = layout.boxes_of(heads)
    row, kind = (found.probabilities > layout.limits.thresh).nonzero(as_tuple=True)
    sides = replace(found, boxes=found.boxes * found.boxes.new_tensor(layout.size)).xyxy(1, 1)[row]
    columns = (torch.zeros(len(row)), *sides.T, kind, found.probabilities[row, kind])
    return torch.stack(columns, 1).numpy()


def expected(layout: Layout, heads: list[Head]) -> list[np.ndarray]:
    """Return what the outputs of a layout must be; of `nms`, what they must be chosen from."""
    found = layout.outputs_of(heads)
    return [candidates(layout, heads)] if found is None else [one.numpy() for one in found]


def kinds(layout: str, values: np.ndarray) -> list[np.ndarray]:
    """Return the parts of an output that are compared on their own: sides, scores."""
    if layout == "merged":
        return [values[:, :4], values[:, 4:]]
    if layout == "rows":
        return [values[..., :4], values[..., 4:]]
    if layout == "deepstream":
        return [values[..., :4], values[..., 4]]
    return [values]


def difference(layout: str, found: np.ndarray, wanted: np.ndarray) -> float:
    """Return the largest difference as a part of the largest value; infinity for another form.

    What is no number in the network is not compared.
    """
    if layout == "nms":
        return suppression_error(found.reshape(-1, 7), wanted)
    if found.size != wanted.size:
        return float("inf")
    pairs = zip(kinds(layout, found.reshape(wanted.shape)), kinds(layout, wanted), strict=True)
    most = 0.0
    for one, other in pairs:
        counts = np.isfinite(other)
        one, other = one[counts], other[counts]
        if not np.isfinite(one).all():
            return float("inf")
        largest = max(float(np.abs(other).max(initial=0)), 1e-6)
        most = max(most, float(np.abs(one - other).max(initial=0)) / largest)
    return most


def suppression_error(found: np.ndarray, rows: np.ndarray) -> float:
    """Return how far each row is from the nearest of those it was chosen from, both [M, 7].

    It is infinity unless none of those that stay overlaps a better one of its class, and each that
    goes does. Where scores are level, the order is the program's.
    """
    if not len(rows):
        return float(len(found) and np.inf)
    scale = np.array([1, *[np.abs(rows[:, 1:5]).max()] * 4, 1e-6, rows[:, 6].max()])
    apart = np.abs((found[:, None] - rows) / scale).max(2)  # [found, rows]
    chosen = apart.argmin(1)
    stays = np.isin(np.arange(len(rows)), chosen)
    over = overlaps(rows) - NONE.nms
    better = rows[:, 6] >= rows[:, None, 6] - SAME * scale[6]  # the column's than the row's
    beaten = (better & (over > -SAME))[:, stays].any(1)
    np.fill_diagonal(over, -1)
    if (over[stays][:, stays] > SAME).any() or not (stays | beaten).all():
        return float("inf")
    return float(apart.min(1).max(initial=0))


def overlaps(rows: np.ndarray) -> np.ndarray:
    """Return the intersection over union of rows [M, 7] of one class, [M, M]; of two classes 0."""
    low, high = rows[:, 1:3], rows[:, 3:5]
    sides = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    common, areas = sides.clip(0).prod(2), (high - low).prod(1)
    union = np.maximum(areas[:, None] + areas - common, 1e-9)
    return common / union * (rows[:, None, 5] == rows[:, 5])


def write_files(cfg: str, side: int, names: list[str], folder: str, line: Connection) -> None:
    """Write a file a layout, say so, and wait until it was run; for a process of its own.

    What is said is the layout, a reason if there is no file, else the seconds that it took, what
    it is to be run on, and what each step must give.
    """
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    try:
        network = small_network(cfg, side)
        count = 2 if any(isinstance(part, Recurrent) for part in network.modules()) else 1
        batches = [torch.rand(1, *network.input.tensor) for _ in range(count)]
        network.reset()
        steps = [network.heads(batch) for batch in batches]
        network.reset()
        chosen = limits(network, steps[0])
    except Exception as error:
        line.send(("", told(error)))
        return
    facts = Facts(cfg=cfg, weights=None, letterbox=False, batch=1, opset=13)
    for name in names:
        try:
            if not applies(network, name):
                line.send((name, ""))
            else:
                started = time.perf_counter()
                made = build_model(network, ExportOptions(layout=name, limits=chosen), facts)
                save_model(made.model, Path(folder, "out.onnx"), check_model)
                seconds = time.perf_counter() - started
                given = [batch.numpy() for batch in batches]
                job = Job(made.layout.input, made.outputs, given, made.states)
                wanted = [expected(made.layout, heads) for heads in steps]
                line.send((name, "", seconds, job, wanted))
        except Exception as error:
            line.send((name, told(error)))
        line.recv()
    line.send(None)


def applies(network: Network, layout: str) -> bool:
    """Return whether a layout is for a network: `values` is for those that find no boxes."""
    return (layout == "values") != bool(detection_heads(network.layers))


def told(error: Exception) -> str:
    """Return what an error says, in one line."""
    reason = str(error) if isinstance(error, DarknetError) else repr(error)
    return " ".join(reason.split())[:400]


def row_of(layout: str, done: Done, wanted: list[list[np.ndarray]]) -> Row:
    """Return what became of a file under a runtime."""
    row: Row = {"loads": done.loaded, "runs": done.steps is not None}
    if done.steps is None:
        return row | {"reason": done.error}
    pairs = [
        pair
        for found, step in zip(done.steps, wanted, strict=True)
        for pair in zip(found, step, strict=True)
    ]
    most = max((difference(layout, *pair) for pair in pairs), default=0.0)
    return row | {"difference": most}


def rows_of_cfg(
    cfg: str, todo: dict[str, list[Runtime]], options: argparse.Namespace
) -> Iterator[Row]:
    """Yield the rows of a cfg: of each layout that it can have, under each runtime."""
    context = multiprocessing.get_context("fork")
    ours, line = context.Pipe()
    with tempfile.TemporaryDirectory() as place:
        words = (cfg, options.side, list(todo), place, line)
        child = context.Process(target=write_files, args=words)
        child.start()
        line.close()
        try:
            yield from answers(ours, Path(place), todo, options)
        finally:
            child.kill()
            child.join()


def answers(
    line: Connection, place: Path, todo: dict[str, list[Runtime]], options: argparse.Namespace
) -> Iterator[Row]:
    """Yield the rows of the files that a process writes one after the other.

    A layout that the network cannot have has a row without a reason.
    """
    while True:
        try:
            said = line.recv() if line.poll(options.seconds) else ("", "not done in time")
        except EOFError:
            said = ("", "its process ended")
        if said is None:
            return
        layout, reason, *made = said
        if made:
            yield from run_file(place, layout, made, todo[layout], options.seconds)
        else:
            row: Row = {"layout": layout, "runtime": "", "written": False}
            yield row | ({"reason": reason} if reason else {})
        if not layout:
            return
        line.send(True)


def run_file(
    folder: Path, layout: str, made: list[Any], runtimes: list[Runtime], limit: int
) -> Iterator[Row]:
    """Yield a row per runtime of a file, and delete it."""
    took, job, wanted = made
    path, inputs = folder / "out.onnx", folder / "in.npz"
    job.save(inputs)
    size = sum(file.stat().st_size for file in folder.glob("out.onnx*"))
    for runtime in runtimes:
        with tempfile.TemporaryDirectory() as place:
            started = time.perf_counter()
            done = runtime.run(path, inputs, Path(place), limit)
            spent = time.perf_counter() - started
        row = {"layout": layout, "runtime": runtime.name, "version": runtime.version}
        row |= {"written": True, "bytes": size, "export_seconds": round(took, 3)}
        yield row | row_of(layout, done, wanted) | {"seconds": round(spent, 3)}
    for file in folder.glob("out.onnx*"):
        file.unlink()


def cost(cfg: str) -> float:
    """Return about how long a cfg takes: its arrays, and a part of its operations."""
    try:
        network = read_network(cfg)
        return network.footprint() + network.operations() / 100
    except DarknetError:
        return 0.0


def missing(
    rows: Iterable[Row], cfg: str, layouts: list[str], runtimes: list[Runtime]
) -> dict[str, list[Runtime]]:
    """Return the layouts of a cfg, each with the runtimes whose rows are not there.

    A row without a runtime counts for all, one without a layout too.
    """
    done = {(row["layout"], row["runtime"]) for row in rows if row["cfg"] == cfg}
    todo = {}
    for layout in layouts:
        left = [one for one in runtimes if not done & {(layout, one.name), (layout, ""), ("", "")}]
        if left:
            todo[layout] = left
    return todo


def short(cfg: str) -> str:
    """Return a cfg's name with its folder."""
    return "/".join(Path(cfg).parts[-2:])


def tables(rows: list[Row]) -> list[str]:
    """Return lines: a table of counts, and the cfgs that are not as they should be."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["written"] and row["runtime"] in RUNTIMES:
            groups[row["layout"], f"{row['runtime']} {row['version']}"].append(row)
    lines = ["| layout | runtime | files | load | run | within 1e-3 | largest difference |"]
    lines.append("|---" * 7 + "|")
    for (layout, runtime), some in sorted(groups.items(), key=order):
        run = [row["difference"] for row in some if row["runs"]]
        same = [one for one in run if one <= SAME]
        loads = sum(row["loads"] for row in some)
        counts = f"{len(some)} | {loads} | {len(run)} | {len(same)}"
        lines.append(f"| `{layout}` | {runtime} | {counts} | {max(run, default=0):.1e} |")
    return [*lines, "", *sorted(complaints(rows))]


def order(group: tuple[tuple[str, str], list[Row]]) -> tuple[int, int]:
    """Return the place of a line of the table."""
    (layout, runtime), _ = group
    return list(LAYOUTS).index(layout), list(RUNTIMES).index(runtime.split()[0])


def complaints(rows: list[Row]) -> Iterator[str]:
    """Yield a line per kind of refusal or failure, with its cfgs."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        where = f"{row['layout'] or 'all'}, {row['runtime'] or 'written'}"
        if "reason" in row:
            found[f"{where}: {row['reason']}"].append(row["cfg"])
        elif row.get("difference", 0) > SAME:
            found[f"{where}: differs"].append(f"{row['cfg']} ({row['difference']:.1e})")
    for reason, names in found.items():
        yield f"- {reason}: {len(names)}: {', '.join(names)}"


def arguments() -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("cfgs", nargs="+", metavar="CFG")
    for name in RUNTIMES:
        parser.add_argument(f"--{name}", default=sys.executable, help="the Python that has it")
    parser.add_argument("--only", nargs="+", choices=RUNTIMES, default=list(RUNTIMES))
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--side", type=int, default=0, help="the input of networks that are wider")
    parser.add_argument("--seconds", type=int, default=300, help="the limit per file and runtime")
    parser.add_argument("--results", default="runtimes.jsonl", help="where rows are kept")
    return parser.parse_args()


def main() -> None:
    """Fill in the rows that are missing, small networks first, and print the tables."""
    options = arguments()
    results = Path(options.results)
    rows = (
        [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    )
    runtimes = open_runtimes(vars(options), options.only)
    with open(results, "a") as file:
        for cfg in sorted(options.cfgs, key=cost):
            todo = missing(rows, short(cfg), options.layouts, runtimes)
            for row in rows_of_cfg(cfg, todo, options) if todo else ():
                named = {"cfg": short(cfg), **row}
                rows.append(named)
                print(json.dumps(named), file=file, flush=True)
                print(json.dumps(named), flush=True)
    for runtime in runtimes:
        runtime.close()
    print("\n".join(tables(rows)))


if __name__ == "__main__":
    main()
