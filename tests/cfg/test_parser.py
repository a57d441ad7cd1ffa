"""How the text of a cfg becomes sections and entries."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.cfg.parser import Section, read_cfg, section_of, sections_of
from pydarknet.errors import CfgError
from pydarknet.system.identity import record_reads


def entries(text: str) -> list[tuple[str, str | None]]:
    """Return the keys and values below the only section of a text."""
    [section] = sections_of(text, "net.cfg")
    return [(entry.key, entry.value) for entry in section.entries]


def only(text: str) -> Section:
    """Return the only section of a text."""
    [section] = sections_of(text, "net.cfg")
    return section


def file_of(folder: Path, content: bytes) -> Path:
    """Write a cfg file."""
    path = folder / "net.cfg"
    path.write_bytes(content)
    return path


# Blanks


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  filters = 2  ", ("filters", "2")),
        ("fil ters=2", ("filters", "2")),
        ("\tfilters\t=\t2\t", ("filters", "2")),
        ("activation=lin ear", ("activation", "linear")),
        ("anchors=1,2, 3,4", ("anchors", "1,2,3,4")),
        ("anchors=61,45  61,45", ("anchors", "61,4561,45")),  # as in cspx-p7-mish_hp.cfg
    ],
)
def test_blanks_and_tabs_vanish_wherever_they_stand(line, expected):
    assert entries(f"[net]\n{line}") == [expected]


@pytest.mark.parametrize("header", ["[conv]", " [conv] ", "[ co nv ]", "\t[\tconv\t]"])
def test_blanks_vanish_from_section_names(header):
    assert only(header).name == "conv"


@pytest.mark.parametrize("white", ["\v", "\f"])
def test_other_white_space_stays(white):
    assert entries(f"[net]\nwidth={white}8") == [("width", f"{white}8")]


def test_blank_lines_are_nothing():
    assert entries("\n \t \n[net]\n\n  \nwidth=8\n\n") == [("width", "8")]


# Line ends and encodings


@pytest.mark.parametrize(
    "content",
    [
        b"[net]\nwidth=8\n[conv]\nsize=3\n",
        b"[net]\r\nwidth=8\r\n[conv]\r\nsize=3\r\n",
        b"[net]\rwidth=8\r[conv]\rsize=3\r",
        b"[net]\r\nwidth=8\n[conv]\rsize=3\r\n",
    ],
    ids=["LF", "CRLF", "CR", "all three"],
)
def test_any_line_end_ends_a_line(tmp_path, content):
    sections = read_cfg(file_of(tmp_path, content))

    assert [(s.name, s.line) for s in sections] == [("net", 1), ("conv", 3)]
    assert [(e.value, e.line) for s in sections for e in s.entries] == [("8", 2), ("3", 4)]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_the_last_line_needs_no_end(tmp_path, end):
    sections = read_cfg(file_of(tmp_path, b"[net]\n[avgpool]" + end))

    assert [section.name for section in sections] == ["net", "avgpool"]


def test_a_byte_order_mark_is_nothing(tmp_path):
    sections = read_cfg(file_of(tmp_path, b"\xef\xbb\xbf[net]\nwidth=8"))

    assert [(section.name, section.line) for section in sections] == [("net", 1)]


def test_bytes_that_are_no_utf8_are_let_through(tmp_path):
    [net] = read_cfg(file_of(tmp_path, b"[net]\nlabels=caf\xe9\nwidth=8"))

    assert [entry.key for entry in net.entries] == ["labels", "width"]


def test_a_line_may_be_long():
    anchors = ",".join(["10"] * 100_000)

    assert entries(f"[yolo]\nanchors={anchors}") == [("anchors", anchors)]


# Comments


@pytest.mark.parametrize("line", ["# width=8", "; width=8", "  # width=8", "\t;width=8", "#", ";"])
def test_a_line_that_begins_with_a_sign_is_a_comment(line):
    assert entries(f"[net]\n{line}") == []


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("width=416 # x", "416#x"),
        ("batch=1;semi", "1;semi"),
        ("activation=leaky # c", "leaky#c"),
        ("layers = 180 ###P6", "180###P6"),
    ],
)
def test_there_are_no_comments_behind_a_value(line, value):
    [(_, found)] = entries(f"[net]\n{line}")

    assert found == value


def test_there_are_no_comments_behind_a_header():
    assert only("[conv]#x").name == "[conv]#x"


# Options


def test_a_line_is_split_at_its_first_equals_sign():
    assert entries("[net]\nname=a=b=c") == [("name", "a=b=c")]


def test_an_empty_key_is_a_key():
    assert entries("[net]\n=5") == [("", "5")]


def test_an_equals_sign_at_the_end_is_told_with_its_line_and_dropped(capsys):
    found = entries("[net]\n\nwidth=\nheight=8")

    assert found == [("height", "8")]
    told = "Config file error line 3, could parse: width (net.cfg:3)\n"
    assert capsys.readouterr().err == told


def test_a_dropped_line_shadows_nothing(capsys):
    section = only("[net]\nwidth=\nwidth=8")

    assert section.find("width").value == "8"


def test_a_line_without_an_equals_sign_is_a_key_without_a_value(capsys):
    assert entries("[net]\nwidth") == [("width", None)]
    assert capsys.readouterr().err == ""


def test_a_key_without_a_value_reads_as_absent_and_shadows_a_later_one():
    section = only("[net]\nwidth\nwidth=8")

    assert section.find("width") is None
    assert [entry.line for entry in section.unused_entries()] == [3]


def test_of_duplicates_the_first_wins_and_the_others_stay_unused():
    section = only("[net]\nbatch=1\nbatch=64\nbatch=128")

    assert section.find("batch").value == "1"
    assert [(entry.value, entry.line) for entry in section.unused_entries()] == [
        ("64", 3),
        ("128", 4),
    ]


@pytest.mark.parametrize("key", ["Batch", "batch_", "batc"])
def test_keys_are_compared_letter_by_letter(key):
    section = only("[net]\nbatch=1")

    assert section.find(key) is None
    assert [entry.key for entry in section.unused_entries()] == ["batch"]


def test_sections_of_one_name_keep_their_own_entries():
    first, second = sections_of("[conv]\nsize=1\n[conv]\nsize=3", "net.cfg")

    assert (first.find("size").value, second.find("size").value) == ("1", "3")


# Errors


@pytest.mark.parametrize("name", ["net", "network"])
def test_the_first_section_may_be_net_or_network(tmp_path, name):
    sections = read_cfg(file_of(tmp_path, f"# a comment\n[{name}]\n[conv]".encode()))

    assert [section.name for section in sections] == [name, "conv"]


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        (b"", "", "is empty: expected [net] and layers"),
        (b"\n# nothing\n", "", "is empty: expected [net] and layers"),
        (b"\n[conv]\n[net]", ":2", "[conv] is the first section: expected [net] or [network]"),
        (b"[Net]", ":1", "[Net] is the first section: expected [net] or [network]"),
        (
            b"# top\nwidth = 8\n[net]",
            ":2",
            "option width=8 stands before any section: expected [net]",
        ),
        (
            b"[net]\n\0\0",
            "",
            "is not a text file (a zero byte on line 2): expected a .cfg",
        ),
    ],
    ids=["empty", "comments", "no net", "case", "option first", "binary"],
)
def test_what_is_no_cfg_is_told_with_its_place(tmp_path, content, where, problem):
    path = file_of(tmp_path, content)

    with pytest.raises(CfgError) as error:
        read_cfg(path)

    assert str(error.value) == f"{path}{where}: {problem}"


def test_a_missing_file_is_told_in_darknets_words(tmp_path):
    with pytest.raises(CfgError) as error:
        read_cfg(tmp_path / "none.cfg")

    told = f"Couldn't open file: {tmp_path}/none.cfg (No such file or directory)"
    assert str(error.value) == told


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(CfgError) as error:
        read_cfg(tmp_path)

    assert str(error.value) == f"Couldn't open file: {tmp_path} (Is a directory): expected a .cfg"


def test_what_cannot_be_a_file_name_is_no_file():
    with pytest.raises(CfgError) as error:
        read_cfg("net\0.cfg")

    assert str(error.value) == r"Couldn't open file: 'net\x00.cfg' (not a file name)"


def test_a_message_shows_a_long_or_unprintable_line_in_short(tmp_path):
    path = file_of(tmp_path, b"\x07" + b"a" * 100)

    with pytest.raises(CfgError) as error:
        read_cfg(path)

    # 60 signs, three of them dots: ? for the bell, then 56 letters
    shown = "?" + "a" * 56 + "..."
    assert f"option {shown} stands before" in str(error.value)


def test_an_unseen_character_is_taken_as_a_blank_and_told_once(capsys):
    text = "[net]\nwidth\u00a0=\u00a032\n\ufeffheight=\u200b32\n#\u00a0x\n"

    (section,) = sections_of(text, "a.cfg")

    assert [(entry.key, entry.value) for entry in section.entries] == [
        ("width", "32"),
        ("height", "32"),
    ]
    assert capsys.readouterr().err == "a.cfg:2: an unseen character is taken as a blank\n"


@pytest.mark.parametrize("line", ["#\u00a0x", ";\u00a0x", "n\u00e4me=1"])
def test_comments_and_letters_of_any_script_are_not_told(capsys, line):
    sections_of(f"[net]\n{line}\n", "a.cfg")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("line", "key"), [("X\u00a0=1", "X"), ("a#\u00a0=1", "a#"), ("X=1", "X")])
def test_a_line_that_begins_with_no_comments_sign_is_an_option(line, key):
    [section] = sections_of(f"[net]\n{line}\n", "a.cfg")

    assert [(entry.key, entry.value) for entry in section.entries] == [(key, "1")]


@pytest.mark.parametrize("written", ["X a.treeX", "\u00a0a.tree\u00a0", "a b"])
def test_what_was_written_keeps_all_but_the_blanks_and_tabs_around_it(written):
    [section] = sections_of(f"[region]\ntree= \t{written}\t \n", "a.cfg")

    assert section.entries[0].written == written


def test_a_file_that_a_section_names_may_be_with_the_cfg(tmp_path):
    section = Section("region", str(tmp_path / "net.onnx"), 7, texts={"a.tree": "animal -1\n"})
    (tmp_path / "b.tree").write_text("thing -1\n")

    assert section.text_of("a.tree", "a tree") == (
        f"a.tree in {tmp_path / 'net.onnx'}",
        "animal -1\n",
    )
    assert section.text_of("b.tree", "a tree") == (str(tmp_path / "b.tree"), "thing -1\n")


def test_a_file_is_found_as_it_was_written(tmp_path):
    (tmp_path / "my tree.txt").write_text("thing -1\n")
    [section] = sections_of("[region]\nmap=9k.map\ntree = my tree.txt", f"{tmp_path}/net.cfg")

    with record_reads() as read:
        found = section.file(section.find("tree").value)

    assert found == tmp_path / "my tree.txt"
    assert str(found) in read  # what was computed of the cfg depends on it
    assert "mytree.txt" in read


@pytest.mark.parametrize(
    ("name", "told"),
    [("none.tree", "none.tree"), ("folder", "cfg/folder (Is a directory): expected a file")],
)
def test_a_file_that_a_section_names_and_that_is_none_is_told(tmp_path, monkeypatch, name, told):
    monkeypatch.chdir(tmp_path)
    Path("cfg/folder").mkdir(parents=True)
    section = Section("region", "cfg/net.cfg", 7)

    with pytest.raises(CfgError) as error:
        section.file(name)

    assert str(error.value) == f"cfg/net.cfg:7: [region] Couldn't open file: {told}"


def test_a_file_that_is_no_text_is_no_file_of_a_cfg(tmp_path):
    (tmp_path / "a.tree").write_bytes(b"\0")
    section = Section("region", str(tmp_path / "net.cfg"), 7)

    with pytest.raises(CfgError, match=r"a zero byte on line 1\): expected a tree$"):
        section.text_of("a.tree", "a tree")


# Errors about options


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("size", "net.cfg:3: [conv] size = 7x: expected less\n    hint: try 3"),
        ("pad", "net.cfg:4: [conv] pad = : expected less\n    hint: try 3"),
        ("groups", "net.cfg:2: [conv] groups: expected less\n    hint: try 3"),
    ],
    ids=["given", "without a value", "not given"],
)
def test_an_error_about_an_option_stands_at_its_line_or_its_sections(key, told):
    [section] = sections_of("\n[conv]\nsize=7x\npad\nsize=9", "net.cfg")

    assert str(section.option_error(key, "expected less", hint="try 3")) == told


def test_an_error_without_a_hint_is_one_line():
    [section] = sections_of("[conv]\nsize=7x", "net.cfg")

    assert str(section.option_error("size", "odd")) == "net.cfg:2: [conv] size = 7x: odd"


# Texts without sections


def test_a_data_file_is_one_section_of_all_its_lines(capsys):
    section = section_of("# a\n;b\n\nclasses = 2\ntrain= my list.txt\t\nback up\nx=\n", "d/my.data")

    assert (section.name, section.path, section.line) == ("my.data", "d/my.data", 1)
    assert [(one.key, one.value, one.line, one.written) for one in section.entries] == [
        ("classes", "2", 4, "2"),
        ("train", "mylist.txt", 5, "my list.txt"),
        ("backup", None, 6, ""),
    ]
    told = "Config file error line 7, could parse: x (d/my.data:7)\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("line", ["[net]", "X"])
def test_brackets_and_letters_of_a_data_file_are_a_key(line):
    assert [entry.key for entry in section_of(line, "my.data").entries] == [line]
