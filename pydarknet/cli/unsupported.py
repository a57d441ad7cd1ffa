"""Commands of the C programs that are not here, each with what to use instead."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError

CLASSIFIER = "it reads files of its author: name yours in a .data file, and use `classifier`"
IMAGES = "it tests the C program's image functions: `python -m pytest tests/modules` tests ours"
PYTHON = "pydarknet.load_network(cfg, weights).trace(images)[-1] is the output of its network"

UNSUPPORTED: dict[str, str] = {
    "3d": "cv2.merge puts the red channel of one image into another",
    "art": f"it reads a webcam; {PYTHON}",
    "captcha": CLASSIFIER,
    "cfglayers": "`ops` prints the layers of a cfg",
    "cifar": "use `classifier` with CIFAR-10 as image files, named in a .data file",
    "classifier csv": "`classifier predict` prints the best classes of each image",
    "classifier fout": PYTHON,
    "classifier gun": f"it has classes of its author; {PYTHON}",
    "classifier threat": f"it has classes of its author; {PYTHON}",
    "classifier try": "pydarknet.load_network(cfg, weights).trace(images) is every layer's output",
    "compare battle": f"it reads files of its author; {PYTHON}",
    "compare sort": f"it reads files of its author; {PYTHON}",
    "compare train": f"it reads files of its author; {PYTHON}",
    "compare valid": f"it reads files of its author; {PYTHON}",
    "detector draw": "only the GPU build of AlexeyAB's fork has it, and there is no replacement",
    "dice": CLASSIFIER,
    "go": "KataGo plays Go, by the same protocol",
    "isegmenter": "torchvision has Mask R-CNN",
    "lsd": "PyTorch's examples have a DCGAN",
    "mkimg": "it pastes a network's first filters at random: `visualize` draws them in order",
    "oneoff": "it edited one file of its author: `partial` writes the first layers of any",
    "oneoff2": "it loads a file twice: `partial` writes the first layers of any",
    "regressor": PYTHON,
    "segmenter": "torchvision has FCN and DeepLab",
    "super": "OpenCV's dnn_superres enlarges images",
    "tag": f"it reads files of its author; {PYTHON}",
    "test": f"`detector test` finds boxes; {IMAGES}",
    "imtest": IMAGES,
    "vid": PYTHON,
    "voxel": PYTHON,
    "writing": f"it reads files of its author; {PYTHON}",
}


def refuse(words: Sequence[str]) -> None:
    """Raise UsageError if the words name a command that is not here."""
    for name in (" ".join(words[:2]), words[0]):
        if name in UNSUPPORTED:
            raise UsageError(f"{name} is not supported: {UNSUPPORTED[name]}")
