"""Labels that are not where training looks for them."""

from pathlib import Path

import pytest

from pydarknet.checks.elsewhere import labels_elsewhere


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("img/a.jpg.txt", "there is img/a.jpg.txt: rename it to a.txt, and others likewise"),
        ("img/a.TXT", "there is img/a.TXT: rename it to a.txt, and others likewise"),
        ("img/0f3c-a.txt", "there is img/0f3c-a.txt: rename it to a.txt, and others likewise"),
        ("notes/a.txt", "there is notes/a.txt: copy it beside the image, and others likewise"),
        ("img/txt/a.txt", "there is img/txt/a.txt: copy it beside the image, and others likewise"),
        ("img/a.xml", "there is img/a.xml: convert it (scripts/voc_label.py)"),
        ("Annotations/a.xml", "there is Annotations/a.xml: convert it (scripts/voc_label.py)"),
        (
            "img/_annotations.coco.json",
            "there is img/_annotations.coco.json: convert it (scripts/coco_label.py)",
        ),
        ("img/b.txt", ""),
        ("img/ba.txt", ""),
        ("img/settings.json", ""),
    ],
)
def test_labels_of_another_name_place_or_form_are_found(tmp_path, monkeypatch, file, told):
    monkeypatch.chdir(tmp_path)
    for path in ("img/a.jpg", file):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).touch()

    assert labels_elsewhere("img/a.jpg") == told


def test_an_image_in_a_folder_that_is_not_there_has_none(tmp_path):
    assert labels_elsewhere(str(tmp_path / "none" / "a.jpg")) == ""
