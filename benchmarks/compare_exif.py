#!/usr/bin/env python3
"""Compare a data set with its copy in which half of the photographs are stored turned.

    benchmarks/compare_exif.py my.data my.cfg [my.weights] [--train] [--jpeg]

Of each image of `train` and `valid` two copies are made, with its labels: one upright, and one of
which every second is stored turned, with the EXIF orientation, 2 to 8 in turn, that turns it back.
Both are PNG, or with --jpeg JPEG of quality 95. It prints the mAP on `valid`: of the weights on
each copy, on the turned one also as with `-exif off`; with --train, of weights trained on each copy
from the same seed. Without weights they are trained on the upright copy.
"""

from __future__ import annotations

import argparse
import shutil
import struct
import sys
import tempfile
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pydarknet  # noqa: E402  # the copy beside this script
from pydarknet.dataset.files import DataFile, read_list  # noqa: E402
from pydarknet.evaluate.average_precision import average_precision  # noqa: E402
from pydarknet.evaluate.ground_truth import label_file  # noqa: E402
from pydarknet.image.exif import upright  # noqa: E402
from pydarknet.image.files import load_image  # noqa: E402

UNDOES = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}  # the orientation that undoes another
ENDS = {".png": [cv2.IMWRITE_PNG_COMPRESSION, 1], ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95]}


def exif_block(orientation: int) -> bytes:
    """Return EXIF data with nothing but an orientation."""
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def with_orientation(content: bytes, orientation: int) -> bytes:
    """Return the content of a PNG or JPEG file with an EXIF orientation."""
    block = exif_block(orientation)
    if content[:2] == b"\xff\xd8":
        body = b"Exif\0\0" + block
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + content[2:]
    data = b"eXIf" + block
    chunk = struct.pack(">I", len(block)) + data + struct.pack(">I", zlib.crc32(data))
    return content[:33] + chunk + content[33:]


def write_copy(image: np.ndarray, path: Path, orientation: int) -> None:
    """Write an image so that its EXIF orientation turns it upright."""
    stored = upright(image[:, :, ::-1], UNDOES.get(orientation, 1))
    content = cv2.imencode(path.suffix, stored, ENDS[path.suffix])[1].tobytes()
    path.write_bytes(content if orientation == 1 else with_orientation(content, orientation))


def copy_list(listed: str, folder: Path, ending: str, turns: bool) -> Path:
    """Copy the images of a list, and their labels; return the new list."""
    copied = []
    for index, path in enumerate(line for line in read_list(listed) if line.strip()):
        copy = folder / f"{Path(listed).stem}_{index}{ending}"
        orientation = 2 + index // 2 % 7 if turns and index % 2 else 1
        write_copy(load_image(path), copy, orientation)
        labels = label_file(path, "alexeyab")
        if labels:
            shutil.copyfile(labels, copy.with_suffix(".txt"))
        copied.append(f"{copy}\n")
    made = folder / f"{Path(listed).stem}.list"
    made.write_text("".join(copied))
    return made


def copy_data(data: Path, folder: Path, ending: str, turns: bool) -> Path:
    """Copy a data set into a folder; return its data file."""
    folder.mkdir()
    options = DataFile.read(data)
    lists = {key: copy_list(options.get(key, ""), folder, ending, turns) for key in KEYS}
    names = Path(options.get("names", "")).resolve()
    lines = [f"{key}={path}\n" for key, path in lists.items()]
    made = folder / "copy.data"
    made.write_text("".join([*lines, f"names={names}\n", f"backup={folder / 'backup'}\n"]))
    return made


KEYS = ("train", "valid")


def evaluate(data: Path, cfg: Path, weights: Path, exif: bool = True) -> float:
    """Return the mAP of weights on a copy."""
    options = DataFile.read(data)
    names = options.get("names", "")
    network = pydarknet.load_network(cfg, weights, names=names, exif=exif)
    paths = read_list(options.get("valid", ""))
    return average_precision(network, paths).mean_average_precision


def train(data: Path, cfg: Path, seed: int) -> Path:
    """Train on a copy, and return the weights file."""
    network = pydarknet.train(data, cfg, seed=seed, workers=0, chart=False)
    weights = data.parent / "trained.weights"
    network.save_weights(weights)
    return weights


def say(what: str, began: float, precision: float) -> None:
    """Print a line of the result."""
    print(f"{what:52} mAP {precision:7.2%}  {time.perf_counter() - began:5.0f} s", flush=True)


def main() -> None:
    """Make the copies, evaluate, train."""
    options = command_line()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    ending = ".jpg" if options.jpeg else ".png"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        straight = copy_data(options.data, folder / "upright", ending, False)
        turned = copy_data(options.data, folder / "turned", ending, True)
        began = time.perf_counter()
        weights = options.weights or train(straight, options.cfg, options.seed)
        say("upright images", began, evaluate(straight, options.cfg, weights))
        say("half of them stored turned", began, evaluate(turned, options.cfg, weights))
        say("the same, -exif off", began, evaluate(turned, options.cfg, weights, exif=False))
        if options.train:
            if options.weights:
                again = train(straight, options.cfg, options.seed)
                say("trained on upright images", began, evaluate(straight, options.cfg, again))
            again = train(turned, options.cfg, options.seed)
            say(
                "trained on half of them stored turned", began, evaluate(turned, options.cfg, again)
            )


def command_line() -> argparse.Namespace:
    """Return the options of the command line."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("data", type=Path, help="the .data file: train, valid, names")
    add("cfg", type=Path, help="the network")
    add("weights", type=Path, nargs="?", help="its weights; if omitted, they are trained first")
    add("--train", action="store_true", help="train on the copies too")
    add("--jpeg", action="store_true", help="store the copies as JPEG of quality 95")
    add("--threads", type=int, default=1, help="how many cores to use (1)")
    add("--seed", type=int, default=1, help="of the trainings (1)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
