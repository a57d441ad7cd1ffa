"""What Darknet binaries write about an image is read back."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HERE

from pydarknet.compare.darknet_texts import objects_of_json, objects_of_results, scores_of_lines

JSON = """[
{
 "frame_id":1,
 "filename":"image.png",
 "objects": [
  {"class_id":16, "name":"class16", "relative_coordinates":{"center_x":0.5, "center_y":0.25, "width":0.5, "height":0.1}, "confidence":0.649255},
  {"class_id":2, "name":"class2", "relative_coordinates":{"center_x":-nan, "center_y":0.2, "width":0.3, "height":0.1}, "confidence":0.883129}
 ]
}
]"""  # noqa: E501  # as the fork writes it


def test_the_forks_json_is_read():
    found = objects_of_json(JSON)

    assert found.classes.tolist() == [16, 2]
    assert found.scores.tolist() == [0.649255, 0.883129]
    assert found.edges[0] == pytest.approx([0.25, 0.2, 0.75, 0.3])
    assert np.isnan(found.edges[1, 0])


@pytest.mark.parametrize(
    "text",
    [
        *("", "[\n", "{}", "[" * 9**5, "[{}]", '[{"objects": [{"class_id": 1}]}]'),
        *(JSON.replace('"class_id":16', f'"class_id":{many}') for many in ("1e999", "9" * 400)),
    ],
)
def test_what_is_no_json_of_the_fork_is_refused(text):
    with pytest.raises(ValueError, match=r"Error: "):
        objects_of_json(text)


def test_an_image_without_an_object_has_none():
    assert len(objects_of_json('[\n{"frame_id":1, "objects": [\n\n ]\n}\n]')) == 0


def test_the_originals_result_files_count_pixels_from_one():
    files = [["image0 0.5 1 1 21 11", "other 0.9 1 1 2 2", "image0 0.5 1 1 21 11"], []]

    found = objects_of_results(files, "image0", width=40, height=20)

    assert found.classes.tolist() == [0]  # of images that fill four places, one counts
    assert found.edges.tolist() == [[0, 0, 0.5, 0.5]]


@pytest.mark.parametrize("wrong", ["x", "0.5.", "1e", "\u0663"])
def test_a_line_whose_words_are_no_numbers_is_none(wrong):
    assert len(objects_of_results([[f"a 0.9 1 2 3 {wrong}", "a 0.9 1 2 3 4"]], "a", 8, 8)) == 1
    lines = [f"class1: {wrong}", f"class{wrong}: 0.5", "class2: 0.25"]
    assert np.flatnonzero(~np.isnan(scores_of_lines(lines, 4, "alexeyab"))).tolist() == [2]
    lines = [f" {wrong}%: class1", " 25%: class2"]
    assert np.flatnonzero(~np.isnan(scores_of_lines(lines, 4, "pjreddie"))).tolist() == [2]


def recorded(name: str) -> list[str]:
    text = (HERE / "reference" / name / "cli_stdout.txt").read_text()
    return text.splitlines()


def test_the_forks_scores_have_six_digits():
    scores = scores_of_lines(recorded("infer_ab_darknet19_a"), 10, "alexeyab")

    assert scores[[5, 3]].tolist() == [0.183480, 0.137447]
    assert np.isnan(scores).sum() == 5  # `top` of that recording is 5


def test_the_originals_scores_are_per_cent():
    lines = recorded("infer_pj_darknet19_a")
    scores = scores_of_lines(lines, 10, "pjreddie")

    assert [f"{scores[i] * 100:5.2f}%: class{i}" for i in np.argsort(-scores)[:5]] == lines[-5:]


def test_a_tree_has_numbers_and_parents():
    line = "3, class3: 0.147873, parent: class0 "

    assert scores_of_lines([line], 4, "alexeyab")[3] == 0.147873


@pytest.mark.parametrize(
    ("lineage", "form"), [("pjreddie", " 50.0%: class{}"), ("alexeyab", "class{}: 0.500000")]
)
def test_a_number_longer_than_python_reads_is_no_class(lineage, form):
    lines = [form.format("1" * 5000), form.format(1)]

    scores = scores_of_lines(lines, 2, lineage)

    np.testing.assert_allclose(scores, [np.nan, 0.5])
