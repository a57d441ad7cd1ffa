"""Files that come with the package."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HERE

from pydarknet.system.resources import locate, shipped_file, shipped_files

PROJECT = HERE.parent


@pytest.mark.parametrize("name", ["yolov3.cfg", "cfg/yolov3.cfg", "some/where/yolov3.cfg"])
def test_a_checkout_finds_a_file_by_its_path_or_base_name(name: str) -> None:
    assert shipped_file(name) == PROJECT / "cfg" / "yolov3.cfg"


def test_what_is_not_shipped_is_not_found() -> None:
    assert shipped_file("yolov99.cfg") is None


def test_a_file_that_is_here_goes_before_a_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = locate("coco.names")
    (tmp_path / "coco.names").write_text("cat\n")

    here = locate("coco.names")

    assert missing == PROJECT / "data" / "coco.names"
    assert "coco.names is not here, using the shipped" in capsys.readouterr().err
    assert here == Path("coco.names")


def test_the_shipped_files_of_a_folder_are_those_of_an_ending() -> None:
    assert [path.name for path in shipped_files("data", (".png",))] == ["digits.png"]
    assert shipped_files("data", (".gif",)) == []
