"""What the figures of the house count, and what they do not count."""

from __future__ import annotations

import subprocess
import sys

import house
import pytest
from conftest import SCRIPTS
from import_graph import Package


@pytest.fixture
def package(tmp_path):
    """Return a function that writes modules and reads them as a package."""

    def write(**texts: str) -> Package:
        folder = tmp_path / "pydarknet"
        for name, text in texts.items():
            path = folder.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Package(folder)

    return write


YOLO = "@section('yolo', lineage=FORK)\nclass Yolo:\n    pass"


def test_names_at_the_top_level_are_files_and_folders(package):
    assert house.top_level(package(load="", cfg__parser="", cfg__net="")) == ["cfg", "load"]


def test_a_section_is_found_by_the_layer_that_registers_it(package):
    small = package(layers__yolo=YOLO, layers__base="class Layer:\n    pass")

    assert house.sections(small) == {"layers.yolo": {"yolo"}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("kind == 'yolo'", "graph:1 says yolo"),
        ("from .layers.yolo import Yolo", "graph:1 imports layers.yolo"),
        ("from .layers import yolo", "graph:1 imports layers.yolo"),
    ],
)
def test_code_that_names_a_section_or_imports_its_layer_is_told(package, line, told):
    assert house.concrete_layers(package(layers__yolo=YOLO, graph=line)) == [told]


@pytest.mark.parametrize(
    "module", ["layers__region", "training__losses__yolo", "cli__commands__yolov1"]
)
def test_layers_losses_and_commands_of_the_same_name_may_say_it(package, module):
    assert house.concrete_layers(package(layers__yolo=YOLO, **{module: "'yolo'"})) == []


@pytest.mark.parametrize(
    "asked", ["layer", "node.layer", "detectors[-1]", "nodes[at].layer", "self.head", "first_layer"]
)
def test_getattr_on_a_layer_is_told(package, asked):
    [place] = house.attribute_lookups(package(load=f"getattr({asked}, 'classes', 0)"))

    assert place == f"load:1 getattr({asked}, 'classes', 0)"


@pytest.mark.parametrize("asked", ["module", "error", "counts", "layer.module"])
def test_getattr_on_other_things_is_not(package, asked):
    assert house.attribute_lookups(package(load=f"getattr({asked}, 'classes', 0)")) == []


def test_a_function_is_as_long_as_its_body_without_the_docstring(package):
    text = "@mark\ndef load(path):\n    '''Load.\n\n    More.\n    '''\n    a = 1\n\n    return a"

    assert house.lengths(package(load=text)) == {"load.load:2": 3}


@pytest.mark.parametrize(
    "name", ["told", "taken", "lined_up", "suppressed", "_packed", "divided_by", "made_of"]
)
def test_a_participle_is_no_name_for_a_result(package, name):
    assert house.participles(package(load=f"def {name}() -> int: ...")) == [f"load.{name}"]


@pytest.mark.parametrize(
    "name", ["seed", "speed", "used_rows", "heads_used", "read", "split", "crop"]
)
def test_nouns_and_verbs_are_names_for_results(package, name):
    assert house.participles(package(load=f"def {name}() -> int: ...")) == []


@pytest.mark.parametrize("result", ["bool", "None", "Iterator[None]"])
def test_a_participle_may_be_a_statement_or_a_block(package, result):
    assert house.participles(package(load=f"def kept() -> {result}: ...")) == []


def test_a_module_is_untested_without_a_test_at_the_same_path(package, tmp_path):
    small = package(load="", cfg__net="", cli__main="")
    for name in ("__init__", "__main__"):
        (small.folder / f"{name}.py").touch()
    tests = tmp_path / "tests"
    for name in ("cfg/test_net.py", "test_main.py"):
        (tests / name).parent.mkdir(parents=True, exist_ok=True)
        (tests / name).touch()

    assert house.untested_modules(Package(small.folder), tests) == ["cli.main", "load"]


def test_comments_are_counted_per_100_lines_that_hold_code(package):
    text = "# why\na = 1\n\nb = 2  # why\n'''A\ndocstring.'''\nc = 3  # noqa: E501\n"

    assert house.comments(package(load=text)) == 40  # 2 of lines 2, 4, 5, 6 and 7


def test_floors_are_those_of_the_other_checkout(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_house.py").write_text("FLOORS = [['a'], ['b']]")

    assert house.floors_of(tmp_path) == [["a"], ["b"]]


def test_floors_of_this_checkout_can_be_read_by_another():
    assert house.floors_of(house.ROOT) == house.FLOORS


def test_a_line_per_figure_is_printed_for_another_checkout(package, tmp_path):
    package(errors="def made() -> int:\n    return 1")

    script = [sys.executable, str(SCRIPTS / "house.py"), str(tmp_path), "-v"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)

    assert done.stdout.startswith("names at the top level:                   1\n    errors\n")
    assert "functions named by a participle:          1\n    errors.made\n" in done.stdout
