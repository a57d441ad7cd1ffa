#!/usr/bin/env python3
"""Print the figures of the house: rooms, imports, names, functions, tests and comments."""

from __future__ import annotations

import argparse
import ast
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from import_graph import Package, circles, rooms, upward

ROOT = Path(__file__).resolve().parents[1]

FLOORS = [  # rooms from the bottom up; a module imports from its own floor and below
    ["errors", "system"],
    ["cfg"],
    ["image"],
    ["video", "charts"],
    ["modules", "ranks"],
    ["boxes"],
    ["tracking"],
    ["runtime"],
    [
        "layers.base",
        "layers.reading",
        "layers.detection_head",
        "layers.antialiasing",
        "layers.anchor_head",
        "layers.rows",
        "layers.start",
    ],
    ["layers"],
    ["graph"],
    ["ports"],
    ["backends"],
    ["inference"],
    ["network"],
    ["exported_network"],
    ["load"],
    ["dataset"],
    ["evaluate"],
    ["checks"],
    ["annotations"],
    ["export"],
    ["compiled"],
    ["load_any"],
    ["predictor"],
    ["training"],
    ["compare"],
    ["serving"],
    ["compat", "opencv"],
    ["doctor"],
    ["downloads"],
    [""],
    ["cli", "__main__"],
]

# Section names that also mean something else: everywhere, or in one room or module.
OTHER_WORDS = {"crop", "activation", "max", "avg", "local", "empty", "cost", "conv", "batchnorm"}
OTHER_WORDS_OF = {"cli": {"yolo", "rnn"}, "modules.activations": {"logistic"}}
OF_LAYERS = ["layers", "training.losses"]
LAYER = re.compile(r"(?:.*[._])?(?:layer|head|detector|node)s?(?:\[.*\])?")

# A participle ends in -ed or is listed here. Missing are cut, left, put, read, set, split and
# spread, because they are also verbs or nouns.
IRREGULAR = re.compile(
    "begun|bent|bought|built|caught|chosen|dealt|done|drawn|driven|fed|felt|found|frozen|given|gone"
    "|grown|held|kept|known|laid|lent|lost|made|meant|met|moved|paid|said|seen|sent|shown|spoken"
    "|taken|taught|thrown|told|torn|understood|won|woven|written"
)
NO_PARTICIPLES = {"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed"}
PARTICIPLE = re.compile(
    r"_*([a-z]+)(_(as|away|back|by|down|for|from|here|in|of|off|on|out|over|to|up|with))?"
)
NO_RESULT = {None, "None", "bool", "Iterator[None]", "NoReturn"}

MEASURED = {tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING}
MARK = re.compile(r"#\s*(noqa|type:|!)")


def top_level(package: Package) -> list[str]:
    """Return the names of files and folders directly in the package."""
    return sorted({name.partition(".")[0] for name in package.trees if name})


@cache
def sections(package: Package) -> dict[str, set[str]]:
    """Return the sections for which each module registers a layer."""
    names: dict[str, set[str]] = {}
    for module, node in package.nodes:
        for mark in node.decorator_list if isinstance(node, ast.ClassDef) else []:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "section":
                words = {word.value for word in mark.args if isinstance(word, ast.Constant)}
                names.setdefault(module, set()).update(words)
    return names


def concrete_layers(package: Package) -> list[str]:
    """Return the places outside layers and losses that name a section or import its layer."""
    modules = sections(package)
    words = set().union(*modules.values()) - OTHER_WORDS
    places = [(one.importer, str(one)) for one in package.imports if one.imported in modules]
    places += [
        (module, f"{module}:{node.lineno} says {node.value}")
        for module, node in package.nodes
        if isinstance(node, ast.Constant)
        and node.value in words
        and not is_another_word(module, node.value)
    ]
    return [
        text for module, text in places if not any(is_within(module, room) for room in OF_LAYERS)
    ]


def is_another_word(module: str, word: str) -> bool:
    """Return whether a section's name means something else in a module."""
    return any(is_within(module, room) and word in words for room, words in OTHER_WORDS_OF.items())


def is_within(module: str, room: str) -> bool:
    """Return whether a module is a room or lies in it."""
    return f"{module}.".startswith(f"{room}.")


def attribute_lookups(package: Package) -> list[str]:
    """Return the places that ask a layer by `getattr` or `hasattr`."""
    return [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module, node in package.nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "hasattr")
        and LAYER.fullmatch(ast.unparse(node.args[0]))
    ]


