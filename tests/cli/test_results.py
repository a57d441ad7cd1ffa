"""How commands write the result files of a list of images."""

from __future__ import annotations

import re
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from pydarknet.cfg.lineage import FORK, PJREDDIE
from pydarknet.cli.results import write_results
from pydarknet.evaluate import dataset_detections


class Results(nullcontext):
    """The images that results were written of."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[str] = []

    def write(self, image: str) -> None:
        self.images.append(image)


class Detector:
    """A detector that returns the path of each image."""

    def __init__(self, network, chosen, pixels: bool, others) -> None:
        assert pixels
        assert not others

    def detect(self, paths: list[str]) -> list[str]:
        return paths


@pytest.mark.parametrize(
    ("lineage", "end"), [(PJREDDIE, r"\.\d*[1-9]\d* Seconds\n"), (FORK, r" 0\.000000 Seconds\n")]
)
def test_images_are_counted_and_the_fork_reports_whole_seconds(monkeypatch, capsys, lineage, end):
    monkeypatch.setattr(dataset_detections, "DatasetDetector", Detector)
    network = SimpleNamespace(dialect=SimpleNamespace(name=lineage))
    results = Results()

    write_results(network, ["a.jpg", "b.jpg", "c.jpg"], results, None, threads=2)

    err = capsys.readouterr().err
    assert results.images == ["a.jpg", "b.jpg", "c.jpg"]
    assert err.startswith("2\n4\nTotal Detection Time: ")
    assert re.search(end, err)
