"""The command serve."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import FORK
from ...cfg.numbers import Range
from ...system.console import note, say
from ...system.starting import DIED_BY
from ..compile_later import forget_pending
from ..operands import CfgOrOnnx, Nms, Weights
from ..verbs import SHARE, Help, Run, verb

if TYPE_CHECKING:
    import numpy as np

    from ...boxes.box_arrays import BoxArrays
    from ...boxes.settings import Settings
    from ...runtime.any_network import AnyNetwork
    from ...serving.endpoints import Detected, Model

PORTS = Range(least=0, most=65535)
STOPPED = (DIED_BY + signal.SIGTERM, DIED_BY + signal.SIGINT)
COCO = 80  # classes
TOGETHER = 4  # pictures that go through a GPU at once; on a CPU that gains nothing
ROUNDS = 3  # pictures until all is made that later ones need not wait for


@verb("serve", lazy=True)
def serve(
    run: Run,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *,
    port: Annotated[int, Help("the port to listen at; 0: any that is free", range=PORTS)] = 8080,
    bind: Annotated[
        str, Help("the address to listen at, 0.0.0.0 for all; names of this machine may follow it")
    ] = "127.0.0.1",
    data: Annotated[Path | None, Help("the .data file, which names the classes")] = None,
    names: Annotated[Path | None, Help("the list of the classes' names")] = None,
    thresh: Annotated[
        float | None, Help("the score a box must exceed where a request asks for none", range=SHARE)
    ] = None,
    nms: Nms = None,
    letter_box: Annotated[
        bool, Help("keep the image's proportions in the network's input", FORK)
    ] = False,
) -> None:
    """Find boxes in the pictures that programs and a web page send, until it is stopped."""
    from ...boxes.settings import settings
    from ...runtime.environment import gpu_may_be_there
    from ..open_any import open_any

    network = open_any(run, cfg, weights)
    if not run.compile:
        forget_pending()  # a server that is stopped ends at once
    from ...serving.listening import page_at
    from ...serving.service import serve_model

    set_names(network, cfg, data, names)
    chosen = settings(network, thresh=thresh, nms=nms, letterbox=letter_box or None)
    get_ready(network, chosen)
    together = TOGETHER if run.device != "cpu" and gpu_may_be_there() else 1
    model = model_of(network, cfg, chosen)
    try:
        finding = partial(find, network, chosen)
        with serve_model(model, finding, port=port, bind=bind, together=together) as number:
            say(f"Serving at {page_at(bind, number)} until Ctrl-C.")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        pass
    except SystemExit as stop:
        if stop.code not in STOPPED:
            raise
    note("Stopped.")


def get_ready(network: AnyNetwork, chosen: Settings) -> None:
    """Let no request wait for what the first pictures make."""
    import numpy as np

    network.get_ready(many=True)
    width, height = network.sides
    nothing = np.zeros((height, width, network.image_channels), np.uint8)
    for _ in range(ROUNDS):
        network.find_boxes([nothing], chosen, many=True)


def set_names(network: AnyNetwork, cfg: Path, data: Path | None, names: Path | None) -> None:
    """Give the network the names of a file, else its own, else those of COCO if they may fit."""
    from ...dataset.files import DataFile, read_names
    from ..output import check_names

    named = str(names) if names else ""
    if data and not names:
        named = DataFile.read(data).get_file("names", "data/names.list")
    if not named and not network.names and network.traits.classes[:1] == (COCO,):
        named = "data/coco.names"
        note("the 80 classes have the names of COCO: -names FILE gives them others")
    if named:
        network.names = tuple(read_names(named))
    elif not network.names:
        note("the classes have no names: -names FILE or -data FILE gives them some")
    if not network.traits.classes:
        check_names(network, named, cfg)
    elif network.names:
        check_names(network, named or str(cfg), cfg)


def model_of(network: AnyNetwork, cfg: Path, chosen: Settings) -> Model:
    """Return what the server knows of the network."""
    from ...serving.endpoints import Model
    from ..detections_text import HIDDEN

    def label(boxes: BoxArrays, index: int) -> str | None:
        name = boxes.name(index) or f"class {index}"
        return None if name.startswith(HIDDEN) else name

    return Model(
        name=cfg.stem,
        thresh=chosen.decoding.thresh,
        channels=network.image_channels,
        exif=network.exif,
        text=text_of,
        draw=partial(drawing_of, network.dialect.name),
        label=label,
    )


def find(
    network: AnyNetwork, usual: Settings, images: Sequence[np.ndarray], thresh: float
) -> list[BoxArrays]:
    """Return the boxes of pictures whose score exceeds a threshold."""
    from dataclasses import replace

    import numpy as np

    decoding = replace(usual.decoding, thresh=float(np.float32(thresh)))
    found = network.find_boxes(images, replace(usual, decoding=decoding), many=True)
    return [boxes.numpy() for boxes in found]


def text_of(detected: Detected) -> str:
    """Return the fork's JSON of a picture."""
    from ..detections_text import Found, json_of

    height, width = detected.pixels.shape[:2]
    found = Found(detected.name, width, height, detected.seconds, detected.boxes, detected.thresh)
    return json_of(found, detected.number)


def drawing_of(lineage: str, detected: Detected) -> np.ndarray:
    """Return a picture with its boxes."""
    from ...boxes.draw import draw

    boxes = detected.boxes
    return draw(detected.pixels, boxes.kept(), boxes.names, detected.thresh, lineage)
