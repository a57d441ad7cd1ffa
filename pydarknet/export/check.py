"""The proof of an exported file: another program runs it beside the network, on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..boxes.box import iou
from ..boxes.box_arrays import BoxArrays
from ..boxes.detections import Detections
from ..boxes.nms import nms_each
from ..boxes.rule import USUAL
from ..errors import DarknetError, DataError
from ..graph.executor import Executor
from ..layers import detection_heads, last_detection_head
from ..runtime.engine import CannotRun, Engine, one_line, open_engine, run_engine
from ..runtime.installed import best_engine
from ..runtime.layouts import READERS, SUPPRESSED, read_boxes
from .layouts import Layout
from .onnx_model import Exported

# The largest differences of a file that is right: of a score, and of a side in pixels of the input.
# Of 18 real networks on photographs and noise, float files differed by up to 4e-6 and 4e-4 pixels
# (sums in another order), files in half precision by up to 0.017 and 1.6 pixels. The limits leave
# room for deeper networks and wider boxes. int8 differs by as much as its ranges are wide: it is
# judged by its mAP.
TOLERANCES: Final = {"float": (1e-3, 0.5), "half": (0.05, 8.0), "int8": (1.0, 1e4)}
COUNTS: Final = 0.01  # the score from which the place of a box is compared
SAME: Final = 0.9  # the least IoU of boxes that are one
CLOSE: Final = 1e-3  # of numbers of boxes that are one although they have no area
MOSTLY: Final = 0.9  # the share of boxes that are equal where a rounding decides which are left


@dataclass
class Report:
    """What the check found: who ran the file, the largest differences, and the boxes.

    `unchecked` says why nobody could run it.
    """

    engine: str
    unchecked: str = ""
    score: float = 0.0  # of scores, or of values without boxes relative to the largest
    pixels: float = 0.0  # of boxes with a score above COUNTS
    equal: int = 0
    ours: int = 0
    theirs: int = 0

    @property
    def most(self) -> int:
        """The boxes of the file or of the network, whose are more."""
        return max(self.ours, self.theirs)

    def text(self) -> str:
        """Return the report as a line."""
        if self.unchecked:
            return f"not checked: {self.unchecked}"
        values = f"largest difference {self.score:.1e}"
        if self.pixels:
            values += f" of scores and {self.pixels:.1e} pixels of sides"
        boxes = f"; {self.equal} of {self.most} boxes equal" if self.most else ""
        return f"checked by {self.engine}: {values}{boxes}"


def check_model(path: Path) -> None:
    """Raise DataError if onnx's checker, or its inference of shapes, finds a file wrong."""
    import onnx

    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:  # its ValidationError and InferenceError have no common base
        raise DataError(f"onnx refuses it: {one_line(error)}", where=path.name) from None


def check_file(path: Path, exported: Exported, batches: Sequence[Tensor], precision: str) -> Report:
    """Run a file and the network on batches [N, C, H, W]; return how far they differ.

    Where onnxruntime is missing, OpenCV runs the file; if it cannot, the report says so. Raises
    DataError if onnxruntime cannot run it, or it differs by more than its precision explains.
    """
    check_model(path)
    name = best_engine()
    report = Report(name)
    try:
        if name != "onnxruntime":
            refuse_suppression(exported)
        engine = start(path, name)
        for images in batches:
            compare(engine, exported, images, report)
    except CannotRun as error:
        if name == "onnxruntime":
            raise
        return Report(name, f"onnxruntime is not installed, and {error.problem}")
    check_report(report, exported.layout, path, precision)
    return report


def check_report(report: Report, layout: Layout, path: Path, precision: str) -> None:
    """Raise DataError if a file differs by more than its precision explains.

    Where a rounding decides whether a box is left, most boxes must be equal.
    """
    most, far = TOLERANCES[precision]
    if not (report.score <= most and report.pixels <= far):
        problem = f"{report.text()}: expected at most {most:g} and {far:g}"
        raise DataError(problem, where=path.name)
    decided = not layout.exact or layout.name in SUPPRESSED
    if precision == "float" and decided and report.equal < MOSTLY * report.most - 2:
        raise DataError(f"{report.text()}: expected nearly all", where=path.name)


def refuse_suppression(exported: Exported) -> None:
    """Raise CannotRun for what OpenCV 5.0 dies of: NonMaxSuppression that leaves no box."""
    if any(node.op_type == "NonMaxSuppression" for node in exported.model.graph.node):
        raise CannotRun("OpenCV ends the program where NonMaxSuppression leaves no box")


def start(path: Path, name: str) -> Engine:
    """Return a file loaded by an engine. Raises CannotRun if it cannot, or is not installed."""
    try:
        return open_engine(path, name)
    except DarknetError as error:
        raise CannotRun(error.problem, where=path.name) from None


def run(engine: Engine, exported: Exported, images: Tensor) -> list[np.ndarray]:
    """Return the outputs of a file for a batch. Raises CannotRun if the engine cannot."""
    given = {exported.layout.input: images.numpy()} | exported.first_states(len(images))
    return run_engine(engine, given, exported.outputs)


