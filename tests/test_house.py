"""The rules of the house that a machine can keep."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet import layers
from pydarknet.cli.main import VERBS
from pydarknet.layers.base import REGISTRY

PACKAGE = HERE.parent / "pydarknet"
FILES = sorted(PACKAGE.rglob("*.py"))
SHARED_BY_LAYERS = {"__init__", "base", "antialiasing", "anchor_head", "rows"}

FLOORS = [  # rooms from the bottom up: imports point down, or stay in the room
    ["errors", "system"],
    ["cfg"],
    ["image"],
    ["modules"],
    ["boxes"],
    ["layers.base", "layers.antialiasing", "layers.anchor_head", "layers.rows"],
    ["layers"],
    ["graph"],
    ["backends"],
    ["inference"],
    ["network"],
    ["load"],
    ["dataset"],
    ["evaluate"],
    ["training"],
    ["compat", "opencv"],
    [""],
    ["cli", "__main__"],
]


def module_of(path: Path) -> str:
    """Return the name of a file's module below the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def floor(module: str) -> int:
    """Return the floor a module stands on: its own, or that of the room it is in."""
    rooms = {name: level for level, names in enumerate(FLOORS) for name in names}
    while module not in rooms:
        module, _, _ = module.rpartition(".")
        assert module, "a module has no floor in tests/test_house.py"
    return rooms[module]


def imports(path: Path) -> list[tuple[int, str]]:
    """Return line and name of the modules of this package that a file imports, for types too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            here = [*module_of(path).split(".")]
            base = here if path.stem == "__init__" else here[:-1]
            up = base[: len(base) - node.level + 1]
            target = [*up, *(node.module or "").split(".")] if node.module else up
            names = [".".join([*target, alias.name]).strip(".") for alias in node.names]
            known = [name for name in names if name in MODULES]
            found += [(node.lineno, name) for name in known or [".".join(filter(None, target))]]
    return found


MODULES = {module_of(path) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path: Path) -> None:
    own = module_of(path)
    strict = own.startswith("layers.") and path.stem not in SHARED_BY_LAYERS

    upward = [
        f"{path.name}:{line} imports {name}"
        for line, name in imports(path)
        if floor(name) > floor(own) or (strict and floor(name) == floor(own))
    ]

    assert upward == []


def test_every_file_of_layers_is_registered_and_tested() -> None:
    files = {path.stem for path in (PACKAGE / "layers").glob("*.py")} - SHARED_BY_LAYERS
    registered = {
        cls.__module__.rpartition(".")[2] for owners in REGISTRY.values() for cls in owners.values()
    }
    tested = {path.stem.removeprefix("test_") for path in (HERE / "layers").glob("test_*.py")}

    assert files == registered == tested
    assert files <= set(layers.__all__)


def places_that_name_a_section() -> list[str]:
    """Return where a section's name stands in the code outside of layers/."""
    names = set(REGISTRY) - {"crop", "activation", "max", "avg", "local", "empty", "cost", "conv"}
    names -= {"batchnorm"}  # a flag and an argument too
    return [
        f"{path.name}:{node.lineno} {node.value}"
        for path in FILES
        if path.parent.name != "layers"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and node.value in names
        and not is_another_word(path, node)
    ]


def test_no_section_is_named_outside_layers() -> None:
    assert places_that_name_a_section() == []


def is_another_word(path: Path, node: ast.Constant) -> bool:
    """Say whether a word is an activation or a command, which a section may share its name with."""
    commands = {words[0] for words in VERBS} if path.parent.name == "cli" else set()
    return node.value in commands or (path.stem == "activations" and node.value == "logistic")


def test_every_quirk_has_its_row_and_every_row_its_quirk() -> None:
    named = {
        name
        for path in FILES
        for name in re.findall(r"^\s*Quirk: (\w+)$", path.read_text(), re.MULTILINE)
    }
    rows = set(
        re.findall(r"^\| (\w+) \|", (HERE.parent / "docs/QUIRKS.md").read_text(), re.MULTILINE)
    )

    assert named == {row for row in rows if row.isupper()}


def functions() -> dict[str, int]:
    """Return the length in lines of every function, its decorators and docstring left out."""
    found = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                first = body[0].lineno if body else node.lineno
                found[f"{module_of(path)}.{node.name}:{node.lineno}"] = (
                    (body[-1].end_lineno or 0) - first + 1 if body else 0
                )
    return found


def test_functions_fit_on_a_screen() -> None:
    lengths = functions()

    assert {name: n for name, n in lengths.items() if n > 40} == {}
    assert sorted(lengths.values())[len(lengths) * 9 // 10] <= 20


def test_files_end_before_300_lines() -> None:
    lengths = {module_of(path): len(path.read_text().split("\n")) for path in FILES}

    assert {name: n for name, n in lengths.items() if n > 300} == {}


def test_only_the_console_prints() -> None:
    calls = [
        f"{path.name}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]

    assert calls == []
