"""Ways to change what decides a network's answer, so that it is hard to see.

A kind is a generator: it prepares its case until its first `yield`, and changes it before each
other, after which the answers are compared.
"""

from __future__ import annotations

import json
import os
import random
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import cv2
import numpy as np

from pydarknet.runtime import environment
from pydarknet.training.state import LENGTH, MAGIC

CFG = """[net]
width=32
height=32
channels=3
[convolutional]
batch_normalize=1
filters=8
size=3
stride=8
pad=1
activation=leaky
{more}[convolutional]
filters={filters}
size=1
activation=linear
"""
MORE = "[convolutional]\nfilters={filters}\nsize=3\npad=1\nactivation=leaky\n"
YOLO = "[yolo]\nmask=0,1,2\nanchors=4,5, 9,8, 15,19\nclasses=2\nnum=3\n"
REGION = "[region]\nanchors=1,1, 2,1, 3,3\nclasses=4\ncoords=4\nnum=3\nsoftmax=1\ntree=c.tree\n"
TREE = "animal -1\nplant -1\ncat 0\ndog 0\n"
COMMAND = "detector test net.data net.cfg net.weights input.png -thresh 0.2 -nms 0.05 -no_draw"
ORIGINAL, FORK = struct.pack("<3iQ", 0, 2, 0, 0), struct.pack("<3iQ", 0, 2, 5, 0)  # headers
WIDE = 4096  # filters of the layer that makes a file too large for its bytes to be compared

Changes = Iterator[None]
KINDS: dict[str, Callable[[Case], Changes]] = {}


class Case:
    """A folder with a network of boxes, and the command and the variables that use it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.words, self.variables = COMMAND, dict[str, str]()
        self.stack = ExitStack()
        folder.mkdir()
        self.write(folder)
        (folder / "large").mkdir()
        self.write(folder / "large", wide=WIDE)

    def write(self, folder: Path, wide: int = 0) -> None:
        """Write a network with `net.weights`, and beside it the weights `other.weights`."""
        (folder / "net.cfg").write_text(cfg_text(wide))
        (folder / "net.data").write_text("classes=2\nnames=net.names\n")
        (folder / "net.names").write_text("one\ntwo\n")
        for name in ("net.weights", "other.weights"):
            (folder / name).write_bytes(self.weights(wide))
        pixels = np.random.default_rng(self.chance.getrandbits(32)).integers(0, 256, (32, 32, 3))
        cv2.imwrite(str(folder / "input.png"), pixels.astype(np.uint8))

    def weights(self, wide: int = 0, filters: int = 21, header: bytes = ORIGINAL) -> bytes:
        """Return random weights of the network of `cfg_text`."""
        draw = np.random.default_rng(self.chance.getrandbits(32)).standard_normal
        first = np.abs(draw(32)) + 0.5  # biases, factors, means and variances
        counts = [216, *([wide, wide * 72] if wide else []), filters, filters * (wide or 8)]
        inputs = [27, *([72, 72] if wide else []), 1, wide or 8]
        parts = [draw(n) / i**0.5 for n, i in zip(counts, inputs, strict=True)]
        parts[-1] *= 2
        parts[-2] += 1  # so that some boxes are likely
        return header + np.concatenate([first, *parts]).astype("<f4").tobytes()

    def use(self, words: str) -> None:
        """Add words to the command, in the place of those of before."""
        self.words = f"{COMMAND} {words}"


def cfg_text(wide: int = 0, head: str = YOLO, filters: int = 21) -> str:
    """Return the cfg of a network whose layer in the middle is so wide, if there is one."""
    return CFG.format(more=MORE.format(filters=wide) if wide else "", filters=filters) + head


def kind(changes: Callable[[Case], Changes]) -> Callable[[Case], Changes]:
    """Register a kind under its name."""
    KINDS[changes.__name__] = changes
    return changes


@contextmanager
def same_times(path: str) -> Iterator[None]:
    """Give a path the times that it had before the block."""
    found = os.stat(path)
    yield
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def copy_over(source: str, target: str) -> None:
    """Write a file's content into another of the same size, and leave that its times."""
    with same_times(target), open(target, "r+b") as file:
        file.write(Path(source).read_bytes())


def edit(path: str, old: str, new: str) -> None:
    """Replace a text in a file in place, and leave the file its times."""
    with same_times(path):
        Path(path).write_text(Path(path).read_text().replace(old, new, 1))


