"""Commands and flags of the forks that are not here, each with what does its work instead."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from .verbs import Help, Parameter

CLASSIFIER = "its files are its author's: name yours in a .data file, and use `classifier`"
PICTURES = "it tries the C's own picture functions: `python -m pytest tests/modules` ours"
PYTHON = "pydarknet.load_network(cfg, weights).trace(images)[-1] is what its network gives"

FILMS = "films and cameras are not read yet: `detector test` takes their frames as images"

NEVER: dict[str, str] = {
    "3d": "cv2.merge puts the red of one picture into another",
    "art": f"it looks through a webcam; {PYTHON}",
    "captcha": CLASSIFIER,
    "cfglayers": "`ops` prints the layers of a cfg",
    "cifar": "CIFAR-10 as pictures, named in a .data file, is for `classifier`",
    "classifier demo": FILMS,
    "classifier csv": "`classifier predict` prints the best classes of each image",
    "classifier fout": PYTHON,
    "classifier gun": f"its classes are its author's; {PYTHON}",
    "classifier threat": f"its classes are its author's; {PYTHON}",
    "classifier try": "pydarknet.load_network(cfg, weights).trace(images) gives every layer's",
    "coco demo": FILMS,
    "compare": f"its files are its author's; {PYTHON}",
    "detector demo": FILMS,
    "detector draw": "only the fork's GPU build has it, and nothing here does its work",
    "dice": CLASSIFIER,
    "go": "KataGo plays Go, by the same protocol",
    "isegmenter": "torchvision has Mask R-CNN",
    "lsd": "PyTorch's examples have a DCGAN",
    "mkimg": "it pastes a network's first filters at random: `visualize` draws them in order",
    "oneoff": "it edits a file for its author once: `partial` takes the first layers of any",
    "oneoff2": "it loads a file twice: `partial` takes the first layers of any",
    "regressor": PYTHON,
    "segmenter": "torchvision has FCN and DeepLab",
    "super": "OpenCV's dnn_superres enlarges pictures",
    "tag": f"its files are its author's; {PYTHON}",
    "test": PICTURES,
    "imtest": PICTURES,
    "vid": PYTHON,
    "voxel": PYTHON,
    "yolo demo": FILMS,
    "writing": f"its files are its author's; {PYTHON}",
}

IGNORED = (
    Parameter("fullscreen", bool, False, Help("a window is as large as its picture")),
    Parameter("benchmark_layers", bool, False, Help("`speed` times the whole network")),
    Parameter("cuda_debug_sync", bool, False, Help("CUDA_LAUNCH_BLOCKING=1 does it")),
    Parameter("log", str, None, Help("the shell's `> FILE` does it")),
    Parameter("colour", bool, False, Help("nothing is coloured")),
    Parameter("nocolour", bool, False, Help("nothing is coloured")),
    Parameter("verbose", bool, False, Help("the table is always printed")),
    Parameter("trace", bool, False, Help("the table is always printed")),
    Parameter("fuse", bool, False, Help("PyTorch chooses")),
    Parameter("nofuse", bool, False, Help("PyTorch chooses")),
    Parameter("fp16", bool, False, Help("PyTorch chooses")),
    Parameter("fp32", bool, False, Help("PyTorch chooses")),
    Parameter("boxes", bool, False, Help("boxes are always drawn")),
    Parameter("noboxes", bool, False, Help("boxes are always drawn")),
    Parameter("heatmaps", bool, False, Help("none are drawn")),
    Parameter("reconstruct", bool, False, Help("pictures are not made of features alone")),
    Parameter("smooth", int, None, Help("pictures are not made of features alone")),
    Parameter("momentum", float, None, Help("pictures are not made of features alone")),
    Parameter("lambda", float, None, Help("pictures are not made of features alone")),
    Parameter("skipclasses", str, None, Help("a name that begins with dont_show is left out")),
)


def refuse(words: Sequence[str]) -> None:
    """Say that a command is not here and what is instead, if the words name such a one."""
    for name in (" ".join(words[:2]), words[0]):
        if name in NEVER:
            raise UsageError(f"{name} is not supported: {NEVER[name]}")
