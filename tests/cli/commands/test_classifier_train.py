"""The command classifier train."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet.cli.main import main
from pydarknet.graph.header import read_header
from pydarknet.image.files import save_image

CFG = (
    "[net]\nwidth=4\nheight=4\nchannels=3\nbatch=2\nmax_batches=2\nmin_crop=4\nmax_crop=4\n"
    "[convolutional]\nfilters=2\nsize=1\n[avgpool]\n[softmax]\n"
)
DATA = "classes=2\ntrain=train.list\nvalid=train.list\nlabels=labels.list\nbackup=.\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in a folder with two images of two classes."""
    monkeypatch.chdir(tmp_path)
    Path("net.cfg").write_text(CFG)
    Path("net.data").write_text(DATA)
    Path("labels.list").write_text("cat\ndog\n")
    Path("train.list").write_text("cat.png\ndog.png\n")
    for index, name in enumerate(("cat.png", "dog.png")):
        save_image(np.full((6, 6, 3), index * 200, np.uint8), name)


@pytest.mark.usefixtures("one_thread")
def test_a_classifier_is_trained_for_its_batches(capfd):
    flags = ["-seed", "1", "-workers", "0", "-dialect", "pjreddie", "-i", "-1"]

    assert main(["classifier", "train", "net.data", "net.cfg", *flags]) == 0

    assert capfd.readouterr().out.startswith("net\n")
    assert read_header("net.weights").seen == 4


@pytest.mark.usefixtures("one_thread")
def test_a_classifier_resumes_to_the_same_weights(capfd):
    flags = ["-seed", "1", "-workers", "0", "-dialect", "pjreddie", "-nogpu"]
    line = ["classifier", "train", "net.data", "net.cfg", *flags]
    main(line)
    assert main(line) == 1  # nothing is left to train

    Path("net.cfg").write_text(CFG.replace("max_batches=2", "max_batches=5"))
    assert main(line) == 0
    resumed = Path("net_final.weights").read_bytes()
    told = capfd.readouterr()
    assert main([*line, "-clear"]) == 0

    assert Path("net_final.weights").read_bytes() == resumed
    assert "resuming after batch 2 from net_final.weights" in told.err
    assert "\n3, 3.000: " in told.out  # batch and epochs
