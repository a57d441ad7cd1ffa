"""The shipped cfgs and all public ones become networks of the recorded shapes and tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from conftest import HERE, SHARED, needs_shared

import pydarknet
from pydarknet.load import read_network

HOUSE = HERE.parent / "cfg"
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
FORKS = {"pjreddie": "pjreddie", "alexeyab": "alexeyab", "hank-ai": "alexeyab"}
SHAPE = re.compile(r"L \d+ type \d+ out (-?\d+) (-?\d+) (-?\d+) outputs (\d+)")
DEFAULT = re.compile(r"\w+: Using default '.*'\n")
ASIDE = re.compile(r"^(Unused field: .*| OpenCV isn't used.*)\n", re.MULTILINE)


def public() -> list[str]:
    """Return the public cfgs, as `fork/name.cfg`."""
    listed = SHARED / "cfgs" / "LIST.txt"
    return listed.read_text().split() if listed.exists() else []


def shape_files() -> list[str]:
    """Return the recorded shapes of cfgs that are beside the project."""
    forks = {"pj": "pjreddie", "ab": "alexeyab"}
    return [
        file.name
        for file in sorted((SHARED / "golden" / "shapes").glob("*.txt"))
        if (SHARED / "cfgs" / forks[file.name[:2]] / file.name[4:].split(".on_")[0]).exists()
    ]


def without_notes(text: str) -> str:
    """Return a recorded table without `Using default` and `Unused field`."""
    return ASIDE.sub("", DEFAULT.sub("", text)).rstrip("\n")


def tables(folder: Path) -> list[tuple[str, str]]:
    """Return lineage and name of the recorded tables of a folder."""
    files = sorted(folder.glob("*/*.stderr.txt"))
    return [(file.parent.name, file.name.removesuffix(".stderr.txt")) for file in files]


@pytest.mark.parametrize(("lineage", "name"), tables(HERE / "reference" / "tables"))
def test_a_shipped_cfg_has_the_table_of_the_published_one(lineage: str, name: str) -> None:
    recorded = HERE / "reference" / "tables" / lineage / f"{name}.stderr.txt"

    network = read_network(HOUSE / f"{name}.cfg", dialect=lineage)

    assert network.table() == without_notes(recorded.read_text())


@pytest.mark.parametrize("cfg", sorted(HOUSE.glob("*.cfg")), ids=lambda cfg: cfg.stem)
def test_a_shipped_cfg_leaves_no_option_unread(
    cfg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pydarknet.load_network(cfg, device="meta")

    assert "Unused" not in capsys.readouterr().err


@needs_shared
def test_there_are_116_public_cfgs() -> None:
    assert len(public()) == 116


@pytest.mark.parametrize("line", public())
def test_a_public_cfg_builds_and_runs(line: str) -> None:
    network = read_network(SHARED / "cfgs" / line, dialect=FORKS[line.split("/")[0]])

    outputs = network.trace(torch.empty(1, *network.input.tensor, device="meta"))

    assert [tuple(y.shape[1:]) for y in outputs if y.dim() != 5] == [
        node.output.tensor for node, y in zip(network.nodes, outputs, strict=True) if y.dim() != 5
    ]


@pytest.mark.parametrize("name", shape_files())
def test_shapes_are_the_c_programs(name: str) -> None:
    fork, cfg, library = re.match(r"(..)__(.*)\.on_(..)", name).groups()
    recorded = (SHARED / "golden" / "shapes" / name).read_text()

    network = read_network(
        SHARED / "cfgs" / LINEAGES[fork] / cfg, dialect=LINEAGES[library], strict=False
    )

    shapes = [(n.output.c, n.output.h, n.output.w, n.output.outputs) for n in network.nodes]
    assert shapes == [tuple(map(int, found)) for found in SHAPE.findall(recorded)]


@pytest.mark.parametrize(("lineage", "name"), tables(SHARED / "golden" / "tables"))
def test_a_public_cfg_has_the_recorded_table(lineage: str, name: str) -> None:
    cfg = SHARED / "cfgs" / lineage / f"{name}.cfg"
    recorded = SHARED / "golden" / "tables" / lineage / f"{name}.stderr.txt"

    network = read_network(cfg, dialect=lineage)

    assert network.table() == without_notes(recorded.read_text())
