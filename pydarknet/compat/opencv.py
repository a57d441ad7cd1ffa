"""OpenCV 4's interface to Darknet networks, which OpenCV 5 removed: cv2.dnn's readers and Net.

`opencv_install` puts the readers back into cv2.dnn.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, overload

import cv2
import numpy as np

from ..errors import DarknetError
from ..runtime.network import RuntimeNetwork
from ..system.resources import locate
from ..system.text import excerpt
from .opencv_form import names_of as form_names
from .opencv_form import outputs_of
from .opencv_names import LayerNames
from .opencv_open import by_torch, open_net

if TYPE_CHECKING:
    from ..network import Network

Source = str | os.PathLike[str] | bytes | bytearray | np.ndarray
GPU = {getattr(cv2.dnn, name, None) for name in ("DNN_TARGET_CUDA", "DNN_TARGET_CUDA_FP16")}


class Error(DarknetError, cv2.error):
    """A DarknetError that programs can catch as cv2.error."""


@contextmanager
def as_opencv() -> Iterator[None]:
    """Raise our errors as cv2.error, which OpenCV's programs expect."""
    try:
        yield
    except DarknetError as error:
        raise Error(str(error)) from None


class Net:
    """A network as cv2.dnn.Net: `setInput` takes images, `forward` returns rows of boxes.

    Layers have the names and numbers of OpenCV 4.12. A layer of Darknet runs as a whole: of
    `conv_0`, `bn_0` and `leaky_1` only the last has an output. A compiled network gives outputs of
    heads for blobs of its own size; torch's is opened for all else.
    """

    def __init__(
        self,
        network: Network | RuntimeNetwork | None = None,
        open_by_torch: Callable[[], Network] | None = None,
    ) -> None:
        self.loaded, self.open_by_torch = network, open_by_torch
        self.layers = names_of(network)
        self.blob: np.ndarray | None = None
        self.ticks: dict[str, float] = {}

    def empty(self) -> bool:
        """Whether there is no layer."""
        return self.loaded is None

    def getLayerNames(self) -> tuple[str, ...]:
        """Return the names of all layers but the input."""
        return self.layers.all

    def getLayerId(self, layer: str) -> int:
        """Return the number of a layer, from 1; 0 for the input, -1 for an unknown name."""
        return self.layers.number(layer)

    def getUnconnectedOutLayersNames(self) -> tuple[str, ...]:
        """Return the names of the layers that no other reads: the heads."""
        return tuple(self.layers.heads)

    def getUnconnectedOutLayers(self) -> np.ndarray:
        """Return the numbers of the layers that no other reads, int32 [heads]."""
        return self.layers.numbers()

    def setPreferableBackend(self, backendId: int) -> None:
        """Do nothing: PyTorch computes, or the engine of the compiled network."""

    def setPreferableTarget(self, targetId: int) -> None:
        """Compute on the GPU if a GPU target is given and there is one, else on the CPU.

        A compiled network stays on the CPU.
        """
        if self.loaded is None or isinstance(self.loaded, RuntimeNetwork):
            return
        import torch

        gpu = targetId in GPU and torch.cuda.is_available()
        self.loaded.to("cuda" if gpu else "cpu")

    def setInput(
        self, blob: Any, name: str = "", scalefactor: float = 1.0, mean: Sequence[float] = ()
    ) -> None:
        """Set images [N, C, H, W] as blobFromImage makes them, minus `mean`, times `scalefactor`.

        If their size is not that of the cfg, the network is resized.
        """
        array = np.asarray(blob, np.float32)
        if name not in ("", "data"):
            raise Error(f'Requested blob "{name}" not found')
        if array.ndim != 4:
            raise Error(f"a blob has shape {list(array.shape)}: expected images [N, C, H, W]")
        shift = np.zeros((1, array.shape[1], 1, 1), np.float32)
        shift.flat[: len(mean)] = mean[: array.shape[1]]
        self.blob = (array - shift) * np.float32(scalefactor)

    @overload
    def forward(  # type: ignore[overload-overlap]  # a str is one name, not a sequence of them
        self, outputName: str | None = None
    ) -> np.ndarray: ...

    @overload
    def forward(self, outputName: Sequence[str]) -> tuple[np.ndarray, ...]: ...

    def forward(
        self, outputName: str | Sequence[str] | None = None
    ) -> np.ndarray | tuple[np.ndarray, ...]:
        """Return the output of one layer, of several layers, or of the last one, float32.

        A detection head returns [boxes, 5 + classes]: centre x, y, width, height in 0..1 of the
        blob, objectness, and a score per class; for several images [N, boxes, 5 + classes].
        """
        one = outputName is None or isinstance(outputName, str)
        if self.loaded is None or self.blob is None:
            raise Error("nothing to compute: expected a network, and setInput before")
        wanted = [outputName or self.layers.all[-1]] if one else list(outputName or ())
        with as_opencv():
            nodes = {str(name): self.layers.index(str(name)) for name in wanted}
            found = self.compute(self.blob, nodes)
        outputs = tuple(found[str(name)] for name in wanted)
        return outputs[0] if one else outputs

    def compute(self, blob: np.ndarray, wanted: dict[str, int]) -> dict[str, np.ndarray]:
        """Run the network on images, and return the wanted outputs by name."""
        if isinstance(self.loaded, RuntimeNetwork):
            before = time.perf_counter()
            found = outputs_of(self.loaded, blob, wanted)
            if found is not None:
                ticks = (time.perf_counter() - before) * cv2.getTickFrequency()
                self.ticks = {self.layers.all[-1]: ticks}
                return found
            assert self.open_by_torch is not None, "a compiled network comes with it"
            self.loaded = self.open_by_torch()
        from .opencv_layers import run

        assert self.loaded is not None, "`forward` looked"
        found, self.ticks = run(self.loaded, self.layers, blob, wanted)
        return found

    @property
    def size(self) -> tuple[int, int]:
        """The width and height of the network's input; 0 without one."""
        return self.loaded.sides if self.loaded else (0, 0)

    def getPerfProfile(self) -> tuple[int, np.ndarray]:
        """Return the ticks of the last `forward`, and of each layer, float64 [layers].

        Of a compiled network all are the last layer's.
        """
        ticks = np.array([self.ticks.get(name, 0.0) for name in self.layers.all])
        return int(ticks.sum()), ticks


