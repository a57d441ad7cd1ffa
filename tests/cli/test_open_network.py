"""Where and how a command's network is opened."""

from __future__ import annotations

import io

import pytest
import torch
from conftest import HERE, recording
from exports import both
from probe import Probe

import pydarknet
from pydarknet.cli.main import main
from pydarknet.cli.open_network import device_of, exported_line, open_network
from pydarknet.cli.verbs import VERBS, Run
from pydarknet.errors import UsageError

LOOK = ["probe", "look", "a.jpg"]


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """Register the commands of a probe while a test runs, in a folder without files."""
    made = Probe()
    for verb in made.verbs():
        monkeypatch.setitem(VERBS, verb.words, verb)
    monkeypatch.chdir(tmp_path)
    return made


def run_of(made: Probe) -> Run:
    """Return what the only call was told by the flags of the whole program."""
    [(run, _, _)] = made.calls
    return run


@pytest.mark.parametrize(
    ("words", "device"),
    [([], None), (["-i", "-1"], "cpu"), (["-nogpu"], "cpu"), (["-nogpu", "-i", "0"], "cpu")],
)
def test_a_negative_number_or_nogpu_is_the_cpu(probe, words, device):
    main([*LOOK, *words])

    assert run_of(probe).device == device


def test_a_number_is_a_gpu(probe):
    main([*LOOK, "-i", "1"])

    assert run_of(probe).device == "cuda:1"


@pytest.mark.parametrize("device", ["cuda:0", "cuda:7", None])
def test_without_cuda_a_gpu_is_ignored(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert device_of(Run(device=device)).type in ("cpu", "mps")


@pytest.mark.parametrize(("device", "index"), [("cuda:0", 0), ("cuda:1", 1), ("cpu", None)])
def test_a_gpu_is_one_of_the_machines(monkeypatch, device, index):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    assert device_of(Run(device=device)).index == index


def test_a_gpu_that_the_machine_has_not_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    with pytest.raises(UsageError) as error:
        device_of(Run(device="cuda:2"))

    assert str(error.value) == "-i 2: expected less than 2, the GPUs of this machine"


NO_WEIGHTS = (
    "no weights are loaded: the network has the random values with which a training begins\n"
)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("weights", [[], [""], ["", "input.png"]])
def test_that_no_weights_are_loaded_is_told(monkeypatch, capfd, weights):
    monkeypatch.setattr("sys.stdin", None)

    assert main(["detector", "test", "net.data", "net.cfg", *weights]) == 0
    assert capfd.readouterr().err.count(NO_WEIGHTS) == 1


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [["speed", "net.cfg", "1"], ["ops", "net.cfg"]])
def test_commands_that_need_no_weights_tell_nothing(capfd, words):
    assert main(words) == 0
    assert NO_WEIGHTS not in capfd.readouterr().err


def line_of(file):
    """Return the line of an exported file."""
    return exported_line(file.about, file.engine.name)


def test_the_line_of_an_exported_tree_says_that_it_has_leaves(tmp_path):
    pytest.importorskip("onnxruntime")
    lines = {
        layout: line_of(both(recording("infer_ab_region_tree"), tmp_path / layout, layout)[1].file)
        for layout in ("merged", "rows")
    }

    assert lines == {
        "merged": "layout merged, run by onnxruntime on the CPU; of a tree of classes it has the"
        " leaves alone",
        "rows": "layout rows, run by onnxruntime on the CPU",
    }


def test_the_line_of_a_file_with_limited_scores_says_so(tmp_path):
    pytest.importorskip("onnxruntime")
    folder, path = recording("infer_ab_yolov4tiny_a"), tmp_path / "a.onnx"
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    pydarknet.export_onnx(network, path, opencv4=True)

    assert line_of(pydarknet.load_network(path).file) == (
        "layout rows, run by onnxruntime on the CPU; scores are limited inside by the cfg's thresh"
        " and nms_threshold, as OpenCV 4 did"
    )


def test_values_are_fixed_unless_the_command_changes_them():
    folder = recording("infer_pj_yolov3_a")
    files = folder / "net.cfg", folder / "net.weights"

    assert open_network(Run(device="cpu"), *files).fixed
    assert not open_network(Run(device="cpu"), *files, changes=True).fixed


TEXT = f"{HERE}/reference/tools/text_ab"
DREAM = f"{HERE}/reference/nightmare/dream"


@pytest.mark.parametrize(
    ("words", "training"),
    [
        (["rnn", "generate", f"{TEXT}.cfg", f"{TEXT}.weights", "-len", "1"], 0),
        (["rnn", "generatetactic", f"{TEXT}.cfg", f"{TEXT}.weights", "-len", "1"], 1),
        (["rnn", "valid", f"{TEXT}.cfg", f"{TEXT}.weights"], 1),
        (["rnn", "validtactic", f"{TEXT}.cfg", f"{TEXT}.weights"], 1),
        (["rnn", "vec", f"{TEXT}.cfg", f"{TEXT}.weights"], 1),
        (["partial", f"{TEXT}.cfg", f"{TEXT}.weights", "out.weights", "1"], 0),
        (["rescale", f"{TEXT}.cfg", f"{TEXT}.weights", "out.weights"], 1),
        (["nightmare", f"{DREAM}.cfg", f"{DREAM}.weights", "none.jpg", "1"], 1),
    ],
)
def test_the_fork_says_how_a_command_opens_its_cfg(
    words, training, tmp_path, monkeypatch, capfdbinary
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))

    main([*words, "-dialect", "alexeyab", "-nogpu"])

    [line] = [line for line in capfdbinary.readouterr().out.splitlines() if b"mini_batch" in line]
    assert line.endswith(b"train = %d " % training)
