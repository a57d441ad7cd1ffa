"""`darknet` and `darknet.py` for programs that look for them in a folder."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from ..errors import UsageError

MARK = "made by `pydarknet install-shim`"
MODULES = {"alexeyab": "darknet", "hank-ai": "hank_ai"}


def install(folder: Path, api: str = "alexeyab", *, force: bool = False) -> list[Path]:
    """Write `darknet`, a program, and `darknet.py`, a module, into a folder; return their paths.

    Both run the interpreter and the package that write them. UsageError where a file of either
    name is there that this did not write, unless `force`.
    """
    if api not in MODULES:
        raise UsageError(f"-api {api}: expected one of {', '.join(MODULES)}")
    files = {folder / "darknet": program(), folder / "darknet.py": module(MODULES[api])}
    if os.name == "nt":
        files[folder / "darknet.cmd"] = f'@"{sys.executable}" "%~dp0darknet" %*\nrem {MARK}\n'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            if not force:
                check_ours(file)
        for file, text in files.items():
            file.write_text(text, encoding="utf-8")
        (folder / "darknet").chmod(0o755)
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {error.strerror}") from None
    return list(files)


def check_ours(file: Path) -> None:
    """Refuse to write over what this did not write."""
    if file.is_dir() or (file.exists() and MARK.encode() not in file.read_bytes()):
        hint = "name another folder, or add -force to write over it"
        raise UsageError(f"{file} exists and was not written by pydarknet", hint=hint)


def program() -> str:
    """Return a program that passes its words on; it is sh, and Python where sh is not.

    A first line would hold no interpreter with a blank in its path, and none longer than 127 bytes.
    """
    return f"""#!/bin/sh
''':'
# {MARK}
exec {shlex.quote(sys.executable)} "$0" "$@"
'''
import sys

sys.path[:1] = []
sys.path.append({str(home())!r})
from pydarknet.cli.main import entry

entry()
"""


def module(name: str) -> str:
    """Return a module that becomes one of pydarknet.compat."""
    return f'''"""darknet.py, served by pydarknet; {MARK}."""

import sys
from importlib import import_module

sys.path.append({str(home())!r})
sys.modules[__name__] = import_module("pydarknet.compat.{name}")
'''


def home() -> Path:
    """Return the folder that this package is imported from."""
    return Path(__file__).resolve().parents[2]
