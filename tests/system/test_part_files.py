"""Files with the results of a part: what a kill leaves, what is missing, what is damaged."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pydarknet.errors import DataError, UsageError
from pydarknet.system.part_files import (
    PartFile,
    Step,
    facts_of,
    part_path,
    parts_like,
    progress,
    steps_of,
    whole_parts,
)
from pydarknet.system.shards import Shard

FACTS = {"cfg": "a", "list": "b"}
STEPS = [Step(1, ["one"], []), Step(4, [{"of": 3}], [("x.jpg: is no image", "unreadable")])]


def write(path: Path, steps: list[Step] = STEPS, *, finish: bool = True, **how: bool) -> int:
    """Write steps, and return how many items were there before."""
    with PartFile(path, FACTS, **how) as file:
        before = file.seen
        for step in steps:
            file.add(step)
        if finish:
            file.finish()
    return before


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "new" / "p-1-of-1.part"

    assert write(path) == 0

    assert list(steps_of(path)) == STEPS
    assert facts_of(path) == FACTS


def test_what_a_kill_left_is_kept_but_for_half_a_line(tmp_path):
    path = tmp_path / "p-1-of-1.part"
    write(path, finish=False)
    path.write_bytes(path.read_bytes() + b'{"seen": 5, "fou')

    assert write(path, [Step(5, ["last"], [])]) == 4

    assert list(steps_of(path)) == [*STEPS, Step(5, ["last"], [])]


def test_a_finished_part_is_replaced_unless_it_is_kept(tmp_path):
    path = tmp_path / "p-1-of-1.part"
    write(path)

    with PartFile(path, FACTS, kept=True) as file:
        assert (file.seen, file.finished) == (4, True)
        assert list(steps_of(path)) == STEPS
    assert write(path, STEPS[:1]) == 0

    assert list(steps_of(path)) == STEPS[:1]


@pytest.mark.parametrize("other", [{"anew": True}, {}], ids=["anew", "other facts"])
def test_a_part_begins_again(tmp_path, other):
    path = tmp_path / "p-1-of-1.part"
    write(path, finish=False)

    with PartFile(path, FACTS if other else {"cfg": "c"}, **other) as file:
        assert file.seen == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_two_processes_do_not_write_one_part(tmp_path):
    path = tmp_path / "p-1-of-1.part"

    with PartFile(path, FACTS), pytest.raises(UsageError) as error:
        PartFile(path, FACTS)

    assert str(error.value).endswith("is being written: expected one process for each part")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(DataError, match="is a file: expected a folder"):
        PartFile(tmp_path / "file" / "p-1-of-1.part", FACTS)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ([1, 4], "parts 2 and 3 of 4 are missing: expected the same command with -shard 2/4 first"),
        ([1, 2, 4], "part 3 of 4 is missing: expected the same command with -shard 3/4 first"),
    ],
)
def test_missing_parts_are_named(tmp_path, written, problem):
    for number in written:
        write(part_path(tmp_path, "p", Shard(number, 4)))

    with pytest.raises(DataError) as error:
        whole_parts(tmp_path, "p")

    assert str(error.value) == f"{tmp_path}: {problem}"


def test_an_unfinished_part_is_named(tmp_path):
    write(part_path(tmp_path, "p", Shard(1, 2)))
    write(part_path(tmp_path, "p", Shard(2, 2)), finish=False)

    with pytest.raises(DataError) as error:
        whole_parts(tmp_path, "p")

    assert str(error.value).endswith(
        "p-2-of-2.part: is not finished: expected the same command with -shard 2/2 again,"
        " which goes on"
    )


def test_a_whole_set_is_found_beside_others_in_the_order_of_its_parts(tmp_path):
    for number in range(11, 0, -1):
        write(part_path(tmp_path, "p", Shard(number, 11)))
    write(part_path(tmp_path, "p", Shard(1, 2)))
    write(part_path(tmp_path, "p-other", Shard(2, 2)))

    found = whole_parts(tmp_path, "p")

    assert [path.name for path in found] == [f"p-{n}-of-11.part" for n in range(1, 12)]
    assert whole_parts(tmp_path, "q") == []
    assert [path.name for path in parts_like(tmp_path, "p")] == ["p-other-2-of-2.part"]


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[1]",
        b'{"seen": 1}',
        b'{"seen": 1, "found": 3, "',
        b'{"problems": [], "found": [], "seen": 1e999}',
    ],
)
def test_damage_is_told(tmp_path, line):
    path = tmp_path / "p-1-of-1.part"
    write(path)
    rows = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([rows[0], line, *rows[2:]]))

    with pytest.raises(DataError, match="is damaged: expected the same command with -shard again"):
        list(steps_of(path))


@pytest.mark.parametrize("line", [b'{"seen": 1e999}\n', b'{"seen": "many"}\n', b"[1]\n"])
def test_a_part_goes_on_after_its_last_whole_step(line):
    head, step = b"head\n", b'{"seen": 3}\n'

    assert progress(io.BytesIO(head + step + line), head) == (len(head + step), 3, False)
