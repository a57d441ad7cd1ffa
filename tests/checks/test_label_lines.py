"""Lines of label files and their faults."""

from pathlib import Path

from pydarknet.checks.label_lines import Line, lines_of, looks_like_percent
from pydarknet.dataset.labels import LabelRules, read_labels

RULES = LabelRules("alexeyab", 2)


def test_boxes_are_those_of_training(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0 .5 .5 .2 .2 1 .1 .1 .1 .1\n\n2 .5 .5 .2 .2\n1 .5 .5 0 .2\n1.0 .9 .9 .1 .1\n")

    lines = list(lines_of(str(path), RULES))

    labels = read_labels(str(path), RULES)
    assert [line.row[0] for line in lines if not line.fault] == labels.classes.tolist()
    assert [line.place for line in lines if line.fault] == [f"{path}:3", f"{path}:4"]
    assert [line.fault for line in lines if line.fault] == ["class", "size"]


def test_polygons_are_boxes_where_the_data_file_says_so(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0 .1 .1 .5 .1 .5 .5\n")

    [line] = lines_of(str(path), LabelRules("alexeyab", 2, polygons=True))

    assert line == Line(str(path), 1, (0, 0.3, 0.3, 0.4, 0.4))


def test_a_file_that_is_no_text_is_told(tmp_path):
    path = Path(tmp_path / "a.txt")
    path.mkdir()

    assert [line.fault for line in lines_of(str(path), RULES)] == ["unread"]


def test_percent_are_at_most_100():
    assert looks_like_percent([(0, 50, 60, 100, 20)])
    assert not looks_like_percent([(0, 50, 60, 101, 20)])
