#!/usr/bin/env python3
"""Count the cfgs that another converter to ONNX opens, and compare its numbers with this package's.

python benchmarks/compare_converters.py darknet2any --python VENV/bin/python cfg/*.cfg
python benchmarks/compare_converters.py tianxiaomo --folder pytorch-YOLOv4 cfg/*.cfg

Each cfg gets random weights, the converter runs in its own Python, and onnxruntime runs its file on
a random image. A row is "ok", "differs: ..." or "error: ...". Rows are kept in --results; the same
command goes on where it stopped. Run it where the relative paths in the cfgs lead somewhere.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pydarknet import load_network
from pydarknet.boxes.settings import Decoding
from pydarknet.errors import DarknetError
from pydarknet.graph.executor import Executor
from pydarknet.layers import DetectionHead
from pydarknet.modules.batch_norm import BatchNorm

START = """
import functools, os, signal, sys, traceback, torch
folder, seconds = sys.argv[1:]
if folder:
    sys.path.insert(0, folder)
# written for the exporter that torch 2.9 stopped calling by default
torch.onnx.export = functools.partial(torch.onnx.export, dynamo=False)
"""
END = """
for line in sys.stdin:
    cfg, weights, out = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        signal.alarm(int(seconds))
        os.chdir(os.path.dirname(out))
        os.dup2(2, 1)
        try:
            convert(cfg, weights, out)
        except BaseException as error:
            said = (str(error).strip() or "no reason given").splitlines()[0]
            with open(out + ".error", "w") as file:
                file.write(f"{type(error).__name__}: {said}")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
"""
LOOP = "answers = os.fdopen(os.dup(1), 'w')\nos.dup2(2, 1)\n" + END
TIANXIAOMO = """
from tool.darknet2onnx import transform_to_onnx
def convert(cfg, weights, out):
    os.rename(transform_to_onnx(cfg, weights, 1), out)
"""
DARKNET2ANY = """
from darknet2any.tool.darknet2onnx import transform_to_onnx
def convert(cfg, weights, out):
    transform_to_onnx(cfg, weights, 1, out)
"""
LIBREYOLO = """
from types import SimpleNamespace
from libreyolo.models.darknet import DarknetNet, load_darknet_weights_file, parse_cfg_file
from libreyolo.models.darknet.export import DarknetExportWrapper
def convert(cfg, weights, out):
    net = DarknetNet(*parse_cfg_file(cfg))
    load_darknet_weights_file(net, weights)
    if not net.detection_specs():
        raise ValueError("no detection head: its exporter takes detectors only")
    image = torch.zeros(1, net.input_channels, net.input_height, net.input_width)
    torch.onnx.export(DarknetExportWrapper(SimpleNamespace(net=net)).eval(), image, out,
        opset_version=13, input_names=["images"], output_names=["output"])
