"""A rule knows its kind, and what of it the C knows."""

import pytest

from pydarknet.boxes.rule import SuppressionRule
from pydarknet.errors import CfgError


def test_an_unknown_kind_is_told_with_the_choices():
    with pytest.raises(
        CfgError, match="nms_kind=soft: expected one of default, greedynms, diounms"
    ):
        SuppressionRule("soft")


@pytest.mark.parametrize(
    ("rule", "exponent"),
    [
        (SuppressionRule(), None),
        (SuppressionRule("cornersnms"), None),
        (SuppressionRule("greedynms", 0.9), 0.6),
        (SuppressionRule("diounms", 0.9), 0.8999999761581421),  # 0.9 as a float
        (SuppressionRule("softnms"), None),
    ],
)
def test_the_distance_counts_where_there_is_an_exponent(rule, exponent):
    assert rule.exponent == exponent


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (SuppressionRule("diounms"), ""),
        (SuppressionRule("default", agnostic=True), "nms_agnostic=1"),
        (SuppressionRule("softnms"), "nms_kind=softnms"),
        (SuppressionRule("none"), "nms_kind=none"),
    ],
)
def test_the_c_knows_neither_our_kinds_nor_agnostic_ones(rule, words):
    assert rule.words_of_ours == words
    assert rule.known_to_darknet is not bool(words)
