"""A handle of a network, as C programs hold it, with the last outputs."""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import c_char_p
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..boxes.nms import nms, nms_obj
from ..boxes.settings import Decoding, Settings
from ..errors import DarknetError, DataError, WrongType
from ..graph.executor import Head
from ..inference.predict import decode
from ..layers import last_detection_head
from ..load import load_network
from ..modules.transforms import letterbox, resize
from ..network import Network
from ..system.resources import locate
from ..system.text import count_of
from .ctypes_structs import IMAGE, check_image, planes_of

Text = str | bytes | os.PathLike[str]


@dataclass(eq=False)
class Handle:
    """A loaded network, its batch size, and the outputs of its heads for the last images.

    `letters` says whether images are letterboxed; `skipped` are classes left out of results.
    """

    loaded: Network | None
    batch: int = 1
    letters: bool = False
    skipped: set[int] = field(default_factory=set)
    heads: list[Head] = field(default_factory=list)
    image: Tensor | None = None

    @property
    def network(self) -> Network:
        """The network; DarknetError once it is freed."""
        if self.loaded is None:
            raise DarknetError("the network was freed: expected one that is loaded")
        return self.loaded

    @property
    def classes(self) -> int:
        """The number of classes of the last detection head; 0 without one."""
        head = last_detection_head(self.network.layers)
        return head.classes if head else 0

    def free(self) -> None:
        """Free the memory of the network, on the GPU too."""
        self.loaded, self.heads, self.image = None, [], None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def run(self, inputs: Tensor) -> np.ndarray:
        """Run the network on images [N, C, H, W] in 0..1, and return its output, float32 [n].

        Darknet: src/network.c network_predict
        """
        network = self.network
        with torch.inference_mode():
            self.heads = network.prepared(many=True)(inputs.to(network.device))
        last = next((h for h in self.heads if h.node.index == network.result), self.heads[-1])
        return last.activated.flatten().cpu().numpy().copy()

    def see(self, image: IMAGE, *, letters: bool) -> np.ndarray:
        """Run the network on one image of any size, and return its output, float32 [n].

        Darknet: src/network.c network_predict_image, network_predict_image_letterbox
        """
        check_image(image)
        shape = self.network.input
        if image.c != shape.c:
            raise DataError(
                f"an image has {count_of(image.c, 'channel')}: expected {shape.c}, as the network"
            )
        self.image = torch.from_numpy(planes_of(image).copy())
        self.letters = letters
        fit = letterbox if letters else resize
        return self.run(fit(self.image, shape.w, shape.h)[None])

    def see_stretched(self) -> None:
        """Run the network on the last image again, stretched instead of letterboxed.

        Only programs of the fork say whether boxes come from a letterbox, and the fork does not
        letterbox images here: the handle then drops its letterbox.
        """
        shape = self.network.input
        if self.image is not None and self.letters:
            self.letters = False
            self.run(resize(self.image, shape.w, shape.h)[None])

    def boxes(
        self,
        size: tuple[int, int],
        thresh: float,
        hier: float,
        map: tuple[int, ...] | None = None,
        *,
        relative: bool = False,
        letters: bool = False,
        images: int = 1,
    ) -> list[Detections]:
        """Return the boxes of the last images, in pixels of `size` or `relative` to it.

        Darknet: src/network.c get_network_boxes
        """
        if not self.heads:
            raise DarknetError("there is no image yet: expected a call of predict_image before")
        width, height = size
        decoding = Decoding(thresh=float(np.float32(thresh)), hier=hier, map=map)
        canvas = np.empty((height, width, 0), np.uint8)
        chosen = Settings(decoding, letters, 0)
        with torch.inference_mode():
            found = decode(self.network, self.heads, [canvas] * images, chosen)
        scale = torch.tensor([1.0, 1.0] * 2 if relative else [width, height] * 2)
        return [self.without_skipped(replace(f, boxes=f.boxes * scale)) for f in found]

    def without_skipped(self, found: Detections) -> Detections:
        """Return boxes without the probabilities of skipped classes."""
        if not self.skipped:
            return found
        scores = found.probabilities.clone()
        scores[:, [k for k in self.skipped if k < scores.shape[1]]] = 0
        return replace(found, probabilities=scores)


def check_call(handle: object, names: object) -> None:
    """Raise WrongType for what is no handle, or for no class names."""
    if not isinstance(handle, Handle):
        kind = "None" if handle is None else type(handle).__name__
        raise WrongType(f"the network is {kind}: expected what load_network returned")
    if names is None:
        raise WrongType("the class names are None: expected a list of them, or METADATA")


Suppression = Callable[[Detections, float], Detections]
BY_CLASS: Suppression = nms
BY_OBJECT: Suppression = nms_obj


def text(path: Text | c_char_p | None) -> str:
    """Return a path, in whatever form ctypes takes one, as text."""
    given = path.value if isinstance(path, c_char_p) else path
    if not isinstance(given, str | bytes | os.PathLike):
        kind = "None" if given is None else type(given).__name__
        raise DataError(f"a path is {kind}: expected text or bytes")
    return os.fsdecode(given)


def load_handle(
    cfg: Text, weights: Text | None, *, clear: int = 0, batch: int = 1, seen: str
) -> Handle:
    """Load a network; `seen` is the name of the function called, if only the fork has it.

    Darknet: src/network.c load_network, load_network_custom (AlexeyAB)
    """
    if batch < 1:
        raise DataError(f"a batch of {batch}: expected at least 1")
    file = locate(Path(text(weights))) if weights else None
    network = load_network(locate(text(cfg)), file, seen=seen)
    if clear:
        network.header = replace(network.header, seen=0)
    return Handle(network, batch, network.dialect.letterbox)


def detection_tuples(
    found: Detections,
) -> list[tuple[int, float, tuple[float, float, float, float]]]:
    """Return class, probability and box for every class of every box with a probability."""
    rows, classes = np.nonzero(found.probabilities.numpy() > 0)
    scores = found.probabilities.numpy()[rows, classes].tolist()
    boxes = [tuple(box) for box in found.boxes[rows].tolist()]
    return list(zip(classes.tolist(), scores, boxes, strict=True))
