"""Training samples of classifiers, which the fork may mix from several images."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from ..image.fit import planes_input
from .c_float import F
from .class_labels import Classes
from .classifier_augment import ClassifierAugment, rotate_crop
from .image_list import ImageList
from .mosaic import draw_cut
from .rng import coin, generator_of, whole
from .sample import Request, Sample, planes

MIXUP, CUTMIX, MOSAIC, EITHER = 1, 2, 3, 4  # as the fork counts them
PASTED = 0.3, 0.8  # least and largest fraction of a side that CutMix replaces

Example = tuple[np.ndarray, np.ndarray]  # image [C, h, w] and truth [classes]


@dataclass(frozen=True)
class ClassifierSamples:
    """Images with their classes.

    `mixing` is one of the numbers above, or 0; `blur` is the side of a kernel. Images are cropped
    to squares of the input's longer side if `longer`, else of its width. With `paired`, samples
    2n and 2n + 1 of a batch show the same image.

    Darknet: src/data.c load_data_augment
    """

    images: ImageList
    classes: Classes
    augment: ClassifierAugment
    longer: bool = False
    mixing: int = 0
    blur: int = 0
    paired: bool = False
    listed: bool = False

    @property
    def channels(self) -> int:
        """How many channels an image has."""
        return self.images.channels

    @property
    def truth_shape(self) -> tuple[int, ...]:
        """The shape of an image's truth."""
        return (len(self.classes.labels),)

    def sample(self, request: Request) -> Sample:
        """Make one sample.

        Darknet: src/data.c load_data_augment (AlexeyAB)
        Quirk: MIXING_BY_IMAGE
        """
        generator = generator_of(request.seed, request.batch, request.index)
        indexes, mixing = self.draw(generator)
        if self.paired and request.index % 2:
            first = generator_of(request.seed, request.batch, request.index - 1)
            indexes, mixing = self.draw(first)
        made = [self.one(index, request, generator) for index in indexes]
        examples = [(sample.image, sample.truth) for sample in made]
        image, truth = mix(examples, mixing, generator)
        if self.blur and whole(generator, 0, 3) == 0:
            image = blur_image(image, self.blur)
        problems = tuple(problem for sample in made for problem in sample.problems)
        return Sample(image, truth, made[0].path, problems)

    def draw(self, generator: Generator) -> tuple[list[int], int]:
        """Draw which images of the list make a sample, and how they are mixed."""
        mixing = self.mixing if self.mixing and coin(generator) else 0
        if mixing == EITHER:
            mixing = whole(generator, CUTMIX, MOSAIC)
        count = {0: 1, MOSAIC: 4}.get(mixing, 2)
        return generator.integers(len(self.images.paths), size=count).tolist(), mixing

    def one(self, index: int, request: Request, generator: Generator) -> Sample:
        """Read and augment one image of the list."""
        w, h = request.size
        found = self.images.read(index, request.seed, request.batch)
        values = self.augment.draw(generator, w)
        side = max(w, h) if self.longer else w
        square = rotate_crop(found.image, self.augment.transform(values, found.size, side), side)
        truth, problems = self.classes.truth(found.path, found.index)
        image = stretch(planes(square), w, h)
        return Sample(image, truth, found.path, (*found.problems, *problems))


def stretch(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Stretch [C, h, w] to a width and height, if its own differ.

    Darknet: src/data.c load_image_augment_paths (AlexeyAB)
    Quirk: SQUARE_CLASSIFIERS
    """
    if image.shape[1:] == (height, width):
        return image
    return planes_input(image, width, height, letterboxed=False)


def mix(examples: list[Example], mixing: int, generator: Generator) -> Example:
    """Mix examples into one: the mean of two, one pasted into another, or the corners of four.

    Darknet: src/data.c load_data_augment (AlexeyAB)
    """
    if mixing == MIXUP:
        (image, truth), (other, theirs) = examples
        return (image + other) / 2, (truth + theirs) / 2
    if mixing == CUTMIX:
        return paste(examples[0], examples[1], draw_patch(examples[0][0].shape, generator))
    if mixing == MOSAIC:
        h, w = examples[0][0].shape[1:]
        return corners(examples, draw_cut(generator, (w, h)))
    return examples[0]


def draw_patch(shape: tuple[int, ...], generator: Generator) -> tuple[slice, slice]:
    """Draw the rows and columns of [C, h, w] that another image replaces.

    Darknet: src/data.c load_data_augment (AlexeyAB)
    """
    found = []
    for side in shape[1:]:
        length = whole(generator, *(int(F(side) * F(share)) for share in PASTED))
        first = whole(generator, 0, side - length - 1)
        found.append(slice(first, first + length))
    return found[0], found[1]


def paste(example: Example, other: Example, place: tuple[slice, slice]) -> Example:
    """Paste a part of one image into another; truths are weighted by area."""
    (image, truth), (theirs, their_truth) = example, other
    image = image.copy()
    image[(slice(None), *place)] = theirs[(slice(None), *place)]
    rows, columns = place
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    share = F(area) / F(image.shape[1] * image.shape[2])
    return image, truth * (1 - share) + their_truth * share


def corners(examples: list[Example], cut: tuple[int, int]) -> Example:
    """Join the corners of four images, cut at a column and a row; truths are weighted by area."""
    (x, y), (h, w) = cut, examples[0][0].shape[1:]
    image, truth = np.empty_like(examples[0][0]), np.zeros_like(examples[0][1])
    rows, columns = (slice(0, y), slice(y, h)), (slice(0, x), slice(x, w))
    for index, (theirs, their_truth) in enumerate(examples):
        place = rows[index // 2], columns[index % 2]
        image[(slice(None), *place)] = theirs[(slice(None), *place)]
        truth += their_truth * F(image[0][place].size) / F(w * h)
    return image, truth


def blur_image(image: np.ndarray, side: int) -> np.ndarray:
    """Blur [C, h, w] in 0..1, converted to bytes, with a kernel of this side.

    Darknet: src/image_opencv.cpp blur_image (AlexeyAB)
    """
    as_bytes = (image.transpose(1, 2, 0) * F(255)).astype(np.uint8)
    return planes(cv2.GaussianBlur(as_bytes, (side, side), 0).reshape(as_bytes.shape))
