"""The command detector demo."""

from __future__ import annotations

from ...system.console import say
from ..demo_flags import DemoFlags, Video
from ..ensemble import EnsembleFlag, open_ensemble
from ..operands import CfgOrOnnx, Data, Weights
from ..verbs import Run, verb


@verb("detector demo", lazy=True)
def detector_demo(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    video: Video = None,
    *,
    ensemble: EnsembleFlag = None,
    flags: DemoFlags,
) -> None:
    """Find boxes in the frames of a film, a camera or a stream, and show, write and serve them.

    Darknet: src/demo.c demo
    """
    from ...dataset.files import DataFile, read_names

    options = DataFile.read(data)
    names = tuple(read_names(options.get_file("names", "data/names.list")))
    say("Demo")
    network = open_ensemble(run, cfg, weights, ensemble)
    from ..demo import run_demo  # which imports OpenCV: the files of a network are read first

    network.names = names
    given = options.find("classes") is not None
    classes = options.integer("classes", 20) if given else None
    run_demo(network, video, flags, thresh=None, classes=classes)
