"""New weights files from old ones: byte for byte what the C programs write."""

from __future__ import annotations

import struct

import pytest
import torch
from conftest import HERE, both_lineages

from pydarknet import load_network
from pydarknet.cli.main import main
from pydarknet.graph.weights_edit import denormalize, parts, reset

TOOLS = HERE / "reference" / "tools"
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
WRITTEN = [
    tuple(file.name.split(".")[:3])
    for file in sorted(TOOLS.glob("*.*.*.weights"))
    if ".average." not in file.name
]
PLAIN = "[net]\nwidth=4\nheight=4\nchannels={}\nbatch={}\n{}"
CONV = "[convolutional]\nbatch_normalize=1\nfilters=2\n"


@pytest.fixture
def written(tmp_path):
    """Run a command that writes a weights file and return the file's bytes."""

    def run(command: str, *words: str, dialect: str = "pjreddie") -> bytes:
        out = tmp_path / "out.weights"
        places = [str(out) if word == "OUT" else word for word in words]
        assert main([command, *places, "-dialect", dialect]) == 0
        return out.read_bytes()

    return run


@pytest.fixture
def files(tmp_path):
    """Write a cfg and weights of n images seen, and return their names."""

    def make(cfg: str, floats: list[float], seen: int = 0) -> tuple[str, str]:
        (tmp_path / "net.cfg").write_text(cfg)
        content = struct.pack("<3iQ", 0, 2, 0, seen) + struct.pack(f"<{len(floats)}f", *floats)
        (tmp_path / "net.weights").write_bytes(content)
        return str(tmp_path / "net.cfg"), str(tmp_path / "net.weights")

    return make


@pytest.mark.parametrize(("net", "command", "lineage"), WRITTEN)
def test_the_file_is_the_c_programs(written, net, command, lineage):
    cfg, weights = f"{TOOLS}/{net}.cfg", f"{TOOLS}/{net}.weights"

    made = written(command, cfg, weights, "OUT", dialect=LINEAGES[lineage])

    assert made == (TOOLS / f"{net}.{command}.{lineage}.weights").read_bytes()


def test_all_commands_were_recorded():
    assert {command for _, command, _ in WRITTEN} == {
        "rescale",
        "rgbgr",
        "normalize",
        "denormalize",
        "reset",
    }


@pytest.mark.parametrize("lineage", ["pj", "ab"])
def test_average_is_the_mean_of_convolutions_and_matrices(written, lineage):
    weights = [f"{TOOLS}/plain_{lineage}_{i}.weights" for i in (1, 2, 3)]

    made = written("average", f"{TOOLS}/plain.cfg", "OUT", *weights, dialect=LINEAGES[lineage])

    assert made == (TOOLS / f"plain.average.{lineage}.weights").read_bytes()


def test_the_average_of_one_file_is_that_file(written):
    weights = TOOLS / "plain_pj_1.weights"

    made = written("average", f"{TOOLS}/plain.cfg", "OUT", str(weights))

    assert made == weights.read_bytes()


@both_lineages
def test_average_counts_grouped_convolutions_right(written, files, tmp_path, dialect):
    cfg, weights = files(PLAIN.format(2, 1, "[convolutional]\nfilters=2\ngroups=2"), [1, 2, 3, 4])
    other = tmp_path / "other.weights"
    other.write_bytes(struct.pack("<3iQ4f", 0, 2, 0, 0, 3, 4, 5, 8))

    made = written("average", cfg, "OUT", weights, str(other), dialect=dialect)

    assert made[20:] == struct.pack("<4f", 2, 3, 4, 6)


def test_average_needs_files_of_one_network(files, capsys, tmp_path):
    cfg, weights = files(PLAIN.format(2, 1, "[convolutional]\nfilters=2"), [1, 2, 3, 4, 5, 6])
    other = tmp_path / "other.weights"
    other.write_bytes(struct.pack("<3iQ4f", 0, 2, 0, 0, 3, 4, 5, 8))

    assert main(["average", cfg, f"{tmp_path}/out", weights, str(other)]) == 1

    assert "other.weights: ends inside layer 0 [convolutional]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["rescale", "rgbgr"])
def test_of_other_than_three_channels_nothing_changes_which_is_told(
    written, files, capsys, command
):
    cfg, weights = files(PLAIN.format(2, 1, "[convolutional]\nfilters=1"), [1, 2, 3])

    made = written(command, cfg, weights, "OUT")

    assert made[20:] == struct.pack("<3f", 1, 2, 3)
    assert "the first convolution does not read 3 channels: its weights are not changed\n" in (
        capsys.readouterr().err
    )


