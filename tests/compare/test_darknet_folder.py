"""The folder in which a Darknet binary runs has all that it reads."""

from __future__ import annotations

import cv2

from pydarknet.cfg.parser import read_cfg
from pydarknet.compare.darknet_folder import prepare


def test_it_has_names_a_data_file_letters_and_the_files_of_the_cfg(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "folder"
    (home / "data").mkdir(parents=True)
    folder.mkdir()
    (home / "data" / "a.tree").write_text("animal -1\n")
    (home / "net.cfg").write_text("[net]\nwidth=2\n[softmax]\ntree=data/a.tree\n")

    prepare(folder, 2, read_cfg(home / "net.cfg"))

    assert (folder / "names").read_text() == "class0\nclass1\n"
    assert (folder / "data.data").read_text().split() == [
        "classes=2",
        "names=names",
        "labels=names",
        "valid=list",
        "results=results",
        "eval=voc",
    ]
    assert (folder / "data" / "a.tree").read_text() == "animal -1\n"
    letters = sorted((folder / "data" / "labels").iterdir())
    assert len(letters) == 95 * 8
    assert cv2.imread(str(letters[0])).tolist() == [[[255, 255, 255]]]
