"""Memory that the C library keeps."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_freed_memory_is_kept():
    code = """
import numpy
from pydarknet.system.malloc import keep_freed_memory

def pages():  # of this process, in memory
    return int(open("/proc/self/statm").read().split()[1])

assert keep_freed_memory()
before = pages()
numpy.ones(50_000_000, numpy.uint8)
print(pages() - before)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(said.stdout) * 4096 > 49_000_000