"""
VERSION = """
import importlib.metadata, sys
print(importlib.metadata.version(sys.argv[1]))
"""
TOLERANCE = 1e-3  # absolute and relative
SEED = 1


class Failure(Exception):
    """Why a converter gives no file, or none that runs."""


@dataclass(frozen=True)
class Boxes:
    """Every box of a network before thresholds: sides in 0..1 [N, 4], class scores [N, C]."""

    sides: np.ndarray
    scores: np.ndarray


def corners(boxes: np.ndarray) -> np.ndarray:
    """Return x1 y1 x2 y2 from centres and sizes, [N, 4]."""
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)


def boxes_and_confs(outputs: list[np.ndarray], size: tuple[int, int]) -> Boxes:
    """Read `boxes` [1, N, 1, 4] in 0..1 and `confs` [1, N, C]."""
    return Boxes(outputs[0].reshape(-1, 4), outputs[1].reshape(-1, outputs[1].shape[-1]))


def one_table(outputs: list[np.ndarray], size: tuple[int, int]) -> Boxes:
    """Read [1, 4 + C, N], corners in pixels; `size` is width, height."""
    rows = outputs[0][0].T
    return Boxes(rows[:, :4] / np.tile(np.float32(size), 2), rows[:, 4:])


CONVERTERS = {
    "tianxiaomo": (TIANXIAOMO, boxes_and_confs, ""),
    "darknet2any": (DARKNET2ANY, boxes_and_confs, "darknet2any"),
    "libreyolo": (LIBREYOLO, one_table, "libreyolo"),
}


def smaller(cfg: str, side: int, place: str) -> str:
    """Return a cfg, or where it has a wider input for detection, a copy with side x side pixels."""
    text = Path(cfg).read_text(errors="replace")
    width = re.search(r"^\s*width\s*=\s*(\d+)", text, re.MULTILINE)
    if not (side and width and int(width[1]) > side and re.search(r"^\[(yolo|region)", text, re.M)):
        return str(Path(cfg).resolve())
    copy = Path(place, Path(cfg).name)
    for name in ("width", "height"):
        text = re.sub(
            rf"^(\s*{name}\s*=\s*)\d+", rf"\g<1>{side}", text, count=1, flags=re.MULTILINE
        )
    copy.write_text(text)
    return str(copy)


def random_network(cfg: str) -> Executor:
    """Return the network of a cfg with random values."""
    torch.manual_seed(SEED)
    network = load_network(cfg, device="cpu").eval()
    random_values(network)
    return network


def random_values(network: Executor) -> None:
    """Give a network random biases, and the statistics of a random image.

    With them, numbers stay small through a hundred layers, as they do in a trained network.
    """
    for name, value in network.state_dict().items():
        if name.endswith("biases"):
            value.uniform_(-0.1, 0.1)
    hooks = [
        module.register_forward_pre_hook(take_statistics)
        for module in network.modules()
        if isinstance(module, BatchNorm)
    ]
    with torch.inference_mode():
        network(torch.rand(1, *network.input.tensor))
    for hook in hooks:
        hook.remove()


def take_statistics(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
    """Set the statistics of a batch norm to those of its input.

    No variance is below 1, so that the epsilon of a program, which differs between them, is lost.
    """
    x = inputs[0].transpose(0, 1).flatten(1)
    module.rolling_mean.copy_(x.mean(1))
    module.rolling_variance.copy_(x.var(1, correction=0).clamp(min=1))


def our_numbers(network: Executor, image: torch.Tensor) -> Boxes | np.ndarray:
    """Return every box of one image, or the output where the network has no detection head."""
    with torch.inference_mode():
        heads = network(image)
        found = [
            head.node.layer.detections(head.activated, network.input, Decoding(thresh=-1)).rows
            for head in heads
            if isinstance(head.node.layer, DetectionHead)
        ]
    if not found:
        return heads[-1].activated.numpy()
    sides = torch.cat([rows.boxes for rows in found]).numpy()
    return Boxes(corners(sides), torch.cat([rows.probabilities for rows in found]).numpy())


def largest_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference between sorted columns, as a part of the tolerance."""
    if one.shape != other.shape:
        raise Failure(f"shape {list(one.shape)}, ours is {list(other.shape)}")
    one, other = np.sort(one, axis=0), np.sort(other, axis=0)
    apart = np.abs(one - other) / (TOLERANCE + TOLERANCE * np.abs(other))
    return float(np.nan_to_num(apart, nan=np.inf).max(initial=0))


