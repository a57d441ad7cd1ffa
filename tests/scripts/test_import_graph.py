"""The imports between the modules of a small package."""

from __future__ import annotations

from pathlib import Path

import pytest
from import_graph import Import, Package, circles, floor, module_name, rooms, upward


@pytest.fixture
def package(tmp_path):
    """Return a function that writes modules and reads them as a package named `house`."""

    def write(**texts: str) -> Package:
        folder = tmp_path / "house"
        for name, text in texts.items():
            path = folder.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for place in {folder, *(path.parent for path in folder.rglob("*.py"))}:
            (place / "__init__.py").touch()
        return Package(folder)

    return write


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.py", "a"), ("a/b.py", "a.b"), ("a/__init__.py", "a"), ("__init__.py", "")],
)
def test_a_module_is_named_by_its_path_below_the_package(path, name):
    assert module_name(Path("house") / path, Path("house")) == name


@pytest.mark.parametrize(
    ("line", "imported"),
    [
        ("from . import sink", "kitchen.sink"),
        ("from .sink import water", "kitchen.sink"),
        ("from .. import cellar", "cellar"),
        ("from ..cellar import wine", "cellar"),
        ("from .. import name", ""),
        ("from ..kitchen import sink", "kitchen.sink"),
        ("from house.cellar import wine", "cellar"),
        ("if TYPE_CHECKING:\n    from ..cellar import Wine", "cellar"),
        ("def cook():\n    from ..cellar import wine", "cellar"),
    ],
)
def test_an_import_names_the_module_it_reads(package, line, imported):
    small = package(kitchen__stove=line, kitchen__sink="", cellar="")

    assert [one.imported for one in small.imports] == [imported]


@pytest.mark.parametrize("line", ["from os import path", "import os", "from housekeeping import x"])
def test_imports_of_other_packages_do_not_count(package, line):
    assert package(kitchen=line).imports == []


def test_a_package_imports_its_own_modules(package):
    small = package(kitchen__sink="")
    (small.folder / "kitchen" / "__init__.py").write_text("from . import sink")

    assert Package(small.folder).graph()["kitchen"] == {"kitchen.sink"}


def test_an_import_is_told_with_its_line():
    assert str(Import("kitchen", 3, "")) == "kitchen:3 imports __init__"


def test_a_circle_is_all_that_reach_each_other():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}

    assert circles(graph) == [["a", "b", "c"]]


def test_a_tree_has_no_circle():
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_rooms_may_go_in_a_circle_where_their_modules_do_not():
    graph = {"a.x": {"b.y"}, "b.y": set(), "b.z": {"a.w"}, "a.w": set()}

    assert circles(graph) == []
    assert circles(rooms(graph)) == [["a", "b"]]


def test_imports_within_a_room_are_not_the_rooms():
    assert rooms({"a.x": {"a.y", "b"}, "a.y": set(), "b": set()}) == {"a": {"b"}, "b": set()}


def test_a_module_stands_on_its_own_floor_or_that_of_its_room():
    floors = [["a.base"], ["a"], ["b"]]

    assert [floor(name, floors) for name in ("a.base", "a.x.y", "a", "b")] == [0, 1, 1, 2]


def test_a_module_without_a_floor_is_told():
    with pytest.raises(ValueError, match=r"^attic.box has no floor"):
        floor("attic.box", [["cellar"]])


def test_an_import_runs_up_if_what_it_reads_stands_higher():
    down, level, up = Import("b", 1, "a"), Import("b", 2, "c"), Import("a", 1, "b")

    assert upward([down, level, up], [["a"], ["b", "c"]]) == [up]