def names_of(network: Network | RuntimeNetwork | None) -> LayerNames:
    """Return the names of a network's layers; DarknetError for what OpenCV did not read."""
    if network is None:
        return LayerNames()
    if isinstance(network, RuntimeNetwork):
        return form_names(network)
    from .opencv_layers import names_of

    return names_of(network)


def readNetFromDarknet(
    cfgFile: Source = "",
    darknetModel: Source | None = None,
    *,
    bufferCfg: Source | None = None,
    bufferModel: Source | None = None,
    backend: str | None = None,
) -> Net:
    """Read a cfg and its weights, each a path or the content of the file as bytes.

    OpenCV has other names for contents that are given by name; they mean the same here. With the
    `backend` "runtime" files are compiled, unless they are already: all readers then open them
    without torch.

    Darknet: src/parser.c parse_network_cfg; OpenCV: modules/dnn/src/darknet/darknet_importer.cpp
    """
    with as_opencv(), TemporaryDirectory() as folder:
        text = cfgFile if bufferCfg is None else bufferCfg
        if not given(text):
            raise DarknetError(f"the cfg is {text!r}: expected its path or its content")
        model = darknetModel if bufferModel is None else bufferModel
        content = model if given(model) else None
        cfg = locate(on_disk(text, Path(folder, "net.cfg")))
        weights = None if content is None else on_disk(content, Path(folder, "net.weights"))
        if is_path(text) and is_path(content):
            network = open_net(cfg, weights, backend)
            return Net(network, partial(by_torch, cfg, weights, dialect=network.dialect.name))
        if backend:
            raise DarknetError(f"backend {backend}: expected paths of a cfg and of weights")
        return Net(by_torch(cfg, weights))


def given(source: Any) -> bool:
    """Whether a file or its content is given."""
    if not is_path(source) and not isinstance(source, bytes | bytearray | np.ndarray | None):
        raise Error(f"a file is of type {type(source).__name__}: expected its path or its content")
    return source is not None and len(os.fspath(source) if is_path(source) else source) > 0


def is_path(source: Any) -> bool:
    """Whether this is a path; bytes are one unless they have a line end or a NUL."""
    if isinstance(source, bytes):
        return b"\n" not in source and b"\0" not in source
    return isinstance(source, str | os.PathLike)


def on_disk(source: Any, place: Path) -> Path:
    """Return the path of a file; if its content is given, write it to `place`."""
    if is_path(source):
        return Path(os.fsdecode(source))
    place.write_bytes(bytes(source))
    return place


def readNet(
    model: Source = "",
    config: Source = "",
    framework: Source = "",
    *,
    bufferModel: Source | None = None,
    bufferConfig: Source | None = None,
) -> Net:
    """Read weights and cfg, in either order, or their contents as `("darknet", weights, cfg)`."""
    if bufferConfig is not None:
        return readNetFromDarknet(bufferConfig, bufferModel)
    if names_us(model):
        return readNetFromDarknet(framework, config)
    files = [file for file in (model, config) if given(file)]
    files.sort(key=lambda file: not names(file, ".cfg"))
    if not files or not names(files[0], ".cfg"):
        given_ones = ", ".join(map(excerpt_of, files)) or "no file"
        raise Error(f"{given_ones}: expected the .cfg of a Darknet network, and its weights")
    return readNetFromDarknet(*files)


def excerpt_of(file: Any) -> str:
    """Return a path, or the type of a file's content, for a message."""
    return excerpt(os.fsdecode(file)) if is_path(file) else type(file).__name__


def names(file: Any, *endings: str) -> bool:
    """Whether this is a path with one of these endings."""
    return is_path(file) and os.fsdecode(file).lower().endswith(endings)


def names_us(word: Any) -> bool:
    """Whether this is the framework's name."""
    return isinstance(word, str) and word.lower() == "darknet"


def asks_for_us(*files: Any) -> bool:
    """Whether one of a reader's arguments names a cfg or weights, or our framework."""
    return any(names(file, ".cfg", ".weights") or names_us(file) for file in files)
