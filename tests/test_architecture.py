"""The names in docs/ARCHITECTURE.md exist, and its examples work in a copy of the program."""

from __future__ import annotations

import json
import os
import re
import shutil
from importlib import import_module
from pathlib import Path

import cv2
import forked
import numpy as np
import pytest
from conftest import HERE

ROOT = HERE.parent
TEXT = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
BLOCKS = re.findall(r"^```(\w+) (\S+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
FILES = {path: content for kind, path, content in BLOCKS if kind != "diff"}
LINES = [(path, *content.split("\n")[:2]) for kind, path, content in BLOCKS if kind == "diff"]
PLACES = (ROOT, ROOT / "pydarknet")
NAMED = re.findall(r"`((?:[a-z_0-9]+\.)+\w+)`", TEXT)


def named(dotted: str) -> object:
    """Return the module, function, class or method of a dotted name below the package."""
    words = dotted.split(".")
    for depth in range(len(words), 0, -1):
        path = ROOT / "pydarknet" / "/".join(words[:depth])
        if path.with_suffix(".py").is_file() or path.is_dir():
            thing: object = import_module(".".join(["pydarknet", *words[:depth]]))
            for word in words[depth:]:
                assert hasattr(thing, word), f"{dotted} is not there"
                thing = getattr(thing, word)
            return thing
    raise AssertionError(f"{dotted} is nothing below pydarknet/")


def test_what_it_names_exists() -> None:
    for dotted in {name for name in NAMED if not name.endswith((".py", ".md"))}:
        assert named(dotted), dotted


def test_the_files_and_folders_it_names_exist() -> None:
    paths = set(re.findall(r"`((?:\w+/)+\w*(?:\.\w+)?)`", TEXT)) - set(FILES)

    lost = [path for path in paths if not any((top / path).exists() for top in PLACES)]
    assert [path for path in lost if not path.endswith("/test_point.py")] == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the program with the examples' files and lines added."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "pydarknet", folder / "pydarknet")
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    for path, before, line in LINES:
        text = (folder / path).read_text()
        assert text.count(f"\n{before[1:]}\n") == 1, f"{before[1:]} stands once in {path}"
        (folder / path).write_text(
            text.replace(f"\n{before[1:]}\n", f"\n{before[1:]}\n{line[1:]}\n")
        )
    shutil.copy(HERE / "conftest.py", folder / "tests")
    return folder


TEST = ("detector", "test", "my.data", "point.cfg", "backup/point_final.weights", "a.png")
COMMANDS = {
    "train": ("detector", "train", "my.data", "point.cfg", "-workers", "0"),
    "test": (*TEST, "-thresh", "0.01", "-out", "a.json"),
    "map": ("detector", "map", "my.data", "point.cfg", "backup/point_final.weights"),
    "export": ("export", "onnx", "point.cfg", "backup/point_final.weights"),
    "count": ("count", "point.cfg"),
    "count a kind": ("count", "point.cfg", "-kind", "convolutional"),
    "help": ("--help",),
}
# a single process, so that torch is imported once
CODE = """
import json, sys, pytest
from pydarknet.cli.main import main
for name, words in json.loads(sys.argv[1]).items():
    print("\\n##", name, main(words))
print("\\n## pytest", int(pytest.main(["-q", "-p", "no:cacheprovider", "tests/layers"])))
"""


@pytest.fixture(scope="module")
def outputs(copy: Path) -> dict[str, str]:
    """Run the commands and the layer's test in the copy; return the output and status of each."""
    data_set(copy)
    variables = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    done = forked.run("-c", CODE, json.dumps(COMMANDS), cwd=copy, env=variables)
    parts = re.split(r"^## (.+) (\d)$", done.stdout, flags=re.MULTILINE)
    assert parts[-3:-1] == ["pytest", "0"], done.stdout + done.stderr
    rows = zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    return {name: f"{printed}## {status}" for printed, name, status in rows}


def test_a_layer_takes_one_file_and_one_line_and_a_head_two_of_each() -> None:
    code = sorted(path for path in FILES if path.startswith("pydarknet/layers/"))

    assert code == ["pydarknet/layers/gain.py", "pydarknet/layers/point.py"]
    assert [path for path in FILES if path.startswith("pydarknet/training/")] == [
        "pydarknet/training/losses/point.py"
    ]
    assert [(path, line.strip("+ ")) for path, _, line in LINES] == [
        ("pydarknet/layers/__init__.py", "gain,"),
        ("pydarknet/layers/__init__.py", "point,"),
        ("pydarknet/training/losses/__init__.py", "point,"),
        ("pydarknet/cli/commands/__init__.py", '"count",'),
    ]


def test_the_example_of_a_layer_passes_its_own_test(outputs: dict[str, str]) -> None:
    assert "1 passed" in outputs["pytest"]


def test_the_example_of_a_head_trains_one_iteration(outputs: dict[str, str], copy: Path) -> None:
    assert re.search(r"^ ?1: \d+\.\d+", outputs["train"], re.MULTILINE)
    # 3 x 3 x 3 x 8 and 8 of the first convolution, 8 factors, 8 x 7 and 7 of the last; a header
    size = (copy / "backup" / "point_final.weights").stat().st_size
    assert size == 20 + 4 * (216 + 8 + 8 + 56 + 7)


def test_the_example_of_a_head_detects_and_is_evaluated(
    outputs: dict[str, str], copy: Path
) -> None:
    assert outputs["test"].endswith("## 0")
    assert '"class_id"' in (copy / "a.json").read_text()
    assert "mean average precision" in outputs["map"]


def test_the_example_of_a_command_counts_layers(outputs: dict[str, str]) -> None:
    assert outputs["count"].split() == ["4", "##", "0"]
    assert outputs["count a kind"].split() == ["2", "##", "0"]
    assert re.search(r"^ *count", outputs["help"], re.MULTILINE)


def data_set(folder: Path) -> None:
    """Write two images with a label each, their list and their .data file."""
    for name, box in (("a", "0 0.5 0.5 0.25 0.25"), ("b", "1 0.25 0.75 0.5 0.25")):
        image = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
        cv2.imwrite(str(folder / f"{name}.png"), image)
        (folder / f"{name}.txt").write_text(f"{box}\n")
    (folder / "my.list").write_text(f"{folder}/a.png\n{folder}/b.png\n")
    (folder / "my.names").write_text("cat\ndog\n")
    (folder / "my.data").write_text(
        "classes=2\ntrain=my.list\nvalid=my.list\nnames=my.names\nbackup=backup\n"
    )


def test_the_example_of_a_head_is_exported(outputs: dict[str, str], copy: Path) -> None:
    assert outputs["export"].endswith("## 0")
    assert (copy / "point_final.onnx").is_file()
