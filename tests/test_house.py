"""The rules of the house that can be checked. scripts/house.py prints their figures."""

from __future__ import annotations

import ast
import re

import house
from conftest import HERE
from import_graph import Package, circles, rooms, upward
from torch import nn

from pydarknet import layers
from pydarknet.layers.base import REGISTRY
from pydarknet.modules.onnx_writer import Writes

PACKAGE = Package(HERE.parent / "pydarknet")


def test_imports_point_down() -> None:
    assert [str(one) for one in upward(PACKAGE.imports, house.FLOORS)] == []


def test_rooms_are_in_no_circle() -> None:
    assert circles(rooms(PACKAGE.graph())) == []


def test_modules_are_in_no_circle() -> None:
    assert circles(PACKAGE.graph()) == []


def test_a_layer_imports_no_other_layer() -> None:
    layers_of = set(house.sections(PACKAGE))

    between = [one for one in PACKAGE.imports if {one.importer, one.imported} <= layers_of]

    assert [str(one) for one in between] == []


def test_every_file_of_layers_is_registered_and_tested() -> None:
    files = {name.removeprefix("layers.") for name in house.sections(PACKAGE)}
    registered = {
        cls.__module__.rpartition(".")[2] for owners in REGISTRY.values() for cls in owners.values()
    }

    assert files == registered
    assert files <= set(vars(layers))


def test_every_module_of_a_layer_writes_itself_as_onnx() -> None:
    # a test may have made others
    modules = [
        cls for cls in subclasses(nn.Module) if cls.__module__.startswith("pydarknet.layers")
    ]

    assert [cls.__name__ for cls in modules if not issubclass(cls, Writes)] == ["Nothing"]
    assert len(modules) > 30


def subclasses(cls: type) -> list[type]:
    """Return all classes that are made of a class."""
    found = cls.__subclasses__()
    return [one for direct in found for one in (direct, *subclasses(direct))]


def test_no_layer_is_named_outside_layers_and_losses() -> None:
    assert house.concrete_layers(PACKAGE) == []


def test_no_layer_is_asked_for_what_it_may_not_have() -> None:
    assert house.attribute_lookups(PACKAGE) == []


def test_every_module_has_its_test_at_the_same_path() -> None:
    assert house.untested_modules(PACKAGE, HERE) == []


def test_functions_are_named_by_what_they_return() -> None:
    kept = {
        "boxes.box_columns.kept",  # public: Detections.kept()
        "network.prepared",  # public: Network.prepared()
        "training.losses.cost.masked",  # the word of a cfg: type=masked
    }

    assert set(house.participles(PACKAGE)) - kept == set()


def test_every_quirk_has_its_row_and_every_row_its_quirk() -> None:
    named = {
        name
        for path in PACKAGE.paths.values()
        for name in re.findall(r"^\s*Quirk: (\w+)$", path.read_text(), re.MULTILINE)
    }
    rows = set(
        re.findall(r"^\| (\w+) \|", (HERE.parent / "docs/QUIRKS.md").read_text(), re.MULTILINE)
    )

    assert named == {row for row in rows if row.isupper()}


def test_functions_fit_on_a_screen() -> None:
    lengths = house.lengths(PACKAGE)

    assert {name: n for name, n in lengths.items() if n > 40} == {}
    assert sorted(lengths.values())[len(lengths) * 9 // 10] <= 12


def test_files_end_before_300_lines() -> None:
    lengths = {name: path.read_text().count("\n") for name, path in PACKAGE.paths.items()}

    assert {name: n for name, n in lengths.items() if n >= 300} == {}


def test_only_the_console_prints() -> None:
    calls = [
        f"{module}:{node.lineno}"
        for module, node in PACKAGE.nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]

    assert calls == []
