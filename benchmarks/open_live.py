#!/usr/bin/env python3
"""Count the cfgs that hank-ai's program opens after `pydarknet export cfg`.

    benchmarks/open_live.py PROGRAM FOLDER my.cfg ... [--seconds 300] [--most 1e9]

Each cfg gets random weights, and PROGRAM's command `partial` reads the copy and the weights and
writes all weights again. A row is "opens" if those are the same, byte for byte after the header;
networks of more weights than --most are opened without them. Else the row says why not, in the
words of `export cfg` or of PROGRAM. Run it where the relative paths in the cfgs lead somewhere.
FOLDER gets the copies.
"""

from __future__ import annotations

import argparse
import re
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet import load_network  # noqa: E402  # the copy beside this script
from pydarknet.compare.program import COLOUR  # noqa: E402
from pydarknet.errors import DarknetError  # noqa: E402
from pydarknet.export.live_fork import live_text  # noqa: E402
from pydarknet.load import read_network  # noqa: E402

HEADER = 20  # bytes before the weights
MOST_LAYERS = "100000"
WORDS = re.compile(r"(?:Error message|Exception): *(.+)")


def write_weights(cfg: Path, file: Path, most: float) -> bool:
    """Write random weights for a cfg; return False, and write none, for more than `most`."""
    meta = read_network(cfg, dialect="alexeyab")
    if sum(values.numel() for values in meta.state_dict().values()) > most:
        file.write_bytes(struct.pack("<3iq", 0, 2, 5, 0))
        return False
    torch.manual_seed(1)
    network = load_network(cfg, dialect="alexeyab", device="cpu")
    network.initialize()
    network.save_weights(file)
    return True


def verdict(program: str, cfg: Path, options: argparse.Namespace) -> str:
    """Return "opens", or why the program cannot."""
    folder, seconds = options.folder, options.seconds
    copy, weights, back = (folder / f"{cfg.stem}{end}" for end in (".cfg", ".weights", ".back"))
    try:
        text, _ = live_text(cfg.read_text(errors="replace"), cfg.name)
        whole = write_weights(cfg, weights, options.most)
    except DarknetError as error:
        return f"not exported: {error}".splitlines()[0]
    copy.write_text(text)
    command = [
        program,
        "partial",
        str(copy),
        str(weights),
        str(back),
        MOST_LAYERS if whole else "0",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"stops: not done after {seconds:g} seconds"
    said = COLOUR.sub("", (done.stdout + done.stderr).decode(errors="replace"))
    if done.returncode or not back.exists():
        words = WORDS.findall(said) or said.strip().splitlines()[-1:]
        return f"stops: {words[0] if words else f'status {done.returncode}'}"
    if not whole:
        return "opens, weights not read"
    same = back.read_bytes()[HEADER:] == weights.read_bytes()[HEADER:]
    return "opens" if same else "opens, but writes other weights"


def main() -> None:
    """Print a row for each cfg, and how many rows there are of each kind."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("program", type=lambda word: str(Path(word).resolve()))
    add("folder", type=Path)
    add("cfgs", nargs="+", type=Path)
    add("--seconds", type=float, default=300)
    add("--most", type=float, default=1e9)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    kinds: Counter[str] = Counter()
    for cfg in options.cfgs:
        row = verdict(options.program, cfg, options)
        kinds[row.split(":")[0]] += 1
        print(f"{cfg}: {row}", flush=True)
        for end in (".weights", ".back"):
            (options.folder / f"{cfg.stem}{end}").unlink(missing_ok=True)
    print(", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))


if __name__ == "__main__":
    main()
