"""`darknet` and `darknet.py` in a folder, for programs that expect them there."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from ..errors import UsageError
from ..system.files import make_folder, write_file

MARK = "made by `pydarknet install-shim`"
MODULES = {"alexeyab": "darknet", "hank-ai": "hank_ai", "alpr": "alpr"}


def install(folder: Path, api: str = "alexeyab", *, force: bool = False) -> list[Path]:
    """Write the program `darknet` and the module `darknet.py` to a folder; return their paths.

    Both use the interpreter and the package that write them. UsageError if either file exists and
    was not written by this function, unless `force`.
    """
    if api not in MODULES:
        raise UsageError(f"-api {api}: expected one of {', '.join(MODULES)}")
    files = {folder / "darknet": program(), folder / "darknet.py": module(MODULES[api])}
    if os.name == "nt":
        files[folder / "darknet.cmd"] = f'@"{sys.executable}" "%~dp0darknet" %*\nrem {MARK}\n'
    try:
        make_folder(folder)
        for file in files:
            if not force:
                check_ours(file)
        for file, text in files.items():
            write_file(file, text.encode())
        (folder / "darknet").chmod(0o755)
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {error.strerror}") from None
    return list(files)


def check_ours(file: Path) -> None:
    """Raise UsageError if a file exists that was not written by `install`."""
    if file.is_dir() or (file.exists() and MARK.encode() not in file.read_bytes()):
        hint = "name another folder, or add -force to write over it"
        raise UsageError(f"{file} exists and was not written by pydarknet", hint=hint)


def program() -> str:
    """Return a program that passes on its arguments: in sh, and in Python where sh is missing.

    The first line cannot name the interpreter: its path may hold a blank or exceed 127 bytes.
    Ctrl-C ends it without a trace from its first line on; so Python reads its site (-S) later.
    """
    return f"""#!/bin/sh
''':'
# {MARK}
exec {shlex.quote(sys.executable)} -S "$0" "$@"
'''
import _signal  # signal imports others, for milliseconds in which Ctrl-C would show a trace
import os
import sys

_signal.signal(_signal.SIGINT, lambda number, frame: os._exit(128 + number))
sys.path[:1] = []
if sys.flags.no_site:
    import site

    site.main()
sys.path.append({str(home())!r})
from pydarknet.__main__ import entry

entry(as_darknet=True)
"""


def module(name: str) -> str:
    """Return a module that replaces itself by one of pydarknet.compat."""
    return f'''"""darknet.py, served by pydarknet; {MARK}."""

import sys
from importlib import import_module

sys.path.append({str(home())!r})
sys.modules[__name__] = import_module("pydarknet.compat.{name}")
'''


def home() -> Path:
    """Return the folder from which this package is imported."""
    return Path(__file__).resolve().parents[2]
