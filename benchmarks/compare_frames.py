#!/usr/bin/env python3
"""Find boxes in the frames of Dask's or Spark's workers, and compare them with one process's.

    benchmarks/compare_frames.py dask my.cfg my.weights FOLDER
    benchmarks/compare_frames.py spark my.cfg my.weights FOLDER

Two workers of this machine share the images, by the lines that docs/LISTS.md shows. Needs the
packages dask, distributed and pandas, or pyspark, pandas and pyarrow, and Java.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import pandas
from machine import headline, machine

from pydarknet import Predictor

SCHEMA = (
    "path string, width long, height long, boxes array<array<float>>,"
    " scores array<float>, classes array<long>, error string"
)


def by_dask(predictor: Predictor, frame: pandas.DataFrame) -> pandas.DataFrame:
    """Return what two processes of Dask find."""
    from dask import dataframe
    from distributed import Client

    with Client(n_workers=2, threads_per_worker=1, dashboard_address=None):
        parts = dataframe.from_pandas(frame, npartitions=8)
        return parts.map_partitions(predictor, meta=predictor(frame.head(0))).compute()


def by_spark(predictor: Predictor, frame: pandas.DataFrame) -> pandas.DataFrame:
    """Return what two processes of Spark find."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = spark.getOrCreate()
    try:
        parts = session.createDataFrame(frame).repartition(8)
        found = parts.mapInPandas(lambda frames: map(predictor, frames), SCHEMA)
        return found.toPandas()
    finally:
        session.stop()


def rows_of(found: pandas.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows of a frame in the order of their paths, arrays as lists."""
    ordered = found.sort_values("path")
    names = ("path", "width", "height", "scores", "classes", "error")
    columns = [[plain(value) for value in ordered[name]] for name in names]
    boxes = [[plain(box) for box in some] for some in ordered["boxes"]]
    return list(zip(*columns, boxes, strict=True))


def plain(value: Any) -> Any:
    """Return an array as a list, and any other value as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def main() -> None:
    """Compare, and exit with status 1 if they differ."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["dask", "spark"])
    parser.add_argument("cfg", type=os.path.abspath)
    parser.add_argument("weights", type=os.path.abspath)
    parser.add_argument("images", help="a folder of images")
    options = parser.parse_args()
    print(headline(machine()), flush=True)
    os.environ["OMP_NUM_THREADS"] = "1"  # of each worker
    os.environ["PYSPARK_PYTHON"] = sys.executable
    images = sorted(str(path) for path in Path(options.images).resolve().rglob("*.[jp][pn]g"))
    frame = pandas.DataFrame({"path": images})
    predictor = Predictor(options.cfg, options.weights, device="cpu")
    start = time.perf_counter()
    found = {"dask": by_dask, "spark": by_spark}[options.what](predictor, frame)
    took = time.perf_counter() - start
    ours, alone = rows_of(found), rows_of(predictor(frame))
    boxes = sum(len(row[-1]) for row in alone)
    same = "the same as" if ours == alone else "OTHERS THAN"
    what = f"{len(images)} images by {options.what}, {took:.0f} s with its start"
    print(f"{what}: {boxes} boxes, {same} one process's")
    sys.exit(ours != alone)


if __name__ == "__main__":
    main()
