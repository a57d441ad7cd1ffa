"""A network that finds boxes in whatever holds an image, as Python programs use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Generic, TypeVar, cast, overload

from ..boxes.box_arrays import BoxRows
from ..boxes.origin import Origin
from ..boxes.settings import Limits, Settings, settings
from ..cfg.dialect import Dialect
from ..cfg.numbers import Range
from ..errors import DataError, UsageError
from ..image.any_image import AnyImage, image_array, is_one_image, read_if_open
from ..image.tiles import OVERLAP, Tiling
from .any_network import Image

SHARE = Range(least=0, most=1)
MANY = 4  # images from which the longer preparation pays

Found = TypeVar("Found", bound=BoxRows)  # of numpy's arrays or torch's
Given = TypeVar("Given")  # an image as a caller holds it


class ImageDetector(Generic[Found]):
    """What finds boxes in images; a subclass says how, of arrays uint8 RGB [H, W, 3]."""

    dialect: Dialect
    limits: Limits | None
    exif: bool
    latest: Sequence[object] = ()  # the last images, so that their boxes can be drawn on them

    @property
    def letter_box(self) -> bool:
        """Whether the cfg asks for a letterbox."""
        raise NotImplementedError

    @property
    def image_channels(self) -> int:
        """With how many channels image files are read."""
        raise NotImplementedError

    def check_values(self) -> None:
        """Raise an error if it cannot compute yet."""

    def images_at_once(self) -> int:
        """Return how many images boxes are found in at once."""
        return 1

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> list[Found]:
        """Return the boxes of each image, after suppression, in the order the C leaves them.

        `many` images pay for a preparation that takes longer.
        """
        raise NotImplementedError

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
        tile: tuple[int, int] | None = None,
        overlap: float = OVERLAP,
    ) -> Found: ...

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
        tile: tuple[int, int] | None = None,
        overlap: float = OVERLAP,
    ) -> list[Found]: ...

    def detect(
        self,
        image: AnyImage | Iterable[AnyImage],
        thresh: float | None = None,
        nms: float | None = None,
        letterbox: bool | None = None,
        *,
        bgr: bool = False,
        exif: bool | None = None,
        tile: tuple[int, int] | None = None,
        overlap: float = OVERLAP,
    ) -> Found | list[Found]:
        """Return what the network finds in an image, or a list of it for several.

        An image is a path, the bytes of an image file, an open binary file, a PIL image, or an
        array uint8 [H, W, 3] in RGB, or of as many channels as the network takes; `bgr` says that
        arrays have OpenCV's order. `exif` turns photographs in files as their EXIF orientation
        says; arrays and PIL images are taken as they stand. A score must exceed `thresh`, boxes of
        a class that overlap by more than `nms` are suppressed (0: none), `letterbox` keeps the
        image's proportions; omitted values are the dialect's. With a `tile`, width and height in
        pixels, a larger image is seen in tiles of that size, which share `overlap` of their sides,
        and once as a whole; the boxes are those of the image. Raises DataError for what is no
        image, WrongType (a TypeError too) for what cannot be one, UsageError for a
        `thresh` or `nms` outside 0..1, and for tiles that make no sense.

        Threads may call it at the same time; a forked process computes with one thread. Values may
        be changed between calls: `Network.refresh` says which changes are not noticed.

        Darknet: examples/detector.c test_detector
        """
        check_share("thresh", thresh)
        check_share("nms", nms)
        self.check_values()
        tiling = Tiling.of(tile, overlap) if tile is not None else None
        chosen = settings(self, thresh=thresh, nms=nms, letterbox=letterbox, tiling=tiling)
        exif = self.exif if exif is None else exif
        one = is_one_image(image)
        given_images = cast("Iterable[AnyImage]", [image] if one else image)
        images: list[AnyImage] = [read_if_open(given) for given in given_images]
        self.latest = images
        read = partial(image_array, bgr=bgr, exif=exif, channels=self.image_channels)
        pairs = self.find_in_turn(images, read, chosen)
        found = [
            replace(boxes.kept(), origin=Origin.of(given, array, self.dialect.name, bgr, exif))
            for given, (array, boxes) in zip(images, pairs, strict=True)
        ]
        return found[0] if one else found

    def find_in_turn(
        self, images: Sequence[Given], read: Callable[[Given], Image], chosen: Settings
    ) -> Iterator[tuple[Image, Found]]:
        """Yield each image as an array, and its boxes; of as many at once as memory is meant for.

        An image is read when its turn comes. Of several, DataError says which cannot be.
        """
        count, many = self.images_at_once(), len(images) >= MANY
        for start in range(0, len(images), count):
            places = range(start, min(start + count, len(images)))
            arrays = [read_in_turn(images, place, read) for place in places]
            yield from zip(arrays, self.find_boxes(arrays, chosen, many=many), strict=True)


def read_in_turn(images: Sequence[Given], place: int, read: Callable[[Given], Image]) -> Image:
    """Return one of several images as an array; an error says which."""
    try:
        return read(images[place])
    except DataError as error:
        if len(images) == 1 or error.where:
            raise
        raise DataError(error.problem, where=f"images[{place}]", hint=error.hint) from None


def check_share(name: str, value: float | None) -> None:
    """Raise UsageError if a number is given that is no share of one."""
    try:
        SHARE.check(0 if value is None else float(value))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} = {value}: {error}") from None
