"""A JSON array in a file can be parsed after every item, whatever ends the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from pydarknet.errors import DataError
from pydarknet.system.json_array import JsonArray


def array_at(path) -> JsonArray:
    """Begin an array as `-out` does."""
    return JsonArray(path, ", \n", "\n]")


def test_items_stand_between_the_words_of_darknet(tmp_path):
    with array_at(tmp_path / "x.json") as array:
        array.add("1")
        array.add("2")

    assert (tmp_path / "x.json").read_text() == "[\n1, \n2\n]"


def test_no_item_is_an_empty_array(tmp_path):
    with array_at(tmp_path / "x.json"):
        pass

    assert (tmp_path / "x.json").read_text() == "[\n\n]"


def test_the_file_can_be_parsed_after_every_item(tmp_path):
    path, seen = tmp_path / "x.json", []

    with array_at(path) as array:
        for item in ('{"a": 1}', '{"a": 2}'):
            seen.append(json.loads(path.read_text()))
            array.add(item)

    assert [*seen, json.loads(path.read_text())] == [[], [{"a": 1}], [{"a": 1}, {"a": 2}]]


CODE = """
import resource, signal, sys
from pydarknet.system.json_array import JsonArray
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
array = JsonArray(sys.argv[1], ",", "]")
array.add("123456789")
try:
    array.add("123456789")
except Exception as error:
    print(error)
array.add("3")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of a file's size")
def test_an_item_that_does_not_fit_leaves_the_others(tmp_path):
    path = tmp_path / "x.json"

    said = subprocess.run(
        [sys.executable, "-c", CODE, path], capture_output=True, text=True, check=True
    )

    assert said.stdout == f"{path}: cannot be written: File too large\n"
    assert json.loads(path.read_text()) == [123456789, 3]


def test_a_pipe_gets_its_end_when_the_array_is_closed(tmp_path):
    path, read = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()

    with array_at(path) as array:
        array.add("1")
        array.add("2")
    reader.join()

    assert read == ["[\n1, \n2\n]"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_line():
    with pytest.raises(DataError) as error:
        array_at("/dev/full")

    assert str(error.value) == "/dev/full: cannot be written: No space left on device"


def test_what_is_no_text_is_replaced(tmp_path):
    with array_at(tmp_path / "x.json") as array:
        array.add('"caf\udce9"')

    assert json.loads((tmp_path / "x.json").read_text()) == ["caf?"]
