"""The commands that find boxes in images: detector test, detect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ...cfg.lineage import FORK
from ...errors import DataError
from ...system.console import note
from ...system.resources import shipped_file
from ..verbs import Help, Run, verb

CACHE = Path("~/.cache/pydarknet")
YOLOV3 = "https://github.com/hank-ai/darknet/releases/download/v2.0/yolov3.weights"

Data = Annotated[Path, Help("the .data file, which names the classes")]
Cfg = Annotated[Path, Help("the network: a Darknet .cfg")]
Weights = Annotated[Path | None, Help("its weights file")]
Images = Annotated[str, Help("images, folders, patterns or lists; without, paths are asked for")]
Thresh = Annotated[float | None, Help("the score a box must exceed")]
Hier = Annotated[float, Help("the probability that a walk down a tree of classes must exceed")]
Nms = Annotated[float | None, Help("boxes of a class that overlap by more are one")]
Out = Annotated[str | None, Help("NAME.json: write JSON; else the picture's name, without .jpg")]
OutDir = Annotated[Path | None, Help("write each drawn picture into this folder")]
DontShow = Annotated[bool, Help("open no window", FORK)]
ExtOutput = Annotated[bool, Help("print where each box is, in pixels", FORK)]
SaveLabels = Annotated[bool, Help("write a label file for each image", FORK)]
LetterBox = Annotated[bool, Help("keep the image's proportions in the network's input", FORK)]
Exif = Annotated[bool, Help("turn images as their EXIF data says")]


@verb("detector test")
def detector_test(
    run: Run,
    data: Data,
    cfg: Cfg,
    weights: Weights = None,
    *images: Images,
    thresh: Thresh = None,
    hier: Hier = 0.5,
    nms: Nms = None,
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
    from ...dataset.files import DataFile, read_list
    from ...inference.predict import settings
    from ..image_source import Source
    from ..open_network import open_network
    from ..output import Writing, check_names, detect_all

    named = DataFile.read(data).get("names", "data/names.list")
    names = tuple(read_list(named))
    network = open_network(run, cfg, weights)
    network.names = names
    check_names(network, named, cfg)
    chosen = settings(network, thresh=thresh, hier=hier, nms=nms, letterbox=letter_box or None)
    source = Source(images, 1 if network.input.c == 1 else 3, exif)
    writing = Writing(network, out, out_dir, ext_output, save_labels, window=not dont_show)
    with writing:
        detect_all(source, chosen, writing)


@verb("detect")
def detect(
    run: Run,
    *words: Annotated[str, Help("<cfg> <weights> [images], or an image for the default model")],
    thresh: Thresh = None,
    hier: Hier = 0.5,
    nms: Nms = None,
    out: Out = None,
    out_dir: OutDir = None,
    dont_show: DontShow = False,
    ext_output: ExtOutput = False,
    save_labels: SaveLabels = False,
    letter_box: LetterBox = False,
    exif: Exif = False,
) -> None:
    """Print and draw what a COCO network, or without a cfg the model at hand, finds in images.

    Darknet: examples/darknet.c main (detect)
    """
    if words and words[0].endswith(".cfg"):
        cfg, weights, *images = [*words, ""] if len(words) == 1 else words
        data = "cfg/coco.data"
    else:
        (data, cfg, weights), images = default_model(), list(words)
    detector_test(
        run,
        Path(data),
        Path(cfg),
        Path(weights) if weights else None,
        *images,
        thresh=thresh,
        hier=hier,
        nms=nms,
        out=out,
        out_dir=out_dir,
        dont_show=dont_show,
        ext_output=ext_output,
        save_labels=save_labels,
        letter_box=letter_box,
        exif=exif,
    )


def default_model() -> tuple[str, str, str]:
    """Return data file, cfg and weights: yolov3's if its weights are at hand, else the built-in's.

    Which it is, is told, and how to get yolov3.
    """
    for folder in (Path(), Path("weights"), CACHE.expanduser()):
        weights = folder / "yolov3.weights"
        if weights.is_file():
            note(f"model: yolov3.cfg with {weights}, the 80 classes of COCO")
            return "cfg/coco.data", "yolov3.cfg", str(weights)
    built_in = [shipped_file(f"digits.{kind}") for kind in ("data", "cfg", "weights")]
    if None in built_in:
        raise DataError(
            "the built-in model is not in this installation", hint="pip install pydarknet again"
        )
    note("model: the built-in digits.cfg with digits.weights, which finds handwritten digits")
    note(f"for the 80 classes of COCO put {YOLOV3} into this folder or {CACHE}, or name yours:")
    note("  pydarknet detect my.cfg my.weights IMAGE")
    data, cfg, weights_file = map(str, built_in)
    return data, cfg, weights_file
