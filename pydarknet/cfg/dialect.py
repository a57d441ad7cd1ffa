"""The two lineages of Darknet: what each says by default, and how one is chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..errors import UsageError
from ..layers import layer_class
from ..modules.batch_norm import BatchNorm, EpsilonOutsideBatchNorm, UnbiasedBatchNorm
from .net import Net
from .options import Option, declarations
from .parser import Section, shortened

VARIABLE = "PYDARKNET_DIALECT"


@dataclass(frozen=True)
class Dialect:
    """The texts, defaults and file forms of one lineage."""

    name: str
    title: str  # of the layer table
    index: str  # how a row's index is printed
    totals: bool  # whether totals stand below the table
    version: tuple[int, int, int]  # in the header of the weights it writes
    batch_norms: Mapping[str, Callable[[int], BatchNorm]]
    long_seen_when_transposed: bool
    letterbox: bool  # whether images keep their proportions in the network's input
    cropped: bool  # whether a classifier sees the middle of an image, not all of it
    thresholds: Mapping[str, float]  # of scores, by command
    nms: float = 0.45
    valid_nms: float = 0.45  # of detector valid
    valid_seconds: bool = True  # whether it tells fractions of a second
    coco_id_after: str = "/"  # what stands before the number in an image's path
    recall_list: str = ""  # the images of detector recall, whatever the .data file says
    single_epsilon: bool = False  # whether what folds a matrix's batch norm adds in 32 bits
    whole_iterations: bool = False  # whether weights say the images of whole iterations only


ORIGINAL = Dialect(
    name="pjreddie",
    title="layer     filters    size              input                output",
    index="{:5d} ",
    totals=False,
    version=(0, 2, 0),
    batch_norms={"gpu": BatchNorm, "cpu": EpsilonOutsideBatchNorm},
    long_seen_when_transposed=False,
    letterbox=True,
    cropped=False,
    thresholds={
        "detector test": 0.5,
        "detect": 0.5,
        "yolo test": 0.2,
        "yolo valid": 0.001,
        "coco valid": 0.01,
        "detector valid": 0.005,
        "detector recall": 0.001,
        "detector map": 0.005,
    },
    coco_id_after="_",
    recall_list="data/coco_val_5k.list",
)
ALEXEYAB = Dialect(
    name="alexeyab",
    title="   layer   filters  size/strd(dil)      input                output",
    index="{:4d} ",
    totals=True,
    version=(0, 2, 5),
    batch_norms={"gpu": BatchNorm, "cpu": UnbiasedBatchNorm},
    long_seen_when_transposed=True,
    letterbox=False,
    cropped=True,
    thresholds={
        "detector test": 0.25,
        "detect": 0.24,
        "yolo test": 0.2,
        "yolo valid": 0.001,
        "coco valid": 0.01,
        "detector valid": 0.001,
        "detector recall": 0.001,
        "detector map": 0.005,
    },
    valid_nms=0.6,
    valid_seconds=False,
    single_epsilon=True,
    whole_iterations=True,
)
DIALECTS = {dialect.name: dialect for dialect in (ORIGINAL, ALEXEYAB)}


@dataclass(frozen=True)
class Choice:
    """A dialect, and what it was seen by, if it was neither said nor the default."""

    dialect: Dialect
    reason: str = ""


def named(name: str) -> Dialect:
    """Return the dialect of that name."""
    if name not in DIALECTS:
        choices = ", ".join(DIALECTS)
        raise UsageError(f"dialect {shortened(name)}: expected one of {choices}")
    return DIALECTS[name]


def choose(
    sections: Iterable[Section],
    *,
    said: str | None = None,
    seen: str = "",
    version: tuple[int, int, int] | None = None,
) -> Choice:
    """Choose by what is said, else by what only the fork declares or writes, else the original."""
    said = said or os.environ.get(VARIABLE)
    if said:
        return Choice(named(said))
    for section in sections:
        seen = seen or only_in(section, ALEXEYAB.name, ORIGINAL.name)
    if seen:
        return Choice(ALEXEYAB, seen)
    if version == ALEXEYAB.version:
        return Choice(ALEXEYAB, "version 0.2.5 in the weights file's header")
    return Choice(ORIGINAL)


def only_in(section: Section, lineage: str, other: str) -> str:
    """Say what in a section the one lineage declares and the other does not; else nothing."""
    ours, theirs = declared(section.name, lineage), declared(section.name, other)
    if ours and not theirs:
        return f"{section.path}:{section.line}: [{section.name}]"
    for entry in section.entries:
        mine, yours = ours.get(entry.key), theirs.get(entry.key)
        if (
            mine
            and not (yours and knows(yours, entry.value, other))
            and knows(mine, entry.value, lineage)
        ):
            return f"{section.path}:{entry.line}: {entry.key}={shortened(entry.value or '')}"
    return ""


def knows(option: Option, value: str | None, lineage: str) -> bool:
    """Say whether a value is a word that the lineage knows; any number and text is."""
    return option.choices is None or value in tuple(option.choices(lineage))


def declared(name: str, lineage: str) -> dict[str, Option]:
    """Return key -> option of what a lineage declares for a section; empty if it knows none."""
    cls: type | None = layer_class(name, lineage)
    if name in ("net", "network"):
        cls = Net
    options = declarations(cls).values() if cls else ()
    return {key: option for key, option, _ in options if option.declared_by(lineage)}
