"""Train the cfg that `pydarknet new` writes, and two others, on the same data sets.

python benchmarks/compare_new_cfgs.py DATASET... [--iterations 400] [--seeds 1 2] [--out FOLDER]

A DATASET is what `new` takes: a folder, a .data file, a data.yaml, ... It is copied, so that labels
are written there. The cfg by hand is what AlexeyAB's README says: classes and filters changed, and
the template's own anchors, as large as the input makes them. All else is the same: the network, a
narrow yolov4-tiny, its input, the images of an iteration, and the iterations. The third has the
anchors of `detector calc_anchors`, whether or not they suit the masks. Images are made smaller
first, so that reading them takes little of the time. What was trained before is not trained again:
the script may be stopped and started. The table has the mean of the seeds and its standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import cv2
from machine import headline, machine

from pydarknet.dataset.image_set import images_below

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "cfg" / "yolov4-tiny.cfg"
ANCHORS = r"(?m)^\s*anchors\s*=\s*(.*)$"
NAMES = ("new", "hand", "calculated")
SIDE = 416  # of the template's input
BOXES = 3  # of a cell
MAP = re.compile(r"mean average precision \(mAP@0\.50\) = ([\d.]+)")


def narrow(text: str, share: float) -> str:
    """Return a cfg whose convolutions have a share of the channels, but for those of heads."""

    def less(match: re.Match[str]) -> str:
        count = int(match[1])
        return f"filters={count if count == 255 else max(int(count * share), 8)}"

    return re.sub(r"filters=(\d+)", less, text)


def by_hand(text: str, classes: int, options: argparse.Namespace) -> str:
    """Return a cfg with the classes, the filters before heads, the input and the schedule."""
    values = {
        "classes": classes,
        "width": options.size,
        "height": options.size,
        "batch": options.batch,
        "subdivisions": 1,
        "max_batches": options.iterations,
        "steps": f"{options.iterations * 8 // 10},{options.iterations * 9 // 10}",
        "burn_in": options.burn_in,
    }
    for key, value in values.items():
        text = re.sub(rf"(?m)^{key}\s*=.*$", f"{key}={value}", text)
    text = text.replace("filters=255", f"filters={BOXES * (classes + 5)}")

    def scaled(match: re.Match[str]) -> str:
        sides = [float(side) * options.size / SIDE for side in match[1].split(",")]
        return f"anchors = {', '.join(f'{side:.0f}' for side in sides)}"

    return re.sub(ANCHORS, scaled, text)


def shrink(path: Path, side: int) -> None:
    """Make an image smaller whose shorter side is longer than this; its name stays."""
    image = cv2.imread(str(path))
    share = side / min(image.shape[:2])
    if share < 1:
        smaller = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(path), smaller)


def pydarknet(folder: Path, *words: str) -> str:
    """Run a command in a folder, and return what it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "pydarknet", *words],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    if "Traceback" in done.stderr or (done.returncode and words[0] != "new"):
        sys.exit(f"{' '.join(words)}: {done.stderr[-2000:]}")
    return done.stdout


def prepare(given: Path, options: argparse.Namespace) -> Path:
    """Copy a data set, and write the cfgs for it beside its .data file."""
    home = given if given.is_dir() else given.parent
    folder = options.out / home.resolve().name
    if (folder / "hand.cfg").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = Path(shutil.copytree(home, folder / home.resolve().name)).name
    for image in map(Path, images_below(folder)):
        shrink(image, 2 * options.size)
    text = narrow(TEMPLATE.read_text(), options.share)
    (folder / "narrow.cfg").write_text(text)
    source = copy if given.is_dir() else f"{copy}/{given.name}"
    words = ["-size", str(options.size), "-batch", str(options.batch)]
    words += ["-max_batches", str(options.iterations), "-out", "new.cfg"]
    print(pydarknet(folder, "new", source, "-like", "narrow.cfg", *words), flush=True)
    if not given.is_dir():
        (folder / "set.data").write_bytes((folder / source).read_bytes())
    else:
        next(folder.glob("*.data")).rename(folder / "set.data")
    made = (folder / "new.cfg").read_text()
    options.burn_in = re.search(r"(?m)^burn_in\s*=\s*(\d+)", made)[1]
    classes = int(re.search(r"(?m)^classes\s*=\s*(\d+)", made)[1])
    anchors = calculated(folder, len(anchors_in(text)) // 2, options.size)
    (folder / "calculated.cfg").write_text(re.sub(ANCHORS, f"anchors = {anchors}", made))
    (folder / "hand.cfg").write_text(by_hand(text, classes, options))
    return folder


def anchors_in(text: str) -> list[float]:
    """Return the sides of the first anchors in a cfg."""
    return [float(side) for side in re.search(ANCHORS, text)[1].split(",")]


def calculated(folder: Path, count: int, size: int) -> str:
    """Return the anchors that `detector calc_anchors` makes for a data set."""
    words = ["-num_of_clusters", str(count), "-width", str(size), "-height", str(size)]
    told = pydarknet(folder, "detector", "calc_anchors", "set.data", *words, "-seed", "1")
    return re.findall(ANCHORS, told)[-1]


def precision(folder: Path, name: str, seed: int, options: argparse.Namespace) -> float:
    """Return the mAP in percent of a cfg after training, from a file if it was trained before."""
    kept = folder / f"{name}_{seed}.json"
    if kept.exists():
        return json.loads(kept.read_text())["map"]
    cfg = f"{name}_{seed}.cfg"
    (folder / cfg).write_bytes((folder / f"{name}.cfg").read_bytes())
    start = time.monotonic()
    words = ["-dont_show", "-seed", str(seed), "-workers", str(options.workers)]
    pydarknet(folder, "detector", "train", "set.data", cfg, *words)
    weights = f"backup/{name}_{seed}_final.weights"
    told = pydarknet(folder, "detector", "map", "set.data", cfg, weights)
    found = 100 * float(MAP.search(told)[1])
    seconds = time.monotonic() - start
    kept.write_text(json.dumps({"map": found, "seconds": seconds}))
    print(f"{folder.name} {name} seed {seed}: {found:.1f} % in {seconds:.0f} s", flush=True)
    return found


def mean_text(values: list[float]) -> str:
    """Return the mean of the seeds, and its standard error if there are several."""
    text = f"{statistics.mean(values):.1f}"
    if len(values) < 2:
        return text
    return f"{text} ± {statistics.stdev(values) / len(values) ** 0.5:.1f}"


def main() -> None:
    """Compare on every data set, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("datasets", nargs="+", type=Path)
    add("--iterations", type=int, default=400)
    add("--batch", type=int, default=16)
    add("--size", type=int, default=160, help="width and height of the input")
    add("--share", type=float, default=0.25, help="of the template's channels")
    add("--seeds", nargs="+", type=int, default=[1, 2])
    add("--workers", type=int, default=1)
    add("--out", type=Path, default=Path("new_cfgs"), help="the folder for all that is written")
    options = parser.parse_args()
    options.out = options.out.resolve()
    folders = [prepare(given, options) for given in options.datasets]
    found = {(folder.name, name): [] for folder in folders for name in NAMES}
    for seed in options.seeds:
        for folder in folders:
            for name in NAMES:
                found[folder.name, name].append(precision(folder, name, seed, options))
    print(headline(machine()))
    print(f"| data set, mAP@0.50 | {' | '.join(NAMES)} |\n|{' --- |' * (1 + len(NAMES))}")
    for folder in folders:
        cells = " | ".join(mean_text(found[folder.name, name]) for name in NAMES)
        print(f"| {folder.name} | {cells} |")


if __name__ == "__main__":
    main()
