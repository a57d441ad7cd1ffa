"""`compare -darknet`: what makes two programs unequal, and what is said of what cannot be run."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import HERE
from darknet_standin import stand_in

from pydarknet.cli.main import main

PJREDDIE = HERE / "reference" / "infer_pj_yolov3_a"
FORK = HERE / "reference" / "infer_ab_yolov3_a"
ANSWER = Path("answers/found.json")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYDARKNET_DIALECT", raising=False)
    return tmp_path


def compare(case: Path, *words: str, images: tuple[str, ...] = ()) -> int:
    """Compare with the program in this folder on a recorded image, or on others."""
    named = images or (str(case / "input.png"),)
    files = [str(case / "net.cfg"), str(case / "net.weights")]
    return main(["compare", *files, *named, "-darknet", "./darknet", *words])


def change(**values: float) -> None:
    """Change the first object in the stand-in's JSON."""
    answer = json.loads(ANSWER.read_text())
    one = answer[0]["objects"][0]
    for key, value in values.items():
        (one if key in one else one["relative_coordinates"])[key] += value
    ANSWER.write_text(json.dumps(answer))


def last_line(capfd) -> str:
    return capfd.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"confidence": -0.002}, r"scores differ by at most 0\.00(20|199)"),
        ({"center_x": 0.003}, r"sides by 0\.0030"),
        ({"class_id": -1}, "2 boxes in one program alone"),
    ],
)
def test_one_changed_number_makes_them_unequal(folder, changes, told, capfd):
    stand_in(FORK, folder)
    change(**changes)

    assert compare(FORK) == 1

    line = last_line(capfd)
    assert line.startswith("not equal in 1 of 1 image: ")
    assert re.search(told, line)


def test_a_tolerance_lets_it_pass(folder, capfd):
    stand_in(FORK, folder)
    change(confidence=-0.002)

    assert compare(FORK, "-tolerance", "0.003") == 0
    assert last_line(capfd).startswith("equal: 49 boxes of 1 image")


def test_a_missing_box_is_shown(folder, capfd):
    stand_in(FORK, folder)
    answer = json.loads(ANSWER.read_text())
    one = answer[0]["objects"].pop(0)
    ANSWER.write_text(json.dumps(answer))

    assert compare(FORK) == 1

    lines = capfd.readouterr().out.splitlines()
    assert "48 boxes in both, 1 in pydarknet alone" in lines[1]
    assert lines[2].startswith(f"  pydarknet alone: class {one['class_id']}, score 0.79")


def test_the_original_is_as_exact(folder, capfd):
    stand_in(PJREDDIE, folder)
    file = folder / "answers" / "results" / "r_class0.txt"
    first, *rest = file.read_text().splitlines()
    name, score, *edges = first.split()
    file.write_text("\n".join([" ".join([name, f"{float(score) - 0.002:f}", *edges]), *rest]))

    assert compare(PJREDDIE) == 1
    assert re.search(r"scores differ by at most 0\.00(20|199)", last_line(capfd))


def test_the_dialect_is_the_programs_unless_one_is_given(folder, capfd):
    stand_in(PJREDDIE, folder)

    assert compare(PJREDDIE, "-dialect", "alexeyab") == 1  # which stretches the image

    lines = capfd.readouterr().out.splitlines()
    assert lines[0].endswith("pjreddie's lineage; pydarknet's dialect is alexeyab")


@pytest.mark.parametrize("name", ["infer_ab_darknet19_a", "infer_pj_darknet19_a"])
def test_a_classifiers_scores_are_compared(folder, name, capfd):
    stand_in(HERE / "reference" / name, folder)

    assert compare(HERE / "reference" / name) == 0
    assert last_line(capfd).startswith(
        "equal: 5 scores of 1 image: scores differ by at most 0.0000"
    )


def test_an_image_that_is_missing_is_told_and_the_others_are_compared(folder, capfd):
    stand_in(FORK, folder)

    assert compare(FORK, images=("nowhere.jpg", str(FORK / "input.png"))) == 1

    printed = capfd.readouterr()
    assert 'Cannot load image "nowhere.jpg"' in printed.err
    assert printed.out.splitlines()[-1].startswith(
        "not equal: 1 image could not be compared; 49 boxes of 1 image"
    )


def test_the_only_image_that_is_missing_is_an_error(folder, capfd):
    stand_in(FORK, folder)

    assert compare(FORK, images=("nowhere.jpg",)) == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith('Cannot load image "nowhere.jpg"')


def test_a_program_that_crashes_takes_one_line(folder, capfd):
    stand_in(FORK, folder).write_text("#!/bin/sh\necho 'Layer 0' >&2\nkill -SEGV $$\n")

    assert compare(FORK) == 1
    assert capfd.readouterr().err.splitlines()[-1] == (
        f"{folder / 'darknet'}: detector test gave no result: it was ended by SIGSEGV: Layer 0"
    )


def test_a_program_that_hangs_is_ended(folder, capfd):
    stand_in(FORK, folder).write_text("#!/bin/sh\nsleep 60\n")

    assert compare(FORK, "-timeout", "0.2") == 1
    assert "darknet: took more than 0.2 seconds" in capfd.readouterr().err


def test_the_program_gets_our_pixels_or_the_file_itself(folder, capfd):
    program = stand_in(FORK, folder)
    program.write_text(program.read_text().replace("exit 0", f"cp image.* {folder}\nexit 0"))
    shutil.copy(FORK / "input.png", "photo.bmp")  # known by its content

    compare(FORK, images=("photo.bmp",))
    assert Path("image.png").exists()
    assert not Path("image.bmp").exists()

    compare(FORK, "-own_decoder", images=("photo.bmp",))
    assert Path("image.bmp").read_bytes() == Path("photo.bmp").read_bytes()


def test_lower_scores_than_darknet_writes_are_not_compared(folder, capfd):
    stand_in(FORK, folder)

    compare(FORK, "-thresh", "0.001")

    told = "-thresh 0.001 is taken as 0.005: Darknet writes no lower scores"
    assert told in capfd.readouterr().err.splitlines()
