"""Networks over text: what they write, and how well they foretell what they read."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from conftest import HERE

from pydarknet.cli.main import main

TOOLS = HERE / "reference" / "tools"
TEXT = (TOOLS / "text.txt").read_bytes()
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
NUMBER = re.compile(r"-?\d+\.\d+|-?\d+")
EACH = pytest.mark.parametrize("lineage", ["pj", "ab"])


@pytest.fixture
def said(monkeypatch, capfdbinary):
    """Run a command on a recorded network and return its lines, without those of the loading."""

    def run(command: str, *words: str, stdin: bytes = b"", lineage: str = "pj") -> bytes:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        files = [f"{TOOLS}/text_{lineage}.cfg", f"{TOOLS}/text_{lineage}.weights"]
        flags = ["-dialect", LINEAGES[lineage], "-i", "-1"]
        assert main(["rnn", command, *files, *words, *flags]) == 0
        out: bytes = capfdbinary.readouterr().out
        return out.rpartition(b"Kilo-batches_64) \n")[2]

    return run


def recorded(name: str) -> bytes:
    """Return what the C program printed."""
    return (TOOLS / f"text.{name}.txt").read_bytes()


def assert_close(out: bytes, expected: bytes) -> None:
    """Assert that texts are equal but for the last digits of their numbers."""
    ours, theirs = out.decode(), expected.decode()
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (ours, theirs)]
    np.testing.assert_allclose(*numbers, rtol=3e-5)


@EACH
def test_generate_writes_what_the_c_program_writes_of_the_same_seed(said, lineage):
    out = said(
        "generate", "-len", "60", "-temp", ".6", "-srand", "3", "-seed", "abc", lineage=lineage
    )

    assert out == recorded(f"generate.{lineage}")


@EACH
def test_generatetactic_goes_on_with_the_text_on_stdin(said, lineage):
    out = said("generatetactic", "-len", "30", "-srand", "5", stdin=TEXT, lineage=lineage)

    assert out == recorded(f"generatetactic.{lineage}")


@EACH
def test_valid_prints_the_c_programs_numbers(said, lineage):
    assert_close(said("valid", stdin=TEXT, lineage=lineage), recorded(f"valid.{lineage}"))


@EACH
def test_validtactic_prints_the_c_programs_numbers(said, lineage):
    out = said("validtactic", "-seed", "a", stdin=TEXT, lineage=lineage)

    assert_close(out, recorded(f"validtactic.{lineage}"))


def test_vec_prints_the_first_layer_after_a_line(said):
    first = TEXT.split(b"\n")[0] + b"\n"

    assert_close(said("vec", stdin=first), recorded("vec.pj").split(b"\n")[0] + b"\n")


def test_vec_forgets_the_lines_before(said):
    second = TEXT.split(b"\n")[1] + b"\n"

    after_first = said("vec", stdin=TEXT)
    alone = said("vec", stdin=second)

    assert after_first.split(b"\n")[1] == alone.rstrip(b"\n")


def test_another_srand_writes_another_text(said):
    words = ("-len", "40", "-seed", "abc")

    assert said("generate", *words, "-srand", "3") != said("generate", *words, "-srand", "4")


def test_a_low_temperature_is_certain(said):
    words = ("-len", "40", "-seed", "abc", "-temp", ".01")

    assert said("generate", *words, "-srand", "3") == said("generate", *words, "-srand", "4")


def test_tokens_are_printed_with_a_blank_after_each(said, tmp_path):
    tokens = ["<NEWLINE>" if i == 97 else f"t{i}" for i in range(128)]
    (tmp_path / "tokens").write_text("\n".join(tokens) + "\n")

    out = said("generate", "-len", "0", "-seed", "ab", "-tokens", f"{tmp_path}/tokens")

    assert out == b"\n t98 \n"


def test_the_base_name_goes_to_stderr(capfd):
    main(["rnn", "generate", f"{TOOLS}/text_pj.cfg", f"{TOOLS}/text_pj.weights", "-len", "1"])

    assert capfd.readouterr().err.startswith("text_pj\n")


def test_a_byte_beyond_the_inputs_is_refused(monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\xc3\xbcb")))

    assert main(["rnn", "valid", f"{TOOLS}/text_pj.cfg", f"{TOOLS}/text_pj.weights"]) == 1

    told = "symbol 195: expected less than 128, the outputs\n"
    assert capfd.readouterr().err.endswith(told)


def test_without_a_text_there_is_nothing_to_go_on_with(monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))

    assert main(["rnn", "generatetactic", f"{TOOLS}/text_pj.cfg", f"{TOOLS}/text_pj.weights"]) == 1

    assert "stdin is empty: expected a text to continue" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("seed", "lineage", "written"),
    [
        ("a\n", "pj", b"a\n"),
        ("\ta", "pj", b"\ta"),
        ("", "pj", b"\0"),
        ("a\n", "ab", b"a"),
        ("\n", "ab", b"\0"),
    ],
)
def test_the_original_reads_line_ends_of_a_seed_and_the_fork_none(said, seed, lineage, written):
    out = said("generate", "-len", "0", "-seed", seed, lineage=lineage)

    assert out == written + b"\n"


def test_a_seed_after_an_equals_sign_keeps_its_line_ends(said):
    assert said("generate", "-len", "0", "-seed=a\nb") == b"a\nb\n"


def test_an_empty_seed_of_valid_is_nothing_to_read(said):
    empty, ends, omitted = (
        said("valid", *words, stdin=b"ab") for words in (("-seed", ""), ("-seed", "\n\n"), ())
    )

    assert empty != ends
    assert ends == omitted
