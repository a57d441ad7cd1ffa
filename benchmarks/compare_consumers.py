#!/usr/bin/env python3
"""Run exported files under the parsers of the programs that read them, beside this package's boxes.

python benchmarks/compare_consumers.py ../shared/models ../shared/images --golden ../shared/golden \
    --frigate CHECKOUT --deepstream PROGRAM --web node_modules

A folder of models has a folder each, with model.cfg, model.weights and model.names. Each model is
exported, and each consumer that is there finds the boxes of each photograph twice: from the file,
and from the numbers of our own network under the same parser. Those should be equal. Where the
folder of recordings has the boxes of the C program for the photograph, those above the consumer's
threshold are looked for among the file's; the C gives a box each of its labels and suppresses by
class, most consumers do not, so a box may be missing because it stands there under another label or
because the consumer suppresses more. A consumer that is not there is named, with what it
needs. Results are kept in --results: run it once in each environment that has some of the
consumers, and the last run prints them all.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import consumers as c
import numpy as np
import torch
from consumers import Absent, Array, Consumer, Found, best_class

import pydarknet
from pydarknet.boxes.settings import Decoding, settings
from pydarknet.cli.main import main
from pydarknet.image.files import load_image
from pydarknet.image.geometry import letterbox_size
from pydarknet.inference.predict import decode, network_input, suppress
from pydarknet.layers import detection_heads
from pydarknet.network import Network

LINEAGES = {"ab": "alexeyab", "pj": "pjreddie"}
COUNTS = ("boxes", "ours", "equal", "recorded", "found", "label", "overlap", "unexplained")
THRESH = 0.25  # of the recordings, and of files that suppress
SCORE, SIDE = 2e-3, 0.5  # how far equal boxes may be apart, the second in pixels


CONSUMERS: dict[str, Callable[[argparse.Namespace, int], Consumer]] = {
    "onnxruntime": lambda options, classes: c.OnnxRuntime(),
    "nms": lambda options, classes: c.EndToEnd(),
    "frigate": lambda options, classes: c.Frigate(options.frigate),
    "openvino": lambda options, classes: c.OpenVINO(),
    "ultralytics": lambda options, classes: c.Ultralytics(),
    "deepstream": lambda options, classes: c.DeepStream(options.deepstream, classes),
    "opencv-rows": lambda options, classes: c.OpenCVRows(),
    "zoneminder": lambda options, classes: c.ZoneMinder(),
    "web": lambda options, classes: c.Browser(options.web),
    "ncnn": lambda options, classes: c.Ncnn(),
}


@dataclass(frozen=True)
class Photograph:
    """A photograph as a network's input, and the boxes that the C found in it, if recorded."""

    name: str
    x: Array  # [1, C, H, W]
    recorded: Found | None


def our_tensor(network: Network, layout: str, x: Array) -> Array:
    """Return our own network's numbers in the form of a layout."""
    with torch.inference_mode():
        heads = network(torch.from_numpy(x))
        every = [
            head.node.layer.detections(head.activated, network.input, Decoding(thresh=-1)).rows
            for head in heads
        ]
    size = torch.tensor([network.input.w, network.input.h] * 2)
    sides = torch.cat([rows.boxes for rows in every]) * size
    scores = torch.cat([rows.probabilities for rows in every])
    objectness = torch.cat([rows.objectness for rows in every])[:, None]
    corners = torch.cat([sides[:, :2] - sides[:, 2:] / 2, sides[:, :2] + sides[:, 2:] / 2], 1)
    best, kind = scores.max(1, keepdim=True)
    tables = {
        "merged": torch.cat([sides, scores], 1).T[None],
        "rows": torch.cat([sides / size, objectness, scores], 1),
        "deepstream": torch.cat([corners, best, kind.float()], 1)[None],
    }
    return tables[layout].numpy()


def our_boxes(network: Network, x: Array, thresh: float) -> Found:
    """Return the boxes that our network finds in its input, suppressed as Darknet does."""
    height, width = x.shape[2:]
    chosen = settings(network, thresh=thresh, letterbox=False)
    with torch.inference_mode():
        heads = network(torch.from_numpy(x))
        found = decode(network, heads, [np.zeros((height, width, 3), np.uint8)], chosen)
        [boxes] = suppress(heads, found, chosen)
    return found_of(boxes.kept(), width, height)


def found_of(boxes: pydarknet.Detections, width: int, height: int) -> Found:
    """Return our boxes as a consumer's: one for each label."""
    corners, scores = boxes.xyxy(width, height).numpy(), boxes.probabilities.numpy()
    places, classes = scores.nonzero()
    return Found(classes, scores[places, classes], corners[places])


