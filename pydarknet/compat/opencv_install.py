"""Readers and models of Darknet's networks, put into cv2 for programs that expect them there."""

from __future__ import annotations

from typing import Any

import cv2

from .opencv import asks_for_us, readNet, readNetFromDarknet
from .opencv_models import ClassificationModel, DetectionModel, Model

MODELS: tuple[type[Model], ...] = (Model, DetectionModel, ClassificationModel)


def install() -> None:
    """Put the readers and models into cv2; for files of other frameworks they stay OpenCV's."""
    dnn: Any = cv2.dnn
    own = getattr(dnn.readNet, "of_opencv", dnn.readNet)

    def reader(*files: Any, **named: Any) -> Any:
        if asks_for_us(*files, *named.values()):
            return readNet(*files, **named)
        return own(*files, **named)

    reader.of_opencv = own  # type: ignore[attr-defined]  # so that a second install finds it
    dnn.readNet, dnn.readNetFromDarknet = reader, readNetFromDarknet
    for model in MODELS:
        setattr(dnn, model.__name__, model)
        setattr(cv2, f"dnn_{model.__name__}", model)
