"""Ctrl-C while the program imports its modules ends it at once, without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet.cli.main import main
from pydarknet.system.starting import quit_if_program

# Ctrl-C comes when a module is imported.
INTERRUPTED = """
import os, runpy, signal, sys
class Finder:
    def find_spec(name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder)
"""
STARTS = {
    "module": "sys.argv[0] = '-m'\nrunpy.run_module('pydarknet', run_name='__main__')",
    "program": "sys.argv[0] = '/bin/pydarknet'\nfrom pydarknet.__main__ import entry\nentry()",
    "shim": "runpy.run_path('darknet')",
}


@pytest.mark.parametrize(
    ("start", "module"),
    [
        ("module", "pydarknet.errors"),
        ("module", "torch"),
        ("program", "pydarknet.errors"),
        ("program", "pydarknet.cli.verbs"),
        ("shim", "pydarknet.errors"),
        ("shim", "torch"),
    ],
)
def test_an_interrupt_in_an_import_is_a_status_without_a_trace(tmp_path, start, module):
    (tmp_path / "net.cfg").write_text("[net]\n")
    main(["install-shim", str(tmp_path)])
    code = INTERRUPTED.format(module=module) + STARTS[start]

    done = subprocess.run(
        [sys.executable, "-c", code, "ops", "net.cfg"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("name", ["my_program.py", "/usr/lib/pydarknet_tools.py", ""])
def test_a_program_that_uses_the_package_keeps_its_interrupts(monkeypatch, name):
    monkeypatch.setattr(sys, "argv", [name])
    before = signal.getsignal(signal.SIGINT)

    quit_if_program()

    assert signal.getsignal(signal.SIGINT) is before


def test_a_background_job_goes_on_ignoring_them(tmp_path):
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + INTERRUPTED.format(
        module="pydarknet.cli.verbs"
    ).replace("signal.signal(signal.SIGINT, signal.default_int_handler)\n", "")

    done = subprocess.run(
        [sys.executable, "-c", code + STARTS["module"], "--version"],
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert done.stdout.startswith("pydarknet ")


def test_the_shim_begins_before_the_files_of_the_site_are_read(tmp_path):
    main(["install-shim", str(tmp_path)])

    text = Path(tmp_path / "darknet").read_text()

    assert ' -S "$0" "$@"\n' in text
    assert text.index("signal.signal(") < text.index("site.main()") < text.index("import entry")
