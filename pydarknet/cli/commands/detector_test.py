"""The command detector test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..data_files import tell_classes
from ..ensemble import EnsembleFlag, network_files, open_ensemble
from ..operands import CfgOrOnnx, Data, DetectFlags, Images, Weights, tiling_of
from ..sharing import ShardFlags, Sharing
from ..verbs import Run, verb

if TYPE_CHECKING:
    from ...runtime.any_network import AnyNetwork


@verb("detector test", lazy=True)
def detector_test(
    run: Run,
    data: Data,
    cfg: CfgOrOnnx,
    weights: Weights = None,
    *images: Images,
    ensemble: EnsembleFlag = None,
    flags: DetectFlags,
    shards: ShardFlags,
) -> None:
    """Print and draw the boxes found in images.

    Darknet: examples/detector.c test_detector
    """
    from ...dataset.files import DataFile, read_names

    sharing = Sharing.of(shards, "detector test", run, *network_files(cfg, weights, ensemble))
    options = DataFile.read(data)
    named = options.get_file("names", "data/names.list")
    names = tuple(read_names(named))
    network = open_ensemble(run, cfg, weights, ensemble, images)
    from ..output import check_names  # which imports OpenCV: the files of a network are read first

    network.names = names
    check_names(network, named, cfg)
    for classes in network.traits.classes[-1:]:
        tell_classes(options, classes)
    find_boxes(network, images, flags, sharing)


def find_boxes(
    network: AnyNetwork, images: tuple[str, ...], flags: DetectFlags, sharing: Sharing | None
) -> None:
    """Print and draw the boxes that a network finds in images."""
    from ...boxes.settings import settings
    from ..detection import detect_all
    from ..image_source import Source
    from ..output import Writing

    chosen = settings(
        network,
        thresh=flags.thresh,
        hier=flags.hier,
        nms=flags.nms,
        letterbox=flags.letter_box or None,
        tiling=tiling_of(flags.tile, flags.overlap),
    )
    source = Source.of(network, images, flags.recursive, flags.out_dir)
    writing = Writing(
        network,
        flags.out,
        flags.out_dir,
        flags.ext_output,
        flags.save_labels,
        window=not flags.dont_show,
        draws=not flags.no_draw,
        colors=flags.colors,
        font=flags.font,
    )
    if sharing:
        from ..shared_test import detect_shared

        detect_shared(sharing, source, chosen, writing)
        return
    with writing:
        detect_all(source, chosen, writing)
