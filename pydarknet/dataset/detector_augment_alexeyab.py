"""The fork's augmentation of a detector: edges are cut off or padded, and the rest is stretched."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from ..image.fit import fit
from .c_float import F
from .hsv import UNCHANGED, Colour, Colours, distort, distort_bytes
from .rng import coin, uniform, whole, within
from .targets import View


@dataclass(frozen=True)
class RandomValues:
    """The random values for an image, drawn before its size is known.

    `resize` has a value in 0..1 for left and top, and one for right and bottom; `edges` has one
    each for left, right, top and bottom. `blur` and `noise` are strengths.
    """

    resize: tuple[float, float]
    edges: tuple[float, float, float, float]
    flip: bool
    colour: Colour
    blur: int = 0
    noise: int = 0


@dataclass(frozen=True)
class Crop:
    """The pixels cut off at each edge of an image (below 0: padded), and the size of the result."""

    left: int
    right: int
    top: int
    bottom: int
    width: int
    height: int
    flip: bool = False
    colour: Colour = UNCHANGED
    blur: int = 0
    noise: int = 0

    def view(self, image: tuple[int, int]) -> View:
        """Return how boxes of an image of this width and height move.

        Darknet: src/data.c load_data_detection (AlexeyAB)
        """
        width, height = F(image[0]), F(image[1])
        across, down = F(self.width) / width, F(self.height) / height
        shift = float(F(self.left) / width / across), float(F(self.top) / height / down)
        return View((1 / float(across), 1 / float(down)), shift, self.flip)


@dataclass(frozen=True)
class CropAugment:
    """The limits of random changes of edges and colours, from the cfg."""

    jitter: float
    colours: Colours
    resize: float = 1.0
    letter_box: bool = False
    flip: bool = True
    blur: int = 0
    noise: int = 0

    def draw(self, generator: Generator) -> RandomValues:
        """Draw the random values for an image.

        Darknet: src/data.c load_data_detection (AlexeyAB)
        """
        resize = uniform(generator), uniform(generator)
        left, right, top, bottom = (uniform(generator) for _ in range(4))
        flip, colour = coin(generator), self.colours.draw(generator)
        blur = (0, 1, self.blur)[whole(generator, 0, 2)] if self.blur else 0
        noise = self.noise if self.noise and coin(generator) else 0
        return RandomValues(
            resize, (left, right, top, bottom), flip and self.flip, colour, blur, noise
        )

    def crop(
        self,
        values: RandomValues,
        image: tuple[int, int],
        size: tuple[int, int],
        corner: int | None = None,
    ) -> Crop:
        """Return the crop of an image of this width and height; `size` is the input's.

        With a `corner` of a mosaic, all padding is where that corner cuts it off.

        Darknet: src/data.c load_data_detection (AlexeyAB)
        """
        edges = self.edges(values, image)
        if self.letter_box:
            edges = letterboxed_edges(edges, image, size)
        if corner is not None:
            edges = edges_in_corner(edges, corner, values.flip)
        left, right, top, bottom = edges
        width, height = image[0] - left - right, image[1] - top - bottom
        if min(width, height, image[0] - left, image[1] - top) <= 0:
            left, top, width, height = 0, 0, *image  # nothing would be left
        kept = values.flip, values.colour, values.blur, values.noise
        return Crop(left, right, top, bottom, width, height, *kept)

    def edges(self, values: RandomValues, image: tuple[int, int]) -> tuple[int, int, int, int]:
        """Return the pixels that jitter and resize cut off at left, right, top and bottom."""
        found = []
        for index, part in enumerate(values.edges):
            side, share = image[index // 2], values.resize[index % 2]
            most = int(F(self.jitter) * F(side))
            low, high = self.reach(side)
            jittered = int(within(-most, most, part))
            found.append(int(F(jittered) + F(within(low, high, share))))
        left, right, top, bottom = found
        return left, right, top, bottom

    def reach(self, side: int) -> tuple[int, int]:
        """Return the limits of what `resize` cuts off at an edge; it pads below 0.

        A `resize` below 1 only pads.
        """
        factor = F(self.resize)
        down, up = (F(1) / factor, factor) if factor > 1 else (factor, F(1) / factor)
        low, high = (int(F(side) * (F(1) - F(1) / by) / F(2)) for by in (down, up))
        return low, 0 if factor < 1 else high


def letterboxed_edges(
    edges: tuple[int, int, int, int], image: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return edges padded so that the image has the input's aspect ratio.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    left, right, top, bottom = edges
    width, height, shape = F(image[0]), F(image[1]), F(size[0]) / F(size[1])
    if width / height / shape > 1:
        more = (width / shape - height) / F(2)
        return left, right, int(F(top) - more), int(F(bottom) - more)
    more = (height * shape - width) / F(2)
    return int(F(left) - more), int(F(right) - more), top, bottom


def edges_in_corner(
    edges: tuple[int, int, int, int], corner: int, flip: bool
) -> tuple[int, int, int, int]:
    """Return edges with all padding where a corner of a mosaic cuts it off.

    Corners are 0 to 3, row by row.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    left, right, top, bottom = edges
    left, right = (left + right, 0) if (corner % 2 == 1) != flip else (0, left + right)
    top, bottom = (top + bottom, 0) if corner >= 2 else (0, top + bottom)
    return left, right, top, bottom


