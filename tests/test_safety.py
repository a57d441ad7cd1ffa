"""What comes from a file or a socket is never run: no pickle, no shell, no code, no way out."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from pathlib import Path

import forked
import numpy as np
import pytest
from source_dangers import dangers

from pydarknet.cli.main import main

PACKAGE = Path(__file__).parents[1] / "pydarknet"
COMMON = Path(__file__).parent / "faults" / "inputs" / "training" / "common"

# The pipes between a process and the one that it started itself; no file and no socket.
PIPES = {
    "charts/aside.py": ["pickle.load"],  # the training asks for a chart
    "dataset/loader.py": ["pickle.load"],  # a worker tells what its samples are
    "dataset/worker.py": ["pickle.load", "pickle.load"],  # the training orders samples
}


def test_no_source_runs_what_it_reads() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): [line.partition(" ")[2] for line in lines]
        for path in sorted(PACKAGE.rglob("*.py"))
        if (lines := dangers(path.read_text()))
    }

    assert found == PIPES


@pytest.mark.parametrize(
    "source",
    [
        "eval(text)",
        "import os\nos.system('ls')",
        "from os import popen as run\nrun('ls')",
        "import subprocess as sp\nsp.run(['ls'], shell=True)",
        "import subprocess\nsubprocess.Popen(f'ls {name}')",
        "import pickle\npickle.loads(content)",
        "from pickle import Unpickler",
        "import marshal",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=True)",
        "import torch.distributed as dist\ndist.broadcast_object_list(some)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.load(path)",
        "import numpy as np\nnp.lib.format.read_array(file, allow_pickle=maybe)",
        "import yaml\nyaml.load(text, Loader=yaml.Loader)",
        "from xml.etree import ElementTree",
        "archive.extractall(folder)",
    ],
)
def test_what_runs_is_found(source: str) -> None:
    assert dangers(source)


@pytest.mark.parametrize(
    "source",
    [
        "network.eval()",
        "re.compile(text)",
        "import subprocess\nsubprocess.run([program, '-x'], shell=False)",
        "import pickle\npickle.dumps(value)",
        "import numpy as np\nnp.lib.format.read_array(file, allow_pickle=False)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "import yaml\nyaml.compose(text, Loader=yaml.SafeLoader)",
        "from .pickle import load\nload(path)",
    ],
)
def test_their_neighbours_pass(source: str) -> None:
    assert dangers(source) == []


class Bomb:
    """What leaves a file `pwned` behind where its pickle is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("pwned",)


