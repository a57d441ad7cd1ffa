"""Memory that the C library keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pydarknet.system.malloc import take_memory


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
@pytest.mark.parametrize("first", ["", "return_freed_memory()"])  # as a training does
def test_freed_memory_is_kept(first):
    code = """
import numpy
from pydarknet.system.malloc import keep_freed_memory, return_freed_memory

def pages():  # of this process, in memory
    return int(open("/proc/self/statm").read().split()[1])

FIRST
assert keep_freed_memory()
before = pages()
numpy.ones(50_000_000, numpy.uint8)
print(pages() - before)
"""
    code = code.replace("FIRST", first)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(said.stdout) * 4096 > 49_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_what_threads_free_is_kept_too():
    code = """
import resource, threading
import numpy
from pydarknet.system.malloc import keep_freed_memory, share_memory

assert share_memory()
assert keep_freed_memory()

def faults():  # pages that the system gave this thread
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt

def work():
    for index in range(10):
        if index == 2:
            before = faults()
        [numpy.ones(3_000_000, numpy.uint8) for _ in range(40)]  # larger ones get huge pages
    print(faults() - before)

thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(said.stdout) < 8 * 40 * 3_000_000 / 4096 / 10  # else half of all, eight times


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_freed_memory_is_returned():
    code = """
import numpy
from pydarknet.system.malloc import return_freed_memory

def pages():  # of this process, in memory
    return int(open("/proc/self/statm").read().split()[1])

for _ in range(3):  # the first large block that is freed lets glibc keep those that are smaller
    numpy.ones(30_000_000, numpy.uint8)
assert return_freed_memory()
before = pages()
held = [numpy.ones(1_000_000, numpy.uint8) for _ in range(20)]
del held[:-1]
print(pages() - before)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(said.stdout) * 4096 < 3_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_holes_in_kept_memory_are_given_back():
    code = """
import numpy
from pydarknet.system.malloc import keep_freed_memory, trim_freed_memory

def pages():  # of this process, in memory
    return int(open("/proc/self/statm").read().split()[1])

keep_freed_memory()
hole, above = numpy.ones(50_000_000, numpy.uint8), numpy.ones(1000, numpy.uint8)
del hole
before = pages()
trim_freed_memory()
print(before - pages())
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(said.stdout) * 4096 > 49_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_what_was_taken_ahead_is_there_for_what_is_made_later():
    code = """
import resource
from pydarknet.system.malloc import keep_freed_memory, take_memory

def faults():  # pages that the system gave this process
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

TAKE
before = faults()
rooms = [bytes(1 << 20) for _ in range(32)]  # larger ones get huge pages
print(faults() - before)
"""
    faults = []
    for take in ("keep_freed_memory()", "take_memory(1 << 26).join()"):
        made = [sys.executable, "-c", code.replace("TAKE", take)]
        faults.append(int(subprocess.run(made, capture_output=True, text=True, check=True).stdout))

    assert faults[1] < faults[0] / 10


def test_nothing_is_taken_where_it_cannot_be_kept(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")

    assert take_memory(1 << 40) is None


def test_nothing_is_taken_where_no_thread_can_be_started(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)

    assert take_memory(1) is None
