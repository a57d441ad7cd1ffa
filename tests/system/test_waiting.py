"""What waits in a file, in a pipe, and in nothing."""

from __future__ import annotations

import io
import os
import socket
import threading
import time

import pytest

from pydarknet.system import waiting
from pydarknet.system.waiting import waiting_in, with_rest


@pytest.fixture
def pipe():
    """Return a pipe's end that is read, and the file number that writes into it."""
    read, write = os.pipe()
    with open(read) as stream:
        yield stream, write


def test_a_file_waits_as_a_whole(tmp_path):
    (tmp_path / "file").write_bytes(b"a\nb")
    with (tmp_path / "file").open() as stream:
        assert waiting_in(stream) == (b"a\nb", True)


def test_a_pipe_larger_than_its_buffer_waits_as_a_whole_once_its_writer_ends(pipe):
    stream, write = pipe
    content = b"abcdefg\n" * 40_000

    def fill() -> None:
        with open(write, "wb") as file:
            file.write(content)

    thread = threading.Thread(target=fill)
    thread.start()
    found = waiting_in(stream)
    thread.join()

    assert found == (content, True)


def test_a_writer_that_goes_on_is_not_waited_for(pipe):
    stream, write = pipe
    os.write(write, b"a")
    start = time.perf_counter()

    assert waiting_in(stream) == (b"a", False)

    assert time.perf_counter() - start < 10  # the writer never ends
    os.close(write)


def test_an_endless_pipe_is_read_up_to_a_bound(pipe, monkeypatch):
    monkeypatch.setattr(waiting, "MOST", 4)
    stream, write = pipe
    os.write(write, b"abcdefgh")

    content, ended = waiting_in(stream)

    assert len(content) >= 4
    assert not ended
    os.close(write)


def test_sockets_are_read_as_pipes_are():
    near, far = socket.socketpair()
    far.sendall(b"a.png\n")
    far.close()
    with near, open(near.fileno(), closefd=False) as stream:
        assert waiting_in(stream) == (b"a.png\n", True)


@pytest.mark.parametrize("stream", [None, io.StringIO("a")], ids=["closed", "text"])
def test_of_others_nothing_is_read(stream):
    assert waiting_in(stream) == (b"", False)


def test_what_was_read_comes_before_the_rest(pipe):
    stream, write = pipe
    os.write(write, b"c\nd\n")
    os.close(write)

    whole = with_rest(b"a\nb", stream)

    assert list(whole.buffer) == [b"a\n", b"bc\n", b"d\n"]


def test_of_nothing_read_the_stream_itself_goes_on(pipe):
    stream, write = pipe
    os.close(write)

    assert with_rest(b"", stream) is stream
