"""Several processes share a list: what they write together is what one process writes."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from gloo import answers, start
from list_runs import NET, VALID, evaluated, outcome

from pydarknet.cli.main import main
from pydarknet.cli.sharing import Form, ShardFlags, Sharing
from pydarknet.cli.verbs import Run
from pydarknet.errors import UsageError
from pydarknet.ranks.place import Place

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Work in a copy of the fork's recorded evaluation, with an image that is none."""
    return evaluated(tmp_path, monkeypatch)


def test_a_part_that_was_interrupted_goes_on(folder, capfd):
    _, expected, *_ = outcome(folder, capfd, VALID)
    main([*VALID, "-shard", "1/2"])
    main([*VALID, "-shard", "2/2"])
    [part] = Path("parts").glob("*-2-of-2.part")
    rows = part.read_bytes().split(b"\n")
    part.write_bytes(b"\n".join(rows[:3]) + b"\n" + rows[3][:100])  # two images, and half a line
    capfd.readouterr()

    assert main([*VALID, "-merge"]) == 1
    assert capfd.readouterr().err.endswith(
        f"{part}: is not finished: expected the same command with -shard 2/2 again, which goes on\n"
    )
    main([*VALID, "-shard", "2/2"])
    err = capfd.readouterr().err
    assert f"{part} has 2 of 6 images already: the others follow\n" in err
    assert f"images 7 to 12 of 12: what is found is in {part}" in err

    assert outcome(folder, capfd, [*VALID, "-merge"])[1] == expected


def test_parts_of_other_files_or_flags_are_none_of_this_command(folder, capfd):
    main([*VALID, "-shard", "1/1"])
    [part] = Path("parts").iterdir()
    Path("net.cfg").write_text(Path("net.cfg").read_text() + "\n# changed\n")
    capfd.readouterr()

    assert main([*VALID, "-merge"]) == 1

    assert capfd.readouterr().err.endswith(
        "parts: no part of this command: expected those of -shard 1/n to n/n;"
        f" {part.name} differs in its cfg\n"
    )


def test_a_damaged_part_is_told(folder, capfd):
    main([*VALID, "-shard", "1/1"])
    [part] = Path("parts").iterdir()
    part.write_bytes(part.read_bytes().replace(b'"type": "<f4"', b'"type": "<f2"', 1))
    capfd.readouterr()

    assert main([*VALID, "-merge"]) == 1

    told = f"{part}: is damaged: expected the same command with -shard again\n"
    assert capfd.readouterr().err.endswith(told)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-shard", "1/2", "-merge"], "-shard 1/2 -merge: expected one of them, -merge at last"),
        (["-shard", "3/2"], "-shard 3/2: expected one of 1/2 to 2/2"),
        (["-shard", "1/99"], "-shard 1/99: the list has 12 images: expected fewer parts"),
        (["-merge", "-parts", "none"], "none: no part of this command: expected those of -shard"),
    ],
)
def test_what_cannot_be_is_told(folder, capfd, words, problem):
    assert main([*VALID, *words]) == 1

    assert problem in capfd.readouterr().err


def test_a_network_that_remembers_images_is_for_one_process():
    sharing = Sharing.of(ShardFlags("1/2"), "detector valid", Run(), Path("net.cfg"))

    with pytest.raises(UsageError) as error:
        sharing.results(SimpleNamespace(keeps_state=True), (), ["a"], None, Form(None, None))

    told = "-shard 1/2: this network remembers the images before: expected one process for all"
    assert str(error.value) == told


def test_processes_of_torchrun_share_by_themselves(folder, capfd):
    words = ["detector", "test", "eval.data", *NET, "valid.txt", "-out", "results/found.json"]
    expected = outcome(folder, capfd, words)
    (folder / "results" / "found.json").unlink()

    first, second = answers(start(2, ["-m", "pydarknet", *words], folder))

    out = re.sub(r"[\d.]+ (milli-seconds)", r"0 \1", first[1])
    assert (first[0], out) == (expected[0], expected[2])
    assert second == (0, "", ""), "the first tells of the image that is none"
    assert {path: Path(path).read_bytes() for path in expected[1]} == expected[1]


def test_torchrun_says_which_part_and_no_flag(folder, capfd, monkeypatch):
    for name, word in Place(0, 2, 0, 2, "127.0.0.1", 1).environment().items():
        monkeypatch.setenv(name, word)

    assert main([*VALID, "-shard", "1/2"]) == 1

    told = "torchrun gives each of 2 processes its part: expected neither -shard nor -merge\n"
    assert capfd.readouterr().err.endswith(told)


def test_one_image_is_not_shared_by_the_processes_of_torchrun(folder, capfd, monkeypatch):
    words = ["detector", "test", "eval.data", *NET, "imgs/im00.png", "-no_draw"]
    expected = outcome(folder, capfd, words)
    for name, word in Place(0, 2, 0, 2, "127.0.0.1", 1).environment().items():
        monkeypatch.setenv(name, word)

    assert outcome(folder, capfd, words) == expected
