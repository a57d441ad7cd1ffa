"""The official head of YOLOX, read from a clone of its repository, without its other parts.

git clone https://github.com/Megvii-BaseDetection/YOLOX /tmp/YOLOX

Recordings come from there (commit 6ddff482 of June 2025); tests read recordings alone.
"""

from __future__ import annotations

import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType


def official_head(clone: Path) -> ModuleType:
    """Return the module yolox/models/yolo_head.py of a clone, which has the class YOLOXHead.

    What it imports but does not need for a loss (torchvision, loguru, pictures) is left empty.
    """
    stand_in("torchvision")
    stand_in("loguru", logger=logging.getLogger("yolox"))
    boxes = read_module("yolox_boxes", clone / "yolox" / "utils" / "boxes.py")
    stand_in("yolox", folder=clone / "yolox")
    stand_in("yolox.models", folder=clone / "yolox" / "models")
    stand_in(
        "yolox.utils",
        bboxes_iou=boxes.bboxes_iou,
        cxcywh2xyxy=boxes.cxcywh2xyxy,
        meshgrid=meshgrid,
        visualize_assign=None,
    )
    return read_module("yolox.models.yolo_head", clone / "yolox" / "models" / "yolo_head.py")


def meshgrid(*axes: object) -> object:
    """Return torch.meshgrid with indices of matrices, as yolox/utils/compat.py has it."""
    import torch

    return torch.meshgrid(*axes, indexing="ij")  # type: ignore[arg-type]  # tensors


def stand_in(name: str, folder: Path | None = None, **members: object) -> None:
    """Let imports find a module with these members; with a folder, a package of its files."""
    module = ModuleType(name)
    vars(module).update(members)
    if folder:
        module.__path__ = [str(folder)]
    sys.modules[name] = module


def read_module(name: str, path: Path) -> ModuleType:
    """Run a file as the module of that name."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
