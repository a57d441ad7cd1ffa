"""The import of torch, where a command must have it."""

from __future__ import annotations

import gc
import sys

from pydarknet.cli.torch_import import import_networks


def test_it_is_imported_once_and_the_collector_works_again(monkeypatch):
    before = gc.isenabled()

    import_networks()
    assert "pydarknet.load" in sys.modules
    assert gc.isenabled() == before

    monkeypatch.delitem(sys.modules, "torch")  # as if nothing had imported it
    monkeypatch.setattr(gc, "freeze", lambda: None)
    import_networks()
    assert gc.isenabled()
