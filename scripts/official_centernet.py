"""The official CenterNet, read from a clone of its repository, without its other parts.

git clone https://github.com/xingyizhou/CenterNet /tmp/CenterNet

Recordings come from there (commit 4c50fd3a of November 2022); tests read recordings alone.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
import torch
from official_yolox import read_module, stand_in
from torch import Tensor

STRIDE: Final = 4
OPTIONS: Final = Namespace(  # the defaults of opts.py that losses and targets read
    mse_loss=False,
    reg_loss="l1",
    dense_wh=False,
    norm_wh=False,
    cat_spec_wh=False,
    eval_oracle_hm=False,
    eval_oracle_wh=False,
    eval_oracle_offset=False,
    num_stacks=1,
    hm_weight=1,
    wh_weight=0.1,
    off_weight=1,
    reg_offset=True,
    keep_res=False,
    down_ratio=STRIDE,
    debug=0,
)


class Official(NamedTuple):
    """The modules of a clone: ctdet.py of samples and of trains, decode.py and msra_resnet.py."""

    samples: ModuleType
    trains: ModuleType
    decode: ModuleType
    resnet: ModuleType


def official_centernet(clone: Path) -> Official:
    """Return modules of a clone; what they import but do not need here is left empty."""
    lib = clone / "src" / "lib"
    for name in ("utils", "models", "models.networks", "trains"):
        stand_in(name, folder=lib / name.replace(".", "/"))
    stand_in("utils.debugger", Debugger=None)
    stand_in("utils.oracle_utils", gen_oracle_map=None)
    stand_in("utils.post_process", ctdet_post_process=None)
    stand_in("trains.base_trainer", BaseTrainer=object)
    return Official(
        read_module("centernet_samples", lib / "datasets" / "sample" / "ctdet.py"),
        read_module("trains.ctdet", lib / "trains" / "ctdet.py"),
        read_module("models.decode", lib / "models" / "decode.py"),
        read_module("models.networks.msra_resnet", lib / "models" / "networks" / "msra_resnet.py"),
    )


def targets_of(
    official: Official, boxes: np.ndarray, size: tuple[int, int], classes: int
) -> dict[str, Tensor]:
    """Return what the official data set makes of true boxes [N, T, 5]: class, x, y, w, h in pixels.

    A row whose width is 0 is none. The image has the size of the network's input, width and
    height, so that nothing is scaled but by the stride.
    """
    found = [sample_of(official, rows[rows[:, 3] > 0], size, classes) for rows in boxes]
    return {
        name: torch.stack([torch.from_numpy(one[name]) for one in found])
        for name in ("hm", "wh", "reg", "reg_mask", "ind")
    }


def sample_of(
    official: Official, rows: np.ndarray, size: tuple[int, int], classes: int
) -> dict[str, np.ndarray]:
    """Return a sample of the official data set, of an image that has these boxes."""
    width, height = size
    corners = rows[:, 1:3] - rows[:, 3:5] / 2
    notes = [
        {"bbox": [*corner, *row[3:5]], "category_id": int(row[0])}
        for corner, row in zip(corners.tolist(), rows.tolist(), strict=True)
    ]
    black = np.zeros((height, width, 3), np.uint8)
    module: Any = official.samples
    module.cv2 = SimpleNamespace(
        imread=lambda path: black, warpAffine=cv2.warpAffine, INTER_LINEAR=cv2.INTER_LINEAR
    )
    data = module.CTDetDataset()
    data.images, data.img_dir, data.split = [0], "", "val"
    data.opt = Namespace(**vars(OPTIONS), input_w=width, input_h=height)
    data.coco = SimpleNamespace(
        loadImgs=lambda ids: [{"file_name": ""}],
        getAnnIds=lambda imgIds: [],
        loadAnns=lambda ids: notes,
    )
    data.max_objs, data.num_classes = 128, classes
    data.cat_ids = {k: k for k in range(classes)}
    data.mean, data.std = np.zeros((1, 1, 3), np.float32), np.ones((1, 1, 3), np.float32)
    sample: dict[str, np.ndarray] = data[0]
    return sample


def loss_of(
    official: Official, maps: Sequence[Tensor], targets: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Return the official loss of the maps of heat, size and offset, and its three terms."""
    heat, size, offset = maps
    outputs = [{"hm": heat * 1, "wh": size, "reg": offset}]
    total, terms = official.trains.CtdetLoss(OPTIONS)(outputs, targets)
    names = ("hm_loss", "wh_loss", "off_loss")
    return {"total": total, **{name: torch.as_tensor(terms[name]) for name in names}}
