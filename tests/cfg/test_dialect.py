"""The dialects of the lineages."""

from __future__ import annotations

from conftest import both_lineages

from pydarknet.cfg.dialect import DIALECTS


@both_lineages
def test_a_dialect_bears_the_name_of_its_lineage(dialect):
    assert DIALECTS.of(dialect).name == dialect
