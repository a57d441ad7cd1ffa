#!/usr/bin/env python3
"""Find boxes by Ray Data's workers, kill one of them, and compare the file with one process's.

    benchmarks/compare_ray.py my.cfg my.weights FOLDER [--address ADDRESS] [--copies 4]

Two actors of half a core share the images. The first that has done --after batches is killed by
SIGKILL, and Ray starts another. The images are listed --copies times. Needs the extra `ray`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydarknet import Predictor

COLUMNS = ("place", "path", "width", "height", "boxes", "scores", "classes", "error")


class Counting(Predictor):
    """A predictor that leaves a file for each batch, with its process as the name's end."""

    def __init__(self, folder: str, *files: str, **options: Any) -> None:
        super().__init__(*files, **options)
        self.folder = folder

    def __call__(self, batch: Any) -> Any:
        found = super().__call__(batch)
        place = int(batch["place"][0])
        (Path(self.folder) / f"{time.monotonic_ns()}-{place}.{os.getpid()}").touch()
        return found


def process_to_kill(folder: Path, after: int) -> int | None:
    """Return the process that has done so many batches, if there is one."""
    processes = [int(path.suffix[1:]) for path in folder.iterdir()]
    return next((one for one in processes if processes.count(one) >= after), None)


def kill_one(folder: Path, after: int, killed: list[int], ended: threading.Event) -> None:
    """Kill the first process that has done so many batches."""
    while not ended.wait(0.01):
        process = process_to_kill(folder, after)
        if process is not None:
            os.kill(process, signal.SIGKILL)
            killed.append(process)
            return


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a line of JSON an image, in the order of the list."""
    ordered = sorted(rows, key=lambda row: row["place"])
    texts = [json.dumps({name: plain(row[name]) for name in COLUMNS}) for row in ordered]
    path.write_text("\n".join(texts) + "\n")


def plain(value: Any) -> Any:
    """Return an array as a list, and any other value as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def rows_of(found: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield the rows of a batch."""
    for place in range(len(found["path"])):
        yield {name: column[place] for name, column in found.items()}


def by_ray(
    items: list[dict[str, Any]], options: argparse.Namespace, marks: Path
) -> list[dict[str, Any]]:
    """Return what two actors of Ray find; each may be killed."""
    import ray

    ray.init(address=options.address, include_dashboard=False, logging_level=logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False
    found = ray.data.from_items(items, override_num_blocks=len(items) // options.batch + 1)
    found = found.map_batches(
        Counting,
        fn_constructor_args=[str(marks), *map(os.path.abspath, (options.cfg, options.weights))],
        fn_constructor_kwargs={"device": "cpu"},
        batch_size=options.batch,
        compute=ray.data.ActorPoolStrategy(size=2),
        num_cpus=0.5,
    )
    rows: list[dict[str, Any]] = found.take_all()
    ray.shutdown()
    return rows


def compare(options: argparse.Namespace, folder: Path) -> bool:
    """Print how the files compare; return whether they are equal."""
    images = sorted(str(path) for path in Path(options.images).resolve().rglob("*.[jp][pn]g"))
    listed = images * options.copies
    items = [{"place": place, "path": path} for place, path in enumerate(listed)]
    marks = folder / "marks"
    marks.mkdir()
    killed: list[int] = []
    ended = threading.Event()
    killer = threading.Thread(target=kill_one, args=(marks, options.after, killed, ended))
    killer.start()
    start = time.perf_counter()
    try:
        write_lines(folder / "ray.jsonl", by_ray(items, options, marks))
    finally:
        ended.set()
        killer.join()
    took = time.perf_counter() - start
    alone = Predictor(options.cfg, options.weights, device="cpu")
    found = alone({"place": range(len(listed)), "path": listed})
    write_lines(folder / "alone.jsonl", rows_of(found))
    by_workers, by_one = ((folder / f"{name}.jsonl").read_bytes() for name in ("ray", "alone"))
    workers = {path.suffix for path in marks.iterdir()}
    print(
        f"{len(listed)} images, {len(workers)} workers in all, {len(killed)} killed,"
        f" {took:.0f} s with Ray's start: {len(by_one)} bytes,"
        f" {'the same file' if by_workers == by_one else 'ANOTHER FILE'} as one process's"
    )
    return by_workers == by_one and bool(killed)


def main() -> None:
    """Compare, and exit with status 1 if the files differ, or if nothing was killed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cfg")
    parser.add_argument("weights")
    parser.add_argument("images", help="a folder of images")
    parser.add_argument("--address", help="of a cluster; without it, Ray starts on this machine")
    parser.add_argument("--copies", type=int, default=4, help="how often each image is listed")
    parser.add_argument("--batch", type=int, default=8, help="images in a batch")
    parser.add_argument("--after", type=int, default=2, help="batches before the kill")
    with tempfile.TemporaryDirectory() as folder:
        if not compare(parser.parse_args(), Path(folder)):
            sys.exit(1)


if __name__ == "__main__":
    main()
