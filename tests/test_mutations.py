"""A damaged cfg or weights file either raises one clear error, or builds and runs."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest
import torch
from conftest import HERE

import pydarknet

REFERENCE = HERE / "reference"
FOLDERS = sorted(folder for folder in REFERENCE.glob("infer_*") if (folder / "net.cfg").exists())
LIMIT = 256 * 2**20  # most bytes of a network
NUMBERS = ["0", "-1", "1", "2", "3", "7", "31", "1e9", "99999999999", "2147483647", "nan", "inf"]
NUMBERS += ["0.5", "-0.5", "x", "x=1", ",", "1,2,3", ",,"]
WORDS = ["mish", "linear", "yolo", "route", "net", "reorg", "region", "softmax", "nonsense"]


def mutated(lines: list[str], chance: random.Random) -> list[str]:
    """Return cfg lines with one to three faults."""
    lines = list(lines)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(lines))
        key, _, value = lines[at].partition("=")
        other = chance.randrange(len(lines))
        lines[at : at + 1] = chance.choice(
            [
                [],
                [lines[at], lines[at]],
                [lines[other]],
                [f"{key}={chance.choice(NUMBERS)}"],
                [f"{key}={chance.choice(NUMBERS)}"],
                [f"{key}={chance.choice(WORDS)}"],
                [f"{key}={value}{chance.choice(NUMBERS)}"],
                [f"[{chance.choice(WORDS)}]"],
                [lines[at][: chance.randint(0, 6)]],
                ["\x07\ufffd\u2028" + lines[at]],
                [f"{key}={'9' * chance.randint(1, 5000)}"],
                [lines[at] + "#" + lines[other]],
            ]
        )
        if not lines:
            lines = [""]
    return lines


def outcome(cfg: Path, weights: Path | None, strict: bool) -> str:
    """Build and run a network; return the outcome."""
    try:
        network = pydarknet.load_network(
            cfg, weights, device="cpu", strict=strict, memory_limit=LIMIT
        )
        with torch.inference_mode():
            network(torch.zeros(1, *network.input.tensor))
    except pydarknet.DarknetError as error:
        return "error" if is_clear(str(error)) else f"unclear: {error}"
    return "runs"


def is_clear(text: str) -> bool:
    """Return whether an error is one line, with at most a hint below it."""
    line, _, hint = text.partition("\n")
    return bool(line.strip()) and (not hint or (hint.startswith("    hint: ") and "\n" not in hint))


def kilobytes() -> int:
    """Return the peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize(
    "part", [0, 1, *(pytest.param(part, marks=pytest.mark.slow) for part in range(2, 4))]
)
def test_500_mutated_cfgs_end_well(part: int, tmp_path: Path) -> None:
    chance = random.Random(part)
    before = kilobytes()
    ended: dict[str, int] = {}

    for number in range(500):
        lines = (chance.choice(FOLDERS) / "net.cfg").read_text().split("\n")
        cfg = tmp_path / f"{number}.cfg"  # a new file: to write over one waits for the disk
        cfg.write_text("\n".join(mutated(lines, chance)), encoding="utf-8")
        end = outcome(cfg, None, strict=number % 4 > 0)
        ended[end] = ended.get(end, 0) + 1

    assert set(ended) == {"runs", "error"}
    assert sum(ended.values()) == 500
    assert min(ended["runs"], ended["error"]) > 50
    assert kilobytes() - before < 4 * LIMIT // 1024


def test_500_mutated_weights_files_end_well(tmp_path: Path) -> None:
    chance = random.Random(5)
    before = kilobytes()
    ended: dict[str, int] = {}

    for number in range(500):
        folder = chance.choice(FOLDERS)
        data = bytearray((folder / "net.weights").read_bytes())
        cut = chance.choice([0, 4, 12, 16, 20, len(data) // 2, len(data) - 1, len(data)])
        for _ in range(chance.randint(0, 3)):
            data[chance.randrange(min(len(data), 64))] = chance.randrange(256)
        damaged = bytes(data[:cut]) + chance.randbytes(chance.choice([0, 0, 1, 4, 4000]))
        weights = tmp_path / f"{number}.weights"
        weights.write_bytes(damaged)
        end = outcome(folder / "net.cfg", weights, strict=number % 4 > 0)
        ended[end] = ended.get(end, 0) + 1

    assert set(ended) == {"runs", "error"}
    assert sum(ended.values()) == 500
    assert min(ended["runs"], ended["error"]) > 50
    assert kilobytes() - before < 4 * LIMIT // 1024
