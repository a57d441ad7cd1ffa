"""The commands on networks and weights files: what goes to stdout, to stderr, to files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pydarknet.cli.main import main

NET = "[net]\nwidth=16\nheight=16\nchannels=4\n"
# 2 + 2 * 4 = 10 floats, none, 3 + 3 * 2 = 9 floats
THREE = (
    f"{NET}[convolutional]\nfilters=2\n[maxpool]\nsize=2\nstride=2\n[convolutional]\nfilters=3\n"
)


@pytest.fixture
def cfg(tmp_path):
    """Write a cfg file and return its name."""

    def make(text: str) -> str:
        (tmp_path / "net.cfg").write_text(text)
        return str(tmp_path / "net.cfg")

    return make


@pytest.fixture
def weights(tmp_path):
    """Write the weights of three layers, 19 floats, under a header; return the file's name."""

    def make(header: bytes) -> str:
        content = header + struct.pack("<19f", *range(19))
        (tmp_path / "net.weights").write_bytes(content)
        return str(tmp_path / "net.weights")

    return make


# partial


@pytest.mark.parametrize(("n", "floats"), [("0", 0), ("1", 10), ("2", 10), ("3", 19)])
@pytest.mark.parametrize(
    "header",
    [struct.pack("<3iI", 0, 1, 0, 64000), struct.pack("<3iQ", 0, 2, 0, 64000)],
    ids=["short", "long"],
)
def test_partial_writes_a_prefix_that_has_seen_nothing(cfg, weights, tmp_path, n, floats, header):
    path, out = weights(header), tmp_path / "net.conv"

    assert main(["partial", cfg(THREE), path, str(out), n]) == 0

    expected = struct.pack("<3iQ", 0, 2, 0, 0) + struct.pack(f"<{floats}f", *range(floats))
    assert out.read_bytes() == expected


def test_partial_writes_the_header_of_the_fork_from_its_files(cfg, weights, tmp_path):
    path, out = weights(struct.pack("<3iQ", 0, 2, 5, 64000)), tmp_path / "net.conv"

    main(["partial", cfg(THREE), path, str(out), "1"])

    assert out.read_bytes()[:20] == struct.pack("<3iQ", 0, 2, 5, 0)


def test_what_partial_wrote_loads_with_the_whole_cfg(cfg, weights, tmp_path, capsys):
    path, out = weights(struct.pack("<3iQ", 0, 2, 0, 0)), f"{tmp_path}/net.conv"
    main(["partial", cfg(THREE), path, out, "1"])

    assert main(["partial", cfg(THREE), out, f"{tmp_path}/again", "1"]) == 0

    assert (tmp_path / "again").read_bytes() == (tmp_path / "net.conv").read_bytes()


def test_partial_tells_what_it_does_in_the_originals_words(cfg, weights, tmp_path, capsys):
    path, out = weights(struct.pack("<3iQ", 0, 2, 0, 64000)), f"{tmp_path}/net.conv"

    main(["partial", cfg(THREE), path, out, "2"])

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.endswith(f"Loading weights from {path}...Done!\nSaving weights to {out}\n")


@pytest.mark.parametrize(
    ("header", "trained"),
    [
        (struct.pack("<3iQ", 0, 2, 5, 64000), "seen 64, trained: 64 K-images (1 Kilo-batches_64)"),
        (
            struct.pack("<3iI", 0, 1, 0, 127999),
            "seen 32, trained: 127 K-images (1 Kilo-batches_64)",
        ),
    ],
)
def test_partial_tells_what_it_does_in_the_forks_words(
    cfg, weights, tmp_path, capsys, header, trained
):
    path, out = weights(header), f"{tmp_path}/net.conv"

    main(["partial", cfg(THREE), path, out, "2", "-dialect", "alexeyab"])

    told = capsys.readouterr()
    assert told.out.endswith(f"\n\n {trained} \n")
    assert told.err.endswith(
        f"Loading weights from {path}...Done! Loaded 2 layers from weights-file \n"
        f"Saving weights to {out}\n"
    )


@pytest.mark.parametrize("n", ["4", "99"])
def test_partial_of_more_layers_than_there_are_writes_all(cfg, weights, tmp_path, capsys, n):
    path, text = weights(struct.pack("<3iQ", 0, 2, 0, 0)), cfg(THREE)
    files = [f"{tmp_path}/{name}.conv" for name in ("all", "more")]

    assert [main(["partial", text, path, *one]) for one in zip(files, ("3", n), strict=True)] == [
        0,
        0,
    ]

    assert Path(files[0]).read_bytes() == Path(files[1]).read_bytes()
    assert f"{text} has no more than 3 layers: all are written\n" in capsys.readouterr().err


@pytest.mark.parametrize("n", ["-1", "all"])
def test_partial_needs_a_number_of_layers(cfg, weights, tmp_path, capsys, n):
    path = weights(struct.pack("<3iQ", 0, 2, 0, 0))

    assert main(["partial", cfg(THREE), path, f"{tmp_path}/net.conv", n]) == 1

    assert f"n {n}: expected " in capsys.readouterr().err
    assert not (tmp_path / "net.conv").exists()


@pytest.mark.parametrize(("which", "place"), [(1, "net.cfg"), (2, "net.weights")])
def test_partial_needs_files_that_can_be_read(cfg, weights, tmp_path, capsys, which, place):
    header = struct.pack("<3iQ", 0, 2, 0, 0)
    words = ["partial", cfg(THREE), weights(header), f"{tmp_path}/net.conv", "1"]
    (tmp_path / place).unlink()

    assert main(words) == 1

    told = f"Couldn't open file: {words[which]} (No such file or directory)\n"
    assert capsys.readouterr().err == told


def test_partial_needs_a_place_to_write_to(cfg, weights, tmp_path, capsys):
    path = weights(struct.pack("<3iQ", 0, 2, 0, 0))

    assert main(["partial", cfg(THREE), path, f"{tmp_path}/none/net.conv", "1"]) == 1

    told = f"Couldn't open file: {tmp_path}/none/net.conv (No such file or directory)\n"
    assert capsys.readouterr().err.endswith(told)


def test_partial_of_a_file_of_another_network_is_refused(cfg, weights, tmp_path, capsys):
    path = weights(struct.pack("<3iQ", 0, 2, 0, 0))
    wider = THREE.replace("filters=3", "filters=4")

    assert main(["partial", cfg(wider), path, f"{tmp_path}/net.conv", "3"]) == 1

    # 4 + 4 * 2 floats are more than the 9 left
    problem = "ends inside layer 2 [convolutional] weights: 5 of 8 floats"
    assert problem in capsys.readouterr().err
