"""What a command or a program asks of an export, and the export as asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..boxes.settings import Limits, settings
from ..dataset.class_labels import read_labels
from ..dataset.files import DataFile, read_labelled, read_list
from ..errors import DataError, UsageError
from ..modules.onnx_graph import OPSET
from ..network import Network
from ..system.console import note
from .export import Result, batch_of, export_onnx
from .int8 import Int8, check_words, export_int8
from .metadata import Facts, class_count
from .onnx_model import ExportOptions


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of an export, as the flags of `export onnx`; the network says what is None.

    `batch` is a number or dynamic. `calibrate` is a list of images, `data` a .data file.
    """

    layout: str | None = None
    opset: int = OPSET
    batch: int | str = 1
    half: bool = False
    opencv4: bool = False
    thresh: float | None = None
    nms: float | None = None
    letterbox: bool | None = None
    int8: bool = False
    calibrate: Path | None = None
    data: Path | None = None
    force: bool = False

    def read_int8(self) -> Int8 | None:
        """Return what 8-bit integers need; None if they are not asked for.

        Raises UsageError for what does not go together, DataError for an empty list.
        """
        if not self.int8:
            if self.calibrate or self.force:
                word = "-calibrate" if self.calibrate else "-force"
                raise UsageError(f"{word}: expected -int8 too")
            return None
        check_words(self.half, self.opset)
        if self.calibrate is None:
            problem = "-int8: expected -calibrate LIST, a list of images such as it will see"
            raise UsageError(problem)
        images = read_list(self.calibrate)
        if not images:
            raise DataError("is empty: expected images for -int8", where=self.calibrate)
        return Int8(
            calibrate=tuple(images),
            data=self.data,
            valid=valid_images(self.data),
            force=self.force,
        )

    def export(
        self,
        network: Network,
        path: Path,
        int8: Int8 | None,
        images: tuple[Path, ...] = (),
        weights: Path | None = None,
    ) -> Result:
        """Export a network, in 8-bit integers if `read_int8` has read what they need.

        `images` are more images for the check, `weights` the file of the values if it has them.
        """
        chosen = settings(network, thresh=self.thresh, nms=self.nms, letterbox=self.letterbox)
        options = ExportOptions(
            layout=self.layout,
            opset=self.opset,
            batch=batch_of(self.batch),
            half=self.half,
            opencv4=self.opencv4,
            limits=Limits(thresh=chosen.decoding.thresh, nms=chosen.nms),
        )
        facts = Facts(
            cfg=network.net.section.path,
            weights=weights,
            letterbox=chosen.letterbox,
            batch=options.batch,
            opset=self.opset,
            precision="half" if self.half else "float",
        )
        if int8 is None:
            return export_onnx(network, path, options, facts, images)
        return export_int8(network, path, options, facts, int8, images)


def valid_images(data: Path | None) -> tuple[str, ...]:
    """Return the images of the list `valid` of a .data file; none without one."""
    valid = DataFile.read(data).find_file("valid") if data else None
    if valid is None:
        note("no -data with a list `valid`: what int8 loses is not measured")
        return ()
    return tuple(read_labelled(valid))


def set_names(network: Network, data: Path) -> None:
    """Give the network the names of a .data file, or refuse too few.

    Those of a classifier may stand under `labels`.
    """
    options = DataFile.read(data)
    key = "names" if options.find("names") or not options.find("labels") else "labels"
    path = options.get_file(key, "data/names.list")
    network.names = read_labels(path, class_count(network))
