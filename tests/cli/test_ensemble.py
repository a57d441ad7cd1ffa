"""Commands fuse what several weights files find with one cfg."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import recording
from films import write_film

from pydarknet.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a copy of the fork's recorded evaluation, with more weights files."""
    leave = shutil.ignore_patterns("results", "map_*", "recall.txt", "valid_stderr.txt")
    run = shutil.copytree(recording("train_eval_ab_greedynms"), tmp_path / "run", ignore=leave)
    monkeypatch.chdir(run)
    monkeypatch.setenv("PYDARKNET_DIALECT", "alexeyab")
    plain = Path("net.cfg").read_text().replace("nms_kind=greedynms", "nms_kind=default")
    Path("net.cfg").write_text(plain)  # greedynms leaves boxes that overlap by more than .55
    shutil.copy("net.weights", "same.weights")
    other = bytearray(Path("net.weights").read_bytes())
    values = np.frombuffer(other, np.float32, offset=20)
    values += 0.02 * np.random.default_rng(1).standard_normal(len(values)).astype(np.float32)
    Path("other.weights").write_bytes(other)
    return run


def first_image() -> str:
    return Path("valid.txt").read_text().split()[0]


def found_by(*words: str) -> list[dict]:
    """Return the objects that `detector test` writes for the first image."""
    image = [first_image(), "-dont_show", "-no_draw", "-thresh", ".05", "-out", "found.json"]
    assert main(["detector", "test", "eval.data", "net.cfg", *words, *image]) == 0
    [one] = json.loads(Path("found.json").read_text())
    return one["objects"]


def by_place(objects: list[dict]) -> list[tuple[float, ...]]:
    keys = ("center_x", "center_y", "width", "height")
    rows = [
        (one["class_id"], *(one["relative_coordinates"][key] for key in keys), one["confidence"])
        for one in objects
    ]
    return sorted(rows)


def test_the_same_network_twice_finds_what_it_finds_alone(folder):
    alone = by_place(found_by("net.weights"))

    both = by_place(found_by("-ensemble", "net.weights,same.weights"))

    assert len(alone) > 3
    np.testing.assert_allclose(both, alone, atol=2e-6)


def test_weights_may_also_be_the_operand(folder):
    listed = found_by("-ensemble", "net.weights,other.weights")

    beside = found_by("net.weights", "-ensemble", "other.weights")

    assert beside == listed
    assert by_place(listed) != by_place(found_by("net.weights"))


@pytest.mark.parametrize("verb", ["map", "valid", "valid2"])
def test_the_same_network_twice_is_evaluated_as_it_is_alone(folder, verb):
    def results(*words: str) -> list[np.ndarray]:
        assert main(["detector", verb, "eval.data", "net.cfg", *words]) == 0
        if verb == "map":
            report = json.loads(Path("map.json").read_text())
            return [np.array([report["mean_average_precision"]])]
        files = sorted(Path("results").iterdir())
        return [np.sort(np.loadtxt(path, usecols=range(1, 6), ndmin=2), 0) for path in files]

    # the original's valid suppresses by .45, the fork's by .6: boxes between .55 and that are fused
    flags = ["-json", "map.json"] if verb == "map" else ["-dialect", "pjreddie"]
    alone = results("net.weights", *flags)
    both = results("-ensemble", "net.weights,same.weights", *flags)

    for one, other in zip(both, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_same_network_twice_finds_the_objects_that_it_finds_alone(folder, capsys):
    def counts(*words: str) -> list[list[str]]:
        assert main(["detector", "recall", "eval.data", "net.cfg", *words]) == 0
        lines = capsys.readouterr().err.split("\n")
        return [line.split()[:3] for line in lines if "RPs/Img" in line]

    alone = counts("net.weights")

    assert len(alone) > 1
    assert alone[-1][1] != "0"
    assert counts("-ensemble", "net.weights,same.weights") == alone


def test_a_film_is_seen_by_several_networks(folder):
    write_film(Path("film.avi"), frames=2)

    def seen(*words: str) -> list[list[tuple[float, ...]]]:
        flags = ["film.avi", "-dont_show", "-thresh", ".05", "-json_file_output", "film.json"]
        assert main(["detector", "demo", "eval.data", "net.cfg", *words, *flags]) == 0
        return [by_place(frame["objects"]) for frame in json.loads(Path("film.json").read_text())]

    alone = seen("net.weights")

    assert [len(frame) > 0 for frame in alone] == [True, True]
    for one, other in zip(seen("-ensemble", "net.weights,same.weights"), alone, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-6)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-ensemble", "net.weights"], "expected two weights files or more"),
        (["-ensemble", "net.weights,"], "expected weights files with a comma between them"),
        (["-ensemble", "net.weights,./net.weights"], "net.weights stands twice"),
        (["other.weights", "-ensemble", "other.weights"], "other.weights stands twice"),
    ],
)
def test_what_is_no_ensemble_is_refused(folder, capsys, words, problem):
    assert main(["detector", "map", "eval.data", "net.cfg", *words]) == 1

    assert f"-ensemble {words[-1]}: {problem}\n" in capsys.readouterr().err


def test_a_member_that_is_not_there_is_told(folder, capsys):
    words = ["detector", "map", "eval.data", "net.cfg", "-ensemble", "net.weights,gone.weights"]

    assert main(words) == 1

    assert "gone.weights" in capsys.readouterr().err
