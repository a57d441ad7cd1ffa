"""Results go to stdout, notes to stderr."""

from pydarknet.system.console import note, say, say_bytes


def test_a_result_is_a_line_of_stdout(capsys):
    say("one")
    say("two", end="")

    assert tuple(capsys.readouterr()) == ("one\ntwo", "")


def test_a_note_is_a_line_of_stderr(capsys):
    note("one")
    note("two", end="")

    assert tuple(capsys.readouterr()) == ("", "one\ntwo")


def test_bytes_go_out_as_they_are_behind_the_text_before(capfdbinary):
    say("one")
    say_bytes(b"\xff\n")

    assert capfdbinary.readouterr().out == b"one\n\xff\n"
