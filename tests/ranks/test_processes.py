"""Processes that gloo connects: each checks here what it hears from the others."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import pytest
import torch

from pydarknet.errors import DataError
from pydarknet.ranks import processes
from pydarknet.ranks.company import company
from pydarknet.ranks.place import Place, place_of

SIZE = 2
LARGE = 10000  # more bytes than are sent with their length


def main() -> None:
    """Be one of the processes; print as JSON what is heard. The last leaves before the end."""
    processes.BUCKET = 64
    heard: dict[str, object] = {}
    place = place_of(os.environ)
    lost = ""
    try:
        with company(place, torch.device("cpu")) as ranks:
            print("all but the first are silent")
            mine = [
                torch.full((3, 4), float(ranks.rank + 1)),
                torch.tensor([ranks.rank], dtype=int),
            ]
            mine.append(torch.arange(24.0).view(1, 2, 3, 4).to(memory_format=torch.channels_last))
            ranks.add(mine)
            heard["sums"] = [tensor.tolist() for tensor in mine]
            mine = [torch.full((2,), float(ranks.rank)), torch.full((40,), ranks.rank)]
            ranks.copy(mine)
            heard["copies"] = [tensor.tolist() for tensor in mine]
            heard["stack"] = ranks.stack(torch.tensor([ranks.rank, 7])).tolist()
            heard["gather"] = ranks.gather({"rank": ranks.rank, "path": "\udc80"})
            heard["large"] = [len(one) for one in ranks.gather_bytes(b"x" * (LARGE + ranks.rank))]
            heard["none"] = [len(one) for one in ranks.gather_bytes(b"")]
            heard["first"] = len(ranks.bytes_of_first(b"y" * LARGE if ranks.first else b""))
            heard["any"] = [ranks.any(False), ranks.any(ranks.first), ranks.any(True)]
            if ranks.rank == SIZE - 1:
                print(json.dumps(heard), file=sys.__stdout__, flush=True)
                os._exit(3)
            ranks.any(True)
    except DataError as error:
        lost = str(error)
    print(json.dumps({**heard, "lost": lost}))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return what two processes print."""
    from gloo import answers, start

    folder = tmp_path_factory.mktemp("processes")
    return answers(start(SIZE, ["-c", f"import {__name__} as test; test.main()"], folder))


@pytest.fixture(scope="module")
def heard(told):
    """Return what the two processes heard of each other."""
    return [json.loads(out.splitlines()[-1]) for _, out, _ in told]


def test_tensors_are_added_in_place(heard):
    for one in heard:
        assert one["sums"][0] == [[3.0] * 4] * 3
        assert one["sums"][1] == [1]
        assert one["sums"][2] == (torch.arange(24.0).view(1, 2, 3, 4) * 2).tolist()


def test_tensors_of_the_first_are_copied(heard):
    assert [one["copies"] for one in heard] == [[[0.0] * 2, [0] * 40]] * SIZE


def test_tensors_are_stacked_by_rank(heard):
    assert [one["stack"] for one in heard] == [[[0, 7], [1, 7]]] * SIZE


def test_values_and_contents_of_any_length_are_gathered(heard):
    for one in heard:
        assert one["gather"] == [{"rank": rank, "path": "\udc80"} for rank in range(SIZE)]
        assert one["large"] == [LARGE, LARGE + 1]
        assert one["none"] == [0, 0]
        assert one["first"] == LARGE


def test_a_flag_of_any_process_counts(heard):
    assert [one["any"] for one in heard] == [[False, True, True]] * SIZE


def test_a_process_that_is_gone_is_one_line(told, heard):
    assert told[1][0] == 3
    assert heard[0]["lost"].startswith("process 0 of 2 lost another one: ")
    assert "Traceback" not in told[0][2]


def test_all_but_the_first_print_nothing(told):
    assert ["all but the first are silent" in out for _, out, _ in told] == [True, False]


def test_processes_that_do_not_meet_are_one_line(monkeypatch):
    monkeypatch.setattr(processes, "MEETING", timedelta(milliseconds=1))
    place = Place(1, 2, 1, 2, "127.0.0.1", 1, "tcp://127.0.0.1:1")

    with (
        pytest.raises(DataError, match=r"process 1 of 2 meets no other at 127\.0\.0\.1:1: "),
        company(place, torch.device("cpu")),
    ):
        pass


def test_processes_that_torchrun_starts_again_see_no_addresses_of_those_before(monkeypatch):
    store, seen = processes.dist.HashStore(), []
    monkeypatch.setattr(processes.dist, "rendezvous", lambda *_, **__: iter([(store, 0, 2)]))
    monkeypatch.setattr(
        processes.dist, "init_process_group", lambda _, store, **__: seen.append(store)
    )
    monkeypatch.setattr(processes.dist, "destroy_process_group", lambda: None)
    for again in ("0", "1"):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", again)
        with processes.join(Place(0, 2, 0, 2, "127.0.0.1", 1), torch.device("cpu")):
            pass

    first, second = seen
    first.set("address", "of the dead")

    assert first.check(["address"])
    assert not second.check(["address"])
