"""How the options of a section are declared, and read as C reads them."""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest

from pydarknet.cfg.options import (
    REQUIRED,
    declarations,
    option,
    quiet,
    read_options,
    untrainable_options,
)
from pydarknet.cfg.parser import Section, sections_of
from pydarknet.errors import CfgError


def words(lineage: str) -> tuple[str, ...]:
    """Return the words of a choice that two lineages know differently."""
    return ("red", "green", "blue") if lineage == "alexeyab" else ("red", "green")


@dataclass(frozen=True)
class Sample:
    """A section with an option of every kind."""

    size: int = option(1)
    scale: float = option(0.5)
    flag: bool = option(False)
    kind: str = option("plain")
    pad: int = quiet(lambda o: o.size // 2)
    reach: int = quiet(lambda o: o.pad + 1)
    source: int | None = quiet(None, key="from")
    few: int = quiet(4, least=2, most=8)
    ratio: float = quiet(0.5, least=0, most=1)
    open: float = quiet(0.5, above=0, below=1)
    counts: tuple[int, ...] = quiet(())
    sizes: tuple[float, ...] = quiet(())
    steps: tuple[int, ...] = quiet((), stop="#", least=0)
    color: str = quiet("red", choices=words, otherwise="green")
    shape: str = quiet("round", choices=("round", "flat"), synonyms={"disc": "round"})
    mish: int = quiet(7, lineage="alexeyab")
    taste: str = quiet("none", choices=("sweet", "sour"), others_unused=True)


@dataclass(frozen=True)
class Demanding:
    """A section with an option that must be given."""

    source: int = option(key="from")


def section(text: str) -> Section:
    """Return a section whose first option stands on line 2."""
    [found] = sections_of(f"[sample]\n{text}", "net.cfg")
    return found


def read(text: str, *, strict: bool = True, lineage: str = "pjreddie") -> dict[str, Any]:
    """Read the options of a sample."""
    return read_options(Sample, section(text), lineage, strict)


# Kinds


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("size=3", "size", 3),
        ("scale=.25", "scale", 0.25),
        ("flag=1", "flag", True),
        ("flag=2", "flag", True),
        ("flag=0", "flag", False),
        ("kind=A,b=C", "kind", "A,b=C"),
        ("from=-3", "source", -3),
        ("counts=1,2,3", "counts", (1, 2, 3)),
        ("sizes=1,.5", "sizes", (1.0, 0.5)),
        ("color=red", "color", "red"),
    ],
)
def test_an_option_is_read_as_its_field_is_annotated(line, name, value):
    assert read(line)[name] == value


@pytest.mark.parametrize(
    ("line", "taste", "unused"),
    [("taste=sour", "sour", []), ("taste=salty", "none", ["taste"])],
)
def test_a_word_of_no_meaning_to_the_lineage_may_stay_unused(line, taste, unused):
    given = section(line)

    values = read_options(Sample, given, "pjreddie", strict=True)

    assert values["taste"] == taste
    assert [entry.key for entry in given.unused_entries()] == unused


def test_a_key_may_differ_from_its_field():
    assert read("source=5")["source"] is None


# Lists


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2,", (1, 2, 0)),
        ("1,,2", (1, 0, 2)),
        (",", (0, 0)),
        ("5", (5,)),
        ("61,4561,45", (61, 4561, 45)),
    ],
)
def test_a_list_has_an_item_more_than_commas_and_an_empty_one_is_zero(text, expected):
    assert read(f"counts={text}")["counts"] == expected


def test_every_item_of_a_list_is_the_number_it_begins_with():
    assert read("counts=1.9,2#x,3")["counts"] == (1, 2, 3)


def test_a_list_stops_at_a_sign_where_declared():
    assert read("steps=100,200#,300")["steps"] == (100, 200)


def test_a_list_without_a_number_is_refused():
    with pytest.raises(CfgError, match="expected an integer"):
        read("counts=1,x")


def test_a_list_without_a_number_has_a_zero_where_reading_is_lenient():
    assert read("counts=1,x", strict=False)["counts"] == (1, 0)


# Bounds


