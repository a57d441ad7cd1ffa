"""What an exported file says about itself."""

from __future__ import annotations

import json

import pytest
from conftest import HERE

from pydarknet.errors import DataError, UsageError
from pydarknet.runtime.about import KEY, check_alone, read_about


def test_what_was_written_is_read(negative):
    about = read_about(negative([1, 3, 2, 4]))

    assert (about.layout, about.dialect, about.thresh, about.letterbox) == (
        "rows",
        "pjreddie",
        0.25,
        True,
    )
    assert (about.size, about.classes, about.names) == ((4, 2), 2, ["cat"])
    assert about.opencv == {}  # only forms for OpenCV's programs say it


def test_a_vector_has_no_sides(negative):
    about = read_about(negative([1, 5], input=[5], heads=[]))

    assert (about.size, about.classes) == ((1, 1), 0)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, "is a model of tester: expected a network that `pydarknet export onnx` wrote"),
        (
            {"author": "Ultralytics", "description": "Ultralytics YOLOv8n model", "task": "detect"},
            "is a model of tester (author Ultralytics, description Ultralytics YOLOv8n model, task"
            " detect): expected a network that `pydarknet export onnx` wrote",
        ),
        (
            {KEY: "[]"},
            "what it says of itself is no JSON object: expected a network that `pydarknet export"
            " onnx` wrote",
        ),
        (
            {KEY: json.dumps({"layout": "rows"})},
            "says nothing of its outputs: expected a network that `pydarknet export onnx` wrote of"
            " this version\n    hint: export it again",
        ),
    ],
)
def test_anothers_file_is_told(negative, keys, problem):
    path = negative([1], keys=keys)

    with pytest.raises(DataError) as error:
        read_about(path)

    assert str(error.value) == f"{path}: {problem}"


def test_nothing_here_imports_torch_or_onnx():
    files = (HERE.parent / "pydarknet" / "runtime").glob("*.py")

    assert not [
        f.name for f in files if "import torch" in f.read_text() or "import onnx\n" in f.read_text()
    ]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("thresh", "0.25", "its thresh is '0.25': expected float"),
        ("names", ["y", 1], "its names is ['y', 1]: expected list[str]"),
        (
            "state_sizes",
            {"h": [1.5]},
            "its state_sizes is {'h': [1.5]}: expected dict[str, list[int]]",
        ),
        ("batch", None, "its batch is None: expected int | str"),
        ("opencv", [], "its opencv is []: expected dict[str, Any]"),
    ],
)
def test_what_is_of_another_kind_is_told(negative, name, value, problem):
    path = negative([1], **{name: value})

    with pytest.raises(DataError) as error:
        read_about(path)

    assert str(error.value) == f"{path}: {problem}"


def test_an_exported_file_stands_alone(tmp_path):
    path = tmp_path / "net.onnx"

    check_alone(path, None, "gpu", None)
    with pytest.raises(UsageError, match=r"expected no .*my\.weights after it"):
        check_alone(path, tmp_path / "my.weights", "gpu", None)
    with pytest.raises(UsageError, match="has its own precision: expected no precision bf16"):
        check_alone(path, None, "gpu", "bf16")
