"""A handle of a network, as C programs hold it, with the last outputs."""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import c_char_p
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..boxes.settings import Decoding, Settings
from ..boxes.suppression import suppress_each, suppress_objects
from ..cfg.dialect import Dialect
from ..errors import DarknetError, DataError, WrongType
from ..image.fit import planes_input
from ..runtime.network import VALUES, RuntimeNetwork
from ..system.text import count_of
from .ctypes_structs import IMAGE, check_image, planes_of
from .last_outputs import HeadOutputs, LastOutputs, TableOutputs

if TYPE_CHECKING:
    from ..network import Network

Text = str | bytes | os.PathLike[str]


@dataclass(eq=False)
class Handle:
    """A loaded network, its batch size, and its outputs for the last images.

    The network is torch's, or a compiled one: `open_by_torch` then opens torch's once something is
    asked that the compiled one cannot say. `letters` says whether images are letterboxed; `skipped`
    are classes left out of results.
    """

    loaded: Network | RuntimeNetwork | None
    batch: int = 1
    letters: bool = False
    skipped: set[int] = field(default_factory=set)
    outputs: LastOutputs | None = None
    image: np.ndarray | None = None
    open_by_torch: Callable[[], Network] | None = None

    @property
    def any_network(self) -> Network | RuntimeNetwork:
        """The network, whatever runs it; DarknetError once it is freed."""
        if self.loaded is None:
            raise DarknetError("the network was freed: expected one that is loaded")
        return self.loaded

    @property
    def network(self) -> Network:
        """Torch's network; DarknetError once it is freed."""
        if isinstance(self.any_network, RuntimeNetwork) and self.open_by_torch:
            self.loaded = self.open_by_torch()
        return cast("Network", self.loaded)

    @property
    def dialect(self) -> Dialect:
        """The dialect of the network."""
        return self.any_network.dialect

    @property
    def sides(self) -> tuple[int, int]:
        """The width and height of the network's input."""
        return self.any_network.sides

    @property
    def channels(self) -> int:
        """The channels of the network's input; 0 if it is no image."""
        network = self.any_network
        return network.about.input[0] if isinstance(network, RuntimeNetwork) else network.input.c

    @property
    def classes(self) -> int:
        """The number of classes of the last detection head; 0 without one."""
        return next(reversed(self.any_network.traits.classes), 0)

    def free(self) -> None:
        """Free the memory of the network, on the GPU too."""
        by_torch = self.loaded is not None and not isinstance(self.loaded, RuntimeNetwork)
        self.loaded, self.outputs, self.image, self.open_by_torch = None, None, None, None
        if by_torch:
            import torch

            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Run the network on images [N, C, H, W] in 0..1, and return its output, float32 [n].

        Only a classifier's needs no torch.

        Darknet: src/network.c network_predict
        """
        found = self.any_network
        if isinstance(found, RuntimeNetwork) and found.about.layout == VALUES:
            self.outputs = TableOutputs(found, ())
            return found.file.run(inputs)[0].flatten()
        network = self.network
        import torch

        with torch.inference_mode():
            heads = network.prepared(many=True)(torch.from_numpy(inputs).to(network.device))
        self.outputs = HeadOutputs(network, heads)
        last = next((h for h in heads if h.node.index == network.result), heads[-1])
        values: np.ndarray = last.activated.flatten().cpu().numpy().copy()
        return values

    def see(self, image: IMAGE, *, letters: bool) -> np.ndarray:
        """Run the network on one image of any size, and return its output, float32 [n].

        Darknet: src/network.c network_predict_image, network_predict_image_letterbox
        """
        self.take(image, letters)
        return self.run(self.fit())

    def look(self, image: IMAGE, *, letters: bool) -> None:
        """Run the network on one image of any size, for its boxes; a compiled one suffices.

        Darknet: src/network.c network_predict_image, network_predict_image_letterbox
        """
        self.take(image, letters)
        network = self.any_network
        if isinstance(network, RuntimeNetwork):
            self.outputs = TableOutputs(network, network.box_tables(self.fit()))
        else:
            self.run(self.fit())

    def take(self, image: IMAGE, letters: bool) -> None:
        """Keep an image as the last one. Raises DataError unless it has the network's channels."""
        check_image(image)
        if image.c != self.channels:
            raise DataError(
                f"an image has {count_of(image.c, 'channel')}: expected {self.channels}, as the"
                " network"
            )
        self.image, self.letters = planes_of(image), letters

    def fit(self) -> np.ndarray:
        """Return the last image as the network's input, float32 [1, C, H, W]."""
        assert self.image is not None, "`take` came before"
        return planes_input(self.image, *self.sides, letterboxed=self.letters)[None]

    def see_stretched(self) -> None:
        """Run the network on the last image again, stretched instead of letterboxed.

        Only programs of the fork say whether boxes come from a letterbox, and the fork does not
        letterbox images here: the handle then drops its letterbox.
        """
        if self.image is not None and self.letters:
            self.letters = False
            self.run(self.fit())

    def see_by_torch(self) -> None:
        """Run torch's network on the last image, if a compiled one did: it knows more of boxes."""
        if isinstance(self.outputs, TableOutputs) and self.image is not None:
            self.network  # noqa: B018  # it is opened
            self.run(self.fit())

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
    ) -> list[BoxArrays]:
        """Return the boxes of the last images, in pixels of `size` or `relative` to it.

        Darknet: src/network.c get_network_boxes
        """
        if self.outputs is None:
            raise DarknetError("there is no image yet: expected a call of predict_image before")
        decoding = Decoding(thresh=float(np.float32(thresh)), hier=hier, map=map)
        found = self.outputs.boxes(size, Settings(decoding, letters, 0), images)
        scale = np.array([1, 1] * 2 if relative else [*size] * 2, np.float32)
        return [self.without_skipped(replace(f, boxes=f.boxes * scale)) for f in found]

    def without_skipped(self, found: BoxArrays) -> BoxArrays:
        """Return boxes without the probabilities of skipped classes."""
        if not self.skipped:
            return found
        scores = found.probabilities.copy()
        scores[:, [k for k in self.skipped if k < scores.shape[1]]] = 0
        return replace(found, probabilities=scores)


