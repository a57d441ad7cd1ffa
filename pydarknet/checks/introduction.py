"""What a training says of its data before it begins: three lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..dataset.files import DataFile
from ..dataset.labels import LabelRules
from .finding import Finding
from .of_classes import look_at_ids
from .of_files import look_at_image_files
from .of_labels import look_at_faults
from .report import boxes_line, list_line, number_of
from .survey import TRAIN, Listing, Survey

SECONDS: Final = 5.0  # that a training waits for it at most
SHOWN: Final = 2  # kinds of what is left out
LOOKS: Final = (look_at_image_files, look_at_faults, look_at_ids)


@dataclass(frozen=True)
class Introduced:
    """A training: its .data file and cfg as they were typed, its list, and how labels are read."""

    data: DataFile
    cfg: str
    file: str
    paths: Sequence[str]
    rules: LabelRules
    exif: bool = True


def introduction(training: Introduced, seconds: float = SECONDS) -> Iterator[str]:
    """Yield three lines: images, boxes, and what is left out; of so many as time allows."""
    lists = {TRAIN: Listing(training.file, list(training.paths))}
    survey = Survey(training.data, training.rules, lists, exif=training.exif)
    survey.read(seconds=seconds)
    seen = "" if survey.whole else f" (of the first {len(survey.images):,})"
    yield list_line(survey, TRAIN) + seen
    yield boxes_line(survey) + seen
    found = [one for look in LOOKS for one in look(survey)]
    command = f"`pydarknet detector check {training.data.path} {training.cfg}`"
    yield f"left out: {left_out_text(found)}; {command} says more"


def left_out_text(findings: Sequence[Finding]) -> str:
    """Return what findings say is left out."""
    if not findings:
        return "nothing"
    words = [one.text.removesuffix(": left out") for one in findings[:SHOWN]]
    places = findings[0].places
    rest = [f"{number_of(len(findings) - SHOWN, 'more kind')}"] if len(findings) > SHOWN else []
    told = [*places[:1], "..."] if len(places) > 1 or len(findings) > 1 else places
    return f"{'; '.join([*words, *rest])} ({', '.join(told)})" if places else words[0]
