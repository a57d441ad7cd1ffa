"""The look-up of what differs between the lineages."""

from __future__ import annotations

from dataclasses import fields

import pytest

from pydarknet.cfg.dialect import DIALECTS
from pydarknet.cfg.lineage import LINEAGES, PerLineage
from pydarknet.errors import UsageError

SIDES = PerLineage(pjreddie=1, alexeyab=2)


@pytest.mark.parametrize(("lineage", "side"), [("pjreddie", 1), ("alexeyab", 2)])
def test_a_value_is_found_by_the_name_of_its_lineage(lineage, side):
    assert SIDES.of(lineage) == side


@pytest.mark.parametrize(("lineage", "side"), [("pjreddie", 1), ("alexeyab", 2)])
def test_a_value_is_found_by_the_dialect_of_its_lineage(lineage, side):
    assert SIDES.of(DIALECTS.of(lineage)) == side


def test_every_lineage_has_a_value():
    assert tuple(field.name for field in fields(PerLineage)) == LINEAGES


def test_a_table_without_a_lineage_is_refused():
    with pytest.raises(TypeError, match="alexeyab"):
        PerLineage(pjreddie=1)


@pytest.mark.parametrize("name", ["AlexeyAB", "darknet", "pj"])
def test_an_unknown_lineage_is_refused_with_the_choices(name):
    with pytest.raises(UsageError) as error:
        SIDES.of(name)

    assert str(error.value) == f"dialect {name}: expected one of pjreddie, alexeyab"
