"""Random choices for the fork's samples: which images, and how to augment them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.random import Generator

from .detector_augment_alexeyab import CropAugment, RandomValues
from .mosaic import draw_cut
from .rng import coin, generator_of, whole
from .sample import Request


@dataclass(frozen=True)
class Part:
    """One of the images that make a sample: its index in the list, and its random values.

    With `cornered`, its padding is moved to where a mosaic cuts it off.
    """

    index: int
    values: RandomValues
    cornered: bool = False


@dataclass(frozen=True)
class Plan:
    """The images that make a sample: one, two to blend, or four for a mosaic with its cut."""

    parts: tuple[Part, ...]
    cut: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Pairs:
    """Pairs of samples of the same image; the second may have its own edges or colours.

    Darknet: src/data.c load_data_detection, get_random_paths_custom (AlexeyAB)
    """

    edges: bool
    colour: bool

    def values_of_second(self, own: RandomValues, first: RandomValues) -> RandomValues:
        """Return the random values of the second sample, given its own and those of the first."""
        if not self.edges:
            own = replace(own, edges=first.edges, flip=first.flip)
        return own if self.colour else replace(own, colour=first.colour)


@dataclass(frozen=True)
class Track:
    """Samples as frames of videos, which are runs of images in the list.

    A request contains frames of n `videos`; `speed` is the largest number of images from one frame
    to the next.

    Darknet: src/data.c get_sequential_paths (AlexeyAB)
    """

    videos: int
    request: int  # samples per request
    speed: int


@dataclass(frozen=True)
class Planner:
    """Draws the images of a sample from a list of `count`.

    Half of the samples are made of `parts` images, the others of one.
    """

    count: int
    augment: CropAugment
    parts: int = 1
    pairs: Pairs | None = None
    track: Track | None = None

    def plan(self, request: Request, generator: Generator) -> Plan:
        """Draw a sample's plan; in a pair or a video it also depends on its neighbours' generators.

        Darknet: src/data.c load_data_detection (AlexeyAB)
        Quirk: MIXING_BY_IMAGE
        """
        if self.track:
            parts = self.frames(request, self.track)
        elif self.pairs and request.index % 2:
            before = replace(request, index=request.index - 1)
            first = self.plan(before, generator_of(before.seed, before.batch, before.index))
            parts = tuple(self.second(part, self.pairs, generator) for part in first.parts)
        else:
            parts = tuple(self.part(generator) for _ in range(self.draw_count(generator)))
        parts = tuple(replace(part, cornered=coin(generator)) for part in parts)
        return Plan(parts, draw_cut(generator, request.size))

    def draw_count(self, generator: Generator) -> int:
        """Draw the number of images that the sample combines."""
        return self.parts if self.parts > 1 and coin(generator) else 1

    def part(self, generator: Generator) -> Part:
        """Draw an image and its random values."""
        return Part(int(generator.integers(self.count)), self.augment.draw(generator))

    def second(self, first: Part, pairs: Pairs, generator: Generator) -> Part:
        """Draw the random values for an image that the first sample of a pair shows too."""
        return Part(first.index, pairs.values_of_second(self.augment.draw(generator), first.values))

    def frames(self, request: Request, track: Track) -> tuple[Part, ...]:
        """Return a sample's frames; the starts and speed of the videos are drawn per request.

        Darknet: src/data.c get_sequential_paths (AlexeyAB)
        """
        row = request.index % track.request
        generator = generator_of(request.seed, request.batch, request.index - row)
        parts = []
        for _ in range(self.draw_count(generator)):
            speed = max(whole(generator, 1, track.speed), 1)
            starts = generator.integers(self.count, size=track.videos)
            video, time = row % track.videos, row // track.videos
            start = starts[video - video % 2 if self.pairs else video]
            index = (int(start) + speed * time) % self.count
            parts.append(Part(index, self.augment.draw(generator)))
        return tuple(parts)
