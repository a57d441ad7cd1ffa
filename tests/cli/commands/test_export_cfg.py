"""The command export cfg."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.cli.main import main

CFG = "[net]\nwidth=32\nheight=32\n[yolo]\nclasses=1\nassign=simota\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my.cfg").write_text(CFG)


def test_the_copy_stands_beside_and_says_what_is_left_out(capsys):
    status = main(["export", "cfg", "my.cfg"])

    out, err = capsys.readouterr()
    assert status == 0
    assert Path("my_live.cfg").read_text() == CFG.replace("assign=simota\n", "")
    assert out == "my_live.cfg: 1 line changed\n"
    assert "my.cfg:6: [yolo] assign=simota: left out, the live fork does not read it" in err
    assert Path("my.cfg").read_text() == CFG


def test_the_copy_has_the_name_that_is_given(capsys):
    assert main(["export", "cfg", "my.cfg", "copy.cfg"]) == 0
    assert Path("copy.cfg").exists()


def test_the_cfg_is_not_written_over(capsys):
    assert main(["export", "cfg", "my.cfg", "my.cfg"]) == 1
    assert Path("my.cfg").read_text() == CFG


def test_what_is_no_cfg_is_told(capsys):
    assert main(["export", "cfg", "none.cfg"]) == 1
    assert "none.cfg" in capsys.readouterr().err


def test_a_head_whose_boxes_it_does_not_find_is_told(capsys):
    Path("my.cfg").write_text("[net]\nwidth=32\nheight=32\n[region]\n")

    assert main(["export", "cfg", "my.cfg"]) == 0

    out, err = capsys.readouterr()
    assert out == "my_live.cfg: 0 lines changed\n"
    assert "my.cfg:4: [region] is read by the live fork, which finds no boxes with it" in err