@pytest.mark.parametrize("line", ["few=2", "few=8", "ratio=0", "ratio=1", "steps=0"])
def test_a_number_may_lie_on_its_bounds(line):
    assert read(line)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("few=1", "few = 1: expected at least 2"),
        ("few=9", "few = 9: expected at most 8"),
        ("ratio=-.5", "ratio = -.5: expected at least 0"),
        ("ratio=1.5", "ratio = 1.5: expected at most 1"),
        ("open=0", "open = 0: expected more than 0"),
        ("open=1", "open = 1: expected less than 1"),
        ("open=0,5", "open = 0,5: expected more than 0 (read as 0, did you mean 0.5?)"),
        ("scale=inf", "scale = inf: expected a finite number"),
        ("scale=1e39", "scale = 1e39: expected a finite number"),
        ("scale=-nan", "scale = -nan: expected a finite number"),
        ("ratio=nan", "ratio = nan: expected a finite number"),
        ("steps=3,-1", "steps = 3,-1: item 2 is -1: expected at least 0"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_number_beyond_its_bounds_is_told_with_its_line(line, told, strict):
    with pytest.raises(CfgError) as error:
        read(f"size=1\n{line}", strict=strict)

    assert str(error.value) == f"net.cfg:3: [sample] {told}"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("scale=0,001", "scale = 0,001: read as 0, did you mean 0.001?"),
        ("size=5e5", "size = 5e5: read as 5, did you mean 500000?"),
        ("size=1.5", "size = 1.5: read as 1"),
        ("size=10,000", "size = 10,000: read as 10, did you mean 10000?"),
        ("sizes=1,2e3x,4", "sizes = 2e3x: read as 2e3"),
    ],
)
def test_a_number_that_is_cut_is_told_with_what_is_read(capsys, line, told):
    read(line)

    assert f"net.cfg:2: [sample] {told}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("counts=3,", "counts = 3,: item 2 is empty, and read as 0"),
        ("counts=3,,4,", "counts = 3,,4,: items 2, 4 are empty: each is 0"),
    ],
)
def test_an_empty_item_is_told_with_its_place(capsys, line, told):
    read(line)

    assert capsys.readouterr().err.endswith(f"net.cfg:2: [sample] {told}\n")


def test_of_many_empty_items_three_are_named(capsys):
    read("counts=1,,,,,6")

    told = capsys.readouterr().err
    assert "net.cfg:2: [sample] counts = 1,,,,,6: items 2, 3, 4 are empty: each is 0\n" in told


@dataclass(frozen=True)
class Sides:
    """A section with a list of numbers that are not 0."""

    sides: tuple[int, ...] = quiet((), least=1)


def test_an_empty_item_that_must_be_more_is_told_with_its_place():
    with pytest.raises(CfgError) as error:
        read_options(Sides, section("sides=1,,3"), "pjreddie", True)

    place = "net.cfg:2: [sample] sides = 1,,3: item 2 is empty: "
    assert str(error.value) == f"{place}expected at least 1"


@pytest.mark.parametrize(
    "line", ["size=64#x", "size=64;x", "size=3.0", "scale=5e5", "scale=.1,", "sizes=1,2,3#x"]
)
def test_a_number_that_is_read_whole_is_not_told(capsys, line):
    read(line)

    assert "read as" not in capsys.readouterr().err


def test_a_flag_is_a_number_too():
    with pytest.raises(CfgError) as error:
        read("flag=yes")

    assert str(error.value) == "net.cfg:2: [sample] flag = yes: expected 0 or 1"


def test_what_is_no_number_is_told_with_its_line():
    with pytest.raises(CfgError) as error:
        read("scale=1\nsize=twenty")

    assert str(error.value) == "net.cfg:3: [sample] size = twenty: expected an integer"


# Choices


@pytest.mark.parametrize(("lineage", "word"), [("pjreddie", "green"), ("alexeyab", "blue")])
def test_a_choice_is_one_of_the_words_its_lineage_knows(lineage, word):
    assert read(f"color={word}", lineage=lineage)["color"] == word


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("color=blue", "color = blue: expected one of red, green"),
        (
            "shape=Flat",
            "shape = Flat: expected one of round, flat\n    hint: did you mean flat?",
        ),
        (
            "shape=disc",
            "shape = disc: expected one of round, flat\n    hint: did you mean round?",
        ),
        (
            "color=red#x",
            "color = red#x: expected one of red, green"
            " (`#` begins a comment only in the first column)",
        ),
    ],
)
def test_an_unknown_word_is_told_with_the_choices(line, told):
    with pytest.raises(CfgError) as error:
        read(line)

    assert str(error.value) == f"net.cfg:2: [sample] {told}"


def test_an_unknown_word_is_what_darknet_takes_where_reading_is_lenient(capsys):
    assert read("color=blue", strict=False)["color"] == "green"
    assert "Couldn't find color blue, going with green\n" in capsys.readouterr().err


def test_an_unknown_word_is_refused_leniently_too_where_darknet_takes_none():
    with pytest.raises(CfgError, match="expected one of round, flat"):
        read("shape=Flat", strict=False)


# Defaults


def test_announced_defaults_are_told_as_c_prints_them(capsys):
    read("")

    assert capsys.readouterr().err == (
        "size: Using default '1'\n"
        "scale: Using default '0.500000'\n"
        "flag: Using default '0'\n"
        "kind: Using default 'plain'\n"
    )


def test_what_is_given_is_not_told(capsys):
    read("size=1\nscale=.5\nflag=0\nkind=plain")

    assert capsys.readouterr().err == ""


@dataclass(frozen=True)
class Updates:
    """A section with a default that is announced where another option is on."""

    adam: bool = quiet(False)
    decay: float = option(0.9, announced="adam")


