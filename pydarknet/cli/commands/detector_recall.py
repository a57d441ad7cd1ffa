"""The command detector recall."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...system.console import note
from ..data_files import images_of, tell_classes
from ..ensemble import EnsembleFlag, network_files, open_networks
from ..operands import CfgOrOnnx, Weights
from ..sharing import ShardFlags, Sharing
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from ...dataset.files import DataFile
    from ...network import Network

RECALL_LIST = PerLineage(pjreddie="data/coco_val_5k.list", alexeyab="")  # whatever `valid` says
RECALL_REPORTS_RATES = PerLineage(pjreddie=True, alexeyab=False)

Data = Annotated[Path, Help("the .data file: valid, polygons")]


@verb("detector recall", many=True)
def detector_recall(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *,
    ensemble: EnsembleFlag = None,
    shards: ShardFlags,
) -> None:
    """Print after each image how many boxes so far are found.

    Darknet: examples/detector.c validate_detector_recall
    """
    from ...dataset.files import DataFile
    from ...evaluate.dataset_detections import classes_of
    from ...evaluate.recall import recall
    from ..shared_detections import detections

    sharing = Sharing.of(shards, "detector recall", run, *network_files(cfg, weights, ensemble))
    options = DataFile.read(data)
    network, others = open_networks(run, cfg, weights, ensemble)
    tell_classes(options, classes_of(network))
    note_objectness(network)
    if RECALL_REPORTS_RATES.of(network.dialect):
        note(network.net.rates())
    paths = images_of(recall_list(network, options), labels=True)
    detect = partial(detections, sharing)
    for now in recall(network, paths, polygons=options.polygons, others=others, detect=detect):
        note(now.line())


def note_objectness(network: Network) -> None:
    """Say that an exported file has no objectness, if it has none: recall counts boxes by it."""
    from ...exported_network import ExportedNetwork

    if isinstance(network, ExportedNetwork) and not network.file.about.whole:
        note(f"the layout {network.file.about.layout} has no objectness: the best score counts")


def recall_list(network: Network, options: DataFile) -> str:
    """Return the list of images of `detector recall`: the original's own, if it exists.

    Darknet: examples/detector.c validate_detector_recall
    Quirk: RECALL_LIST
    """
    fixed = RECALL_LIST.of(network.dialect)
    if fixed and Path(fixed).is_file():
        note(f"images are those of {fixed}, whatever {options.section.path} says")
        return fixed
    return options.get_file("valid", "data/train.txt")
