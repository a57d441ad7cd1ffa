"""The command ops."""

from __future__ import annotations

import pytest

from pydarknet.cli.main import main

NET = "[net]\nwidth=16\nheight=16\nchannels=4\n"
# 2 + 2 * 4 = 10 floats, none, 3 + 3 * 2 = 9 floats
THREE = (
    f"{NET}[convolutional]\nfilters=2\n[maxpool]\nsize=2\nstride=2\n[convolutional]\nfilters=3\n"
)
TITLE = "layer     filters    size              input                output"
FORKS_TITLE = "   layer   filters  size/strd(dil)      input                output"


@pytest.fixture
def cfg(tmp_path):
    """Write a cfg file and return its name."""

    def make(text: str) -> str:
        (tmp_path / "net.cfg").write_text(text)
        return str(tmp_path / "net.cfg")

    return make


# ops


@pytest.mark.parametrize(
    ("layers", "operations", "billions"),
    [
        ("[convolutional]\nfilters=8\nsize=3\npad=1", 147456, "0.00"),  # 2 * 8 * 9 * 4 * 16 * 16
        ("[convolutional]\nfilters=8\nsize=3\npad=1\ngroups=4", 36864, "0.00"),
        ("[connected]\noutput=5000", 10240000, "0.01"),  # 2 * 4 * 16 * 16 * 5000
        ("[rnn]\noutput=10", 20880, "0.00"),  # 2 * (1024 * 10 + 10 * 10 + 10 * 10)
        ("[maxpool]\nsize=2", 0, "0.00"),
    ],
    ids=["convolution", "groups", "matrix", "recurrent", "pool"],
)
def test_ops_counts_multiplications_and_additions(cfg, capsys, layers, operations, billions):
    assert main(["ops", cfg(NET + layers)]) == 0

    assert capsys.readouterr().out == (
        f"Floating Point Operations: {operations}\nFloating Point Operations: {billions} Bn\n"
    )


def test_ops_counts_groups_in_the_fork_too(cfg, capsys):
    layers = "[convolutional]\nfilters=8\nsize=3\npad=1\ngroups=4"

    main(["ops", cfg(NET + layers), "-dialect", "alexeyab"])

    told = "Floating Point Operations: 36864\nFloating Point Operations: 0.00 Bn\n"
    assert capsys.readouterr().out.endswith(told)


@pytest.mark.parametrize(("dialect", "title"), [("pjreddie", TITLE), ("alexeyab", FORKS_TITLE)])
def test_the_table_goes_to_stderr(cfg, capsys, dialect, title):
    main(["ops", cfg(THREE), "-dialect", dialect])

    told = capsys.readouterr()
    assert f"{title}\n" in told.err
    assert title not in told.out


def test_ops_takes_unknown_words_where_it_is_lenient(cfg, capsys):
    path = cfg(f"{NET}[convolutional]\nactivation=nonsense")

    assert main(["ops", path]) == 1
    assert main(["ops", path, "-lenient"]) == 0
