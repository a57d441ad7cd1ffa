from __future__ import annotations

from collections.abc import Iterator

from pydarknet.doctor.finding import BAD, GOOD, MORE, Finding, look_at, only


def half() -> Iterator[Finding]:
    """Find something, then fail."""
    yield Finding("disk", GOOD, "there")
    raise OSError("several\nlines")


def test_what_a_look_fails_at_is_a_finding_after_what_it_found() -> None:
    found = list(look_at("disk", half, BAD))

    assert found == [
        Finding("disk", GOOD, "there"),
        Finding("disk", BAD, "cannot be looked at: OSError: several lines"),
    ]


def test_findings_of_a_state() -> None:
    found = [Finding("a", GOOD, ""), Finding("b", MORE, ""), Finding("c", GOOD, "")]

    assert [one.thing for one in only(GOOD, found)] == ["a", "c"]
