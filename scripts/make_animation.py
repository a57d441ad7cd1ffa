#!/usr/bin/env python3
"""Make the animation at the top of README: a film that `detector demo` draws by the built-in model.

    python scripts/make_animation.py docs/demo.gif [--frames 44] [--width 480]

A camera pans over the digits in data/digits.png. Needs Pillow, which matplotlib brings.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
RATE = 12
ZOOM = 1.8  # at which digits are as large as in the images of the training
COLOURS = 112  # of all frames
VIVID = 100  # from the least to the most of red, green and blue
MOST = 1_000_000  # bytes of the animation


def write_film(path: Path, frames: int, width: int) -> None:
    """Write a film whose last frame is followed by its first."""
    height = width * 9 // 16
    scene = cv2.imread(str(ROOT / "data/digits.png"))
    scene = cv2.resize(scene, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
    room = scene.shape[1] - width, scene.shape[0] - height
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (width, height))
    for index in range(frames):
        turn = 2 * math.pi * index / frames
        left = round(room[0] * (0.5 + 0.48 * math.cos(turn)))
        top = round(room[1] * (0.5 + 0.48 * math.sin(2 * turn)))
        video.write(scene[top : top + height, left : left + width])
    video.release()


def draw_frames(folder: Path) -> list[Path]:
    """Let the program draw each frame of the film in a folder; return the files."""
    network = ["digits.data", "digits.cfg", "digits.weights", "film.avi"]
    flags = ["-dont_show", "-prefix", "drawn", "-thresh", "0.5"]
    subprocess.run(
        [sys.executable, "-m", "pydarknet", "detector", "demo", *network, *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return sorted(folder.glob("drawn_*.jpg"))


def palette_of(images: list[Image.Image]) -> Image.Image:
    """Return an image of colours for all frames, of which vivid ones, the boxes', have a share."""
    pixels = np.concatenate([np.asarray(one).reshape(-1, 3) for one in images[:: len(images) // 4]])
    vivid = pixels[np.ptp(pixels.astype(int), axis=1) > VIVID]
    repeated = np.repeat(vivid, max(len(pixels) // max(4 * len(vivid), 1), 1), axis=0)
    sheet = np.concatenate([pixels, repeated])
    sheet = sheet[: len(sheet) // 480 * 480].reshape(-1, 480, 3)
    return Image.fromarray(sheet).quantize(COLOURS)


def main() -> None:
    """Write the animation, and refuse one that is too large."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--frames", type=int, default=44)
    parser.add_argument("--width", type=int, default=440)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        write_film(Path(place) / "film.avi", options.frames, options.width)
        images = [Image.open(path).convert("RGB") for path in draw_frames(Path(place))]
        palette = palette_of(images)
        images = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in images]
    first, *others = images
    how = {"save_all": True, "duration": 1000 // RATE, "loop": 0, "optimize": True}
    first.save(options.out, append_images=others, **how)
    size = options.out.stat().st_size
    if size > MOST:
        sys.exit(f"{options.out}: {size} bytes: expected at most {MOST}")
    print(f"{options.out}: {len(images)} frames, {size} bytes")


if __name__ == "__main__":
    main()
