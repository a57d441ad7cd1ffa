"""What attacks found: resources that run out, and work that grows faster than its input."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from pydarknet import OutOfMemory, load_network
from pydarknet.cfg.parser import Section
from pydarknet.dataset.class_labels import Family
from pydarknet.modules.hierarchy import Hierarchy
from pydarknet.system.cache import cached_content
from pydarknet.training.learner import Learner

SECONDS = 5  # of a processor, far more than any of these needs


def test_many_boxes_are_suppressed_in_seconds(fault):
    # all pairs of 27,648 boxes took 10 to 80 seconds
    network = load_network(fault("breaker/nms_quadratic") / "net.cfg", device="cpu")
    image = torch.randint(256, (48, 48, 3), dtype=torch.uint8).numpy()
    start = time.process_time()

    left = network.detect(image, thresh=0.1)

    assert time.process_time() - start < SECONDS
    assert 0 < len(left) < len(network.detect(image, thresh=0.1, nms=0)) == 48 * 48 * 12


# Memory that runs out

YOLO = "[convolutional]\nfilters=18\n[yolo]\nmask=0,1,2\nnum=3\nclasses=1\n"
LACK = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 18874368 bytes."


@pytest.fixture
def _small_machine(monkeypatch):
    """Let this process have 1 GiB."""
    monkeypatch.setattr("pydarknet.system.memory.usable_memory", lambda: 1 << 30)


def fail(*words, **named):
    raise RuntimeError(LACK)


def test_a_network_that_does_not_fit_is_told_in_a_line(fault, limited_answer):
    # 6000 filters of 6000 * 3 * 3 floats are 1.2 of the 1.4 GiB, and torch has its part of these
    layers = "[convolutional]\nfilters=6000\nsize=3\npad=1\n"
    (fault("breaker/out_of_memory") / "big.cfg").write_text(
        f"[net]\nwidth=8\nheight=8\nchannels=3\n{layers}{layers}{YOLO}"
    )

    said = limited_answer("detector map run.data big.cfg -nogpu", megabytes=1400)

    assert said.status == 1
    assert "Traceback" not in said.err
    assert "out of memory: " in said.err.splitlines()[-2]
    assert "hint: use a smaller width and height in [net]" in said.err.splitlines()[-1]


@pytest.mark.usefixtures("_small_machine")
def test_a_forward_pass_that_does_not_fit_is_told_in_a_line(fault, answer, monkeypatch):
    fault("breaker/out_of_memory")
    monkeypatch.setattr(torch.nn.functional, "conv2d", fail)
    monkeypatch.setattr("pydarknet.backends.packed_conv.PackedConv.forward", fail)

    said = answer("detector test run.data run.cfg net.weights 0.png -nogpu")

    assert said.status == 1
    assert "out of memory: another 18.0 MiB does not fit into the 1.0 GiB" in said.err
    assert "Traceback" not in said.err


@pytest.mark.usefixtures("_small_machine")
def test_an_evaluation_that_does_not_fit_is_told_in_a_line(fault, answer, monkeypatch):
    fault("breaker/out_of_memory")
    monkeypatch.setattr("pydarknet.backends.packed_conv.PackedConv.forward", fail)

    said = answer("detector map run.data run.cfg net.weights -nogpu")

    assert said.status == 1
    assert "out of memory: another 18.0 MiB does not fit into the 1.0 GiB" in said.err


@pytest.mark.usefixtures("_small_machine")
def test_a_training_that_does_not_fit_says_which_subdivisions_to_try(fault, answer, monkeypatch):
    folder = fault("breaker/out_of_memory")
    (folder / "0.txt").write_text("0 .5 .5 .3 .3\n")
    (folder / "one.cfg").write_text(
        f"[net]\nwidth=8\nheight=8\nchannels=3\nbatch=4\nmax_batches=2\n{YOLO}"
    )
    monkeypatch.setattr(Learner, "accumulate", fail)

    said = answer("detector train run.data one.cfg -nogpu -workers 0")

    assert said.status == 1
    problem, hint = said.err.splitlines()[-2:]
    assert (
        problem == "out of memory: another 18.0 MiB does not fit into the 1.0 GiB of this process"
    )
    assert hint.startswith(
        "    hint: set subdivisions=2 in [net] (it is 1), or use a smaller width"
    )


def test_python_programs_can_catch_a_lack_of_memory(fault, monkeypatch):
    network = load_network(fault("breaker/out_of_memory") / "run.cfg", device="cpu")
    monkeypatch.setattr("pydarknet.backends.packed_conv.PackedConv.forward", fail)

    with pytest.raises(OutOfMemory, match="out of memory: another"):
        network.detect(np.zeros((8, 8, 3), np.uint8))


def test_a_batch_larger_than_memory_is_refused_before_its_file_is_made(fault, answer, monkeypatch):
    folder = fault("breaker/out_of_memory")
    (folder / "0.txt").write_text("0 .5 .5 .3 .3\n")
    (folder / "many.cfg").write_text(
        f"[net]\nwidth=8\nheight=8\nchannels=3\nbatch=4000\nmax_batches=2\n{YOLO}"
    )
    monkeypatch.setattr("pydarknet.dataset.loader.usable_memory", lambda: 1 << 20)

    said = answer("detector train run.data many.cfg -nogpu -workers 0")

    assert said.status == 1
    assert "a batch of 4000 images of 8 x 8 takes" in said.err
    assert "expected at most the 1.0 MiB that this process may have" in said.err


# Work that grew with the square of its input

TREES = {
    "two levels": lambda index: -1 if index < 20_000 else index - 20_000,
    "three children each": lambda index: (index - 1) // 3,
    "one line of descent": lambda index: index - 1,
}


@pytest.mark.parametrize("parent", TREES.values(), ids=TREES)
def test_a_tree_of_many_classes_is_read_and_used_in_seconds(tmp_path, parent):
    # two levels of 50,000 took half a minute to read, a line of descent 80 GB in training
    count = 40_000
    (tmp_path / "a.tree").write_text("".join(f"c{i} {parent(i)}\n" for i in range(count)))
    start = time.process_time()

    tree = Hierarchy.read("a.tree", Section("softmax", f"{tmp_path}/net.cfg", 1))
    paths = tree.paths(torch.tensor([count - 1, 0]))
    family = Family(tree.parents, tree.sizes)
    truth = family.with_ancestors(np.full(count, 0.1, np.float32))

    assert paths[0, :2].tolist() == [count - 1, parent(count - 1)]
    assert paths[1].tolist() == [0] + [-1] * (paths.shape[1] - 1)
    assert truth[0] == 1
    assert time.process_time() - start < SECONDS


# Weights that are none

NET = f"[net]\nwidth=8\nheight=8\nchannels=3\n{YOLO}"


def link_to_itself(path):
    path.symlink_to(path)


def hole_of_a_terabyte(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (os.mkfifo, "Couldn't open file: bad.weights (is a pipe): expected a weights file"),
        (Path.mkdir, "bad.weights is a folder: expected a weights file"),
        (link_to_itself, "Couldn't open file: bad.weights (Too many levels of symbolic links)"),
        (
            lambda path: path.symlink_to("/dev/zero"),
            "Couldn't open file: bad.weights (is a device): expected a weights file",
        ),
        (hole_of_a_terabyte, "floats are left over"),  # the others are never read
        (lambda path: path.write_bytes(bytes(11)), "has 11 bytes: expected a header of 16 or 20"),
    ],
)
def test_what_is_no_weights_file_is_named_and_never_waited_for(
    answer, tmp_path, monkeypatch, make, problem
):
    monkeypatch.chdir(tmp_path)
    Path("net.cfg").write_text(NET)
    make(Path("bad.weights"))

    said = answer("print net.cfg bad.weights 0 -nogpu")

    assert problem in said.err


# Code from elsewhere


@pytest.mark.skipif(os.name == "nt", reason="of modes")
def test_a_file_that_another_user_may_have_left_in_the_cache_is_not_taken(tmp_path, monkeypatch):
    # its own SHA-256 stands in it, so that this guards against damage alone
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "pydarknet"
    folder.mkdir()
    (folder / "net.onnx").write_bytes(sha256(b"theirs").digest() + b"theirs")
    (folder / "net.onnx").chmod(0o666)
    folder.chmod(0o777)

    assert cached_content("net.onnx", lambda: b"ours") == b"ours"
    assert folder.stat().st_mode & 0o777 == 0o700
