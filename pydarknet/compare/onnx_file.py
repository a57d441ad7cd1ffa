"""An ONNX file as it is run: by onnxruntime where that is installed, else by OpenCV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError, UsageError
from ..image.decode import silent_opencv
from ..runtime.about import KEY
from ..runtime.engine import Engine, Input, open_engine, run_engine
from ..system.text import json_value


@dataclass(frozen=True)
class OnnxFile:
    """An ONNX file that takes one image, and what it says about itself."""

    path: Path
    engine: Engine

    @classmethod
    def open(cls, path: Path) -> OnnxFile:
        """Return a file, or raise an error that says why it cannot be run."""
        if not path.is_file():
            problem = "is a folder" if path.is_dir() else "does not exist"
            raise UsageError(f"-onnx {path}: {problem}: expected an ONNX file")
        with silent_opencv():
            return cls(path, open_engine(path))

    @property
    def image(self) -> Input:
        """The input for images: the first of four sizes."""
        for one in self.engine.inputs:
            if len(one.shape) == 4:
                return one
        sizes = ", ".join(f"{one.name} {list(one.shape)}" for one in self.engine.inputs)
        raise DataError(f"its inputs are {sizes}: expected images [N, C, H, W]", where=self.path)

    def channels_last(self, channels: int) -> bool:
        """Return whether images are [N, H, W, C]."""
        shape = self.image.shape
        return shape[3] == channels and shape[1] != channels

    def size(self, channels: int) -> tuple[int | None, int | None]:
        """Return width and height of the images; None if any will do. Raises DataError."""
        shape = self.image.shape
        if self.channels_last(channels):
            return shape[2], shape[1]
        if shape[1] not in (None, channels):
            problem = f"takes images of {shape[1]} channels: expected {channels}, the cfg's"
            raise DataError(problem, where=self.path)
        return shape[3], shape[2]

    @property
    def about(self) -> dict[str, Any]:
        """What the file says about itself, if pydarknet wrote it; else empty."""
        try:
            found = json_value(self.engine.metadata.get(KEY, "{}"))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs for an image [1, C, H, W] in 0..1, in a batch of the file's size.

        Other inputs, such as the states of recurrent layers, are zeros.
        """
        image = self.image
        given = {
            one.name: np.zeros([size or 1 for size in one.shape], one.dtype)
            for one in self.engine.inputs
        }
        batch = images.repeat(image.shape[0] or 1, 0)
        if self.channels_last(images.shape[1]):
            batch = batch.transpose(0, 2, 3, 1)
        if image.dtype is np.uint8:
            batch = (batch * 255).round()
        given[image.name] = np.ascontiguousarray(batch, image.dtype)
        names = self.engine.outputs
        with silent_opencv():
            found = run_engine(self.engine, given, names, self.path)
        return dict(zip(names, found, strict=True))
