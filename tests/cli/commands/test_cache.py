"""The command cache."""

from __future__ import annotations

import re

from pydarknet.cli.main import main

TEST = ["detector", "test", "net.data", "net.cfg", "net.weights", "input.png"]


def test_it_lists_and_removes_what_is_kept(folder, cache, capfd):
    main(TEST)
    capfd.readouterr()

    assert main(["cache"]) == 0
    one, total = capfd.readouterr().out.splitlines()
    assert re.fullmatch(r" +\d+\.\d MB  \d{4}-\d\d-\d\d \d\d:\d\d  onnxruntime  net\.cfg", one)
    assert f"1 networks in {cache}, of at most 1073.7 MB (PYDARKNET_CACHE_SIZE)" in total

    (cache / "choices-1.json").write_text("what was measured")
    (cache / "yolo.weights").write_text("what is the user's")
    assert main(["cache", "clear"]) == 0
    assert not list(cache.glob("choices-*"))
    assert (cache / "yolo.weights").exists()
    assert capfd.readouterr().out == f"1 networks removed from {cache}\n"
    assert main(["cache", "list"]) == 0
    assert "0 networks" in capfd.readouterr().out


def test_another_word_is_told(capfd):
    assert main(["cache", "clean"]) == 1

    assert capfd.readouterr().err == "cache clean: expected list or clear\n"


def test_a_file_of_its_name_is_an_image(folder, capfd):
    (folder / "input.png").rename(folder / "cache")

    assert main([*TEST[:-1], "cache"]) == 0

    assert "cache: Predicted in" in capfd.readouterr().out
