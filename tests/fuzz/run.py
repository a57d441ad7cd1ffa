#!/usr/bin/env python3
"""Fuzz one reader of files or of requests: `python tests/fuzz/run.py cfg -seconds 60`.

Atheris (pip install -c constraints.txt '.[fuzz]') makes inputs that reach new code, beginning with
tests/fuzz/corpus. An input that ends in an error that no user can act on, that takes longer than
some seconds or more memory than ten times its size and a constant, is written to -found, and the
exit status is 1. Once the fault is mended, it goes into the corpus, which the tests repeat.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORPUS = HERE / "corpus"
TARGETS = tuple(sorted(path.stem for path in (HERE / "targets").glob("*.py")))
LONGEST = 1024  # bytes of an input, where a target says nothing else
SECONDS = 5.0  # of the processor for an input
STRETCH, SELDOM = 40_000, 1000  # bytes more, for one input of so many
TIMES, CONSTANT = 10, 64 << 20  # bytes for each byte of an input, and for any input

Check = Callable[[bytes], None]


def target_named(name: str) -> Any:
    """Import a target."""
    return importlib.import_module(f"fuzz.targets.{name}")


def inputs_of(name: str) -> Iterator[Path]:
    """Yield the corpus of a target."""
    return (path for path in sorted((CORPUS / name).glob("*")) if path.is_file())


def peak() -> int:
    """Return the most bytes of memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def stretched(content: bytes) -> bytes:
    """Return an input with a piece of it many times over: what takes a square of time shows.

    Which piece it is depends on the input alone, so that a fault can be repeated.
    """
    chance = random.Random(crc32(content))
    start = chance.randrange(max(len(content), 1))
    piece = content[start : start + chance.choice((1, 1, 2, 5, 20))]
    return content[:start] + piece * (STRETCH // max(len(piece), 1)) + content[start:]


def stretching(check: Check) -> Check:
    """Return a check that looks at some inputs stretched, too."""

    def checked(content: bytes) -> None:
        check(content)
        if crc32(content) % SELDOM == 0:
            check(stretched(content))

    return checked


def within_limits(check: Check, more: Callable[[bytes], int] = lambda content: 0) -> Check:
    """Return a check that also fails for an input which takes too long, or too much memory.

    `more` says how many bytes an input may take beyond those that its size allows.
    """
    from fuzz.rules import Screen, new_run

    screen = Screen()

    def checked(content: bytes) -> None:
        new_run()
        before, start = peak(), time.process_time()
        with redirect_stderr(screen):
            check(content)
        seconds, taken = time.process_time() - start, peak() - before
        assert seconds < SECONDS, f"{seconds:.1f} s for {len(content)} bytes"
        allowed = TIMES * len(content) + CONSTANT + more(content)
        assert taken < allowed, f"{taken} bytes for {len(content)}"

    return checked


def limited(target: Any) -> Check:
    """Return the check of a target, within the limits that it has."""
    return within_limits(target.check, getattr(target, "more", lambda content: 0))


def dictionary(words: tuple[str, ...], folder: Path) -> Path:
    """Write the words of a target as libFuzzer reads them."""
    file = folder / "words"
    signs = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words]
    file.write_text("".join(f'"{word}"\n' for word in signs))
    return file


def import_atheris() -> ModuleType:
    """Import Atheris, or exit with what installs it."""
    try:
        return importlib.import_module("atheris")
    except ModuleNotFoundError:
        sys.exit("this needs Atheris (Linux, Python 3.11 to 3.13): pip install '.[fuzz]'")


def fuzz(name: str, options: argparse.Namespace) -> None:
    """Make inputs until the runs or the seconds are over, or one fails."""
    atheris = import_atheris()
    with atheris.instrument_imports(include=["pydarknet", "plot_log"]):
        target = target_named(name)
    words = getattr(target, "WORDS", None) or getattr(target, "words", tuple)()
    found = options.found / name
    for folder in ("new", "faults"):
        (found / folder).mkdir(parents=True, exist_ok=True)
    for path in inputs_of(name):
        shutil.copy(path, found / "new")
    flags = [
        f"-runs={options.runs}",
        f"-max_total_time={options.seconds}",
        f"-max_len={getattr(target, 'LONGEST', LONGEST)}",
        f"-artifact_prefix={found}/faults/",
        *([f"-dict={dictionary(words, found)}"] if words else []),
        f"-timeout={4 * SECONDS:.0f}",
        f"-rss_limit_mb={options.memory}",
        "-print_final_stats=1",
        str(found / "new"),
    ]
    atheris.Setup([sys.argv[0], *flags], stretching(limited(target)))
    atheris.Fuzz()


def repeat(name: str) -> int:
    """Run a target over its corpus alone; return the number of inputs."""
    check, count = limited(target_named(name)), 0
    for path in inputs_of(name):
        check(path.read_bytes())
        count += 1
    return count


def main() -> None:
    """Fuzz the target that the command line names, or repeat the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("target", choices=TARGETS)
    add("-runs", type=int, default=-1, help="inputs at most (no limit)")
    add("-seconds", type=int, default=60, help="seconds at most; 0 is no limit (60)")
    add("-memory", type=int, default=2048, help="MiB that the process may have (2048)")
    add("-found", type=Path, default=Path("fuzzed"), help="folder of what is found (fuzzed)")
    add("-repeat", action="store_true", help="only repeat the corpus, without atheris")
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(HERE.parent), str(ROOT / "scripts")]
    if options.repeat:
        print(f"{options.target}: {repeat(options.target)} inputs")
        return
    fuzz(options.target, options)


if __name__ == "__main__":
    main()
