"""Training samples of detectors: the original's, the fork's and YOLOv1's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .detector_augment_alexeyab import Crop
from .detector_augment_pjreddie import PlaceAugment, place_image
from .image_list import ImageList
from .labels import LabelRules, labels_of
from .mosaic import Piece, mosaic
from .rng import generator_of
from .sample import Request, Sample, planes
from .sampler import Part, Plan, Planner
from .targets import Grid, Rows

Render = Callable[[np.ndarray, Crop, tuple[int, int], np.ndarray, Generator], np.ndarray]


@dataclass(frozen=True)
class PlacedSamples:
    """The original's samples: one image placed on a grey canvas.

    Darknet: src/data.c load_data_detection
    """

    images: ImageList
    rules: LabelRules
    truth: Rows
    augment: PlaceAugment
    listed: bool = False

    @property
    def channels(self) -> int:
        """How many channels an image has."""
        return self.images.channels

    @property
    def truth_shape(self) -> tuple[int, ...]:
        """The shape of an image's truth."""
        return self.truth.shape

    def sample(self, request: Request) -> Sample:
        """Make one sample."""
        generator = generator_of(request.seed, request.batch, request.index)
        index = int(generator.integers(len(self.images.paths)))
        values = self.augment.draw(generator)
        found = self.images.read(index, request.seed, request.batch)
        placement = self.augment.placement(values, found.size, request.size)
        labels = labels_of(found.path, self.rules)
        order = generator.permutation(len(labels.boxes))
        rows = self.truth.of(labels, placement.view(request.size), order, request.size)
        return Sample(
            planes(place_image(found.image, placement, request.size)),
            self.truth.to_shape(rows),
            found.path,
            (*found.problems, *labels.problems),
        )


@dataclass(frozen=True)
class CroppedSamples:
    """The fork's and YOLOv1's samples: images are cropped or padded, resized and combined.

    With `bound`, the boxes in a mosaic are clipped to their corner.

    Darknet: src/data.c load_data_detection (AlexeyAB), load_data_region
    """

    images: ImageList
    rules: LabelRules
    truth: Rows | Grid
    planner: Planner
    render: Render
    bound: bool = False
    listed: bool = False

    @property
    def channels(self) -> int:
        """How many channels an image has."""
        return self.images.channels

    @property
    def truth_shape(self) -> tuple[int, ...]:
        """The shape of an image's truth."""
        return self.truth.shape

    def sample(self, request: Request) -> Sample:
        """Make one sample."""
        generator = generator_of(request.seed, request.batch, request.index)
        plan = self.planner.plan(request, generator)
        whole = len(plan.parts) <= 2  # else the corners of a mosaic
        pieces = [
            self.piece(part, None if whole else index, request, generator)
            for index, part in enumerate(plan.parts)
        ]
        image, rows = self.combine(pieces, plan)
        problems = tuple(problem for piece in pieces for problem in piece.problems)
        return Sample(image, self.truth.to_shape(rows), pieces[0].path, problems)

    def piece(
        self, part: Part, corner: int | None, request: Request, generator: Generator
    ) -> Piece:
        """Read, crop and label one image of a sample."""
        found = self.images.read(part.index, request.seed, request.batch)
        corner = corner if part.cornered else None
        crop = self.planner.augment.crop(part.values, found.size, request.size, corner)
        labels = labels_of(found.path, self.rules)
        order = generator.permutation(len(labels.boxes))
        rows = self.truth.of(labels, crop.view(found.size), order, request.size)
        pixels = self.render(found.image, crop, request.size, rows, generator)
        problems = (*found.problems, *labels.problems)
        return Piece(pixels, rows, crop, found.size, found.path, problems)

    def combine(self, pieces: list[Piece], plan: Plan) -> tuple[np.ndarray, np.ndarray]:
        """Combine the one, two or four images of a sample; return the image and its truth rows."""
        if len(pieces) == 1:
            return planes(pieces[0].pixels), pieces[0].rows
        if len(pieces) == 2:
            return blend(*pieces)
        pixels, rows = mosaic(pieces, plan.cut, self.bound, self.truth.shape[0])
        return planes(pixels), rows


def blend(first: Piece, second: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of two images, and the boxes of both; the second's lose their tracks.

    Darknet: src/data.c blend_truth, src/image_opencv.cpp blend_images_cv (AlexeyAB)
    Quirk: MOSAIC_FORGETS_TRACKS
    """
    others = second.rows.copy()
    others[:, 5] = 0
    half = np.float32(0.5)
    image = planes(first.pixels) * half + planes(second.pixels) * half
    return image, np.concatenate([first.rows, others])
