"""A program that answers as a Darknet binary did: with what was recorded of one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

BY_LINEAGE = """#!/bin/sh
# answers of {case}
here={folder}
out=
while [ $# -gt 0 ]; do
  case "$1" in
    -out) out=$2; shift;;
    test|valid|predict) action=$1;;
  esac
  shift
done
[ -f "$here/broken" ] && {{ cat "$here/broken" >&2; exit 7; }}
cat "$here/$action.txt"
cat "$here/stderr.txt" >&2
[ "$action" = valid ] && cp "$here"/results/* results/
[ "$action" = test ] && [ -f "$here/found.json" ] && cp "$here/found.json" "$out"
[ "$action" = test ] && [ ! -f "$here/found.json" ] && echo drawn > "$out.jpg"
exit 0
"""


def stand_in(case: Path, folder: Path) -> Path:
    """Return a program in a folder that answers what was recorded in a case, on any image."""
    answers = folder / "answers"
    (answers / "results").mkdir(parents=True)
    said = (case / "cli_stdout.txt").read_text()
    for action in ("test", "predict"):
        (answers / f"{action}.txt").write_text(said)
    (answers / "valid.txt").write_text("")
    shutil.copy(case / "cli_stderr.txt", answers / "stderr.txt")
    if (case / "cli_result.json").is_file():
        shutil.copy(case / "cli_result.json", answers / "found.json")
    elif "det_nms_bbox" in np.load(case / "expected.npz").files:
        write_results(case, answers / "results")
    program = folder / "darknet"
    program.write_text(BY_LINEAGE.format(case=case.name, folder=answers))
    program.chmod(0o755)
    return program


def write_results(case: Path, folder: Path, width: int = 90, height: int = 70) -> None:
    """Write recorded boxes as the original's `detector valid` does.

    Darknet: examples/detector.c print_detector_detections
    """
    recorded = np.load(case / "expected.npz")
    boxes, scores = recorded["det_nms_bbox"], recorded["det_nms_prob"]
    for index in range(scores.shape[1]):
        lines = ""
        for (x, y, w, h), score in zip(boxes.tolist(), scores[:, index].tolist(), strict=True):
            left, right = (x - w / 2) * width + 1, (x + w / 2) * width + 1
            top, bottom = (y - h / 2) * height + 1, (y + h / 2) * height + 1
            edges = (max(left, 1), max(top, 1), min(right, width), min(bottom, height))
            if score:
                lines += f"image0 {score:f} {' '.join(f'{edge:f}' for edge in edges)}\n"
        (folder / f"r_class{index}.txt").write_text(lines)
