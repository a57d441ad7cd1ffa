"""Commands that run on a recorded evaluation, by one process or shared by several."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from conftest import recording

from pydarknet.cli.main import main

NET = ["net.cfg", "net.weights"]
VALID = ["detector", "valid", "eval.data", *NET]
Outcome = tuple[int, dict[str, bytes], str, list[str]]


def evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the fork's recorded evaluation, with an image that is none."""
    leave = shutil.ignore_patterns("results", "map_*", "recall.txt", "valid_stderr.txt")
    made = tmp_path / "run"
    shutil.copytree(recording("train_eval_ab_greedynms"), made, ignore=leave)
    monkeypatch.chdir(made)
    monkeypatch.setenv("PYDARKNET_DIALECT", "alexeyab")
    monkeypatch.delenv("DISPLAY", raising=False)
    (made / "results").mkdir()
    (made / "imgs" / "none.png").write_text("no image")
    (made / "imgs" / "none.txt").write_text("0 .5 .5 .2 .2\n")
    listed = (made / "valid.txt").read_text().split()
    (made / "valid.txt").write_text("\n".join([*listed[:5], "imgs/none.png", *listed[5:]]))
    (made / "coco.data").write_text((made / "eval.data").read_text() + "\neval=coco\n")
    return made


def outcome(folder: Path, capfd: pytest.CaptureFixture[str], words: list[str]) -> Outcome:
    """Run a command, and return its status, the files that it wrote, and its texts.

    The lines of stderr are sorted: images are read ahead, and what fails is told early.
    """
    status = main(words)
    texts = capfd.readouterr()
    out, err = (re.sub(r"[\d.]+ ((milli-)?seconds)", r"0 \1", one, flags=re.I) for one in texts)
    rows = err.replace("\r", "\n").replace("Total", "\nTotal").split("\n")
    written = [*(folder / "results").rglob("*"), *folder.glob("pred*")]
    files = {str(path): path.read_bytes() for path in written if path.is_file()}
    return status, files, out, sorted(filter(None, rows))


def shared_outcome(folder: Path, capfd: pytest.CaptureFixture[str], words: list[str]) -> Outcome:
    """Return the same of a merge, after two processes of which the second came first.

    The files that were written before are removed.
    """
    shutil.rmtree(folder / "results")
    (folder / "results").mkdir()
    for path in folder.glob("pred*"):
        path.unlink()
    for number in (2, 1):
        main([*words, "-shard", f"{number}/2"])
    capfd.readouterr()
    return outcome(folder, capfd, [*words, "-merge"])
