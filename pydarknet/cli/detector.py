"""The detector family of commands: test, and detect."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

from ..console import note, say
from ..errors import DataError, UsageError
from .verbs import FORK, Help, Run, verb

if TYPE_CHECKING:
    import numpy as np

    from ..network import Network
    from .pictures import Source
    from .report import Found

Data = Annotated[Path, Help("the .data file, which names the classes")]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path | None, Help("its weights file")]
Images = Annotated[str, Help("images, folders, patterns or lists; without, paths are asked for")]
Thresh = Annotated[float | None, Help("the score a box must exceed")]
Hier = Annotated[float, Help("the probability that a walk down a tree of classes must exceed")]
IouThresh = Annotated[float | None, Help("boxes of a class that overlap by more are one")]
Out = Annotated[str | None, Help("NAME.json: write JSON; else the picture's name, without .jpg")]
OutDir = Annotated[Path | None, Help("write each drawn picture into this folder")]
DontShow = Annotated[bool, Help("open no window (none is opened)", FORK)]
ExtOutput = Annotated[bool, Help("print where each box is, in pixels", FORK)]
SaveLabels = Annotated[bool, Help("write a label file for each image", FORK)]
LetterBox = Annotated[bool, Help("keep the image's proportions in the network's input", FORK)]
Exif = Annotated[bool, Help("turn images as their EXIF data says")]


@dataclass
class Writing:
    """What a command does with what it found."""

    network: Network
    out: str | None
    out_dir: Path | None
    positions: bool
    labels: bool
    frames: int = 0
    open_files: ExitStack = field(default_factory=ExitStack)
    json: IO[str] | None = None

    def __enter__(self) -> Writing:
        if self.wants_json and self.out:
            try:
                self.json = self.open_files.enter_context(open(self.out, "w", encoding="utf-8"))
            except OSError as error:
                raise UsageError(f"-out {self.out}: {error.strerror}") from None
            self.json.write("[\n")
        if self.out_dir:
            self.out_dir.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *problem: object) -> None:
        if self.json:
            self.json.write("\n]")
        self.open_files.close()

    @property
    def wants_json(self) -> bool:
        """Whether `-out` names a JSON file: by its ending, or as the fork means it."""
        fork = self.network.dialect.totals
        return bool(self.out) and (fork or str(self.out).endswith(".json"))

    def write(self, found: Found, pixels: np.ndarray) -> None:
        """Print, draw and save what was found in one image."""
        from .report import json_of, labels_of, lines

        self.frames += 1
        say(lines(self.network, found, positions=self.positions))
        self.draw(found, pixels)
        if self.json:
            self.json.write((", \n" if self.frames > 1 else "") + json_of(found, self.frames))
        if self.labels:
            self.save_labels(found.path, labels_of(found))

    def draw(self, found: Found, pixels: np.ndarray) -> None:
        """Save the picture with its boxes."""
        from ..draw import draw
        from ..image import save_image

        style = self.network.dialect.name
        drawn = draw(pixels, found.boxes.kept(), found.boxes.names, found.thresh, style)
        save_image(drawn, self.picture(found.path))

    def picture(self, path: str) -> Path:
        """Return where the drawn picture goes."""
        if self.out_dir:
            return self.out_dir / f"{Path(path).stem}.jpg"
        return Path(f"{self.out}.jpg" if self.out and not self.wants_json else "predictions.jpg")

    def save_labels(self, path: str, text: str) -> None:
        """Write the label file of an image."""
        from ..dataset.files import label_path

        try:
            Path(label_path(path)).write_text(text)
        except OSError as error:
            raise DataError(f"Couldn't open file: {error.filename} ({error.strerror})") from None


@verb("detector test")
def detector_test(
    run: Run,
    data: Data,
    cfg: Cfg,
    weights: Weights = None,
    *images: Images,
    thresh: Thresh = None,
    hier: Hier = 0.5,
    iou_thresh: IouThresh = None,
    out: Out = None,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    ext_output: ExtOutput = False,
    save_labels: SaveLabels = False,
    letter_box: LetterBox = False,
    exif: Exif = False,
) -> None:
    """Print and draw the boxes found in images.

    Darknet: examples/detector.c test_detector
    """
    from ..dataset.files import DataFile, read_list
    from ..predict import settings
    from .loading import open_network
    from .pictures import Source

    named = DataFile.read(data).get("names", "data/names.list")
    names = tuple(read_list(named))
    network = open_network(run, cfg, weights)
    network.names = names
    check_names(network, named, cfg)
    chosen = settings(
        network, thresh=thresh, hier=hier, nms=iou_thresh, letterbox=letter_box or None
    )
    source = Source(images, network.input.c if network.input.c == 1 else 3, exif)
    with Writing(network, out, out_dir, ext_output, save_labels) as writing:
        detect_all(network, source, chosen, writing)


def detect_all(network: Network, source: Source, chosen: object, writing: Writing) -> None:
    """Find and write the boxes of every image of a source."""
    import time

    from ..predict import Settings, predict
    from .report import Found

    assert isinstance(chosen, Settings)
    for path, pixels in source.images():
        start = time.perf_counter()
        [boxes] = predict(network, [pixels], chosen)
        seconds = time.perf_counter() - start
        height, width = pixels.shape[:2]
        found = Found(path, width, height, seconds, boxes, chosen.decoding.thresh)
        writing.write(found, pixels)


def check_names(network: Network, named: str, cfg: Path) -> None:
    """Tell where there are not as many names as classes, as the fork does.

    Darknet: src/detector.c test_detector (AlexeyAB)
    """
    detectors = [node.layer for node in network.nodes if node.layer.detector]
    if not detectors:
        raise network.net.error(
            "the network has no detection head: expected a detector",
            hint="a classifier is used by: pydarknet classifier predict",
        )
    count, classes = len(network.names or ()), getattr(detectors[0], "classes", 0)
    if classes != count:
        note(
            f"Error: in the file {named} number of names {count} that isn't equal to"
            f" classes={classes} in the file {cfg}"
        )