@pytest.fixture
def work(tmp_path, monkeypatch) -> Path:
    """Return a folder in which a small network is trained, and the test works."""
    shutil.copytree(COMMON, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_bomb(path: str) -> None:
    """Write a file that must not be unpickled, in the form that its ending promises."""
    content = pickle.dumps(Bomb())
    if path.endswith(".npz"):
        np.savez(path, weight=np.array([Bomb()], dtype=object))
    elif path.endswith(".state"):
        Path(path).write_bytes(b"pydarknet state 2\n" + content)
    else:
        Path(path).write_bytes(content)


def test_a_bomb_works(work: Path) -> None:
    write_bomb("bomb")

    pickle.loads(Path("bomb").read_bytes())

    assert Path("pwned").is_dir()


@pytest.mark.parametrize(
    ("bomb", "line"),
    [
        ("b.weights", "detector test obj.data my.cfg b.weights obj/i0.jpg"),
        ("b.pt", "detector test obj.data my.cfg b.pt obj/i0.jpg"),
        ("b.cfg", "detector test obj.data b.cfg my.weights obj/i0.jpg"),
        ("b.data", "detector test b.data my.cfg my.weights obj/i0.jpg"),
        ("b.onnx", "detector test obj.data b.onnx obj/i0.jpg"),
        ("b.jpg", "detector test obj.data my.cfg my.weights b.jpg"),
        ("b.npy", "detector test obj.data my.cfg my.weights b.npy"),
        ("b.mp4", "detector demo obj.data my.cfg my.weights b.mp4 -dont_show"),
        ("obj.names", "detector test obj.data my.cfg my.weights obj/i0.jpg"),
        ("train.txt", "detector train obj.data my.cfg"),
        ("obj/i0.txt", "detector check obj.data my.cfg"),
        ("valid.txt", "detector map obj.data my.cfg my.weights"),
        ("backup/my.state", "detector train obj.data my.cfg"),
        ("b.weights", "detector train obj.data my.cfg b.weights"),
        ("b.npz", "import my.cfg b.npz out.weights"),
        ("b.safetensors", "import my.cfg b.safetensors out.weights"),
        ("b.pt", "import my.cfg b.pt out.weights"),
        ("b.yaml", "new b.yaml"),
        ("b.json", "new b.json"),
        ("b.xml", "new b.xml"),
    ],
)
def test_no_pickle_is_read_wherever_a_file_is_given(
    work: Path, capfd, bomb: str, line: str
) -> None:
    Path("backup").mkdir()
    Path("my.cfg").write_text(Path("my.cfg").read_text().replace("max_batches=6", "max_batches=1"))
    write_bomb(bomb)

    main(line.split())

    assert not Path("pwned").exists()
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["$(mkdir pwned).png", "`mkdir pwned`.png", "a;mkdir pwned;.png"])
def test_no_name_of_a_file_is_a_command(work: Path, capfd, name: str) -> None:
    shutil.copy("obj/i0.jpg", name)
    Path("list.txt").write_text(f"{name}\n")
    Path("obj.names").write_text("$(mkdir pwned)\n;mkdir pwned;\n")
    Path("valid.txt").write_text(f"{name}\n")

    main(["detector", "test", "obj.data", "my.cfg", "my.weights", "list.txt", "-out", "x.json"])
    main(["detector", "valid", "obj.data", "my.cfg", "my.weights"])

    assert "Predicted in" in capfd.readouterr().out
    assert not Path("pwned").exists()


WATCHED = """
import json, os, sys
from pydarknet.cli.main import main
import pydarknet.network, pydarknet.training.train  # what these run is theirs
PACKAGE, NAMES, LINES = json.loads(sys.argv[1])
seen = []
def watch(event, words):
    if event not in NAMES:
        return
    frame, files = sys._getframe(1), []
    while frame:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    ours = [os.path.relpath(file, PACKAGE) for file in files if file.startswith(PACKAGE)]
    if not any("importlib" in file for file in files):
        seen.append([event, [repr(word) for word in words], ours[0] if ours else ""])
sys.addaudithook(watch)
for line in LINES:
    main(line.split())
open("seen.json", "w").write(json.dumps(seen))
"""
EVENTS = ["pickle.find_class", "marshal.loads", "subprocess.Popen", "shutil.unpack_archive"]
EVENTS += ["os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"]
EVENTS += ["socket.connect", "socket.bind"]
LINES = [
    "detector test obj.data my.cfg my.weights obj/i0.jpg -out x.json -nocache",
    "detector map obj.data my.cfg my.weights",
    "detector check obj.data my.cfg",
    "detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64",
    "detector train obj.data my.cfg",
    "import my.cfg port.npz out.weights",
]


def test_the_program_starts_no_program_but_itself_and_opens_no_socket(work: Path) -> None:
    np.savez("port.npz", weight=np.zeros(3, np.float32))
    words = json.dumps([str(PACKAGE), EVENTS, LINES])
    env = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "OMP_NUM_THREADS": "1"}

    done = forked.run("-c", WATCHED, words, env=env)

    assert done.returncode == 0, done.stderr
    seen = json.loads(Path("seen.json").read_text())
    assert Path("backup/my_final.weights").is_file()
    assert {(event, where) for event, _, where in seen} <= {
        ("pickle.find_class", "dataset/loader.py"),
        ("subprocess.Popen", "dataset/loader.py"),
        ("subprocess.Popen", "charts/aside.py"),
    }
    started = [words for event, words, _ in seen if event == "subprocess.Popen"]
    assert started
    assert all(words[0] == repr(sys.executable) for words in started)
