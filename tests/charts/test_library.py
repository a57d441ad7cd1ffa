"""How matplotlib is imported: silently, and where it may write."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pydarknet.charts.library import check_installed, is_writable, silent
from pydarknet.errors import MissingPackage

CODE = """
import os, sys
from pydarknet.charts.figure import new_figure, pixels
assert pixels(new_figure(100, 100)).shape == (100, 100, 3)
import matplotlib
print(matplotlib.get_cachedir(), os.environ.get("MPLCONFIGDIR"))
"""


def import_with(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Draw in a new process with a home, and print where matplotlib keeps its fonts."""
    names = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", CODE],
        env={**kept, "HOME": str(home), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def no_home(tmp_path: Path) -> Path:
    """Return a home that nothing can be written to, for a superuser either: it is a file."""
    home = tmp_path / "home"
    home.write_text("")
    return home


def test_a_home_has_the_fonts_where_all_programs_find_them(tmp_path):
    done = import_with(tmp_path)

    assert done.stderr == ""
    assert done.stdout.split() == [str(tmp_path / ".cache/matplotlib"), "None"]


def test_without_a_home_all_is_written_into_our_cache_folder(no_home, tmp_path):
    done = import_with(no_home, XDG_CACHE_HOME=str(tmp_path / "cache"))

    assert done.stderr == ""
    folder = tmp_path / "cache/pydarknet/matplotlib"
    assert done.stdout.split() == [str(folder), "None"]
    assert list(folder.glob("fontlist*.json"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "home"]


def test_without_any_folder_nothing_is_left_and_nothing_is_told(no_home, tmp_path):
    (tmp_path / "tmp").mkdir()

    done = import_with(no_home, TMPDIR=str(tmp_path / "tmp"))

    assert done.stderr == ""
    assert done.stdout.startswith(str(tmp_path / "tmp/pydarknet-matplotlib-"))
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_users_own_choice_stays(no_home, tmp_path):
    done = import_with(no_home, MPLCONFIGDIR=str(tmp_path / "mine"))

    assert done.stderr == ""
    assert done.stdout.split() == [str(tmp_path / "mine"), str(tmp_path / "mine")]


def test_a_folder_that_can_be_made_is_writable(tmp_path):
    (tmp_path / "file").write_text("")

    assert is_writable(tmp_path / "a/b")
    assert not is_writable(tmp_path / "file/b")
    assert not is_writable(None)


def test_a_folder_of_another_user_is_not(tmp_path, monkeypatch):
    def refuse(path, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "stat", refuse)  # as in a home that may not be entered

    assert not is_writable(tmp_path / "a")


def test_without_matplotlib_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "matplotlib", raising=False)
    monkeypatch.setattr("pydarknet.charts.library.find_spec", lambda name: None)

    with pytest.raises(MissingPackage, match="this needs matplotlib, which is not installed"):
        check_installed()


def test_what_matplotlib_tells_of_the_programs_own_charts_is_heard_again():
    logger = logging.getLogger("matplotlib")
    before = logger.level
    heard: list[int] = []

    def hush() -> None:
        with silent():
            heard.append(logger.level)

    threads = [threading.Thread(target=hush) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert heard == [logging.ERROR] * 8
    assert logger.level == before
