#!/usr/bin/env python3
"""Measure processes that train together: how far they are from one process, and how fast.

    benchmarks/measure_ranks.py weights     # largest differences after 50 batches, by gloo
    benchmarks/measure_ranks.py speed       # two processes of one thread beside one of one thread
    benchmarks/measure_ranks.py hosts       # torchrun in two network namespaces, one worker killed

`hosts` needs root and Linux: it makes the namespaces and removes them. A difference is that of an
array, in relation to its largest number; the largest of all arrays is printed.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from kill_training import write_run
from machine import headline, machine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pydarknet  # noqa: E402
from pydarknet.ranks.company import company  # noqa: E402
from pydarknet.ranks.place import Place, place_of  # noqa: E402
from pydarknet.training.learner import Learner  # noqa: E402
from pydarknet.training.team import AtOnce, InTurn, Team  # noqa: E402

BATCHES = 50
TEAMS = {"alone": Team, "subdivisions": InTurn, "sync_bn": AtOnce}
TINY = """[net]
batch=16
subdivisions={subdivisions}
width=64
height=64
channels=3
learning_rate=0.001
burn_in=10
max_batches=1000
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=32
size=3
stride=2
pad=1
activation=mish
[convolutional]
batch_normalize=1
filters=32
size=3
pad=1
activation=mish
[shortcut]
from=-2
activation=linear
[convolutional]
filters=21
size=1
activation=linear
[yolo]
mask=0,1,2
anchors=8,8,16,16,32,32
num=3
classes=2
iou_loss=ciou
"""
NET = "10.77.0"  # of the two namespaces


def lesson(draws: torch.Generator, count: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return random images and three boxes in each."""
    truth = torch.zeros(count, 200, 6)
    truth[:, :3, :4] = torch.rand(count, 3, 4, generator=draws) / 2 + 0.2
    truth[:, :3, 4] = torch.randint(2, (count, 3), generator=draws).float()
    return torch.rand(count, 3, side, side, generator=draws), truth


