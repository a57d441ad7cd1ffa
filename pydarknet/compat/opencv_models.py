"""OpenCV's high-level models over a Darknet network: images in, boxes or a class out.

OpenCV: modules/dnn/src/model.cpp
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import cv2
import numpy as np

from ..errors import DarknetError
from .opencv import Error, Net, as_opencv, asks_for_us, readNet

Self = TypeVar("Self", bound="Model")
Found = tuple[Any, Any, Any]  # class indices [K], confidences [K], left top width height [K, 4]
Scalar = float | Sequence[float]
LEAST = -(2.0**31)  # of an int in C


class Model:
    """A network with the way in which images become its input.

    Made of a `Net`, or of a cfg and weights in either order. What is for another of OpenCV's
    importers becomes OpenCV's own model. Setters return the model.
    """

    of_opencv: type = cv2.dnn.Model

    def __new__(cls, model: Any, config: Any = "") -> Any:
        """Return one of this class for a network of ours, else OpenCV's."""
        if isinstance(model, Net) or asks_for_us(model, config):
            return super().__new__(cls)
        return cls.of_opencv(model, config) if config else cls.of_opencv(model)

    def __init__(self, model: Any, config: Any = "") -> None:
        self.net = model if isinstance(model, Net) else readNet(model, config)
        self.names = self.net.getUnconnectedOutLayersNames()
        self.form: Any = cv2.dnn.Image2BlobParams()

    def setInputParams(
        self,
        scale: Scalar = 1.0,
        size: Sequence[int] = (0, 0),
        mean: Scalar = (),
        swapRB: bool = False,
        crop: bool = False,
    ) -> None:
        """Set how images become input: (resized image - mean) * scale, with red first if swapRB."""
        self.setInputScale(scale).setInputSize(size).setInputMean(mean)
        self.setInputSwapRB(swapRB).setInputCrop(crop)

    def setInputScale(self: Self, scale: Scalar) -> Self:
        """Set the factor of values, or one per channel."""
        self.form.scalefactor = four(scale, all_alike=True)
        return self

    def setInputSize(self: Self, *size: Any) -> Self:
        """Set width and height of the input, as two numbers or as a pair; 0: the network's own."""
        width, height = size[0] if len(size) == 1 else size
        self.form.size = (int(width), int(height))
        return self

    def setInputMean(self: Self, mean: Scalar) -> Self:
        """Set what is subtracted per channel."""
        self.form.mean = four(mean)
        return self

    def setInputSwapRB(self: Self, swapRB: bool) -> Self:
        """Swap the first and the last channel, or not."""
        self.form.swapRB = bool(swapRB)
        return self

    def setInputCrop(self: Self, crop: bool) -> Self:
        """Cut out the centre of the input's proportions, or stretch the image."""
        dnn: Any = cv2.dnn
        self.form.paddingmode = dnn.DNN_PMODE_CROP_CENTER if crop else dnn.DNN_PMODE_NULL
        return self

    def setOutputNames(self: Self, outNames: Iterable[str]) -> Self:
        """Set the layers whose outputs `predict` returns."""
        self.names = tuple(outNames)
        return self

    def setPreferableBackend(self: Self, backendId: int) -> Self:
        """Do nothing: PyTorch computes."""
        return self

    def setPreferableTarget(self: Self, targetId: int) -> Self:
        """Compute on the GPU if a GPU target is given and there is one, else on the CPU."""
        self.net.setPreferableTarget(targetId)
        return self

    def enableWinograd(self: Self, useWinograd: bool) -> Self:
        """Do nothing: PyTorch chooses the algorithm."""
        return self

    def predict(self, frame: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the outputs of the heads, or of the layers that were named."""
        self.net.setInput(self.blob(frame))
        return tuple(self.net.forward(list(self.names)))

    def blob(self, frame: np.ndarray) -> np.ndarray:
        """Return an image as the network's input, float32 [1, C, H, W]."""
        if not isinstance(frame, np.ndarray) or not frame.size:
            kind = "empty" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise Error(f"an image is {kind}: expected uint8 [height, width, 3]")
        given: Any = self.form.size
        if not all(given):
            self.form.size = self.net.size
        try:
            return cv2.dnn.blobFromImageWithParams(frame, self.form)
        finally:
            self.form.size = given


def four(values: Scalar, *, all_alike: bool = False) -> tuple[float, ...]:
    """Return a Scalar of OpenCV: missing values are 0, or like the only one if `all_alike`."""
    listed = list(values) if isinstance(values, Sequence | np.ndarray) else [values]
    if all_alike and len(listed) == 1:
        listed *= 4
    return tuple(float(value) for value in [*listed, 0, 0, 0, 0][:4])


class DetectionModel(Model):
    """A detector: `detect` returns the boxes of an image in pixels."""

    of_opencv = cv2.dnn.DetectionModel

    def __init__(self, model: Any, config: Any = "") -> None:
        super().__init__(model, config)
        self.across = False

    def setNmsAcrossClasses(self, value: bool) -> DetectionModel:
        """Let boxes suppress those of other classes too, or not."""
        self.across = bool(value)
        return self

    def getNmsAcrossClasses(self) -> bool:
        """Return whether boxes suppress those of other classes too."""
        return self.across

    def detect(
        self, frame: np.ndarray, confThreshold: float = 0.5, nmsThreshold: float = 0.0
    ) -> Found:
        """Return classes int32 [K], confidences float32 [K] and boxes int32 [K, 4].

        A box is left, top, width and height in pixels, inside the image; `nmsThreshold` 0
        suppresses none. All three are empty tuples if there is none, as OpenCV's are.
        """
        with as_opencv():
            rows = np.concatenate([table_of(output) for output in self.predict(frame)])
        rows = rows[rows[:, 5:].max(1) >= np.float32(confThreshold)]
        classes, scores = rows[:, 5:].argmax(1).astype(np.int32), rows[:, 5:].max(1)
        boxes = pixels_of(rows[:, :4], *frame.shape[:2])
        kept = np.arange(len(rows))
        if nmsThreshold:
            groups = [kept] if self.across else [kept[classes == k] for k in np.unique(classes)]
            kept = survivors(groups, boxes, scores, confThreshold, nmsThreshold)
        return (classes[kept], scores[kept], boxes[kept]) if len(kept) else ((), (), ())


def survivors(
    groups: Iterable[np.ndarray], boxes: np.ndarray, scores: np.ndarray, least: float, most: float
) -> np.ndarray:
    """Return the indices of boxes that no better one in their group overlaps by over `most`."""
    stay = [
        group[cv2.dnn.NMSBoxes(boxes[group].tolist(), scores[group].tolist(), least, most)]
        for group in groups
        if len(group)
    ]
    return np.concatenate([np.zeros(0, int), *stay])


def table_of(output: np.ndarray) -> np.ndarray:
    """Return the rows of a head, [K, 5 + classes]."""
    if output.ndim != 2 or output.shape[1] < 6:
        raise DarknetError("the network has no detection head: expected a detector")
    return output


def pixels_of(shares: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return left, top, width, height in pixels, int32 [K, 4], of centre and sides in 0..1.

    All are truncated, and boxes are cut at the image's edges. What no int holds is the least int,
    as a processor converts it.
    """
    sizes = shares * np.array([width, height] * 2, np.float32)
    x, y, w, h = np.where(np.abs(sizes) < -LEAST, sizes, LEAST).astype(np.int64).T
    left = np.clip(x - np.trunc(w / 2).astype(np.int64), 0, width - 1)
    top = np.clip(y - np.trunc(h / 2).astype(np.int64), 0, height - 1)
    w, h = np.clip(w, 1, width - left), np.clip(h, 1, height - top)
    return np.stack((left, top, w, h), 1).astype(np.int32)


class ClassificationModel(Model):
    """A classifier: `classify` returns the best class of an image."""

    of_opencv = cv2.dnn.ClassificationModel

    def __init__(self, model: Any, config: Any = "") -> None:
        super().__init__(model, config)
        self.softmax = False

    def setEnableSoftmaxPostProcessing(self, enable: bool) -> ClassificationModel:
        """Make shares of one of the outputs, or take them as they are."""
        self.softmax = bool(enable)
        return self

    def getEnableSoftmaxPostProcessing(self) -> bool:
        """Return whether outputs become shares of one."""
        return self.softmax

    def classify(self, frame: np.ndarray) -> tuple[int, float]:
        """Return the best class of an image, and its score."""
        outputs = self.predict(frame)
        if len(outputs) != 1:
            raise Error(f"the network has {len(outputs)} outputs: expected a classifier's one")
        scores = outputs[0].reshape(-1)
        if self.softmax:
            shares = np.exp(scores - scores.max())
            scores = shares / shares.sum()
        return int(scores.argmax()), float(scores.max())