def cropped_bytes(
    image: np.ndarray, crop: Crop, size: tuple[int, int], rows: np.ndarray, generator: Generator
) -> np.ndarray:
    """Crop uint8 [H, W, C], pad with its mean colour, stretch and change colours; return [h, w, C].

    Background blur leaves the boxes of `rows` [n, 4 or more] sharp.

    Darknet: src/image_opencv.cpp image_data_augmentation (AlexeyAB)
    Quirk: MEAN_PADDING
    """
    stretched = cv2.resize(padded_crop(image, crop), size, interpolation=cv2.INTER_LINEAR)
    if crop.flip:
        stretched = cv2.flip(stretched, 1)
    found = distort_bytes(stretched.reshape(*size[::-1], image.shape[2]), crop.colour)
    found = blur_background(found, strength(crop.blur, rows, size), rows)
    return noisy(found, crop.noise, generator)


def padded_crop(image: np.ndarray, crop: Crop) -> np.ndarray:
    """Return the crop of an image, padded with the image's mean colour."""
    height, width = image.shape[:2]
    right, bottom = crop.left + crop.width, crop.top + crop.height
    inside = image[max(crop.top, 0) : max(bottom, 0), max(crop.left, 0) : max(right, 0)]
    if crop.left >= 0 and crop.top >= 0 and right <= width and bottom <= height:
        return inside
    mean = np.rint(cv2.mean(image)).tolist()
    if not inside.size:
        mean = mean[: image.shape[2]]
        return np.broadcast_to(np.uint8(mean), (crop.height, crop.width, image.shape[2])).copy()
    x, y = max(-crop.left, 0), max(-crop.top, 0)
    after = crop.height - y - inside.shape[0], crop.width - x - inside.shape[1]
    return cv2.copyMakeBorder(inside, y, after[0], x, after[1], cv2.BORDER_CONSTANT, value=mean)


def strength(blur: int, rows: np.ndarray, size: tuple[int, int]) -> int:
    """Return the strength of the blur: lower if an object is small, 0 if there are no objects.

    Darknet: src/data.c load_data_detection, fill_truth_detection (AlexeyAB)
    Quirk: BLUR_NEEDS_BOXES
    """
    sides = (rows[:, 2:4] * np.array(size, np.float32)).astype(np.int64)
    smallest = int(sides.min()) if len(rows) else 0
    return min(blur, smallest // 8) if blur > 1 else blur


def blur_background(image: np.ndarray, blur: int, rows: np.ndarray) -> np.ndarray:
    """Blur uint8 [H, W, C]: 1 is a strong blur that leaves boxes sharp, more is a kernel's side.

    Darknet: src/image_opencv.cpp image_data_augmentation (AlexeyAB)
    """
    if not blur:
        return image
    side = 17 if blur == 1 else blur // 2 * 2 + 1
    found = cv2.GaussianBlur(image, (side, side), 0).reshape(image.shape)
    height, width = image.shape[:2]
    for x, y, w, h in rows[:, :4].astype(np.float64) if blur == 1 else ():
        left, top = int((x - w / 2) * width), int((y - h / 2) * height)
        inside = slice(top, top + int(h * height)), slice(left, left + int(w * width))
        found[inside] = image[inside]
    return found


def noisy(image: np.ndarray, noise: int, generator: Generator) -> np.ndarray:
    """Add noise with this standard deviation to uint8 [H, W, C].

    Negative noise becomes 0, so noise only brightens.

    Darknet: src/image_opencv.cpp image_data_augmentation (AlexeyAB)
    Quirk: NOISE_BRIGHTENS
    """
    if noise <= 0:
        return image
    drawn = generator.standard_normal(image.shape, dtype=np.float32) * min(noise, 127)
    return cv2.add(image, np.rint(drawn).clip(0, 255).astype(np.uint8)).reshape(image.shape)


def cropped_floats(
    image: np.ndarray, crop: Crop, size: tuple[int, int], rows: np.ndarray, generator: Generator
) -> np.ndarray:
    """Crop uint8 [H, W, C], stretch it and change colours in float32; return [h, w, C].

    Padding repeats the edge pixels.

    YOLOv1 is trained on these pixels. A fork without OpenCV trains every detector on them.

    Darknet: src/data.c load_data_region, src/image.c crop_image, resize_image
    """
    height, width = image.shape[:2]
    down = np.arange(crop.top, crop.top + crop.height).clip(0, height - 1)
    across = np.arange(crop.left, crop.left + crop.width).clip(0, width - 1)
    stretched = fit(image[down[:, None], across], *size, letterboxed=False)
    found = np.ascontiguousarray(stretched.transpose(1, 2, 0))
    if crop.flip:
        found = cv2.flip(found, 1).reshape(found.shape)
    return distort(found, crop.colour)