def compare(
    engine: Engine,
    exported: Exported,
    images: Tensor,
    report: Report,
    fast: Executor | None = None,
    *,
    suppressed: bool = True,
) -> None:
    """Add to a report what a file and the network find in a batch; `fast` is its fast form.

    Boxes are compared as they are computed, and counted after they are `suppressed`.
    """
    layout = exported.layout
    network = fast or layout.network
    network.reset()
    with torch.no_grad():
        heads = network.heads(images)
    network.reset()
    expected = layout.outputs_of(heads)
    found = run(engine, exported, images)
    if expected is not None:
        for one, other in zip(found, expected, strict=True):
            report_values(report, layout, one, other.numpy())
    if layout.name in READERS:
        report_boxes(report, layout, found, layout.boxes_of(heads), len(images), suppressed)


def report_values(report: Report, layout: Layout, found: np.ndarray, expected: np.ndarray) -> None:
    """Add the largest difference of one output."""
    if found.shape != expected.shape:
        raise DataError(f"an output is {found.shape}: expected {expected.shape}")
    if (np.isfinite(found) != np.isfinite(expected))[~np.isnan(expected)].any():
        raise DataError(
            "an output has numbers that are infinite or none, where the network's do not"
        )
    if layout.name not in READERS:
        least = max(float(np.nanmax(np.abs(expected), initial=0)), 1.0)
        report.score = max(
            report.score, float(np.nanmax(np.abs(found - expected), initial=0)) / least
        )


def report_boxes(
    report: Report,
    layout: Layout,
    found: Sequence[np.ndarray],
    ours: Sequence[Detections],
    images: int,
    suppressed: bool,
) -> None:
    """Add the differences of all boxes, and count those that are left after suppression."""
    network = layout.network
    size = network.input.w, network.input.h
    classes = detection_heads(network.layers)[0].classes
    read = read_boxes(layout.name, found, size, classes, images)
    theirs = [tensors(boxes) for boxes in read]
    for one, other in zip(ours, theirs, strict=True):
        if layout.name not in SUPPRESSED:
            report_each(report, layout, one, other)
    if not suppressed:
        return
    for one, other in zip(survivors(layout, ours), survivors(layout, theirs), strict=True):
        count_equal(report, one, other)


def tensors(boxes: BoxArrays) -> Detections:
    """Return the same boxes in torch's tensors."""
    return Detections.of_arrays(boxes.each(np.ascontiguousarray))


def report_each(report: Report, layout: Layout, ours: Detections, theirs: Detections) -> None:
    """Add the differences of boxes that stand in the same order."""
    best = ours.scores
    scores, its = ours.probabilities, theirs.probabilities
    if layout.name == "deepstream":
        scores, its = best, theirs.scores
    off = (scores - its).abs()
    if not layout.exact:
        off = off * (scores > 0) * (its > 0)
    report.score = max(report.score, float(off.max()) if off.numel() else 0.0)
    counts = best > COUNTS
    large = ours.boxes.abs().clamp(min=1)  # of a box larger than the image, the share counts
    apart = (ours.boxes - theirs.boxes).abs() / large * ours.boxes.new_tensor(layout.size)
    if counts.any():
        report.pixels = max(report.pixels, float(apart[counts].max()))


def survivors(layout: Layout, found: Sequence[Detections]) -> list[Detections]:
    """Return the boxes above the threshold that suppression leaves."""
    limits = layout.limits
    kept = []
    for boxes in found:
        scores = boxes.probabilities * (boxes.probabilities > limits.thresh)
        kept.append(replace(boxes, probabilities=scores).kept())
    last = last_detection_head(layout.network.layers)
    rule = last.suppression if last else USUAL
    rule = rule.inside if layout.name in SUPPRESSED else rule
    left = nms_each(kept, limits.nms, rule, stay=True)  # of equal scores a file takes the first
    return [one.kept() for one in left]


def count_equal(report: Report, ours: Detections, theirs: Detections) -> None:
    """Count the boxes that both have: of one class and nearly one place.

    A box with several classes counts as several.
    """
    one, two = ours.numpy(), theirs.numpy()
    (row, kind), (other, its) = one.probabilities.nonzero(), two.probabilities.nonzero()
    report.ours += len(row)
    report.theirs += len(other)
    if len(row) and len(other):
        some, others = one.boxes[row], two.boxes[other]
        near = (iou(some, others) > SAME) | close(some, others)
        report.equal += int((near & (kind[:, None] == its)).any(1).sum())


def close(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which boxes have nearly the same numbers, even sides below 0: [N, 4], [M, 4], [N, M].

    A head whose map says sides as they are gives such boxes before it has learned them.
    """
    pairs = zip(some.T, others.T, strict=True)
    alike = [np.isclose(one[:, None], other, rtol=CLOSE, atol=CLOSE) for one, other in pairs]
    found: np.ndarray = np.logical_and.reduce(alike)
    return found
