"""After `install-shim`, programs that look for darknet find this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import forked
import pytest
from conftest import recording

from pydarknet.cli.main import main


@pytest.fixture
def shim(tmp_path: Path) -> Path:
    """Install to a folder that does not exist yet."""
    assert main(["install-shim", str(tmp_path / "some" / "folder")]) == 0
    return tmp_path / "some" / "folder"


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program without the path of this package."""
    return subprocess.run(
        words, capture_output=True, text=True, check=False, env=environment(), **options
    )


def environment() -> dict[str, str]:
    """Return the variables of a program that does not know where this package is."""
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return bare | {"PATH": "/bin:/usr/bin"}


@pytest.mark.skipif(os.name == "nt", reason="sh runs it")
def test_the_program_passes_its_words_on(shim: Path) -> None:
    done = run("./darknet", "--version", cwd=shim)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("pydarknet ")


@pytest.mark.skipif(os.name == "nt", reason="sh runs it")
def test_the_program_s_status_is_the_command_s(shim: Path) -> None:
    words = ["detector", "calc_anchors", "none.data", "-width", "32", "-height", "32"]  # no torch

    assert run("./darknet", *words, cwd=shim).returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="sh runs it")
def test_the_program_draws_in_darknet_s_colours_unless_told(shim: Path, monkeypatch) -> None:
    case = recording("infer_pj_yolov3_a")
    words = ["detector", "test", "net.data", "net.cfg", "net.weights", "input.png", "-nocache"]
    words += ["-thresh", ".25", "-dialect", "pjreddie", "-i", "-1", "-out"]
    for name in ("net.data", "net.cfg", "net.weights", "net.names", "input.png"):
        shutil.copy(case / name, shim)

    assert run("./darknet", *words, "theirs", cwd=shim).returncode == 0
    monkeypatch.chdir(shim)
    for colors in ("darknet", "distinct"):
        assert main([*words, colors, "-colors", colors]) == 0
    monkeypatch.setenv("PYDARKNET_COLORS", "darknet")  # as the program does
    assert main([*words, "told", "-colors", "distinct"]) == 0

    theirs, told, darknet, distinct = (
        (shim / f"{name}.jpg").read_bytes() for name in ("theirs", "told", "darknet", "distinct")
    )
    assert (theirs, told) == (darknet, distinct)
    assert theirs != told


def test_the_module_is_the_one_its_globals_live_in(shim: Path) -> None:
    code = "import darknet; darknet.altNames = ['a']; print(darknet.__name__, darknet.c_int)"

    done = run(sys.executable, "-c", code, cwd=shim)

    assert done.stdout == "pydarknet.compat.darknet <class 'ctypes.c_int'>\n", done.stderr


def test_its_names_can_be_imported_with_a_star(shim: Path) -> None:
    main(["install-shim", str(shim), "--api", "hank-ai"])
    code = "from darknet import *; print(network_dimensions.__module__, POINTER, bbox2points)"

    done = run(sys.executable, "-c", code, cwd=shim)

    assert done.stdout.startswith("pydarknet.compat.hank_ai <"), done.stderr


def test_a_program_beside_the_module_runs_as_it_stands(shim: Path) -> None:
    folder = recording("infer_pj_yolov3_a")
    (shim / "program.py").write_text(
        "import darknet as dn\n"
        "net = dn.load_net(b'net.cfg', b'net.weights', 0)\n"
        "meta = dn.load_meta(b'net.data')\n"
        "print(dn.detect(net, meta, b'input.png')[0][0])\n"
    )

    done = forked.run(str(shim / "program.py"), cwd=folder, env=environment())

    assert done.stdout.startswith("b'"), done.stderr


def test_another_s_file_is_not_written_over(tmp_path: Path, capsys) -> None:
    (tmp_path / "darknet.py").write_text("mine")

    assert main(["install-shim", str(tmp_path)]) == 1

    assert "darknet.py exists and was not written by pydarknet" in capsys.readouterr().err
    assert not (tmp_path / "darknet").exists()
    assert (tmp_path / "darknet.py").read_text() == "mine"


def test_another_s_file_is_written_over_by_force(tmp_path: Path) -> None:
    (tmp_path / "darknet.py").write_text("mine")

    assert main(["install-shim", str(tmp_path), "-force"]) == 0

    assert "pydarknet.compat.darknet" in (tmp_path / "darknet.py").read_text()


def test_its_own_files_are_written_again(shim: Path) -> None:
    assert main(["install-shim", str(shim), "-api", "hank-ai"]) == 0

    assert "pydarknet.compat.hank_ai" in (shim / "darknet.py").read_text()


def test_a_folder_of_that_name_is_no_file_of_ours(tmp_path: Path, capsys) -> None:
    (tmp_path / "darknet").mkdir()  # a checkout of the C program, say

    assert main(["install-shim", str(tmp_path)]) == 1

    assert "darknet exists and was not written by pydarknet" in capsys.readouterr().err


def test_a_file_is_no_folder(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("")

    assert main(["install-shim", str(tmp_path / "file")]) == 1

    assert capsys.readouterr().err == f"{tmp_path}/file: is a file: expected a folder\n"
