#!/usr/bin/env python3
"""Compare pydarknet.opencv, row by row, with an OpenCV 4 that has the importer.

pip install --target /tmp/cv4 opencv-python==4.12.0.88
python benchmarks/compare_opencv.py --opencv /tmp/cv4 my.cfg my.weights photo.jpg
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

OPENCV = """
import sys
import cv2
import numpy as np

cfg, weights, blob, out = sys.argv[1:]
net = cv2.dnn.readNetFromDarknet(cfg, weights)
net.setInput(np.load(blob))
names = net.getUnconnectedOutLayersNames()
heads = dict(zip(names, net.forward(names)))
layers = np.array(net.getLayerNames())
np.savez(out, version=cv2.__version__, layers=layers, ids=net.getUnconnectedOutLayers(), **heads)
"""


def blob_of(cfg: str, image: str) -> np.ndarray:
    """Return an image as the input of a network, [1, C, H, W] in 0..1."""
    from pydarknet.load import read_network

    shape = read_network(cfg).input
    pixels = cv2.imread(image, cv2.IMREAD_COLOR if shape.c == 3 else cv2.IMREAD_GRAYSCALE)
    return cv2.dnn.blobFromImage(pixels, 1 / 255, (shape.w, shape.h), swapRB=shape.c == 3)


def opencv_arrays(folder: str, cfg: str, weights: str, blob: np.ndarray) -> dict[str, np.ndarray]:
    """Return the layers, ids and version of the OpenCV in a folder, and an array per head."""
    with tempfile.TemporaryDirectory() as place:
        source, out = Path(place, "blob.npy"), Path(place, "out.npz")
        np.save(source, blob)
        command = [sys.executable, "-c", OPENCV, cfg, weights, str(source), str(out)]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": folder})
        return dict(np.load(out))


def our_arrays(cfg: str, weights: str, blob: np.ndarray) -> dict[str, np.ndarray]:
    """Return layers, ids and an array per head from this package."""
    from pydarknet import opencv

    net = opencv.readNetFromDarknet(cfg, weights)
    net.setInput(blob)
    names = net.getUnconnectedOutLayersNames()
    heads = dict(zip(names, net.forward(names), strict=True))
    layers, ids = np.array(net.getLayerNames()), net.getUnconnectedOutLayers()
    return {"layers": layers, "ids": ids, **heads}


def differences(theirs: dict[str, np.ndarray], own: dict[str, np.ndarray]) -> list[str]:
    """Return a line for the names, and one per head."""
    same = all(np.array_equal(theirs[key], own[key]) for key in ("layers", "ids"))
    lines = [f"names of {len(theirs['layers'])} layers: {'the same' if same else 'different'}"]
    for name in (name for name in theirs if name not in ("version", "layers", "ids")):
        one, other = theirs[name], own.get(name, np.zeros(0))
        if one.shape == other.shape:
            most = f"{np.abs(one - other).max():.1e}"
        else:
            most = f"in shape, ours is {list(other.shape)}"
        lines.append(f"{name} {list(one.shape)}: largest difference {most}")
    return lines


def main() -> None:
    """Print the differences between the two."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--opencv", required=True, help="folder of an OpenCV 4 from pip --target")
    parser.add_argument("--save", help="save the blob and OpenCV's arrays to this .npz")
    for word in ("cfg", "weights", "image"):
        parser.add_argument(word)
    options = parser.parse_args()
    blob = blob_of(options.cfg, options.image)
    theirs = opencv_arrays(options.opencv, options.cfg, options.weights, blob)
    if options.save:
        np.savez_compressed(options.save, blob=blob, **theirs)
    print(f"OpenCV {theirs['version']}")
    print("\n".join(differences(theirs, our_arrays(options.cfg, options.weights, blob))))


if __name__ == "__main__":
    main()
