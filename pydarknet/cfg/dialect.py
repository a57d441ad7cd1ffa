"""The dialects of Darknet: what a network prints, expects and stores in each lineage."""

from __future__ import annotations

from dataclasses import dataclass

from .lineage import FORK, PJREDDIE, PerLineage

VARIABLE = "PYDARKNET_DIALECT"  # of the environment: it gives the dialect


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How the programs of one lineage read, run, print and store a network.

    What differs in one command alone stands beside that command.
    """

    name: str  # of the lineage
    table_title: str
    table_index: str  # the form of the number that a row begins with
    table_totals: bool  # whether totals stand below the last row
    reports_cfg: bool  # on stdout: mini-batch, detection heads, a size 32 does not divide
    reports_weights: bool  # on stdout: for how long they were trained
    letterbox: bool  # whether images keep their proportions in the network's input
    cropped: bool  # whether a classifier sees the middle of an image, not all of it
    version: tuple[int, int, int]  # in the header of the weights it writes
    long_seen_when_transposed: bool  # whether that of a transposed file counts in 64 bits
    whole_iterations: bool  # whether edited weights count the images of whole iterations only
    single_epsilon: bool  # whether the epsilon of a folded batch norm is added in 32 bits


DIALECTS = PerLineage(
    pjreddie=Dialect(
        name=PJREDDIE,
        table_title="layer     filters    size              input                output",
        table_index="{:5d} ",
        table_totals=False,
        reports_cfg=False,
        reports_weights=False,
        letterbox=True,
        cropped=False,
        version=(0, 2, 0),
        long_seen_when_transposed=False,
        whole_iterations=False,
        single_epsilon=False,
    ),
    alexeyab=Dialect(
        name=FORK,
        table_title="   layer   filters  size/strd(dil)      input                output",
        table_index="{:4d} ",
        table_totals=True,
        reports_cfg=True,
        reports_weights=True,
        letterbox=False,
        cropped=True,
        version=(0, 2, 5),
        long_seen_when_transposed=True,
        whole_iterations=True,
        single_epsilon=True,
    ),
)
