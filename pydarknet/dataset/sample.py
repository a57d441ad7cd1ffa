"""A training sample, and the interface of the classes that make samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from .bad_list import Problem

BYTE_VALUES = (np.arange(256) / 255).astype(np.float32)  # in 0..1, rounded as in the C


@dataclass(frozen=True)
class Sample:
    """An image as float32 [C, h, w] in 0..1, its truth, its path, and problems of reading them."""

    image: np.ndarray
    truth: np.ndarray
    path: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Request:
    """Identifies a sample: seed, batch, index, and the size of its image."""

    seed: int
    batch: int
    index: int
    size: tuple[int, int]


class Samples(Protocol):
    """Makes samples: small to pickle, without torch, and with equal results in every process."""

    @property
    def channels(self) -> int:
        """How many channels an image has."""

    @property
    def truth_shape(self) -> tuple[int, ...]:
        """The shape of an image's truth."""

    @property
    def listed(self) -> bool:
        """Whether problems are added to the fork's lists."""

    def sample(self, request: Request) -> Sample:
        """Make one sample; it depends only on the request and the files."""


def planes(image: np.ndarray) -> np.ndarray:
    """Convert bytes or float32 [H, W, C] to float32 [C, H, W] in 0..1."""
    height, width, channels = image.shape
    found = np.empty((channels, height, width), np.float32)
    for index in range(channels):
        if image.dtype == np.uint8:
            cv2.LUT(cv2.extractChannel(image, index), BYTE_VALUES, dst=found[index])
        else:
            cv2.extractChannel(image, index, dst=found[index])
    return found