@pytest.mark.parametrize(
    ("text", "told"), [("adam=1", "decay: Using default '0.900000'\n"), ("adam=0", ""), ("", "")]
)
def test_a_default_may_be_announced_where_another_option_is_on(capsys, text, told):
    assert read_options(Updates, section(text), "pjreddie", True)["decay"] == 0.9

    assert capsys.readouterr().err == told


def test_a_key_without_a_value_takes_the_default():
    assert read("size")["size"] == 1


@pytest.mark.parametrize(
    ("text", "pad", "reach"),
    [("size=7", 3, 4), ("size=7\npad=1", 1, 2), ("size=7\nreach=9", 3, 9)],  # 7 // 2, 3 + 1
)
def test_a_default_may_follow_the_options_above_it(text, pad, reach):
    values = read(text)

    assert (values["pad"], values["reach"]) == (pad, reach)


def test_an_option_without_a_default_must_be_given():
    with pytest.raises(CfgError) as error:
        read_options(Demanding, section("to=3"), "pjreddie", True)

    assert str(error.value) == "net.cfg:1: [sample] from is missing"


def test_an_option_without_a_default_may_be_zero():
    assert read_options(Demanding, section("from=0"), "pjreddie", True) == {"source": 0}


# Lineage


@pytest.mark.parametrize(
    ("lineage", "value", "unused"), [("alexeyab", 3, []), ("pjreddie", 7, ["mish"])]
)
def test_an_option_of_another_lineage_is_not_asked_for(lineage, value, unused):
    sample = section("mish=3")

    values = read_options(Sample, sample, lineage, True)

    assert values["mish"] == value
    assert [entry.key for entry in sample.unused_entries()] == unused


@dataclass(frozen=True)
class Paint:
    """A section with a word that is left unused by the lineage that does not know it."""

    color: str = quiet("none", choices=words, others_unused=True)


@pytest.mark.parametrize(
    ("lineage", "value", "unused"), [("alexeyab", "blue", []), ("pjreddie", "none", ["color"])]
)
def test_a_word_may_be_unused_by_one_lineage_alone(lineage, value, unused):
    paint = section("color=blue")

    assert read_options(Paint, paint, lineage, True) == {"color": value}
    assert [entry.key for entry in paint.unused_entries()] == unused


# Declarations


def test_all_that_is_declared_of_an_option_is_kept():
    bounds = {"least": 1, "most": 4, "above": 0, "below": 5}
    words = {"choices": ("a", "b"), "synonyms": {"c": "a"}, "otherwise": "b", "stop": "#"}
    told = {"trained": False, "others_unused": True, "live": False, "live_words": {"a": "b"}}
    cls = make_dataclass(
        "Made",
        [
            ("x", int, option(3, key="y", announced="z", lineage="alexeyab", **bounds)),
            ("word", str, quiet("a", **words, **told)),
        ],
    )

    (key, number, kind), (_, word, _) = declarations(cls).values()

    assert (key, kind, number.key, number.default) == ("y", int, "y", 3)
    assert (number.announced, number.lineage, vars(number.range)) == ("z", "alexeyab", bounds)
    assert (word.announced, word.default, word.synonyms) == (False, "a", {"c": "a"})
    assert (word.choices("pjreddie"), word.otherwise, word.stop) == (("a", "b"), "b", "#")
    assert (word.trained, word.others_unused) == (False, True)
    assert (word.live, word.live_words) == (False, {"a": "b"})


def test_nothing_need_be_declared_of_an_option():
    cls = make_dataclass("Made", [("x", int, option())])

    [(key, declared, kind)] = declarations(cls).values()

    assert (key, kind, declared.key, declared.default) == ("x", int, None, REQUIRED)
    assert (declared.announced, declared.lineage, declared.choices) == (True, None, None)
    assert set(vars(declared.range).values()) == {None}
    assert (declared.synonyms, declared.otherwise, declared.stop) == ({}, None, "")
    assert (declared.trained, declared.others_unused) == (True, False)
    assert (declared.live, declared.live_words) == (True, {})


def test_choices_may_be_a_function_of_the_lineage():
    cls = make_dataclass("Made", [("word", str, quiet("red", choices=words))])

    [(_, declared, _)] = declarations(cls).values()

    assert declared.choices("alexeyab") == ("red", "green", "blue")


def test_options_that_training_ignores_are_named_where_a_cfg_sets_them():
    fields = [
        ("on", bool, quiet(False, trained=False)),
        ("off", bool, quiet(False, trained=False)),
        ("size", int, quiet(1)),
    ]

    assert untrainable_options(make_dataclass("Made", fields)(on=True, off=False, size=3)) == ["on"]


def test_a_word_of_another_lineage_is_what_may_be_meant():
    with pytest.raises(CfgError, match="hint: did you mean blue"):
        read("color=blu")


def test_a_flag_that_is_no_number_is_off_where_reading_is_lenient():
    assert read("flag=yes", strict=False)["flag"] is False