def recorded_boxes(file: Path, network: Network, size: tuple[int, int]) -> Found:
    """Return recorded boxes in pixels of the network; `size` is the photograph's."""
    width, height = network.input.w, network.input.h
    inner = letterbox_size(*size, width, height) if network.dialect.letterbox else (width, height)
    rows = []
    for found in json.loads(file.read_text())[0]["objects"]:
        place = found["relative_coordinates"]
        x = place["center_x"] * inner[0] + (width - inner[0]) / 2
        y = place["center_y"] * inner[1] + (height - inner[1]) / 2
        w, h = place["width"] * inner[0] / 2, place["height"] * inner[1] / 2
        rows.append((found["class_id"], found["confidence"], x - w, y - h, x + w, y + h))
    return Found.of(rows)


def photographs(network: Network, images: Path, recordings: Path | None) -> Iterator[Photograph]:
    """Yield each photograph of a folder as a network's input."""
    for path in sorted(images.glob("*.stb.png")) or sorted(images.glob("*.jpg")):
        name = path.name.partition(".")[0]
        image = load_image(path, network.input.c)
        x = network_input(network, image, letterboxed=network.dialect.letterbox)
        file = recordings / f"{name}_result.json" if recordings else None
        size = image.shape[1], image.shape[0]
        there = file is not None and file.exists()
        recorded = recorded_boxes(file, network, size) if file and there else None
        yield Photograph(name, x[None].numpy(), recorded)


@dataclass(frozen=True)
class Matches:
    """For wanted boxes that were found, how far score and sides are apart; and the others."""

    apart: list[tuple[float, float]]
    unfound: list[int]


def matches(found: Found, wanted: Found, score: float, side: float) -> Matches:
    """Look for each wanted box among those found: the same class, near in score and sides."""
    free, apart, unfound = set(range(len(found.classes))), [], []
    for place in range(len(wanted.classes)):
        near = []
        for i in free:
            off = abs(float(found.scores[i] - wanted.scores[place]))
            far = float(np.abs(found.corners[i] - wanted.corners[place]).max())
            if found.classes[i] == wanted.classes[place] and off <= score and far <= side:
                near.append((far, off, i))
        if not near:
            unfound.append(place)
            continue
        far, off, i = min(near)
        free.remove(i)
        apart.append((off, far))
    return Matches(apart, unfound)


def reason(reader: Consumer, found: Found, box: Found, rows: Found, side: float) -> str:
    """Return by which rule of the consumer a box of the C is missing: COUNTS names them.

    `rows` are all boxes of the network, each with its best class.
    """
    same = np.abs(rows.corners - box.corners).max(1) <= side
    if same.any() and box.classes[0] not in rows.classes[same]:
        return "label"
    better = found.scores >= box.scores - SCORE
    if reader.by_class:
        better &= found.classes == box.classes
    compared, [own] = reader.compared(found.corners), reader.compared(box.corners)
    return "overlap" if (overlaps(compared, own)[better] > reader.overlap).any() else "unexplained"


def overlaps(corners: Array, box: Array) -> Array:
    """Return the intersection over union of boxes [K, 4] with a box [4]."""
    inner = np.minimum(corners[:, 2:], box[2:]) - np.maximum(corners[:, :2], box[:2])
    common = inner.clip(0).prod(1)
    areas = (corners[:, 2:] - corners[:, :2]).prod(1)
    return common / (areas + (box[2:] - box[:2]).prod() - common)


def cut(found: Found, x: Array) -> Found:
    """Return boxes with their corners inside the input, as consumers give them."""
    height, width = x.shape[2:]
    return replace(found, corners=found.corners.clip(0, [width, height, width, height]))


def export(folder: Path, layout: str, lineage: str, place: str) -> str:
    """Write a model's file by the command; raise Absent with what it says if it cannot."""
    out = Path(place, f"{layout}.onnx")
    words = ["export", "onnx", folder / "model.cfg", folder / "model.weights", out]
    form = ["-layout", layout, "-dialect", lineage]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main([*map(str, words), *form, "-thresh", str(THRESH)])
    if status:
        raise Absent(said.getvalue().strip().splitlines()[-1])
    return out


def one_row(reader: Consumer, network: Network, file: str, shown: list[Photograph]) -> dict:
    """Return the counts and largest differences of a model under a consumer."""
    run = reader.open(file)
    row: dict = {**dict.fromkeys(COUNTS, 0), "equal_apart": [0.0, 0.0], "found_apart": [0.0, 0.0]}
    for photograph in shown:
        x = photograph.x
        if reader.whole:
            x = (np.rint(x * 255) / 255).astype(np.float32)
        found = cut(reader.parse(run(x), x), x)
        if reader.layout == "nms":
            ours = our_boxes(network, x, reader.thresh)
        else:
            ours = reader.parse([our_tensor(network, reader.layout, x)], x)
        ours = cut(ours, x)
        count(row, "equal", matches(found, ours, SCORE, SIDE + 2 * reader.rounded))
        row["boxes"] += len(found.classes)
        row["ours"] += len(ours.classes)
        if photograph.recorded:
            rows = our_tensor(network, "merged", x)[0].T
            best = cut(best_class(rows[:, :4], rows[:, 4:], 0), x)
            count_recorded(row, reader, found, cut(photograph.recorded, x), best)
    return row


