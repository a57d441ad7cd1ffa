"""Flags: found wherever they stand, with whatever word is next as their value."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from probe import Probe

from pydarknet.cli.arguments import parse
from pydarknet.cli.main import main
from pydarknet.cli.verbs import VERBS, Help, Parameter, Run
from pydarknet.runtime.environment import gpu_may_be_there

LOOK = ["probe", "look", "a.jpg"]


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """Register the commands of a probe while a test runs, in a folder without files."""
    made = Probe()
    for verb in made.verbs():
        monkeypatch.setitem(VERBS, verb.words, verb)
    monkeypatch.chdir(tmp_path)
    return made


def flags(made: Probe) -> dict[str, object]:
    """Return the flags of the only call that differ from their defaults."""
    [(_, _, given)] = made.calls
    defaults = {"thresh": 0.5, "dont_show": False, "ext_output": False}
    return {name: value for name, value in given.items() if value != defaults[name]}


def operands(made: Probe) -> list[str]:
    """Return the operands of the only call as text."""
    [(_, given, _)] = made.calls
    return [str(value) for value in given]


def run_of(made: Probe) -> Run:
    """Return what the only call was told by the flags of the whole program."""
    [(run, _, _)] = made.calls
    return run


# Finding them


@pytest.mark.parametrize(
    "words",
    [
        ["probe", "-thresh", ".25", "look", "a.jpg", "7"],
        ["probe", "look", "-thresh", ".25", "a.jpg", "7"],
        ["probe", "look", "a.jpg", "-thresh", ".25", "7"],
        ["probe", "look", "a.jpg", "7", "-thresh", ".25"],
    ],
    ids=["in the command", "before operands", "between them", "last"],
)
def test_a_flag_is_found_wherever_it_stands(probe, words):
    assert main(words) == 0

    assert flags(probe) == {"thresh": 0.25}
    assert operands(probe) == ["a.jpg", "7"]


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_flag_of_all_commands_may_stand_before_the_command_too(probe, at):
    words = [*LOOK[:at], "-dialect", "alexeyab", *LOOK[at:]]

    assert main(words) == 0

    assert run_of(probe).dialect == "alexeyab"


def test_a_flag_of_a_command_may_stand_before_it_too(probe):
    assert main(["-thresh", ".25", *LOOK]) == 0

    assert flags(probe) == {"thresh": 0.25}


@pytest.mark.parametrize("word", ["-dont_show", "--dont_show", "--dont-show", "-DontShow"])
def test_a_flag_may_be_spelt_as_in_the_live_fork(probe, word):
    main([*LOOK, word])

    assert flags(probe) == {"dont_show": True}


@pytest.mark.parametrize("word", ["dont_show", "dontshow"])
def test_a_word_without_a_dash_is_no_flag(probe, word):
    main(["probe", "look", word])

    assert operands(probe) == [word, "1"]


@pytest.mark.parametrize(
    ("word", "value"),
    [(".25", 0.25), ("-1", -1.0), ("1x", 1.0), ("1e-3", 0.001), ("0", 0.0)],
)
def test_the_next_word_is_the_value_whatever_it_is(probe, word, value):
    main([*LOOK, "-thresh", word])

    assert flags(probe) == {"thresh": value}


@pytest.mark.parametrize("word", ["half", "float", "bf16"])
def test_the_precision_may_be_said(probe, word):
    main([*LOOK, "-precision", word])

    assert run_of(probe).precision == word


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-precision", "double"], "-precision double: expected half or float or bf16\n"),
        (
            ["-backend", "tensorrt"],
            "-backend tensorrt: expected auto or onnxruntime or opencv or openvino\n",
        ),
        (["-batchnorm", "tpu"], "-batchnorm tpu: expected gpu or cpu\n"),
    ],
)
def test_another_way_to_compute_is_told(probe, capsys, words, told):
    assert main([*LOOK, *words]) == 1

    assert capsys.readouterr().err == told


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_cpu_says_that_it_has_no_half_precision(capsys):
    assert main(["ops", "cfg/tiny.cfg", "-precision", "half"]) == 0
    assert "-precision means nothing to ops: ignored\n" in capsys.readouterr().err

    assert main(["speed", "digits.cfg", "1", "-precision", "half"]) == 0
    assert "-precision half is for a GPU: this computes in float\n" in capsys.readouterr().err


@pytest.mark.skipif(gpu_may_be_there(), reason="there may be a CUDA device")
@pytest.mark.parametrize(("number", "told"), [("9", True), ("0", False), ("-1", False)])
def test_a_cpu_says_that_it_is_not_the_gpu_of_a_number(capsys, number, told):
    assert main(["speed", "digits.cfg", "1", "-i", number]) == 0

    line = f"-i {number} is for a GPU of CUDA, and this machine has none: ignored\n"
    assert (line in capsys.readouterr().err) == told


def test_a_cpu_without_bfloat16_refuses_it(monkeypatch, capsys):
    monkeypatch.setattr("pydarknet.backends.bfloat16.has_bfloat16", lambda: False)

    assert main(["speed", "digits.cfg", "1", "-nogpu", "-precision", "bf16"]) == 1

    assert capsys.readouterr().err.endswith(
        "precision bf16: expected a processor with AVX512-BF16, AMX or Arm's BF16;"
        " this one has none\n"
    )


def test_a_cpu_with_bfloat16_computes_in_it(monkeypatch, capsys):
    monkeypatch.setattr("pydarknet.backends.bfloat16.has_bfloat16", lambda: True)

    assert main(["speed", "digits.cfg", "1", "-nogpu", "-precision", "bf16"]) == 0

    assert "1 evals" in capsys.readouterr().out


def test_a_value_that_is_no_number_is_told(probe, capsys):
    assert main([*LOOK, "-thresh", "abc"]) == 1

    assert capsys.readouterr().err == "-thresh abc: expected a number\n"


def test_a_flag_that_is_swallowed_as_a_value_is_none_and_that_is_told(probe, capsys):
    main([*LOOK, "-dialect", "-lenient"])

    assert (
        capsys.readouterr().err == "-dialect takes the next word as its value, the flag -lenient\n"
    )
    assert run_of(probe).dialect == "-lenient"
    assert run_of(probe).strict


def test_a_flag_that_is_searched_before_is_not_swallowed(probe):
    main([*LOOK, "-dialect", "-nogpu", "alexeyab"])

    assert run_of(probe).dialect == "alexeyab"
    assert run_of(probe).device == "cpu"


def test_a_flag_without_its_value_is_told_and_ignored(probe, capsys):
    main([*LOOK, "-thresh"])

    assert flags(probe) == {}
    assert capsys.readouterr().err == "-thresh is ignored: it has no value\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-thresh", ".1", "-thresh", ".9"], "-thresh is given twice: the first counts, not .9\n"),
        (["-thresh", ".1", "-thresh"], "-thresh is ignored: it has no value\n"),
    ],
)
def test_of_two_the_first_counts_and_the_second_is_told(probe, capsys, words, told):
    main([*LOOK, *words])

    assert flags(probe) == {"thresh": 0.1}
    assert operands(probe) == ["a.jpg", "1"]
    assert capsys.readouterr().err == told


def test_a_flag_of_all_commands_may_not_be_given_twice_either(probe, capsys):
    main([*LOOK, "-dialect", "alexeyab", "-dialect", "pjreddie"])

    assert run_of(probe).dialect == "alexeyab"
    assert operands(probe) == ["a.jpg", "1"]
    told = "-dialect is given twice: the first counts, not pjreddie\n"
    assert capsys.readouterr().err == told


def test_a_flag_without_a_value_may_be_given_twice(probe, capsys):
    main([*LOOK, "-dont_show", "-dont_show"])

    assert flags(probe) == {"dont_show": True}
    assert operands(probe) == ["a.jpg", "1"]
    assert capsys.readouterr().err == "-dont_show is given twice: that is the same as once\n"


def test_of_two_switches_the_first_counts_and_no_word_is_left(probe, capsys):
    main([*LOOK, "-exif", "off", "-exif", "on"])

    assert run_of(probe).exif is False
    assert operands(probe) == ["a.jpg", "1"]
    assert capsys.readouterr().err == "-exif is given twice: the first counts, not on\n"


# Unknown ones


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("-tresh", ", did you mean -thresh?"),
        ("-dont_shaw", ", did you mean -dont_show?"),
        ("-dialekt", ", did you mean -dialect?"),
        ("-zzz", ""),
    ],
)
def test_an_unknown_flag_is_told_with_the_nearest_and_dropped(
    probe, tmp_path, capsys, word, nearest
):
    (tmp_path / "a.jpg").touch()

    assert main(["probe", "look", word, "a.jpg"]) == 0

    told = f"{word} is ignored: unknown flag{nearest}\n"
    assert capsys.readouterr().err == told
    assert operands(probe) == ["a.jpg", "1"]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["-tresh", ".3", "a.jpg"], ["a.jpg", "1"]),
        (["-dont_shaw", "a.jpg", "3"], ["a.jpg", "3"]),  # the nearest takes no value
        (["-zzz", "a.jpg", "3"], ["a.jpg", "3"]),
    ],
)
def test_its_value_is_dropped_if_the_nearest_takes_one(probe, words, kept):
    main(["probe", "look", *words])

    assert operands(probe) == kept


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-top", "3"], "-top 3 is ignored: unknown flag"),
        (["-threads", "2"], "-threads 2 is ignored: unknown flag"),
        (["-range", "3"], "-range means nothing to detector test: ignored"),
        (["-temp", "low"], "-temp means nothing to detector test: ignored"),
    ],
)
def test_a_flag_that_the_family_lacks_takes_its_value(words, told, folder, capsys):
    test = ["detector", "test", "net.data", "net.cfg", "net.weights", "input.png"]

    assert main([*test, *words]) == 0

    assert told in capsys.readouterr().err


def test_after_an_unknown_flag_a_number_that_is_a_file_is_kept(folder, capsys):
    Path("3").write_bytes(Path("input.png").read_bytes())

    assert main(["detector", "test", "net.data", "net.cfg", "net.weights", "-top", "3"]) == 0

    assert capsys.readouterr().out.startswith("3: Predicted in ")


def test_a_value_that_is_a_file_is_kept(probe, tmp_path):
    (tmp_path / "b.jpg").touch()

    main(["probe", "look", "-tresh", "b.jpg"])

    assert operands(probe) == ["b.jpg", "1"]


def test_a_flag_of_another_of_the_family_is_told_and_ignored(probe, capsys):
    main([*LOOK, "-out", "b.jpg"])

    assert operands(probe) == ["a.jpg", "1"]
    assert capsys.readouterr().err == "-out means nothing to probe look: ignored\n"


# Flags of all commands


@pytest.mark.parametrize("name", ["pjreddie", "alexeyab"])
def test_dialect_says_the_dialect(probe, name):
    main([*LOOK, "-dialect", name])

    assert run_of(probe).dialect == name


@pytest.mark.parametrize(("words", "strict"), [([], True), (["-lenient"], False)])
def test_lenient_reads_as_the_c_does(probe, words, strict):
    main([*LOOK, *words])

    assert run_of(probe).strict is strict


@pytest.mark.parametrize(("words", "form"), [([], "gpu"), (["-batchnorm", "cpu"], "cpu")])
def test_batchnorm_says_how_to_divide(probe, words, form):
    main([*LOOK, *words])

    assert run_of(probe).batchnorm == form


def test_batchnorm_has_two_forms(probe, capsys):
    assert main([*LOOK, "-batchnorm", "tpu"]) == 1

    assert capsys.readouterr().err == "-batchnorm tpu: expected gpu or cpu\n"


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ([], ""),
        (["-dont_show"], ""),
        (["-ext_output"], "-ext_output on the command line"),
        (["-thresh", ".1", "-ext_output"], "-ext_output on the command line"),
    ],
)
def test_the_fork_is_seen_by_its_flags(probe, words, seen):
    main([*LOOK, *words])

    assert run_of(probe).seen == seen


# Switches


@pytest.mark.parametrize(
    ("words", "exif", "images"),
    [
        ([], None, ["a.jpg"]),
        (["-exif"], True, ["a.jpg"]),
        (["-exif", "on"], True, ["a.jpg"]),
        (["-exif", "off"], False, ["a.jpg"]),
        (["--exif", "off"], False, ["a.jpg"]),
        (["-exif", "OFF"], False, ["a.jpg"]),
        (["-exif", "0"], False, ["a.jpg"]),
        (["-exif", "true"], True, ["a.jpg"]),
    ],
    ids=["not given", "alone", "on", "off", "other spelling", "capitals", "0", "true"],
)
@pytest.mark.parametrize("last", [True, False], ids=["last", "in front"])
def test_a_switch_takes_on_or_off_and_nothing_else(probe, words, exif, images, last):
    line = [*LOOK, *words] if last else ["probe", "look", *words, "a.jpg"]

    assert main(line) == 0

    assert run_of(probe).exif is exif
    assert operands(probe)[:1] == images


@pytest.mark.parametrize("flag", ["-tune", "-exif"])
def test_a_switch_refuses_another_word(probe, capsys, flag):
    assert main([*LOOK, flag, "maybe"]) == 1

    assert capsys.readouterr().err == f"{flag} maybe: expected on or off\n"


def test_a_switch_leaves_a_command_alone(probe):
    assert main(["-exif", "probe", "look", "a.jpg"]) == 0

    assert operands(probe)[:1] == ["a.jpg"]


def test_a_switch_leaves_a_file_of_that_name_alone(probe):
    Path("0").write_bytes(b"")

    assert main(["probe", "look", "-exif", "0"]) == 0

    assert run_of(probe).exif is True
    assert operands(probe)[:1] == ["0"]


@pytest.mark.parametrize(
    ("words", "name"),
    [(["ops", ""], "cfg"), (["detector", "test", "", "net.cfg"], "data"), (["ops", "\n"], "cfg")],
)
def test_an_operand_that_is_needed_is_no_empty_word(capsys, words, name):
    assert main(words) == 1
    assert capsys.readouterr().err == f"{name} is an empty word: expected a file\n"


@pytest.mark.parametrize(
    ("kind", "default"), [(str, "127.0.0.1"), (str, None), (Path, Path("predictions.jpg"))]
)
def test_an_empty_word_is_the_default(kind, default):
    parameter = Parameter("bind", kind, default, Help("what may be left out"))

    assert parse(parameter, "-bind", "") == default
    assert parse(parameter, "-bind", "::1") == kind("::1")
