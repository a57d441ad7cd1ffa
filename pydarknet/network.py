"""A network as its users hold it: it finds boxes, and loads and saves its weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast, overload

import numpy as np

from .backends.prepare import fast_form, forget
from .boxes.detections import Detections
from .boxes.origin import Origin
from .boxes.settings import Settings, settings
from .cfg.class_tree import Tree
from .cfg.net import Net
from .cfg.numbers import Range
from .cfg.parser import Section
from .errors import UsageError
from .graph.choose_dialect import Choice
from .graph.executor import Executor
from .graph.header import Header
from .graph.nodes import read_layers
from .graph.traits import traits_of
from .graph.weights import Loaded, load, save
from .image.any_image import AnyImage, image_array, is_one_image, read_if_open
from .inference.classify import classify, hierarchy
from .inference.predict import detection_form, on_cuda, predict, predict_several
from .layers import Reading
from .modules.batch_norm import BATCH_NORMS
from .runtime.any_network import Image
from .runtime.traits import Traits
from .system.text import count_of

SHARE = Range(least=0, most=1)
TRAITS = "traits"  # a key of Executor.derived


class Network(Executor):
    """A cfg as a PyTorch network that finds boxes, and loads and saves its weights.

    Darknet: src/network.c network
    """

    choice: Choice | None = None  # of the dialect, where a cfg file was read
    latest: Sequence[object] = ()  # the last images, so that their boxes can be drawn on them

    @overload
    def detect(  # type: ignore[overload-overlap]  # a str is one path, not an iterable of them
        self,
        image: AnyImage,
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
        *,
        bgr: bool = False,
        exif: bool | None = None,
    ) -> Detections: ...

    @overload
    def detect(
        self,
        image: Iterable[AnyImage],
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
        *,
        bgr: bool = False,
        exif: bool | None = None,
    ) -> list[Detections]: ...

    def detect(
        self,
        image: AnyImage | Iterable[AnyImage],
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
        *,
        bgr: bool = False,
        exif: bool | None = None,
    ) -> Detections | list[Detections]:
        """Return what the network finds in an image, or a list of it for several.

        An image is a path, the bytes of an image file, an open binary file, a PIL image, or an
        array uint8 [H, W, 3] in RGB, or of as many channels as the network takes; `bgr` says that
        arrays have OpenCV's order. `exif` turns photographs in files as their EXIF orientation
        says; arrays and PIL images are taken as they stand. A score must exceed `thresh`, boxes of
        a class that overlap by more than `nms` are suppressed (0: none), `letterbox` keeps the
        image's proportions; omitted values are the dialect's. Raises DataError for what is no
        image, WrongType (a TypeError too) for what cannot be one, UsageError for a `thresh` or
        `nms` outside 0..1.

        Threads may call it at the same time; a forked process computes with one thread. Values may
        be changed between calls: `refresh` says which changes are not noticed.

        Darknet: examples/detector.c test_detector
        """
        check_share("thresh", thresh)
        check_share("nms", nms)
        if self.device.type == "meta":
            self.check_values()
        chosen = settings(self, thresh=thresh, nms=nms, letterbox=letterbox)
        exif = self.exif if exif is None else exif
        one = is_one_image(image)
        given_images = cast("Iterable[AnyImage]", [image] if one else image)
        images: list[AnyImage] = [read_if_open(given) for given in given_images]
        self.latest = images
        read, style = (
            partial(image_array, bgr=bgr, exif=exif, channels=self.image_channels),
            self.dialect.name,
        )
        pairs = predict_several(self, images, read, chosen)
        found = [
            replace(boxes.kept(), origin=Origin.of(given, array, style, bgr, exif))
            for given, (array, boxes) in zip(images, pairs, strict=True)
        ]
        return found[0] if one else found

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

    @property
    def overlaps(self) -> bool:
        """Whether a GPU computes while this process does other things."""
        return on_cuda(self)

    def get_ready(self, *, many: bool) -> None:
        """Make the fast form that finds boxes; `many` images pay for a longer preparation."""
        detection_form(self, many)

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> list[Detections]:
        """Return the boxes of each image, uint8 RGB [H, W, 3], in the order the C leaves them."""
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

        It computes the same but for the last digits, or to three digits in `half` precision, which
        only a GPU has. `many` images pay for a preparation that takes longer. In training, and
        where there is no faster form, it is the network itself.
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
        return load(self, path, strict=strict, upto=upto, transfer=transfer)

    def save_weights(
        self, path: str | Path, *, header: Header | None = None, upto: int | None = None
    ) -> None:
        """Write a weights file of the layers before `upto`, under the dialect's header.

        `header` replaces it: with a loaded file's own header the same bytes are written.
        """
        save(self, path, header=header, upto=upto)


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
        batch_norm=BATCH_NORMS[batchnorm].of(lineage),
        net=Net.read(sections[0], lineage, strict),
    )
    if len(sections) == 1:
        raise sections[0].error("is the only section: expected layers after it")
    network = Network(reading.net, read_layers(sections[1:], reading), choice.dialect)
    network.choice = choice
    return network


def check_share(name: str, value: float | None) -> None:
    """Raise UsageError if a number is given that is no share of one."""
    try:
        SHARE.check(0 if value is None else float(value))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} = {value}: {error}") from None
