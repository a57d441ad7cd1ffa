"""A Darknet binary: whose it is, what it finds, and what is said when it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import HERE
from darknet_standin import stand_in

from pydarknet.compare.darknet import Darknet, Sized, Task
from pydarknet.compare.darknet_folder import prepare
from pydarknet.compare.program import Program
from pydarknet.errors import DataError

REFERENCE = HERE / "reference"


@pytest.fixture
def darknet(tmp_path):
    """Return a function that makes a Darknet of what a recorded case answers."""

    def make(name: str, *, classes: int = 3, detector: bool = True) -> Darknet:
        case = REFERENCE / name
        program = Program(stand_in(case, tmp_path), 60)
        (tmp_path / "work").mkdir()
        prepare(tmp_path / "work", classes, [])
        task = Task(case / "net.cfg", case / "net.weights", classes, detector)
        return Darknet(program, tmp_path / "work", task)

    return make


def image(name: str) -> Sized:
    return Sized(REFERENCE / name / "input.png", 90, 70)


def test_the_fork_is_known_by_its_json(darknet):
    other = darknet("infer_ab_yolov3_a")

    other.begin(image("infer_ab_yolov3_a").path)

    assert (other.lineage, other.title) == ("alexeyab", "AlexeyAB's")
    assert len(other.objects(image("infer_ab_yolov3_a"))) == 49


def test_hank_ais_is_known_by_its_first_line(darknet):
    other = darknet("infer_ab_yolov3_a")
    (other.program.path.parent / "answers" / "test.txt").write_text('Darknet V5 "Moonlit"\n')

    other.begin(image("infer_ab_yolov3_a").path)

    assert (other.lineage, other.title) == ("alexeyab", "hank-ai's")


def test_the_originals_boxes_are_those_of_its_result_files(darknet):
    other = darknet("infer_pj_yolov3_a")
    one = image("infer_pj_yolov3_a")

    other.begin(one.path)
    found = other.objects(one)

    recorded = np.load(REFERENCE / "infer_pj_yolov3_a" / "expected.npz")["det_nms_prob"]
    assert other.lineage == "pjreddie"
    assert sorted(found.scores) == pytest.approx(sorted(recorded[recorded > 0]), abs=1e-6)


def test_several_images_of_the_original_are_read_at_once(darknet):
    other = darknet("infer_pj_yolov3_a")
    one, two = image("infer_pj_yolov3_a"), image("infer_ab_yolov3_a")

    other.find_at_once([one, two])

    assert (other.folder / "list").read_text().split() == ["image0.png"] + ["image1.png"] * 3
    assert len(other.results[two.path]) == 0  # no line of the answer begins with image1


@pytest.mark.parametrize(
    ("name", "lineage", "best", "score"),
    [
        ("infer_ab_darknet19_a", "alexeyab", 5, 0.183480),
        ("infer_pj_darknet19_a", "pjreddie", 6, 0.3144),
    ],
)
def test_a_classifiers_scores_are_those_it_prints(name, lineage, best, score, darknet):
    other = darknet(name, classes=10, detector=False)

    scores = other.scores(image(name).path)

    assert other.lineage == lineage
    assert int(np.nanargmax(scores)) == best
    assert scores[best] == score


def test_hank_ais_has_no_classifiers(darknet):
    other = darknet("infer_ab_darknet19_a", classes=10, detector=False)
    other.program.path.write_text("#!/bin/sh\necho Darknet V5\necho usage\n")

    fails(other, "hank-ai's has no classifiers: expected another lineage's")


def test_what_reads_a_cfg_that_hank_ais_stops_at_is_told(darknet):
    other = darknet("infer_ab_yolov3_a")
    said = "* Error message:  config line #9 from section [yolo] is unused or invalid: l1=1"
    other.program.path.write_text(f"#!/bin/sh\necho Darknet V5\necho '{said}'\nexit 1\n")

    fails(
        other,
        f"detector test gave no result: it ended with status 1: {said}\n"
        "    hint: pydarknet export cfg writes a cfg that it reads",
    )


def fails(other: Darknet, told: str) -> None:
    with pytest.raises(DataError) as error:
        other.begin(image("infer_ab_yolov3_a").path)
    assert str(error.value) == f"{other.program.path}: {told}"


def test_a_program_that_fails_is_quoted(darknet):
    other = darknet("infer_ab_yolov3_a")
    (other.program.path.parent / "answers" / "broken").write_text("Layer\nCouldn't open file: x\n")

    fails(
        other,
        "detector test gave no result: it ended with status 7: Couldn't open file: x",
    )


def test_a_program_that_says_nothing_is_no_darknet(darknet):
    other = darknet("infer_ab_yolov3_a")
    other.program.path.write_text("#!/bin/sh\n")

    fails(other, "detector test gave no result: it ended with status 0, and it printed nothing")


def test_json_that_is_cut_is_no_result(darknet):
    other = darknet("infer_ab_yolov3_a")
    (other.program.path.parent / "answers" / "found.json").write_text("[\n{\n")

    fails(
        other,
        "detector test gave no result: it ended with status 0:"
        " Loading weights from net.weights...Done! Loaded 23 layers from weights-file",
    )


def test_json_of_another_form_is_named(darknet):
    other = darknet("infer_ab_yolov3_a")
    (other.program.path.parent / "answers" / "found.json").write_text('[{"boxes": []}]')

    fails(
        other,
        "its JSON cannot be read (KeyError: 'objects'): expected what AlexeyAB's -out writes",
    )


def test_a_program_for_a_gpu_is_known_by_its_libraries(darknet):
    other = darknet("infer_pj_yolov3_a")

    assert not other.on_gpu
    with Path(other.program.path).open("a") as file:
        file.write("# libcudart.so.12")
    assert other.on_gpu
