"""Other distributions of this name are recognised by their folders."""

import sys

import pytest

from pydarknet.compat.name_clash import neighbours, warn_of_neighbours


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("yolo34py-0.2.dist-info", "yolo34py"),
        ("yolo34py_gpu-0.1.rc13.egg-info", "yolo34py-gpu"),
        ("wbia_pydarknet-3.0.1.dist-info", "wbia-pydarknet"),
    ],
)
def test_another_distribution_with_our_package_is_found(tmp_path, entry, name):
    (tmp_path / entry).mkdir()

    assert list(neighbours([str(tmp_path)])) == [name]


@pytest.mark.parametrize("entry", ["yolo34py", "pydarknet-0.1.0.dist-info", "torch-2.9.dist-info"])
def test_other_folders_are_none(tmp_path, entry):
    (tmp_path / entry).mkdir()

    assert list(neighbours([str(tmp_path), str(tmp_path / "missing")])) == []


def test_a_neighbour_is_warned_of(tmp_path, monkeypatch):
    home = tmp_path / "site-packages"
    (home / "yolo34py-0.2.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(home)])

    with pytest.warns(UserWarning, match="yolo34py is installed, whose package is pydarknet too"):
        warn_of_neighbours()
