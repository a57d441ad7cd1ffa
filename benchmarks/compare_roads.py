#!/usr/bin/env python3
"""Compare what torch's road and the compiled one print, write and draw, for every model and photo.

python benchmarks/compare_roads.py [--models FOLDER] [--images FOLDER] [--engine opencv]

A model is a folder with model.cfg, model.weights and model.names. Each finds boxes in every image
in both dialects: by torch (`-nocache`), then compiled. Lines and labels must be equal but for
numbers, which may differ by what is printed of 1e-4; boxes of the JSON by 1e-3; of the drawn
pictures the share of bytes that differ is told. The exit status is 1 if anything else differs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
SHARED = PROJECT.parent / "shared"
sys.path.insert(0, str(PROJECT))

from pydarknet.cli.main import main as pydarknet  # noqa: E402  # the copy beside this script

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
TIME = re.compile(r"(?<=Predicted in )[0-9.]+")
DIALECTS = ("pjreddie", "alexeyab")
FAR = 1e-3  # of a box in 0..1 or a score


@dataclass
class Answer:
    """What a command printed on stdout, and wrote."""

    text: str
    boxes: np.ndarray  # [K, 6]: class, box, score
    labels: str
    picture: np.ndarray | None


@dataclass
class Tally:
    """How many answers were compared, how far they differ, and which are not the same."""

    answers: int = 0
    boxes: int = 0
    farthest: float = 0.0
    pixels: float = 0.0
    different: list[str] = field(default_factory=list)


def answer(words: list[str], folder: Path, label: Path) -> Answer | None:
    """Run a command in a folder; return its answer, None if it fails.

    `label` is the file that it writes.
    """
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(StringIO()):
        status = pydarknet([*words, "-out", "found.json", "-save_labels", "-out_dir", "drawn"])
    if status:
        return None
    found = json.loads((folder / "found.json").read_text())[0]["objects"]
    rows = [
        [one["class_id"], *one["relative_coordinates"].values(), one["confidence"]] for one in found
    ]
    drawn = next((folder / "drawn").rglob("*.*"), None)
    return Answer(
        TIME.sub("T", out.getvalue()),
        np.array(rows, float).reshape(-1, 6),
        label.read_text(),
        cv2.imread(str(drawn)) if drawn else None,
    )


def compare(name: str, torchs: Answer, compiled: Answer | None, tally: Tally) -> None:
    """Add the differences of two answers to a tally."""
    tally.answers += 1
    if compiled is None:
        tally.different.append(name)
        return
    tally.boxes += len(torchs.boxes)
    same_words = all(
        NUMBER.sub("#", one) == NUMBER.sub("#", other)
        for one, other in ((torchs.text, compiled.text), (torchs.labels, compiled.labels))
    )
    if not same_words or torchs.boxes.shape != compiled.boxes.shape:
        tally.different.append(name)
        return
    numbers = [
        np.array([float(n) for n in NUMBER.findall(one.text + one.labels)])
        for one in (torchs, compiled)
    ]
    off = np.abs(torchs.boxes - compiled.boxes).max(initial=0)
    tally.farthest = max(tally.farthest, float(off))
    if off > FAR or np.abs(numbers[0] - numbers[1]).max(initial=0) > 1:
        tally.different.append(name)
    if torchs.picture is not None and compiled.picture is not None:
        share = float((torchs.picture != compiled.picture).mean())
        tally.pixels = max(tally.pixels, share)


def cases(models: Path, images: Path, folder: Path) -> Iterator[tuple[str, list[str], Path]]:
    """Yield name, words and label file of each comparison."""
    for model in sorted(path for path in models.iterdir() if (path / "model.cfg").is_file()):
        text = (model / "model.cfg").read_text()
        if not re.search(r"^\[(yolo|region|detection|Gaussian_yolo)\]", text, re.MULTILINE):
            continue
        (folder / "model.data").write_text(f"names={model}/model.names\n")
        for dialect in DIALECTS:
            for image in sorted(images.glob("*.jpg")):
                photo = folder / image.name
                photo.write_bytes(image.read_bytes())
                words = ["detector", "test", "model.data"]
                words += [f"{model}/model.cfg", f"{model}/model.weights", str(photo)]
                words += ["-thresh", "0.25", "-dont_show", "-ext_output", "-dialect", dialect]
                yield f"{model.name} {dialect} {image.name}", words, photo.with_suffix(".txt")


def main() -> None:
    """Compare all and print the tally."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=Path, default=SHARED / "models")
    parser.add_argument("--images", type=Path, default=SHARED / "images")
    parser.add_argument("--engine", choices=("onnxruntime", "opencv"), default="onnxruntime")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "work"
        folder.mkdir()
        os.chdir(folder)
        os.environ |= {"XDG_CACHE_HOME": home, "PYDARKNET_CACHE_SIZE": "8G"}
        if options.engine == "opencv":
            mock.patch("pydarknet.runtime.engine.find_spec", return_value=None).start()
        for name, words, label in cases(options.models, options.images, folder):
            torchs = answer([*words, "-nocache"], folder, label)
            if torchs is None:
                print(f"{name}: not read in this dialect", flush=True)
                continue
            answer([*words, "-compile"], folder, label)
            with mock.patch("pydarknet.cli.open_any.open_by_torch", side_effect=AssertionError):
                compare(name, torchs, answer(words, folder, label), tally)
            print(f"{name}: {len(torchs.boxes)} boxes", flush=True)
    print(
        f"{tally.answers} answers, {tally.boxes} boxes: {len(tally.different)} differ; the"
        f" farthest number of a box by {tally.farthest:.1e}; of a picture at most"
        f" {tally.pixels:.2%} of the bytes"
    )
    print("\n".join(tally.different))
    raise SystemExit(bool(tally.different))


if __name__ == "__main__":
    main()