def arrays(numbers: Boxes | np.ndarray | list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return what is compared: columns, under their names."""
    if isinstance(numbers, Boxes):
        return vars(numbers)
    return {
        "outputs": np.asarray(numbers[0] if isinstance(numbers, list) else numbers).reshape(-1, 1)
    }


def verdict(
    theirs: Boxes | list[np.ndarray], own: Boxes | np.ndarray, near: Boxes | np.ndarray
) -> str:
    """Return "ok", or in what their numbers differ from ours.

    `near` are ours for an image that is a millionth brighter: ten times what they move by is
    rounding.
    """
    for name, wanted in arrays(own).items():
        allowed = max(1.0, 10 * largest_difference(arrays(near)[name], wanted))
        try:
            if (apart := largest_difference(arrays(theirs)[name], wanted)) > allowed:
                return f"differs: {name} by {apart:.3g} times the tolerance {TOLERANCE:g}"
        except Failure as failure:
            return f"differs: {name} have {failure}"
    return "ok"


class Converter:
    """A converter that waits in its own Python, so that it is imported once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.code, self.read, _ = CONVERTERS[options.converter]
        self.side = options.side
        line = [options.python, "-c", START + self.code + LOOP, options.folder]
        self.process = subprocess.Popen(
            [*line, str(options.seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *error: object) -> None:
        """Let it end: it reads no more lines."""
        self.process.communicate()

    def convert(self, cfg: str, weights: str, out: str) -> None:
        """Write a file; raise Failure with what the converter says."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin, "a pipe"
        assert stdout, "a pipe"
        print(cfg, weights, out, sep="\t", file=stdin, flush=True)
        status = stdout.readline().strip()
        reason = Path(out + ".error")
        if reason.exists():
            raise Failure(reason.read_text()[:160])
        if status == str(-signal.SIGALRM):
            raise Failure("not done in time")
        if status != "0" or not Path(out).exists():
            raise Failure(f"no file, exit status {status or 'unknown: run it by hand'}")


def run_file(path: str, image: np.ndarray) -> list[np.ndarray]:
    """Run an ONNX file on an image by onnxruntime."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        outputs: list[np.ndarray] = session.run(None, {session.get_inputs()[0].name: image})
    except Exception as error:
        raise Failure(f"onnxruntime: {str(error).splitlines()[0][:160]}") from None
    return outputs


def row(converter: Converter, cfg: str) -> str:
    """Return what becomes of a cfg."""
    with tempfile.TemporaryDirectory() as place:
        weights, out = str(Path(place, "random.weights")), str(Path(place, "out.onnx"))
        cfg = smaller(cfg, converter.side, place)
        network = random_network(cfg)
        network.save_weights(weights)
        size = network.input
        converter.convert(cfg, weights, out)
        image = torch.rand(1, *size.tensor)
        outputs = run_file(out, image.numpy())
        own, near = (our_numbers(network, x) for x in (image, image * (1 + 1e-6)))
        boxes = isinstance(own, Boxes)
        return verdict(converter.read(outputs, (size.w, size.h)) if boxes else outputs, own, near)


def version(options: argparse.Namespace) -> str:
    """Return the version of a package, or the commit of a checkout."""
    package = CONVERTERS[options.converter][2]
    if package:
        line = [options.python, "-c", VERSION, package]
    else:
        line = ["git", "-C", options.folder, "rev-parse", "--short", "HEAD"]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


def arguments() -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("converter", choices=CONVERTERS)
    parser.add_argument("cfgs", nargs="+", metavar="CFG")
    parser.add_argument("--python", default=sys.executable, help="the Python that has it")
    parser.add_argument("--folder", default="", help="a checkout of it")
    parser.add_argument("--results", default="converters.json", help="where rows are kept")
    parser.add_argument("--seconds", type=int, default=300, help="the limit per cfg")
    parser.add_argument("--side", type=int, default=0, help="shrink wider detectors to this side")
    options = parser.parse_args()
    options.folder = options.folder and str(Path(options.folder).resolve())
    return options


def fill(converter: Converter, cfgs: list[str], rows: dict[str, str]) -> Iterator[str]:
    """Yield each cfg whose row was missing and is there now."""
    for cfg in cfgs:
        name = "/".join(Path(cfg).parts[-2:])
        if name in rows:
            continue
        try:
            rows[name] = row(converter, cfg)
        except (Failure, DarknetError, MemoryError) as error:
            rows[name] = f"error: {error}"
        except Exception as error:  # their file has outputs of another form
            rows[name] = f"differs: {type(error).__name__}: {error}"
        yield name


def main() -> None:
    """Fill in the rows that are missing, and print how many are of each kind."""
    options = arguments()
    file = Path(options.results)
    results = json.loads(file.read_text()) if file.exists() else {}
    rows = results.setdefault(options.converter, {"version": version(options)})
    with Converter(options) as converter:
        for name in fill(converter, options.cfgs, rows):
            print(f"{name}: {rows[name]}", flush=True)
            file.write_text(json.dumps(results, indent=1) + "\n")
    kinds = Counter(value.partition(":")[0] for key, value in rows.items() if key != "version")
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{options.converter} {rows['version']}, {sum(kinds.values())} cfgs: {counts}")


if __name__ == "__main__":
    main()
