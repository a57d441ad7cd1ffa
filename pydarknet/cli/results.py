"""How commands write the result files of a list of images."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..cfg.lineage import PerLineage
from ..system.console import note
from .sharing import Sharing

if TYPE_CHECKING:
    from ..boxes.settings import Settings
    from ..evaluate.dataset_detections import Heads
    from ..evaluate.result_files import Results
    from ..network import Network

WHOLE_SECONDS = PerLineage(pjreddie=False, alexeyab=True)  # of the whole detection time


def write_results(
    network: Network,
    paths: list[str],
    results: Results,
    chosen: Settings,
    heads: Heads | None = None,
    threads: int = 4,
    others: Sequence[Network] = (),
    sharing: Sharing | None = None,
) -> None:
    """Write the detections of images, count the images on stderr, and print the time.

    What `others` find is fused with them. Of a list that is shared, a part is recorded, or all are
    put together.

    Darknet: examples/detector.c validate_detector
    """
    from ..evaluate.dataset_detections import DatasetDetector
    from .progress import count_items
    from .shared_detections import detections

    start = time.perf_counter()
    detector = DatasetDetector(network, chosen, pixels=True, others=others)
    if heads:
        detector = replace(detector, heads=heads)
    found = detections(sharing, detector, paths)
    if found is None:
        return
    with results:
        for seen in count_items("{}\n", len(paths), threads)(found):
            results.write(seen)
    seconds = time.perf_counter() - start
    shown = int(seconds) if WHOLE_SECONDS.of(network.dialect) else seconds
    note(f"Total Detection Time: {shown:f} Seconds")