@kind
def weights_in_place(case: Case) -> Changes:
    yield
    first = Path("net.weights").read_bytes()
    copy_over("other.weights", "net.weights")
    yield
    Path("third.weights").write_bytes(first)
    copy_over("third.weights", "net.weights")
    yield


@kind
def large_weights_in_place(case: Case) -> Changes:
    os.chdir("large")
    yield
    copy_over("other.weights", "net.weights")
    yield


@kind
def one_number_of_large_weights(case: Case) -> Changes:
    os.chdir("large")
    yield
    place = os.path.getsize("net.weights") - 4 * case.chance.randrange(1, 1000)
    with same_times("net.weights"), open("net.weights", "r+b") as file:
        file.seek(place)
        file.write(struct.pack("<f", 3.0))
    yield


@kind
def large_weights_by_memory_map(case: Case) -> Changes:
    os.chdir("large")
    yield
    with same_times("net.weights"):
        values = np.memmap("net.weights", "<f4", "r+", len(ORIGINAL))
        values[:] = np.memmap("other.weights", "<f4", "r", len(ORIGINAL))
        values.flush()
    yield


@kind
def weights_by_rename(case: Case) -> Changes:
    for place in ("", "large"):
        os.chdir(case.folder / place)
        yield
        found = os.stat("net.weights")
        os.utime("other.weights", ns=(found.st_atime_ns, found.st_mtime_ns))
        os.replace("other.weights", "net.weights")
        yield


@kind
def hard_links(case: Case) -> Changes:
    os.chdir("large")
    os.rename("net.weights", "first.weights")
    os.link("first.weights", "net.weights")
    yield
    with same_times("net.weights"):
        os.unlink("net.weights")
        os.link("other.weights", "net.weights")
    yield
    os.unlink("net.weights")
    os.link("first.weights", "net.weights")
    yield


@kind
def links(case: Case) -> Changes:
    for place in ("", "large"):
        os.chdir(case.folder / place)
        os.rename("net.weights", "first.weights")
        os.symlink("first.weights", "net.weights")
        yield
        os.unlink("net.weights")
        os.symlink("other.weights", "net.weights")
        yield


@kind
def link_of_a_folder(case: Case) -> Changes:
    for name in ("a", "b"):
        Path(name).mkdir()
        case.write(Path(name), wide=case.chance.choice((0, WIDE)))
    os.symlink("a", "now")
    case.words = COMMAND.replace("net.", "now/net.").replace("now/net.names", "net.names")
    yield
    os.unlink("now")
    os.symlink("b", "now")
    yield


@kind
def weights_of_another_length(case: Case) -> Changes:
    yield
    first = Path("net.weights").read_bytes()
    for content in (first[:-400], first + bytes(400), b"", first[:20]):
        with same_times("net.weights"):
            Path("net.weights").write_bytes(content)
        yield
    Path("net.weights").unlink()
    yield
    Path("net.weights").mkdir()
    yield
    Path("net.weights").rmdir()
    Path("net.weights").write_bytes(first)
    yield


@kind
def header_of_the_fork(case: Case) -> Changes:
    yield
    with same_times("net.weights"), open("net.weights", "r+b") as file:
        file.write(FORK)
    yield


@kind
def cfg_and_back(case: Case) -> Changes:
    yield
    edit("net.cfg", "leaky", "relu6")
    yield
    edit("net.cfg", "relu6", "leaky")
    yield
    edit("net.cfg", "9,8", "8,9")
    yield
    edit("net.cfg", "[yolo]", "[net]")
    yield
    edit("net.cfg", "[net]\nmask", "[yolo]\nmask")
    yield


@kind
def cfg_to_and_fro(case: Case) -> Changes:
    yield
    edit("net.cfg", "leaky", "relu6")
    edit("net.cfg", "relu6", "leaky")
    yield
    edit("net.cfg", "4,5", "5,4")
    yield


@kind
def tree(case: Case) -> Changes:
    Path("net.cfg").write_text(cfg_text(head=REGION, filters=27))
    Path("net.weights").write_bytes(case.weights(filters=27))
    Path("net.names").write_text("animal\nplant\ncat\ndog\n")
    near, far = "c.tree", "sub/c.tree"
    Path("sub").mkdir()
    os.rename("net.cfg", "sub/net.cfg")
    case.words = COMMAND.replace("net.cfg", "sub/net.cfg")
    Path(far).write_text(TREE)
    yield
    Path(near).write_text(TREE.replace("dog 0", "dog 1"))
    yield
    edit(near, "dog 1", "dog 0")
    yield
    Path(near).unlink()
    edit(far, "dog 0", "dog 1")
    yield
    Path(near).mkdir()
    yield
    Path(near).rmdir()
    Path(near).write_text("animal 5\n")
    yield