def functions(package: Package) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield functions and methods, with the names of their modules."""
    for module, node in package.nodes:
        if isinstance(node, ast.FunctionDef):
            yield module, node


def lengths(package: Package) -> dict[str, int]:
    """Return the number of lines of every function, without decorators and docstring."""
    lines_of = {}
    for module, node in functions(package):
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
        lines_of[f"{module}.{node.name}:{node.lineno}"] = lines
    return lines_of


def participles(package: Package) -> list[str]:
    """Return the functions that return something but whose name is only a participle.

    Such a name is a participle, alone or with a particle: `told`, `taken`, `lined_up`. Two uses are
    allowed: before a noun (`used_rows`), and for a function that returns a bool (`kept`).
    """
    return [
        f"{module}.{node.name}"
        for module, node in functions(package)
        if result_annotation(node) not in NO_RESULT and is_participle(node.name)
    ]


def result_annotation(node: ast.FunctionDef) -> str | None:
    """Return the annotation of a function's result."""
    return ast.unparse(node.returns) if node.returns else None


def is_participle(name: str) -> bool:
    """Return whether a name is a participle, alone or with a particle."""
    match = PARTICIPLE.fullmatch(name)
    word = match[1] if match else ""
    return bool(IRREGULAR.fullmatch(word)) or (word.endswith("ed") and word not in NO_PARTICIPLES)


def untested_modules(package: Package, tests: Path) -> list[str]:
    """Return the modules without a test at the same path below `tests`."""
    return [
        name
        for name, path in package.paths.items()
        if not path.stem.startswith("__")
        and not (tests / path.relative_to(package.folder)).with_name(f"test_{path.name}").is_file()
    ]


def comments(package: Package) -> float:
    """Return the number of comments per 100 lines with code or docstrings."""
    count = lines = 0
    for path in package.paths.values():
        with path.open("rb") as file:
            tokens = list(tokenize.tokenize(file.readline))
        count += sum(
            token.type == tokenize.COMMENT and not MARK.match(token.string) for token in tokens
        )
        lines += len(
            {
                line
                for token in tokens
                if token.type in MEASURED
                for line in range(token.start[0], token.end[0] + 1)
            }
        )
    return 100 * count / lines


def floors_of(root: Path) -> Sequence[Sequence[str]]:
    """Return the floors that a checkout declares; this file's if it declares none."""
    for path in (root / "scripts" / "house.py", root / "tests" / "test_house.py"):
        for node in ast.parse(path.read_text()).body if path.is_file() else []:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FLOORS":
                return ast.literal_eval(node.value)
    return FLOORS


def figures(root: Path) -> Iterator[tuple[str, object, Sequence[str]]]:
    """Yield the name and value of each figure, and the places that it counts."""
    package = Package(root / "pydarknet")
    graph = package.graph()
    sizes = lengths(package)
    ordered = sorted(sizes.values())
    files = {name: path.read_text().count("\n") for name, path in package.paths.items()}
    yield place_count("names at the top level", top_level(package))
    yield "modules", len(files), ()
    yield place_count("circles of modules", map(" ".join, circles(graph)))
    yield place_count("circles of rooms", map(" ".join, circles(rooms(graph))))
    yield place_count("imports that run up", map(str, upward(package.imports, floors_of(root))))
    yield place_count("layers named outside layers and losses", concrete_layers(package))
    yield place_count("getattr on layers", attribute_lookups(package))
    yield "functions", len(ordered), ()
    yield "lines of a function, median", ordered[len(ordered) // 2], ()
    yield "lines of a function, 90th percentile", ordered[len(ordered) * 9 // 10], ()
    yield "lines of the longest function", *longest(sizes)
    yield "lines of the longest file", *longest(files)
    yield place_count("functions named by a participle", participles(package))
    yield place_count(
        "modules without a test at their path", untested_modules(package, root / "tests")
    )
    yield "comments per 100 lines of code", f"{comments(package):.1f}", ()


def place_count(name: str, places: Iterable[str]) -> tuple[str, int, Sequence[str]]:
    """Return a figure that counts places."""
    listed = list(places)
    return name, len(listed), listed


def longest(sizes: dict[str, int]) -> tuple[int, Sequence[str]]:
    """Return the greatest size, and the name that has it."""
    name = max(sizes, key=lambda name: sizes[name])
    return sizes[name], [name]


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("root", nargs="?", type=Path, default=ROOT, help="another checkout")
    parser.add_argument("-v", action="store_true", help="also list what is place_count")
    options = parser.parse_args()
    for name, value, places in figures(options.root):
        print(f"{name + ':':<42}{value}")
        if options.v:
            print("".join(f"    {place}\n" for place in places), end="")


if __name__ == "__main__":
    main()
