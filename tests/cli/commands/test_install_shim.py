"""The command that writes darknet.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pydarknet.cli.main import main


def test_an_unknown_api_is_an_error(tmp_path: Path, capsys) -> None:
    assert main(["install-shim", str(tmp_path), "-api", "yolo"]) == 1

    assert "-api yolo: expected one of alexeyab, hank-ai" in capsys.readouterr().err


def test_installing_does_not_wait_for_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from pydarknet.cli.main import main;"
        "main(['install-shim', sys.argv[1]]); print(*sys.modules)"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]

    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout

    assert not {"torch", "cv2", "numpy"} & set(said.splitlines()[-1].split())
