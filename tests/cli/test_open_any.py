"""Commands that run without torch what was compiled, and tell what they told before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet import UsageError, load_network
from pydarknet.cli.main import main
from pydarknet.runtime.forms import forms

pytest.importorskip("onnx")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights", "input.png"]
FOUND = ["-thresh", "0.05", "-out", "found.json"]


@pytest.fixture
def no_torch(monkeypatch):
    """Return a function after which torch opens nothing."""

    def refuse(*given, **how):
        raise AssertionError("torch opens a network that was compiled")

    return lambda: monkeypatch.setattr("pydarknet.cli.open_any.open_by_torch", refuse)


@pytest.fixture
def compiled(folder, cache, capfd, no_torch):
    """Compile a network by a first call; return what it printed, on stdout and on stderr."""
    assert main([*TEST, *FOUND]) == 0
    no_torch()
    return capfd.readouterr()


def boxes() -> list:
    """Return the objects of the JSON file that was written last."""
    return json.loads(Path("found.json").read_text())[0]["objects"]


def timeless(text: str) -> list[str]:
    """Return the lines of a text but those of times and of compiling."""
    return [
        line
        for line in text.splitlines()
        if "Predicted in" not in line and not line.startswith("compiled in")
    ]


def test_the_second_call_prints_and_writes_the_same(compiled, capfd):
    first = boxes()

    assert main([*TEST, *FOUND]) == 0

    out, err = capfd.readouterr()
    assert timeless(out) == timeless(compiled.out)
    assert timeless(err) == timeless(compiled.err)
    assert "Loading weights from net.weights...Done!" in err
    assert "compiled in" in compiled.err
    assert len(boxes()) == len(first) > 10
    for one, other in zip(boxes(), first, strict=True):
        assert one["class_id"] == other["class_id"]
        assert one["confidence"] == pytest.approx(other["confidence"], abs=1e-5)
        assert one["relative_coordinates"] == pytest.approx(
            other["relative_coordinates"], abs=1e-5, rel=1e-5
        )


def test_thresholds_and_names_are_those_of_the_call(compiled):
    Path("net.names").write_text("one\ntwo\nthree\nfour\n")

    main([*TEST, "-thresh", "0.5", "-nms", "0", "-out", "found.json"])
    few = boxes()
    main([*TEST, *FOUND])

    assert {one["name"] for one in boxes()} <= {"one", "two", "three", "four"}
    assert all(one["confidence"] > 0.5 for one in few)
    assert len(few) < len(boxes())


@pytest.mark.parametrize("given", [["-dialect", "alexeyab"], ["-batchnorm", "cpu"], ["-nocache"]])
def test_what_decides_the_answer_is_asked_of_torch(compiled, given):
    with pytest.raises(AssertionError, match="torch opens"):
        main([*TEST, *given])


def test_changed_weights_are_read(compiled):
    weights = bytearray(Path("net.weights").read_bytes())
    weights[-1] ^= 1
    Path("net.weights").write_bytes(weights)

    with pytest.raises(AssertionError, match="torch opens"):
        main(TEST)


def test_a_state_beside_the_weights_is_read(folder, cache, monkeypatch, no_torch):
    monkeypatch.delenv("PYDARKNET_DIALECT")
    assert main(TEST) == 0
    no_torch()
    assert main(TEST) == 0

    Path("net.state").write_bytes(b"")  # which may say the dialect of a training
    with pytest.raises(AssertionError, match="torch opens"):
        main(TEST)


@pytest.mark.parametrize("given", [[], ["-dialect", "alexeyab", "-ext_output"], ["-letter_box"]])
def test_both_lineages_print_the_same_again(folder, cache, monkeypatch, capfd, no_torch, given):
    monkeypatch.delenv("PYDARKNET_DIALECT")
    assert main([*TEST, *given, "-nocache"]) == 0
    by_torch = capfd.readouterr()
    main([*TEST, *given])
    no_torch()
    capfd.readouterr()

    assert main([*TEST, *given]) == 0

    out, err = capfd.readouterr()
    assert (timeless(out), timeless(err)) == (timeless(by_torch.out), timeless(by_torch.err))


def test_many_images_are_torchs_where_it_is(compiled, several, monkeypatch):
    main([*TEST, *FOUND])
    one = boxes()
    with pytest.raises(AssertionError, match="torch opens"):
        main([*TEST[:-1], "many", *FOUND])

    monkeypatch.setattr("pydarknet.cli.open_any.find_spec", lambda name: None)
    main([*TEST[:-1], "many", *FOUND])

    found = json.loads(Path("found.json").read_text())
    assert [image["filename"] for image in found] == ["many/a.png", "many/b.png"]
    assert [image["objects"] for image in found] == [one, one]


def test_nothing_is_compiled_for_a_list_but_if_that_is_asked(folder, cache):
    Path("list.txt").write_text("input.png\n")
    words = [*TEST[:-1], "list.txt"]

    assert main(words) == 0
    assert not list(forms())
    assert main([*words, "-compile"]) == 0
    assert len(list(forms())) == 1


def test_opencv_runs_it_where_onnxruntime_is_missing(folder, cache, monkeypatch, capfd, no_torch):
    for module in ("pydarknet.compiled", "pydarknet.runtime.environment"):
        monkeypatch.setattr(f"{module}.best_engine", lambda: "opencv")
    main([*TEST, *FOUND])
    assert (
        "by opencv; onnxruntime, by pip install, is faster for large networks ("
        in capfd.readouterr().err
    )
    first = boxes()
    no_torch()

    assert main([*TEST, *FOUND]) == 0

    assert len(boxes()) == len(first) > 10
    assert [form.engine for form in forms()] == ["opencv"]


def test_python_shares_the_form_of_commands(folder, cache):
    main(TEST)

    load_network("net.cfg", "net.weights", backend="runtime")

    assert len(list(forms())) == 1


def test_random_values_are_not_compiled(folder, cache):
    assert main(["partial", "net.cfg", "net.weights", "net.conv.3", "3"]) == 0

    assert main([*TEST[:-2], "net.conv.3", "input.png", "-compile"]) == 0

    assert list(forms()) == []
    with pytest.raises(UsageError, match=r"^net\.conv\.3: does not reach all layers"):
        load_network("net.cfg", "net.conv.3", backend="runtime")


def test_two_names_of_the_same_files_share_a_form(folder, cache, no_torch):
    main(TEST)
    for name in ("net.cfg", "net.weights"):
        Path(name).rename(f"my-{name}")
    words = ["detector", "test", "net.data", "my-net.cfg", "my-net.weights", "input.png"]

    main(words)
    assert len(list(forms())) == 1

    no_torch()
    assert main(words) == 0


def test_without_a_cache_each_call_opens_it(folder, cache, monkeypatch, capfd):
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "0")

    assert main([*TEST, "-compile"]) == 0

    assert "compiled" not in capfd.readouterr().err
    assert not cache.exists()


def test_the_library_has_no_names_of_a_command(folder, cache):
    main([*TEST, "-compile", "-exif", "off"])

    network = load_network("net.cfg", "net.weights", backend="runtime")

    assert len(list(forms())) == 1
    assert (network.names, network.exif) == (None, True)


def test_ops_tells_it_again(folder, cache, capfd, monkeypatch):
    assert main(["ops", "net.cfg"]) == 0
    first = capfd.readouterr()
    monkeypatch.setattr("pydarknet.cli.open_any.traits_by_torch", None)

    assert main(["ops", "net.cfg"]) == 0

    assert capfd.readouterr() == first
    assert "Floating Point Operations" in first.out


def test_wrong_files_are_told_as_by_torch(compiled, capfd):
    assert main(["detector", "test", "net.data", "none.cfg", "net.weights", "input.png"]) == 1
    assert main(["detector", "test", "net.data", "net.cfg", "none.weights", "input.png"]) == 1
    assert main(["detector", "test", "net.data", "net.cfg", "net.weights", "none.png"]) == 1
    assert main([*TEST, "-dialect", "latin"]) == 1

    err = capfd.readouterr().err
    assert "Couldn't open file: none.cfg" in err
    assert "none.weights" in err
    assert "none.png" in err
    assert "dialect latin: expected one of pjreddie, alexeyab" in err


def test_a_gpu_that_is_not_there_needs_no_torch(folder, cache, no_torch, monkeypatch):
    monkeypatch.setattr("pydarknet.cli.open_any.gpu_may_be_there", lambda: False)
    main([*TEST, "-i", "0"])
    no_torch()

    assert main([*TEST, "-i", "0"]) == 0


def test_a_gpu_that_may_be_there_is_torchs(folder, cache, no_torch, monkeypatch):
    main(TEST)
    monkeypatch.setattr("pydarknet.cli.open_any.gpu_may_be_there", lambda: True)
    no_torch()

    with pytest.raises(AssertionError, match="torch opens"):
        main(TEST)


def test_an_exported_file_needs_no_torch(folder, no_torch, capfd):
    assert main(["export", "onnx", "net.cfg", "net.weights", "net.onnx", "-data", "net.data"]) == 0
    no_torch()
    capfd.readouterr()

    assert main(["detector", "test", "net.data", "net.onnx", "input.png", *FOUND]) == 0
    assert "layer     filters" in capfd.readouterr().err
    assert len(boxes()) > 10


def test_a_tree_file_that_changes_is_read(tmp_path, cache, monkeypatch, no_torch):
    case = HERE / "reference" / "infer_ab_region_tree"
    if not case.is_dir():
        pytest.skip("needs the recording of a tree")
    for file in case.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert main([*TEST, "-dialect", "alexeyab"]) == 0
    no_torch()
    assert main([*TEST, "-dialect", "alexeyab"]) == 0

    [tree] = tmp_path.glob("*.tree")
    tree.write_text(tree.read_text().replace("\n", "x\n", 1))
    with pytest.raises(AssertionError, match="torch opens"):
        main([*TEST, "-dialect", "alexeyab"])


@pytest.mark.parametrize(
    "words",
    [
        [*TEST, "-backend", "onnxruntime"],
        [*TEST, "-nocache"],
        ["detector", "test", "net.data", "net.cfg", "", "input.png"],
        ["ops", "net.cfg"],
    ],
)
def test_a_compile_that_compiles_nothing_is_told(folder, cache, capfd, words):
    assert main([*words, "-compile"]) == 0

    assert "-compile" in capfd.readouterr().err
    assert list(forms()) == []


@pytest.mark.parametrize(("word", "many"), [("input.png", False), ("list.txt", True)])
def test_many_images_get_memory_while_torch_is_imported(folder, cache, monkeypatch, word, many):
    Path("list.txt").write_text("input.png\n")
    asked = []
    monkeypatch.setattr("pydarknet.cli.open_any.import_networks", asked.append)

    assert main([*TEST[:-1], word]) == 0

    assert [weights is not None for weights in asked] == [many]
