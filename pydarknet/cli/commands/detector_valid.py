"""The commands that write result files of a detector: detector valid, valid2."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...cfg.lineage import PerLineage
from ...image.tiles import OVERLAP
from ...system.console import note, say
from ..data_files import class_map, images_of, set_names, tell_classes
from ..ensemble import EnsembleFlag, network_files, open_networks
from ..operands import CfgOrOnnx, Overlap, Tile, Weights, tiling_of
from ..results import write_results
from ..sharing import ShardFlags, Sharing
from ..verbs import Help, Run, verb

if TYPE_CHECKING:
    from ...evaluate.dataset_detections import Heads
    from ...image.tiles import Tiling

THRESH = PerLineage(pjreddie=0.005, alexeyab=0.001)
NMS = PerLineage(pjreddie=0.45, alexeyab=0.6)
COCO_ID_AFTER = PerLineage(pjreddie="_", alexeyab="/")  # before the number in an image's path
REPORTS_HEADS = PerLineage(pjreddie=False, alexeyab=True)  # in a line per detection head

Data = Annotated[Path, Help("the .data file: valid, names, results, eval, difficult")]
Out = Annotated[str | None, Help("the result file's name, or the beginning of one per class")]


@verb("detector valid", many=True)
def detector_valid(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *,
    out: Out = None,
    tile: Tile = None,
    overlap: Overlap = OVERLAP,
    ensemble: EnsembleFlag = None,
    shards: ShardFlags,
) -> None:
    """Write the result files that the programs of VOC, COCO, ImageNet, KITTI and BDD read.

    Darknet: examples/detector.c validate_detector
    """
    from ...network import Network

    tiling = tiling_of(tile, overlap)
    sharing = Sharing.of(shards, "detector valid", run, *network_files(cfg, weights, ensemble))
    validate(run, data, cfg, weights, out, Network.__call__, sharing, tiling, ensemble)


@verb("detector valid2", many=True)
def detector_valid2(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *,
    out: Out = None,
    ensemble: EnsembleFlag = None,
    shards: ShardFlags,
) -> None:
    """Write result files from the average of each image and its mirror image.

    Darknet: examples/detector.c validate_detector_flip
    """
    from ...evaluate.flip import mirror_average

    sharing = Sharing.of(shards, "detector valid2", run, *network_files(cfg, weights, ensemble))
    validate(run, data, cfg, weights, out, mirror_average, sharing, ensemble=ensemble)


def validate(
    run: Run,
    data: Path,
    cfg: Path,
    weights: Path | None,
    out: str | None,
    heads: Heads,
    sharing: Sharing | None = None,
    tiling: Tiling | None = None,
    ensemble: str | None = None,
) -> None:
    """Write result files; `heads` computes the detection heads of a batch.

    Darknet: examples/detector.c validate_detector
    """
    from ...boxes.settings import settings
    from ...dataset.files import DataFile
    from ...evaluate.result_files import FORMATS
    from ...layers import type_lines

    options = DataFile.read(data)
    valid = options.get_file("valid", "data/train.list")
    named = options.get_file("names", "data/names.list")
    folder = options.get_folder("results", "results")
    mapped = class_map(options)
    network, others = open_networks(run, cfg, weights, ensemble)
    dialect, names = network.dialect, set_names(network, named)
    tell_classes(options, len(names))
    note(network.net.rates())
    for line in type_lines(network.nodes) if REPORTS_HEADS.of(dialect) else ():
        say(line)
    kind = options.get("eval", "voc")
    if kind not in FORMATS:
        note(f"eval={kind}: expected one of {', '.join(FORMATS)}; voc is used")
    form = FORMATS.get(kind, FORMATS["voc"])
    results = form(folder, out, names, COCO_ID_AFTER.of(dialect))
    chosen = settings(network, thresh=THRESH.of(dialect), nms=NMS.of(dialect), map=mapped)
    chosen = replace(chosen, tiling=tiling)
    write_results(network, images_of(valid), results, chosen, heads, others=others, sharing=sharing)