@kind
def tree_of_another_folder(case: Case) -> Changes:
    Path("net.cfg").write_text(cfg_text(head=REGION, filters=27))
    Path("net.weights").write_bytes(case.weights(filters=27))
    Path("c.tree").write_text(TREE)
    case.words = " ".join(
        str(case.folder / word) if word.startswith("net.") else word for word in COMMAND.split()
    )
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "input.png").write_bytes(Path("input.png").read_bytes())
        Path(name, "net.names").write_text("animal\nplant\ncat\ndog\n")
    os.chdir("a")
    yield
    os.chdir("../b")
    Path("c.tree").write_text(TREE.replace("dog 0", "dog 1"))
    yield


@kind
def state_of_a_training(case: Case) -> Changes:
    case.use("-letter_box")
    yield
    text = json.dumps({"run": {"dialect": "pjreddie"}}).encode()
    Path("net.state").mkdir()
    yield
    Path("net.state").rmdir()
    Path("net.state").write_bytes(MAGIC + LENGTH.pack(len(text)) + text)
    yield
    Path("net.state").write_bytes(b"no state")
    yield


@kind
def names(case: Case) -> Changes:
    yield
    edit("net.names", "one", "six")
    yield
    Path("my.names").write_text("a\nb\n")
    edit("net.data", "net.names", "my.names")
    yield
    Path("my.names").write_text("only\n")
    yield
    Path("my.names").unlink()
    yield


@kind
def dialects(case: Case) -> Changes:
    yield
    case.use("-dialect alexeyab")
    yield
    case.use("-dialect pjreddie")
    yield
    case.use("")
    case.variables["PYDARKNET_DIALECT"] = "alexeyab"
    yield
    case.variables["PYDARKNET_DIALECT"] = "none"
    yield
    case.variables.clear()
    yield


@kind
def words(case: Case) -> Changes:
    yield
    for more in ("-ext_output", "-letter_box", "-batchnorm cpu", "-lenient", "-exif off"):
        case.use(more)
        yield
    case.use("")
    edit("net.cfg", "leaky", "leeky")
    yield
    case.use("-lenient")
    yield


@kind
def thresholds(case: Case) -> Changes:
    yield
    for thresh, nms, hier in ((0.6, 0.45, 0.5), (0.3, 0, 0.5), (0.4, 0.2, 0.9), (1.5, 0, 0)):
        case.words = COMMAND.replace("0.2 -nms 0.05", f"{thresh} -nms {nms} -hier {hier}")
        yield


@kind
def another_folder(case: Case) -> Changes:
    yield
    Path("sub").mkdir()
    case.write(Path("sub"))
    os.chdir("sub")
    yield
    os.chdir("../large")
    yield
    os.chdir("..")
    yield


@kind
def names_of_files(case: Case) -> Changes:
    yield
    Path("my.cfg").write_text(Path("net.cfg").read_text())
    case.words = COMMAND.replace("net.cfg", "my.cfg")
    yield
    edit("my.cfg", "9,8", "7,7")
    yield
    case.words = COMMAND.replace("net.weights", "other.weights")
    yield
    case.words = COMMAND
    os.rename("net.weights", "x.weights")
    os.rename("other.weights", "net.weights")
    yield


@kind
def clock(case: Case) -> Changes:
    real = time.time_ns
    for shift in (3600, -3600):
        os.chdir(case.folder / "large")
        ahead = mock.patch("time.time_ns", lambda shift=shift: real() + shift * 10**9)
        with ahead:
            yield
            copy_over("other.weights", "net.weights")
            yield
        with same_times("net.weights"), open("net.weights", "r+b") as file:
            file.write(case.weights(WIDE))
        yield


@kind
def code(case: Case) -> Changes:
    package = case.folder / "package"
    package.mkdir()
    for name in ("a.py", "b.py"):
        (package / name).write_text("x = 1\n")
    os.utime(package / "a.py", (1000, 1000))
    found = environment.modules
    patch = mock.patch.object(environment, "modules", side_effect=lambda folder: found(package))
    case.stack.enter_context(patch)
    yield
    (package / "a.py").write_text("x = 2\n")
    os.utime(package / "a.py", (2000, 2000))
    yield
