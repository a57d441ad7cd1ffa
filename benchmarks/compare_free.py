#!/usr/bin/env python3
"""Train cfg/yolo-free-tiny.cfg on a few images, and compare its boxes with those of other programs.

    benchmarks/compare_free.py my.data FOLDER [--darknet PROGRAM] [--live PROGRAM] [--opencv CV4]
        [--images 3] [--iterations 250] [--size 96x96]

The network gets the classes of the .data file and learns its first images until it finds them.
Then `pydarknet compare` asks AlexeyAB's program for its boxes in these images, and
compare_opencv.py OpenCV 4 in the folder CV4, of pip install --target CV4 opencv-python==4.14.0.94.
Last, `pydarknet export cfg` writes the copy for the live fork, whose boxes must be ours exactly;
--live is hank-ai's program, which is shown the cfg and the copy.
FOLDER keeps the training; the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from compare_amp import command, shortened, with_option

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet.checks.adapt import DataSet, Input, adapt  # noqa: E402  # the copy beside this script
from pydarknet.dataset.files import DataFile, read_list  # noqa: E402

FREE = ROOT / "cfg" / "yolo-free-tiny.cfg"
THRESH = "0.1"


def write_files(folder: Path, data: Path, options: argparse.Namespace) -> list[str]:
    """Write the cfg, the list and the .data file of the training; return its images."""
    known = DataFile.read(data)
    images = [str(Path(one).resolve()) for one in read_list(known.get_file("train", ""))]
    images = images[: options.images]
    classes = known.integer("classes", 1)
    width, height = map(int, options.size.split("x"))
    sizes = np.zeros((0, 2), np.float32)
    text = adapt(FREE, FREE.read_text(), DataSet(classes, 1, sizes), Input(width, height), 1)
    text = shortened(text, options.iterations)
    own = {"batch": len(images), "burn_in": 10, "learning_rate": 0.004}
    unchanged = {"saturation": 1, "exposure": 1, "hue": 0, "jitter": 0}  # images as they are
    for key, value in (own | unchanged).items():
        text = with_option(text, key, str(value))
    text = text.replace("channels=3\n", "channels=3\nflip=0\n", 1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "free.cfg").write_text(text)
    (folder / "train.txt").write_text("\n".join(images) + "\n")
    (folder / "free.names").write_text("".join(f"{number}\n" for number in range(classes)))
    (folder / "free.data").write_text(
        f"classes={classes}\ntrain={folder}/train.txt\nvalid={folder}/train.txt\n"
        f"names={folder}/free.names\nbackup={folder}\n"
    )
    return images


def run(*words: str) -> str:
    """Run a command of pydarknet; return what it prints."""
    done = subprocess.run(command(words), capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-1000:], file=sys.stderr)
    return done.stdout


def train(folder: Path, *words: str) -> None:
    """Train, with a log in the folder."""
    with (folder / "log.txt").open("a") as log:
        subprocess.run(command(("detector", "train", *words)), stdout=log, stderr=log, check=True)


def main() -> None:
    """Train, compare, and print what each comparison says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("data", type=Path)
    add("folder", type=Path)
    add("--darknet", help="AlexeyAB's program")
    add("--live", help="hank-ai's program")
    add("--opencv", help="folder of an OpenCV 4 from pip --target")
    add("--images", type=int, default=3)
    add("--iterations", type=int, default=250)
    add("--size", default="96x96")
    options = parser.parse_args()
    folder = options.folder.resolve()
    images = write_files(folder, options.data, options)
    cfg, weights = str(folder / "free.cfg"), str(folder / "free_final.weights")
    if not Path(weights).exists():
        train(folder, str(folder / "free.data"), cfg, "-nogpu", "-dont_show", "-workers", "0")
    flags = ("-thresh", THRESH, "-nogpu")
    if options.darknet:
        print(run("compare", cfg, weights, *images, "-darknet", options.darknet, *flags))
    if options.opencv:
        script = str(Path(__file__).with_name("compare_opencv.py"))
        words = [sys.executable, script, "--opencv", options.opencv, cfg, weights, images[0]]
        print(subprocess.run(words, capture_output=True, text=True).stdout)
    live = str(folder / "free_live.cfg")
    print(run("export", "cfg", cfg, live))
    for one in (cfg, live) if options.live else ():
        print(run("compare", one, weights, *images, "-darknet", options.live, *flags))
    both = [
        run(
            "detector",
            "test",
            str(folder / "free.data"),
            one,
            weights,
            images[0],
            *flags,
            "-dont_show",
            "-ext_output",
        )
        for one in (cfg, live)
    ]
    same = [line for line in both[0].splitlines() if "%" in line] == [
        line for line in both[1].splitlines() if "%" in line
    ]
    print(f"the copy for the live fork finds {'the same boxes' if same else 'other boxes'}")


if __name__ == "__main__":
    main()
