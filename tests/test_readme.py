"""The Python example in README.md runs as it stands."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import torch
from conftest import HERE


def test_the_example_in_python_runs(tmp_path, monkeypatch, capsys):
    case = HERE / "reference" / "infer_pj_yolov3_a"
    for name in ("cfg", "weights", "names"):
        shutil.copy(case / f"net.{name}", tmp_path / f"my.{name}")
    shutil.copy(case / "input.png", tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    readme = (HERE.parent / "README.md").read_text()
    [example] = re.findall(r"^```python\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)

    exec(example, {"images": torch.rand(1, 3, 48, 48)})

    assert re.match(r"class\d 0\.\d+ \(", capsys.readouterr().out)
    assert Path("my.cfg").exists()
