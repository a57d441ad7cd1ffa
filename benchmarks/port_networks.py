#!/usr/bin/env python3
"""Networks of PyTorch ports with seeded random weights, made and run by the port's own code.

    benchmarks/port_networks.py CLONE NETWORK CFG FOLDER

Run so, it builds a network of a port's clone (measure_ports.py) and writes into the folder its
state dict, an image, and what its heads read from it, in single and in double precision. Packages
that a port imports for its plots and its training only need not be installed.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import MagicMock

import cv2
import numpy as np
import torch
from torch import Tensor, nn

SPARE = ("torchvision", "pandas", "seaborn", "pycocotools", "terminaltables", "imgaug", "requests")
THRESH, BOXES = 0.25, 60  # so many scores of the image exceed this
IMAGES = 4  # of which the batch norms' means and variances are

Build = Callable[[Path, str, Path], nn.Module]
PORTS: dict[str, Build] = {}


def port(mark: str) -> Callable[[Build], Build]:
    """Register what builds a network of the port whose clone has this file."""

    def register(build: Build) -> Build:
        PORTS[mark] = build
        return build

    return register


@port("cfg/training/yolov7.yaml")
def yolov7(clone: Path, name: str, cfg: Path) -> nn.Module:
    """WongKinYiu/yolov7: the network of cfg/training/NAME.yaml."""
    return importlib.import_module("models.yolo").Model(str(clone / f"cfg/training/{name}.yaml"))


@port("pytorchyolo/models.py")
def eriklindernoren(clone: Path, name: str, cfg: Path) -> nn.Module:
    """eriklindernoren/PyTorch-YOLOv3: that of the cfg."""
    return importlib.import_module("pytorchyolo.models").Darknet(str(cfg))


@port("tool/darknet2pytorch.py")
def tianxiaomo(clone: Path, name: str, cfg: Path) -> nn.Module:
    """Tianxiaomo/pytorch-YOLOv4: its class Yolov4, or what it makes of another network's cfg."""
    if name == "Yolov4":
        return importlib.import_module("models").Yolov4()
    return importlib.import_module("tool.darknet2pytorch").Darknet(str(cfg))


@port("models/models.py")
def pytorch_yolov4(clone: Path, name: str, cfg: Path) -> nn.Module:
    """WongKinYiu/PyTorch_YOLOv4: that of the cfg."""
    return importlib.import_module("models.models").Darknet(str(cfg))


@port("models.py")
def ultralytics(clone: Path, name: str, cfg: Path) -> nn.Module:
    """ultralytics/yolov3, branch archive: that of the cfg."""
    return importlib.import_module("models").Darknet(str(cfg))


def build(clone: Path, name: str, cfg: Path) -> nn.Module:
    """Return a network of a port, built by its own code."""
    for package in SPARE:
        try:
            importlib.import_module(package)
        except ImportError:
            for module in (package, f"{package}.ops", f"{package}.utils"):
                sys.modules[module] = MagicMock()
    sys.path.insert(0, str(clone))
    made = next(make for mark, make in PORTS.items() if (clone / mark).exists())
    return made(clone, name, cfg)


def modules(network: nn.Module, kind: type | str) -> list[nn.Module]:
    """Return the modules of a class, or of a class of this name."""
    return [
        module
        for module in network.modules()
        if (type(module).__name__ == kind if isinstance(kind, str) else isinstance(module, kind))
    ]


def head_convolutions(network: nn.Module) -> list[nn.Conv2d]:
    """Return the convolutions before the heads: those with biases, as the others have none."""
    return [module for module in modules(network, nn.Conv2d) if module.bias is not None]  # type: ignore[misc]


def head_inputs(network: nn.Module, images: Tensor) -> list[Tensor]:
    """Return what goes into the heads, [N, C, H, W] each."""
    found: list[Tensor] = []
    last = modules(network, "ImplicitM") or head_convolutions(network)
    hooks = [
        module.register_forward_hook(lambda module, given, out: found.append(out.clone()))
        for module in last
    ]
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
    return found


def randomize(network: nn.Module, images: Tensor) -> None:
    """Give batch norms random scales and biases, and the means and variances of images."""
    with torch.no_grad():
        for norm in modules(network, nn.BatchNorm2d):
            norm.weight.uniform_(0.5, 1.5)  # type: ignore[operator, union-attr]
            norm.bias.normal_(0, 0.2)  # type: ignore[operator, union-attr]
            norm.reset_running_stats()  # type: ignore[operator]
            norm.momentum = None  # type: ignore[assignment]
        network.train()
        network(images)
        for norm in modules(network, nn.BatchNorm2d):
            norm.eval()  # the rest stays as in training, where heads return what they get


def limit_boxes(network: nn.Module, image: Tensor, classes: int) -> None:
    """Change the objectness biases so that BOXES scores exceed THRESH, none of them narrowly."""
    convolutions, size = head_convolutions(network), 5 + classes
    factors = [module.implicit for module in modules(network, "ImplicitM")]
    maps = [
        each.reshape(-1, size, each.shape[2] * each.shape[3]).double()
        for each in head_inputs(network, image)
    ]
    objects = torch.cat([each[:, 4].flatten() for each in maps])
    best = torch.cat([each[:, 5:].amax(1).flatten() for each in maps]).sigmoid()
    needed = torch.logit((THRESH / best).clamp(max=1 - 1e-9)) - objects
    low, high = needed.sort().values[BOXES - 1 : BOXES + 1]
    with torch.no_grad():
        for place, conv in enumerate(convolutions):
            shift = torch.full((len(conv.bias) // size,), float(low + high) / 2)
            if factors:
                shift = shift / factors[place].flatten()[4::size]
            conv.bias[4::size] += shift


def smooth_images(count: int, w: int, h: int) -> np.ndarray:
    """Return images [N, H, W, 3] of random coloured blotches, whose smallest are some pixels."""
    chance = np.random.default_rng(7)
    sums = np.zeros((count, h, w, 3))
    for side in (6, 24, 96):
        for image in sums:
            image += cv2.resize(chance.normal(size=(side, side, 3)), (w, h))
    return np.clip(sums * 45 + 128, 0, 255).astype(np.uint8)


def write(clone: Path, name: str, cfg: Path, folder: Path) -> None:
    """Write the state dict, an image and the heads' inputs of a network into a folder."""
    torch.manual_seed(7)
    text = cfg.read_text()
    w, h, classes = (
        int(re.search(rf"(?m)^{key}\s*=\s*(\d+)", text)[1])  # type: ignore[index]
        for key in ("width", "height", "classes")
    )
    network = build(clone, name, cfg)
    pictures = smooth_images(IMAGES, w, h)
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    randomize(network, images)
    limit_boxes(network, images[:1], classes)
    cv2.imwrite(str(folder / "image.png"), pictures[0][..., ::-1])
    np.savez(folder / "state.npz", **{key: each.numpy() for key, each in state(network)})
    np.savez(folder / "single.npz", *(each.numpy() for each in head_inputs(network, images[:1])))
    network.double()
    found = head_inputs(network, images[:1].double())
    np.savez(folder / "double.npz", *(each.numpy() for each in found))


def state(network: nn.Module) -> Iterable[tuple[str, Tensor]]:
    """Return the names and arrays of a state dict, copied."""
    return ((key, each.detach().clone()) for key, each in network.state_dict().items())


if __name__ == "__main__":
    clone, name, cfg, folder = sys.argv[1:]
    write(Path(clone).resolve(), name, Path(cfg).resolve(), Path(folder).resolve())
