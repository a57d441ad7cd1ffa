"""Names and paths that would steer a terminal: every sign of them is shown as `?` there."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from pydarknet.cli.main import main

pytestmark = pytest.mark.usefixtures("one_thread")
COMMON = Path(__file__).parent / "inputs" / "training" / "common"
STEERING = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e"  # a title, a colour, a clear screen, a turn
SHOWN = "?]0;owned??[31m?2J?"
IMAGE = f"obj/i0{STEERING}.jpg"
TEST = f'detector test obj.data my.cfg my.weights "{IMAGE}" -no_draw'


SILENT = [f"detector {word} obj.data my.cfg my.weights" for word in ("valid", "recall")]


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        """What was written."""
        self.flush()
        return self.buffer.getvalue().decode()


@pytest.fixture
def work(tmp_path, monkeypatch) -> None:
    """Work in a folder in which names, an image, a label and a key steer terminals."""
    shutil.copytree(COMMON, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    Path("obj/i0.jpg").rename(IMAGE)
    Path("obj/i0.txt").rename(IMAGE.replace(".jpg", ".txt"))
    Path("obj/i1.txt").write_text(f"{STEERING} 1 2\n0 .5 .5 .2 .2\n")
    Path("obj.names").write_text(f"red{STEERING}\ngreen\n")
    for name in ("train.txt", "valid.txt"):
        Path(name).write_text(Path(name).read_text().replace("obj/i0.jpg", IMAGE))
    with open("obj.data", "a") as data:
        data.write(f"key{STEERING}=1\n")
    Path("section.cfg").write_text(f"[net]\nwidth=8\nheight=8\nchannels=3\n[{STEERING}]\n")
    Path("value.cfg").write_text(f"[net]\nwidth={STEERING}\n")


@pytest.mark.parametrize(
    "line",
    [
        f'{TEST} "nope{STEERING}.jpg" -out "x{STEERING}.json" -thresh .01',
        f"{TEST} -save_labels -ext_output -thresh .01",
        f'{TEST} "-flag{STEERING}" -thresh "{STEERING}"',
        f'{TEST} -dialect "{STEERING}"',
        "detector map obj.data my.cfg my.weights",
        "detector valid obj.data my.cfg my.weights",
        "detector recall obj.data my.cfg my.weights",
        "detector check obj.data my.cfg",
        "detector train obj.data my.cfg -nogpu -workers 0",
        f'detector test "no{STEERING}.data" my.cfg my.weights a.jpg',
        f'detector demo obj.data my.cfg my.weights "no{STEERING}.mp4" -dont_show',
        "ops section.cfg",
        "ops value.cfg",
        f'"no{STEERING}" such command',
        f'download "no{STEERING}"',
        f'new "no{STEERING}"',
        f'import my.cfg "no{STEERING}.npz" out.weights',
        f'partial my.cfg my.weights "out{STEERING}.weights" 2',
        f'compare my.cfg my.weights -darknet "no{STEERING}"',
        f'serve my.cfg my.weights -bind "{STEERING}"',
    ],
)
@pytest.mark.usefixtures("work")
def test_no_name_steers_the_terminal(line: str) -> None:
    out, err = Terminal(), Terminal()

    with redirect_stdout(out), redirect_stderr(err):
        main(shlex.split(line))

    ours = re.compile("\x1b\\[A|\x1b\\[[0-9;]*m")  # of progress bars
    told = ours.sub("", out.text + err.text)
    assert SHOWN in told or line in SILENT
    assert re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", told) == []
    assert "Traceback" not in told
