"""A network as its users hold it: it finds boxes, and loads and saves its weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch

from .backends.prepare import fast_form, forget
from .boxes.detections import Detections
from .boxes.rule import USUAL, SuppressionRule
from .boxes.settings import Settings
from .cfg.class_tree import Tree
from .cfg.net import Net
from .cfg.parser import Section
from .errors import UsageError
from .graph.choose_dialect import Choice
from .graph.executor import Executor
from .graph.header import Header
from .graph.nodes import read_layers
from .graph.traits import traits_of
from .graph.weights import Loaded, load, save
from .inference.classify import classify, hierarchy
from .inference.predict import detection_form, on_cuda, predict
from .layers import Reading, last_detection_head
from .modules.batch_norm import BATCH_NORMS
from .modules.recurrent import is_recurrent
from .runtime.any_network import Image
from .runtime.detector import ImageDetector
from .runtime.tiled import find_in_tiles
from .runtime.traits import Traits
from .system.crews import Crew
from .system.text import count_of

MAPS = 1 << 30  # bytes of the maps of images that are worked on at once
MOST = 64  # images that are worked on at once: more are no faster
TILES = 1 << 20  # values of tiles that a CPU works on at once, for its cache
TRAITS = "traits"  # a key of Executor.derived


class Network(Executor, ImageDetector[Detections]):
    """A cfg as a PyTorch network that finds boxes, and loads and saves its weights.

    Darknet: src/network.c network
    """

    choice: Choice | None = None  # of the dialect, where a cfg file was read

    def check_values(self) -> None:
        """Raise an error if the network has no values yet."""
        if self.device.type == "meta":
            super().check_values()

    def images_at_once(self) -> int:
        """Return how many images boxes are found in at once: those whose maps fit into MAPS."""
        return min(max(MAPS // self.map_bytes(), 1), MOST)

    def tiles_at_once(self) -> int:
        """Return how many tiles of an image boxes are found in at once: few on a CPU."""
        few = MOST if on_cuda(self) else max(TILES // self.input.outputs, 1)
        return min(self.images_at_once(), few)

    @property
    def keeps_state(self) -> bool:
        """Whether its answer depends on the images before."""
        return is_recurrent(self)

    @property
    def suppression(self) -> SuppressionRule:
        """The rule of its suppression: the last head decides."""
        head = last_detection_head(self.layers)
        return head.suppression if head else USUAL

    @property
    def traits(self) -> Traits:
        """What commands tell of the network, at its present size."""
        size, traits = self.derived.get(TRAITS, (None, None))
        if size != self.input:
            traits = traits_of(self)
            self.derived[TRAITS] = self.input, traits
        return cast("Traits", traits)

    @property
    def sides(self) -> tuple[int, int]:
        """The width and height of its input."""
        return self.input.w, self.input.h

    @property
    def tree(self) -> Tree | None:
        """The tree of the classes of a classifier, if there is one."""
        return hierarchy(self)

    def crews(self, images: int) -> Sequence[Crew]:
        """Return the crews that may find boxes in so many `images` at once; the likely best first.

        On a GPU one thread waits for it. On a CPU some threads, whose maps fit into MAPS, share the
        cores: the fewer of them compute one convolution, the less they wait for each other. Layers
        that remember the last image, and other programs, are for one thread.
        """
        if on_cuda(self):
            return (Crew(1, nothing),)
        threads = torch.get_num_threads()
        if self.device.type != "cpu" or self.backend or not threads > 1 or is_recurrent(self):
            return ()
        most = MAPS // (images * self.map_bytes())
        halves = [threads >> bits for bits in range(threads.bit_length())]
        return [
            Crew(workers, partial(torch.set_num_threads, threads // workers))
            for workers in halves
            if workers <= most or workers == 1
        ]

    def get_ready(self, *, many: bool) -> None:
        """Make the fast form that finds boxes; `many` images pay for a longer preparation."""
        detection_form(self, many)

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> list[Detections]:
        """Return the boxes of each image, uint8 RGB [H, W, 3], in the order the C leaves them."""
        if chosen.tiling:
            found = find_in_tiles(self, images, chosen, chosen.tiling, many=many)
            return list(map(Detections.of_arrays, found))
        return predict(self, images, chosen, many=many)

    def class_scores(self, images: Sequence[Image]) -> np.ndarray:
        """Return each image's scores [N, classes], multiplied down the tree, if there is one."""
        scores: np.ndarray = classify(self, images).numpy()
        return scores

    def __getstate__(self) -> dict[str, object]:
        """Leave the latest images out of copies and files."""
        return {**super().__getstate__(), "latest": []}

    def __repr__(self) -> str:
        cfg, size = self.net.section.path, " x ".join(map(str, self.input.tensor))
        layers = count_of(len(self.nodes), "layer")
        form = f"{layers}, input {size}, {self.dialect.name}, {self.device}"
        return f"Network({cfg}: {form})"

    def prepared(self, *, many: bool = False, half: bool = False) -> Network:
        """Return the network in its fastest form for inference, made anew where values changed.

        It computes the same but for the last digits, or to two or three digits in `half` precision,
        which a GPU has, and a CPU if the network's precision is bf16. `many` images pay for a
        preparation that takes longer. In training, and where there is no faster form, it is the
        network itself.
        """
        return fast_form(self, many=many, half=half)

    def refresh(self) -> None:
        """Forget what was computed from former values.

        Needed only after writes through `.data` or `.numpy()`, which torch does not count, to
        values on a GPU, or to single values of a large tensor. Others are noticed.
        """
        forget(self)

    def load_weights(
        self,
        path: str | Path,
        *,
        strict: bool = True,
        upto: int | None = None,
        transfer: bool = False,
    ) -> Loaded:
        """Read a weights file for the layers before `upto`.

        Arrays that the file lacks keep their values, or are initialized if they have none.
        `transfer` loads what matches from a file that was trained with another number of classes.
        """
        forget(self)  # a fixed network does not notice
        return load(self, path, strict=strict, upto=upto, transfer=transfer)

    def save_weights(
        self, path: str | Path, *, header: Header | None = None, upto: int | None = None
    ) -> None:
        """Write a weights file of the layers before `upto`, under the dialect's header.

        `header` replaces it: with a loaded file's own header the same bytes are written.
        """
        save(self, path, header=header, upto=upto)


def nothing() -> None:
    """Prepare nothing."""


def build_network(
    sections: Sequence[Section], choice: Choice, *, batchnorm: str = "gpu", strict: bool = True
) -> Network:
    """Return the network of a cfg's sections on the meta device: with shapes, without memory.

    Darknet: src/parser.c parse_network_cfg
    """
    if batchnorm not in BATCH_NORMS:
        raise UsageError(f"batchnorm {batchnorm}: expected one of {', '.join(BATCH_NORMS)}")
    lineage = choice.dialect.name
    reading = Reading(
        lineage=lineage,
        strict=strict,
        net=Net.read(sections[0], lineage, strict),
        processor=batchnorm,
    )
    if len(sections) == 1:
        raise sections[0].error("is the only section: expected layers after it")
    network = Network(reading.net, read_layers(sections[1:], reading), choice.dialect)
    network.choice = choice
    return network
