#!/usr/bin/env python3
"""Run the tests of modules on each of their mutants, for scripts/mutation_score.py.

    pip install -c constraints.txt -e '.[test,mutate]'
    python scripts/mutate.py pydarknet/boxes/nms.py             # by tests/boxes/test_nms.py
    python scripts/mutate.py MODULE... -tests FILE...           # by these
    python scripts/mutate.py MODULE... -again                   # those that lived, by today's tests
    python scripts/mutation_score.py --left                     # the score, and what lived

mutmut makes the mutants, in a copy of this folder, mutants/. `mutmut run` starts pytest for each;
here each runs in a fork of the process that has collected the tests, the quickest first, until one
fails. mutmut passes over functions with decorators: in the copy they are
decorated in the line below them. What tests keep in a functools.cache is forgotten before.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import mutation_score
import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "mutants"
UNDER_TEST = "MUTANT_UNDER_TEST"  # what mutmut's code asks which mutant is to run
KILLED, TIMED_OUT, UNTESTED = 1, 36, 33  # exit codes of pytest and mutmut
MOST = 255  # an exit code
PATIENCE = 1.0  # a test has ten times the seconds of the processor that it takes, and this


def undecorated(text: str) -> str:
    """Return a module whose functions are decorated in a line of their own, below them."""
    lines = text.split("\n")
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            first, last = node.decorator_list[0], node.decorator_list[-1]
            made = node.name
            for one in reversed(node.decorator_list):
                made = f"{ast.unparse(one)}({made})"
            lines.insert(node.end_lineno or 0, f"{node.name} = {made}")
            del lines[first.lineno - 1 : last.end_lineno]
    return "\n".join(lines)


def copy(modules: Sequence[Path]) -> None:
    """Copy this folder to mutants/, and put the mutants of modules into it."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(ROOT, FOLDER, ignore=shutil.ignore_patterns("mutants", ".*", "__pycache__"))
    for module in modules:
        made = mutate_file_contents(str(module), undecorated((ROOT / module).read_text("utf-8")))
        (FOLDER / module).write_text(made.code, encoding="utf-8")
        name = ".".join(module.with_suffix("").parts)
        codes = {f"{name}.{mutant}": None for mutant in made.mutant_names}
        record = FOLDER / f"{module}.meta"
        record.write_text(json.dumps({"exit_code_by_key": codes}), encoding="utf-8")


class Mutants:
    """A plugin of pytest that runs tests once for each mutant, in the place of once."""

    def __init__(self, modules: Sequence[Path], *, again: bool) -> None:
        self.modules, self.again = modules, again
        self.tests: dict[str, list[pytest.Item]] = defaultdict(list)  # of each function
        self.seconds: dict[pytest.Item, float] = {}
        self.kills: dict[pytest.Item, float] = defaultdict(float)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run each mutant, after all tests have passed on the program."""
        self.see_which_functions_are_reached(session)
        for module in self.modules:
            record = FOLDER / f"{module}.meta"
            codes = json.loads(record.read_text())["exit_code_by_key"]
            for name, code in codes.items():
                if not self.again or code in (None, mutation_score.SURVIVED, UNTESTED):
                    codes[name] = self.code_of(session, name)
                    record.write_text(json.dumps({"exit_code_by_key": codes}))
        return True

    def see_which_functions_are_reached(self, session: pytest.Session) -> None:
        """Run the tests on the program; note their times and functions."""
        from mutmut.mutation import trampoline

        reached: set[str] = set()
        trampoline.record_trampoline_hit = lambda name, caller=None: reached.add(name)
        os.environ[UNDER_TEST] = "stats"
        for item, following in pairs(session.items):
            forget()
            reached.clear()
            start = time.process_time()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            self.seconds[item] = time.process_time() - start
            for function in reached:
                self.tests[function].append(item)
        if session.testsfailed:
            pytest.exit("tests fail on the program itself", returncode=1)
        os.environ[UNDER_TEST] = ""
        forget()

    def code_of(self, session: pytest.Session, name: str) -> int:
        """Return the exit code of a mutant's tests, which run in a fork."""
        tests = self.tests[name.partition("__mutmut_")[0]]
        if not tests:
            return UNTESTED
        tests = sorted(tests, key=self.cost)
        child = os.fork()
        if not child:
            self.run_until_one_fails(session, name, tests)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if ended > 0:
            self.kills[tests[min(ended, len(tests)) - 1]] += 1
        return min(ended, KILLED) if ended >= 0 else TIMED_OUT

    def cost(self, item: pytest.Item) -> float:
        """Return how late a test runs: the later the longer it takes, and the less it kills."""
        return (self.seconds[item] + 0.02) / (self.kills[item] + 0.1)

    def run_until_one_fails(
        self, session: pytest.Session, name: str, tests: Sequence[pytest.Item]
    ) -> NoReturn:
        """Run tests on a mutant; end the process with the number of the first that fails, or 0."""
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        os.environ[UNDER_TEST] = name
        try:
            for number, (item, following) in enumerate(pairs(tests), start=1):
                signal.setitimer(signal.ITIMER_PROF, 10 * self.seconds[item] + PATIENCE)
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.testsfailed:
                    os._exit(min(number, MOST))
            os._exit(0)
        finally:
            os._exit(MOST)  # this process goes no further, whatever was raised


def pairs(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Return each item with the one that follows it."""
    return zip(items, [*items[1:], None], strict=True)


def forget() -> None:
    """Forget what functions of the copy keep in a functools.cache."""
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", None)).startswith(str(FOLDER)):
            for thing in list(vars(module).values()):
                if callable(getattr(type(thing), "cache_clear", None)):
                    thing.cache_clear()


def main() -> None:
    """Make the mutants, unless asked for those that lived again, and run the tests on them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="+", type=Path, help="pydarknet/boxes/nms.py")
    parser.add_argument("-tests", nargs="+", help="the files of tests; those at the same paths")
    parser.add_argument("-again", action="store_true", help="those that lived, by today's tests")
    options = parser.parse_args()
    mirrored = [
        str("tests" / one.relative_to("pydarknet").with_name(f"test_{one.name}"))
        for one in options.modules
    ]
    if options.again:
        shutil.copytree(ROOT / "tests", FOLDER / "tests", dirs_exist_ok=True)
    else:
        copy(options.modules)
    os.environ["OMP_NUM_THREADS"] = "1"  # a fork has no threads but its own
    os.chdir(FOLDER)
    sys.path.insert(0, str(FOLDER))
    words = ["-q", "-n", "0", "-p", "no:cacheprovider", "--rootdir=.", *(options.tests or mirrored)]
    raise SystemExit(pytest.main(words, plugins=[Mutants(options.modules, again=options.again)]))


if __name__ == "__main__":
    main()