def work(options: argparse.Namespace) -> None:
    """Be one of the processes: train, and write weights and seconds."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    with company(place_of(os.environ), torch.device("cpu")) as ranks:
        network = pydarknet.load_network(options.cfg, device="cpu", dialect="alexeyab")
        network = network.double() if options.double else network
        network.net = replace(network.net, subdivisions=options.subdivisions)
        learner = Learner(network, seed=1, team=TEAMS[options.team](network, ranks))
        draws, seconds = torch.Generator().manual_seed(2), []
        wanted = list(learner.spread.wanted)
        for _ in range(options.batches):
            images, truth = lesson(draws, learner.spread.count, network.input.w)
            start = time.perf_counter(), time.process_time()
            learner.learn(images[wanted], truth[wanted])
            now = time.perf_counter(), time.process_time()
            seconds.append([after - before for after, before in zip(now, start, strict=True)])
        if ranks.first:
            arrays = {name: value.numpy() for name, value in network.state_dict().items()}
            np.savez(options.out, seconds=np.array(seconds), **arrays)


def run(size: int, folder: Path, **options: object) -> dict[str, np.ndarray]:
    """Let so many processes train, and return what the first writes."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    words = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, __file__, "work", f"--out={folder}/out.npz", *words]
    places = [Place(rank, size, rank, size, "127.0.0.1", port) for rank in range(size)]
    started = [
        subprocess.Popen(
            command,
            env={**os.environ, **place.environment()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for place in places
    ]
    for process in started:
        _, told = process.communicate()
        if process.returncode:
            sys.exit(f"a process failed:\n{told[-1500:]}")
    with np.load(folder / "out.npz") as arrays:
        return dict(arrays)


def difference(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    """Return the largest difference of two networks' arrays."""
    names = theirs.keys() - {"seconds"}
    return max(float(np.abs(ours[n] - theirs[n]).max() / np.abs(theirs[n]).max()) for n in names)


def weights(folder: Path) -> None:
    """Print the differences of two and four processes, in float64 and in float32."""
    cfg = folder / "tiny.cfg"
    cfg.write_text(TINY.format(subdivisions=1))
    common = {"cfg": cfg, "batches": BATCHES}
    for double in (1, 0):
        alone = {
            parts: run(1, folder, team="alone", subdivisions=parts, double=double, **common)
            for parts in (1, 2, 4)
        }
        for size in (2, 4):
            for team, one in (("subdivisions", alone[size]), ("sync_bn", alone[1])):
                some = run(size, folder, team=team, subdivisions=1, double=double, **common)
                kind = "float64" if double else "float32"
                print(f"{kind}, {size} processes, {team}: {difference(some, one):.1e}", flush=True)


def speed(folder: Path) -> None:
    """Print the seconds of an iteration of one process and of two, of one thread each.

    The processor's time is what a machine without other work would take, but for waiting.
    """
    cfg = ROOT / "cfg" / "yolov3-tiny.cfg"
    text = re.sub(r"(?m)^(batch)\s*=.*$", r"\1=8", cfg.read_text())
    (folder / "speed.cfg").write_text(text)
    common = {"cfg": folder / "speed.cfg", "batches": 4, "double": 0}
    one = run(1, folder, team="alone", subdivisions=2, **common)
    for size, team, parts in ((2, "subdivisions", 1), (2, "sync_bn", 2)):
        some = run(size, folder, team=team, subdivisions=parts, **common)
        medians = [np.median(arrays["seconds"][1:], 0) for arrays in (one, some)]
        (before, alone), (after, busy) = medians
        print(
            f"yolov3-tiny, batch 8: one process {before:.2f} s, two by {team} {after:.2f} s:"
            f" {before / after:.2f} times as fast; processor's time {alone:.2f} s, {busy:.2f} s"
            f" each: {alone / busy:.2f}",
            flush=True,
        )


def command(words: str) -> None:
    """Run a command."""
    subprocess.run(words.split(), check=True)


@contextmanager
def namespaces():
    """Make two hosts of one network: namespaces with a cable between them."""
    try:
        for host in "01":
            command(f"ip netns add ranks{host}")
        command("ip link add cable0 netns ranks0 type veth peer name cable1 netns ranks1")
        for host in "01":
            inside = f"ip -n ranks{host}"
            command(f"{inside} addr add {NET}.{int(host) + 1}/24 dev cable{host}")
            command(f"{inside} link set cable{host} up")
            command(f"{inside} link set lo up")
        yield
    finally:
        for host in "01":
            subprocess.run(["ip", "netns", "del", f"ranks{host}"], check=False)


def start_host(number: int, folder: Path, train: Sequence[str]) -> subprocess.Popen[str]:
    """Start torchrun on one of two hosts, with a worker that may be started again once."""
    words = f"ip netns exec ranks{number} {sys.executable} -m torch.distributed.run --nnodes 2"
    words += f" --nproc_per_node 1 --rdzv_backend c10d --rdzv_endpoint {NET}.1:29500 --rdzv_id run"
    words += f" --local_addr {NET}.{number + 1} --rdzv_conf is_host={1 - number}"
    words += " --max-restarts 1 -m pydarknet"
    return subprocess.Popen(
        [*words.split(), *train],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "GLOO_SOCKET_IFNAME": f"cable{number}",
        },
        stdout=subprocess.PIPE if number == 0 else None,
        stderr=subprocess.STDOUT if number == 0 else None,
        text=True,
        start_new_session=True,
    )


def workers_below(agent: int) -> list[int]:
    """Return the processes that torchrun started."""
    task = Path(f"/proc/{agent}/task/{agent}/children")
    return [int(word) for word in task.read_text().split()]


def hosts(folder: Path) -> None:
    """Train on two hosts, kill the worker of the second, and compare with one process."""
    train = ["detector", "train", "run.data", "run.cfg", "-seed", "3", "-workers", "0"]
    for name, parts in (("one", 4), ("first", 2), ("second", 2)):
        write_run(folder / name, 80, "yolo")
        text = (folder / name / "run.cfg").read_text().replace("batch=4", "batch=8")
        (folder / name / "run.cfg").write_text(
            text.replace("subdivisions=2", f"subdivisions={parts}")
        )
    plain = [sys.executable, "-m", "pydarknet", *train]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run(plain, cwd=folder / "one", env=env, capture_output=True, check=True)
    with namespaces():
        first, second = (
            start_host(k, folder / n, train) for k, n in enumerate(("first", "second"))
        )
        killed, told = 0, ""
        assert first.stdout
        for line in first.stdout:
            told += line
            if not killed and re.match(r"\s*20: ", line):
                [killed] = workers_below(second.pid)
                os.kill(killed, signal.SIGKILL)
        statuses = first.wait(), second.wait()
    resumed = re.findall(r"resuming after batch \d+", told)
    print(f"torchrun's statuses: {statuses}; killed worker {killed}; {resumed}")
    files = [folder / name / "backup" / "run_final.weights" for name in ("one", "first")]
    one, two = (np.fromfile(file, "<f4", offset=20) for file in files)
    print(f"the final weights differ by {np.abs(two - one).max() / np.abs(one).max():.1e}")
    print(
        f"files of the second host: {sorted(p.name for p in (folder / 'second').glob('backup/*'))}"
    )


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["weights", "speed", "hosts", "work"])
    parser.add_argument("--cfg")
    parser.add_argument("--team", choices=TEAMS, default="alone")
    parser.add_argument("--subdivisions", type=int, default=1)
    parser.add_argument("--batches", type=int, default=BATCHES)
    parser.add_argument("--double", type=int, default=0)
    parser.add_argument("--out")
    options = parser.parse_args()
    if options.what == "work":
        work(options)
        return
    print(headline(machine()))
    with tempfile.TemporaryDirectory() as folder:
        {"weights": weights, "speed": speed, "hosts": hosts}[options.what](Path(folder))


if __name__ == "__main__":
    main()
