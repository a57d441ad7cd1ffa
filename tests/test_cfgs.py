"""The shipped cfgs and all public ones build networks with the recorded shapes and tables."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from conftest import HERE, SHARED, needs_shared

import pydarknet
from pydarknet.graph.weights import tensor_at
from pydarknet.load import read_network
from pydarknet.modules.parameters import assign

HOUSE = HERE.parent / "cfg"
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
FORKS = {"pjreddie": "pjreddie", "alexeyab": "alexeyab", "hank-ai": "alexeyab"}
SHAPE = re.compile(r"L \d+ type \d+ out (-?\d+) (-?\d+) (-?\d+) outputs (\d+)")
DEFAULT = re.compile(r"\w+: Using default '.*'\n")
ASIDE = re.compile(r"^(Unused field: .*| OpenCV isn't used.*)\n", re.MULTILINE)
NOISE = torch.rand(99_991, generator=torch.Generator().manual_seed(1)) / 100


def public() -> list[str]:
    """Return the public cfgs, as `fork/name.cfg`."""
    listed = SHARED / "cfgs" / "LIST.txt"
    return listed.read_text().split() if listed.exists() else []


def shape_files() -> list[str]:
    """Return the recorded shapes of the cfgs in ../shared."""
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
    """Return the lineage and name of each recorded table in a folder."""
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


def filled(network: pydarknet.Network) -> pydarknet.Network:
    """Fill all arrays of a network with the same noise, again and again, which is fast."""
    largest = max((tensor.numel() for tensor in network.state_dict().values()), default=1)
    noise = NOISE.repeat(largest // len(NOISE) + 1)
    for node, module in zip(network.nodes, network.stack, strict=True):
        for array in node.layer.weight_arrays(module):
            size = tensor_at(module, array.path).shape
            assign(module, array.path, noise[: size.numel()].view(size))
    network.initialize()
    return network


def made_small(network: pydarknet.Network) -> None:
    """Resize a network to an image of a few grid cells, if its layers allow it."""
    for side in (64, 128, 256):
        with suppress(pydarknet.CfgError):
            return network.resize(side, side)
    return None


def assert_runs(network: pydarknet.Network) -> None:
    """Assert that every layer's output for one image has its declared shape."""
    with torch.inference_mode():
        for node, _, output in network.steps(torch.rand(1, *network.input.tensor)):
            assert output[0].numel() == node.output.outputs


@pytest.mark.parametrize("line", public())
def test_a_public_cfg_builds_at_full_size_and_runs_at_a_few_cells(line: str) -> None:
    network = read_network(SHARED / "cfgs" / line, dialect=FORKS[line.split("/")[0]])

    made_small(network)

    assert_runs(filled(network))


@pytest.mark.slow
@pytest.mark.parametrize("line", public())
def test_a_public_cfg_runs_at_full_size(line: str) -> None:
    network = read_network(SHARED / "cfgs" / line, dialect=FORKS[line.split("/")[0]])

    assert_runs(filled(network))


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