def count_recorded(row: dict, reader: Consumer, found: Found, recorded: Found, rows: Found) -> None:
    """Count the boxes of the C above the threshold, those found, and why the others are not."""
    above = recorded.scores > reader.thresh
    wanted = recorded.chosen(above)
    loose = 10 if reader.whole else 1
    side = SIDE * loose + 2 * reader.rounded
    done = matches(found, wanted, SCORE * loose, side)
    count(row, "found", done)
    row["recorded"] += len(wanted.classes)
    for place in done.unfound:
        row[reason(reader, found, wanted.chosen([place]), rows, side)] += 1


def count(row: dict, name: str, done: Matches) -> None:
    """Count boxes that were found, and keep the largest differences of score and pixels."""
    row[name] += len(done.apart)
    most = [max(values) for values in zip(*done.apart, strict=True)] or [0.0, 0.0]
    row[f"{name}_apart"] = [max(pair) for pair in zip(row[f"{name}_apart"], most, strict=True)]


def model_rows(
    folder: Path, lineage: str, options: argparse.Namespace, rows: dict, missing: dict
) -> None:
    """Fill in the rows of a model that are missing."""
    network = pydarknet.load_network(
        folder / "model.cfg", folder / "model.weights", dialect=LINEAGES[lineage], device="cpu"
    ).eval()
    heads = detection_heads(network.layers)
    if not heads:
        return
    golden = options.golden and Path(options.golden, f"infer_{lineage}_real_{folder.name}")
    shown = list(photographs(network, Path(options.images), golden or None))
    with tempfile.TemporaryDirectory() as place:
        files: dict[str, str] = {}
        for name in options.only or CONSUMERS:
            try:
                reader = CONSUMERS[name](options, heads[0].classes)
                key = f"{reader.name} | {reader.version()} | {lineage} {folder.name}"
                if key in rows:
                    continue
                if reader.layout not in files:
                    files[reader.layout] = export(folder, reader.layout, LINEAGES[lineage], place)
                rows[key] = one_row(reader, network, files[reader.layout], shown)
            except Absent as reason:
                missing.setdefault(f"{name}: {reason}", []).append(folder.name)
            except Exception as error:
                rows[key] = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}


def table(rows: dict) -> list[str]:
    """Return a line per consumer: all its models together, and its failures."""
    lines = [
        "| consumer | version | models | boxes | equal to ours | score, pixels | of the C's found |"
        " score, pixels | another label | suppressed | unexplained |",
        "|---" * 11 + "|",
    ]
    failures = []
    kinds = dict.fromkeys(tuple(key.split(" | ")[:2]) for key in rows)
    for kind in kinds:
        of_kind = {key: row for key, row in rows.items() if tuple(key.split(" | ")[:2]) == kind}
        failures += [f"{key}: {row['error']}" for key, row in of_kind.items() if "error" in row]
        good = [row for row in of_kind.values() if "error" not in row]
        if not good:
            continue
        sums = {name: sum(row[name] for row in good) for name in COUNTS}
        most = {
            name: [max(row[f"{name}_apart"][i] for row in good) for i in (0, 1)]
            for name in ("equal", "found")
        }
        apart = {name: f"{pair[0]:.0e}, {pair[1]:.0e}" for name, pair in most.items()}
        both = max(sums["boxes"], sums["ours"])
        lines.append(
            f"| {kind[0]} | {kind[1]} | {len(good)} | {sums['boxes']} |"
            f" {sums['equal']} / {both} | {apart['equal']} |"
            f" {sums['found']} / {sums['recorded']} | {apart['found']} |"
            f" {sums['label']} | {sums['overlap']} | {sums['unexplained']} |"
        )
    return lines + failures


def arguments() -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("models", help="a folder with a folder for each model")
    parser.add_argument("images", help="a folder of photographs: *.stb.png or *.jpg")
    parser.add_argument("--golden", help="the recordings of the C programs")
    parser.add_argument("--frigate", help="a checkout of Frigate")
    parser.add_argument("--deepstream", help="a program around DeepStream-Yolo's parser")
    parser.add_argument("--web", help="a node_modules that has onnxruntime-web")
    parser.add_argument("--only", nargs="+", choices=CONSUMERS, help="these consumers")
    parser.add_argument("--results", default="consumers.json", help="where rows are kept")
    return parser.parse_args()


def fill_and_print() -> None:
    """Fill in the rows that are missing, and print the table."""
    options = arguments()
    file = Path(options.results)
    rows = json.loads(file.read_text()) if file.exists() else {}
    missing: dict[str, list[str]] = {}
    for folder in sorted(Path(options.models).resolve().iterdir()):
        for lineage in LINEAGES:
            golden = Path(options.golden or "", f"infer_{lineage}_real_{folder.name}")
            if golden.is_dir() or (not options.golden and lineage == "ab"):
                model_rows(folder, lineage, options, rows, missing)
                file.write_text(json.dumps(rows, indent=1) + "\n")
    print("\n".join(table(rows)))
    for reason, names in missing.items():
        print(f"left out, {len(names)} models: {reason}")


if __name__ == "__main__":
    fill_and_print()
