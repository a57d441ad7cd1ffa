"""The imports between the modules of a package, their circles, and those that run up."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Graph = dict[str, set[str]]


@dataclass(frozen=True)
class Import:
    """A line of a module that imports another module of the same package."""

    importer: str
    line: int
    imported: str

    def __str__(self) -> str:
        return f"{self.importer or '__init__'}:{self.line} imports {self.imported or '__init__'}"


class Package:
    """The modules of a package by their names below it; the name of the package itself is ""."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = {module_name(path, folder): path for path in sorted(folder.rglob("*.py"))}

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """The source of each module."""
        return {name: ast.parse(path.read_text()) for name, path in self.paths.items()}

    @cached_property
    def nodes(self) -> list[tuple[str, ast.AST]]:
        """All nodes of the source, with the names of their modules."""
        return [(name, node) for name, tree in self.trees.items() for node in ast.walk(tree)]

    @cached_property
    def imports(self) -> list[Import]:
        """The imports within the package, also those in functions and for types only."""
        return [
            Import(name, node.lineno, imported)
            for name, node in self.nodes
            if isinstance(node, ast.ImportFrom)
            for imported in sorted({self.module(name, node, alias.name) for alias in node.names})
            if imported is not None
        ]

    def module(self, importer: str, node: ast.ImportFrom, name: str) -> str | None:
        """Return the module that `from ... import name` reads; None outside the package."""
        source = (node.module or "").split(".") if node.module else []
        if node.level:
            here = importer.split(".") if importer else []
            is_package = self.paths[importer].stem == "__init__"
            depth = len(here) + is_package - node.level
            source = [*here[:depth], *source]
        elif source[0] == self.folder.name:
            source = source[1:]
        else:
            return None
        longer = ".".join([*source, name])
        return longer if longer in self.paths else ".".join(source)

    def graph(self) -> Graph:
        """Return the modules that each module imports."""
        graph: Graph = {name: set() for name in self.paths}
        for one in self.imports:
            graph[one.importer].add(one.imported)
        return graph


def module_name(path: Path, folder: Path) -> str:
    """Return the name of a file's module below a package's folder."""
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room(module: str) -> str:
    """Return the top-level room of a module."""
    return module.partition(".")[0]


def rooms(graph: Graph) -> Graph:
    """Return the other rooms that each room imports."""
    merged: Graph = {}
    for name, imported in graph.items():
        own = room(name)
        merged.setdefault(own, set()).update({room(other) for other in imported} - {own})
    return merged


def reachable(graph: Graph, start: str) -> set[str]:
    """Return the nodes reachable from a node in one step or more."""
    seen: set[str] = set()
    ahead = [*graph[start]]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += graph[name]
    return seen


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of nodes that all reach each other."""
    reach = {name: reachable(graph, name) for name in graph}
    groups = {
        frozenset(other for other in reach[name] if name in reach[other])
        for name in graph
        if name in reach[name]
    }
    return sorted(sorted(group) for group in groups)


def floor(module: str, floors: Sequence[Iterable[str]]) -> int:
    """Return the floor of a module: its own, or that of the room around it."""
    levels = {name: level for level, names in enumerate(floors) for name in names}
    name = module
    while name not in levels:
        name, dot, _ = name.rpartition(".")
        if not dot:
            raise ValueError(f"{module} has no floor: give it one in scripts/house.py")
    return levels[name]


def upward(imports: Iterable[Import], floors: Sequence[Iterable[str]]) -> list[Import]:
    """Return the imports of modules that stand on a higher floor than the importer."""
    return [one for one in imports if floor(one.imported, floors) > floor(one.importer, floors)]
