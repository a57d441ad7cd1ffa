"""Random choices for a sample of the fork: which images, and how to augment them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from numpy.random import Generator

from .c_float import F
from .detector_augment_alexeyab import Chances, Cropping
from .rng import coin, generator_of, whole
from .sample import Request

CUT = 0.2  # the share of each side that no cut of a mosaic is in


@dataclass(frozen=True)
class Part:
    """One of the images that make a sample: its place in the list, and what was drawn for it.

    `cornered` moves its padding out of a mosaic.
    """

    index: int
    chances: Chances
    cornered: bool = False


@dataclass(frozen=True)
class Plan:
    """The images that make a sample: one, two to blend, or four corners, and where they are cut."""

    parts: tuple[Part, ...]
    cut: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Pairs:
    """Samples in twos of one image each: whether the second has edges or colours of its own.

    Darknet: src/data.c load_data_detection, get_random_paths_custom (AlexeyAB)
    """

    edges: bool
    colour: bool

    def chances_of_second(self, own: Chances, first: Chances) -> Chances:
        """Return the chances of the second of a pair."""
        if not self.edges:
            own = replace(own, edges=first.edges, flip=first.flip)
        return own if self.colour else replace(own, colour=first.colour)


@dataclass(frozen=True)
class Track:
    """Samples as frames of films: requests of some films, `step` by `step` images in each.

    Darknet: src/data.c get_sequential_paths (AlexeyAB)
    """

    films: int
    request: int  # how many samples are asked for at once
    speed: int


@dataclass(frozen=True)
class Planner:
    """How a sample's images are drawn from a list of `count`.

    `parts` is how many images may make a sample: in half of the samples only one does.
    """

    count: int
    cropping: Cropping
    parts: int = 1
    pairs: Pairs | None = None
    track: Track | None = None

    def plan(self, request: Request, generator: Generator) -> Plan:
        """Draw a sample's plan from its generator and, in a pair or a film, its neighbours'.

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
            parts = tuple(self.part(generator) for _ in range(self.drawn_parts(generator)))
        parts = tuple(replace(part, cornered=coin(generator)) for part in parts)
        return Plan(parts, self.cut(generator, request.size))

    def drawn_parts(self, generator: Generator) -> int:
        """Draw how many images the sample combines."""
        return self.parts if self.parts > 1 and coin(generator) else 1

    def cut(self, generator: Generator, size: tuple[int, int]) -> tuple[int, int]:
        """Draw where a mosaic is cut.

        Darknet: src/data.c load_data_detection (AlexeyAB)
        """
        ends = [(int(F(side) * F(CUT)), int(F(side) * (F(1) - F(CUT)))) for side in size]
        return whole(generator, *ends[0]), whole(generator, *ends[1])

    def part(self, generator: Generator) -> Part:
        """Draw an image and its chances."""
        return Part(int(generator.integers(self.count)), self.cropping.draw(generator))

    def second(self, first: Part, pairs: Pairs, generator: Generator) -> Part:
        """Draw the chances of an image that another sample shows too."""
        return Part(
            first.index, pairs.chances_of_second(self.cropping.draw(generator), first.chances)
        )

    def frames(self, request: Request, track: Track) -> tuple[Part, ...]:
        """Draw the start and speed of the films of a request, and return a sample's frames.

        Darknet: src/data.c get_sequential_paths (AlexeyAB)
        """
        row = request.index % track.request
        generator = generator_of(request.seed, request.batch, request.index - row)
        parts = []
        for _ in range(self.drawn_parts(generator)):
            speed = max(whole(generator, 1, track.speed), 1)
            starts = generator.integers(self.count, size=track.films)
            film, time = row % track.films, row // track.films
            start = starts[film - film % 2 if self.pairs else film]
            index = (int(start) + speed * time) % self.count
            parts.append(Part(index, self.cropping.draw(generator)))
        return tuple(parts)
