from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.doctor import of_extras
from pydarknet.doctor.of_extras import look, problem
from pydarknet.doctor.packages import Extra


def test_what_is_there_is_imported_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_extra.py").write_text("raise OSError('no\\nlibrary')")
    (tmp_path / "sound_extra.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ("broken_extra", "sound_extra", "absent_extra")
    monkeypatch.setattr(of_extras, "EXTRAS", [Extra(name, name, "") for name in names])

    assert look() == {"numpy": "", "broken_extra": "OSError: no library", "sound_extra": ""}
    assert problem("absent_extra") == "ModuleNotFoundError: No module named 'absent_extra'"
