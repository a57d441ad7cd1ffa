"""Two processes that train together by gloo, one of them killed, beside one that does it alone."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from gloo import answers, start
from small_training import CFG, LAST, TRAIN, write_run
from texts import assert_same_text

from pydarknet.cli.main import main
from pydarknet.graph.header import read_header

pytestmark = pytest.mark.usefixtures("one_thread")
TIMES = re.compile(
    r"[0-9.-]+ (seconds( - performance bottleneck on CPU or Disk HDD/SSD)?|hours left)"
    r"|mini_batch = \d+"
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folders of both runs."""
    both = [tmp_path_factory.mktemp(name) for name in ("alone", "together")]
    for folder, subdivisions in zip(both, (2, 1), strict=True):
        write_run(folder, subdivisions)
    return both


@pytest.fixture(scope="module")
def killed(folders):
    """Return what two processes tell of which the second is killed after the third iteration."""
    first, second = start(2, ["-m", "pydarknet", *TRAIN], folders[1])
    assert first.stdout
    before = ""
    for line in first.stdout:
        before += line
        if line.startswith(" 3:"):
            second.kill()
            break
    (status, out, err), other = answers([first, second])
    return (status, before + out, err), other


@pytest.fixture(scope="module")
def ended(folders, killed):
    """Return what the same two processes tell when they are started again."""
    return answers(start(2, ["-m", "pydarknet", *TRAIN], folders[1]))


@pytest.fixture
def alone(folders, ended, monkeypatch, capfd):
    """Return what one process tells of the whole, stdout and stderr."""
    folder = folders[0]
    if (folder / "told.txt").exists():
        return [(folder / name).read_text() for name in ("told.txt", "noted.txt")]
    monkeypatch.chdir(folder)
    assert main(TRAIN) == 0
    told = capfd.readouterr()
    (folder / "told.txt").write_text(told.out)
    (folder / "noted.txt").write_text(told.err)
    return told


def lines_from(text: str, number: int) -> str:
    """Return a log from an iteration on, without its times."""
    return TIMES.sub("<T>", text[text.index(f"\n {number}: ") :])


def test_a_process_whose_partner_is_killed_ends_with_one_line(killed):
    (status, _, err), (partner, _, _) = killed

    assert (status, partner) == (1, -9)
    assert "process 0 of 2 lost another one: " in err
    assert "Traceback" not in err


def test_the_same_command_goes_on_from_the_last_state_of_the_first(ended):
    (status, _, err), second = ended

    assert status == 0
    assert re.search(r"resuming after batch \d+ from run_last.weights", err)
    assert second == (0, "", "")


@pytest.mark.usefixtures("alone")
def test_the_final_weights_are_those_of_one_process(folders):
    files = [folder / "run_final.weights" for folder in folders]
    one, two = (np.fromfile(file, "<f4", offset=20) for file in files)

    assert read_header(files[0]) == read_header(files[1])
    np.testing.assert_allclose(two, one, atol=2e-6 * np.abs(one).max())


def test_the_log_is_that_of_one_process(alone, killed, ended):
    assert_same_text(lines_from(ended[0][1], LAST - 1), lines_from(alone[0], LAST - 1))
    begun = lines_from(killed[0][1], 1)[:2000]
    assert_same_text(begun.rpartition("\n")[0], lines_from(alone[0], 1)[: begun.rindex("\n")])


@pytest.mark.usefixtures("alone")
def test_bad_images_are_listed_as_by_one_process(folders):
    one, two = (sorted(set((folder / "bad.list").read_text().split())) for folder in folders)

    assert two == one != []


def test_one_process_goes_on_from_the_state_of_two(folders, ended, monkeypatch, capfd, tmp_path):
    shutil.copytree(folders[1], tmp_path / "on")
    monkeypatch.chdir(tmp_path / "on")
    (tmp_path / "on" / "run.cfg").write_text(CFG.format(subdivisions=2, last=LAST + 1))

    assert main(TRAIN) == 0

    noted = capfd.readouterr().err
    resumed = (
        f"resuming after batch {LAST} from run_last.weights, with [net] max_batches = {LAST + 1}"
    )
    assert f"{resumed} (was {LAST});" in noted


def test_a_batch_that_does_not_come_out_even_is_one_line(tmp_path):
    write_run(tmp_path, 4)

    for status, _, err in answers(start(2, ["-m", "pydarknet", *TRAIN], tmp_path)):
        assert status == 1
        assert "run.cfg:1: [net] batch = 4, subdivisions = 4: expected a batch that is a" in err