def test_rgbgr_twice_is_the_file_itself(written, tmp_path):
    once = tmp_path / "once.weights"
    once.write_bytes(written("rgbgr", f"{TOOLS}/conv.cfg", f"{TOOLS}/conv.weights", "OUT"))

    twice = written("rgbgr", f"{TOOLS}/conv.cfg", str(once), "OUT")

    assert twice == (TOOLS / "conv.weights").read_bytes()


def test_a_rescaled_network_takes_0_to_1_for_minus_1_to_1(written, files):
    cfg, weights = files(PLAIN.format(3, 1, "[convolutional]\nfilters=1"), [4, 1, 2, 3])

    made = written("rescale", cfg, weights, "OUT")

    # of -1, 0, 1: 4 - 1 + 0 + 3 = 6; of 0, 1/2, 1: -2 + 0 + 2 + 6 = 6
    assert made[20:] == struct.pack("<4f", -2, 2, 4, 6)


@pytest.mark.parametrize("change", [reset, denormalize])
def test_a_folded_network_computes_what_it_did(change):
    network = load_network(TOOLS / "conv.cfg", TOOLS / "conv.weights", device="cpu")
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = network.trace(image)

        change(network)

        after = network.trace(image)
    # what is left of a norm divides by sqrt(1 + 1e-5); matrices are folded with another epsilon
    torch.testing.assert_close(after, before, atol=1e-3, rtol=1e-3)


def test_a_denormalized_network_has_no_batch_norm():
    network = load_network(TOOLS / "conv.cfg", TOOLS / "conv.weights", device="cpu")

    denormalize(network)

    assert [part.module.norm for part in parts(network)] == [None] * 5


def test_what_shares_its_weights_is_folded_once(net):
    network = net(f"{CONV}{CONV}share_index=0", c=2, dialect="alexeyab")
    network.initialize()
    with torch.no_grad():
        network.stack[0].weights.fill_(1)
        network.stack[0].norm.scales.fill_(3)
        network.stack[0].norm.rolling_variance.fill_(1 - 1e-5)

    reset(network)

    torch.testing.assert_close(network.stack[0].weights, torch.full((2, 2, 1, 1), 3.0))


def test_normalize_leaves_gated_layers_alone(written):
    weights = TOOLS / "gates.weights"

    made = written("normalize", f"{TOOLS}/gates.cfg", str(weights), "OUT", dialect="alexeyab")

    old = weights.read_bytes()[20:]
    gates = old[4 * 8 : -4 * 10]  # after 2 + 6 floats of a convolution, before 2 + 8 of a matrix
    assert made[20 + 4 * 14 : -4 * 16] == gates  # each has 3 * 2 floats more


@both_lineages
def test_a_network_without_convolutions_is_refused(files, capsys, tmp_path, dialect):
    cfg, weights = files(PLAIN.format(3, 1, "[connected]\noutput=1"), [0.0] * 49)

    assert main(["rgbgr", cfg, weights, f"{tmp_path}/out", "-dialect", dialect]) == 1

    assert "the network has no convolution: expected one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seen", "said"),
    [(0, 0), (7, 0), (8, 8), (64001, 64000)],  # batch=8: whole iterations of 8 images
)
def test_the_fork_says_the_images_of_whole_iterations(written, files, seen, said):
    cfg, weights = files(PLAIN.format(3, 8, "[convolutional]\nfilters=1"), [1, 2, 3, 4], seen)

    made = written("rgbgr", cfg, weights, "OUT", dialect="alexeyab")

    assert made[:20] == struct.pack("<3iQ", 0, 2, 5, said)


@pytest.mark.parametrize("seen", [0, 7, 64001])
def test_the_original_says_what_the_file_said(written, files, seen):
    cfg, weights = files(PLAIN.format(3, 8, "[convolutional]\nfilters=1"), [1, 2, 3, 4], seen)

    made = written("rgbgr", cfg, weights, "OUT")

    assert made[:20] == struct.pack("<3iQ", 0, 2, 0, seen)


def test_what_is_done_is_told_in_the_originals_words(written, capsys, tmp_path):
    weights = f"{TOOLS}/conv.weights"

    written("reset", f"{TOOLS}/conv.cfg", weights, "OUT")

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(
        f"Loading weights from {weights}...Done!\nSaving weights to {tmp_path}/out.weights\n"
    )


@pytest.mark.parametrize("command", ["rescale", "rgbgr", "reset", "normalize", "denormalize"])
def test_words_that_are_missing_are_told(capsys, command):
    assert main([command, "net.cfg", "net.weights"]) == 1

    usage = f"usage: pydarknet {command} <cfg> <weights> <out>"
    assert capsys.readouterr().err == f"out is missing: {usage}\n"