def check_call(handle: object, names: object) -> None:
    """Raise WrongType for what is no handle, or for no class names."""
    if not isinstance(handle, Handle):
        kind = "None" if handle is None else type(handle).__name__
        raise WrongType(f"the network is {kind}: expected what load_network returned")
    if names is None:
        raise WrongType("the class names are None: expected a list of them, or METADATA")


def suppress_by_class(found: BoxArrays, threshold: float) -> BoxArrays:
    """Suppress the boxes of one image class by class."""
    [left] = suppress_each([found], threshold)
    return left


Suppression = Callable[[BoxArrays, float], BoxArrays]
BY_CLASS: Suppression = suppress_by_class
BY_OBJECT: Suppression = suppress_objects


def text(path: Text | c_char_p | None) -> str:
    """Return a path, in whatever form ctypes takes one, as text."""
    given = path.value if isinstance(path, c_char_p) else path
    if not isinstance(given, str | bytes | os.PathLike):
        kind = "None" if given is None else type(given).__name__
        raise DataError(f"a path is {kind}: expected text or bytes")
    return os.fsdecode(given)


def detection_tuples(
    found: BoxArrays,
) -> list[tuple[int, float, tuple[float, float, float, float]]]:
    """Return class, probability and box for every class of every box with a probability."""
    rows, classes = np.nonzero(found.probabilities > 0)
    scores = found.probabilities[rows, classes].tolist()
    boxes = [tuple(box) for box in found.boxes[rows].tolist()]
    return list(zip(classes.tolist(), scores, boxes, strict=True))
