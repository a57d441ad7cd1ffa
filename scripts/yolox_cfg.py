#!/usr/bin/env python3
"""Write the cfg of one of the networks of YOLOX: nano, tiny, s, m, l or x.

python scripts/yolox_cfg.py m > yolox-m.cfg

They differ in their depth, which multiplies the residual blocks of a stage, and in their width,
which multiplies the channels; nano has depthwise convolutions, and two more besides for each of
3 x 3. All else, the options of [net] too, is that of cfg/yolox-s.cfg.

Source: Megvii-BaseDetection/YOLOX, exps/default, yolox/models
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SMALL: Final = Path(__file__).resolve().parents[1] / "cfg" / "yolox-s.cfg"


@dataclass(frozen=True)
class Kind:
    """The residual blocks of the first stage, the width, and the side of the input."""

    blocks: int
    width: float
    side: int = 640
    depthwise: bool = False


KINDS: Final = {
    "nano": Kind(1, 0.25, 416, depthwise=True),
    "tiny": Kind(1, 0.375, 416),
    "s": Kind(1, 0.5),
    "m": Kind(2, 0.75),
    "l": Kind(3, 1.0),
    "x": Kind(4, 1.25),
}


@dataclass
class Writer:
    """The sections of a network, and the channels of each layer."""

    kind: Kind
    classes: int
    sections: list[str] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The index of the last layer."""
        return len(self.channels) - 1

    def add(self, name: str, channels: int, **options: object) -> int:
        """Write a section; return the index of its layer."""
        lines = "".join(f"{key}={value}\n" for key, value in options.items())
        self.sections.append(f"[{name}]\n{lines}")
        self.channels.append(channels)
        return self.last

    def say(self, text: str) -> None:
        """Write a comment above the next section."""
        self.sections.append(f"\n# {text}\n")

    def normed(self, filters: int, size: int, stride: int = 1, **more: object) -> int:
        """Write a convolution with batch norm."""
        options = {"batch_normalize": 1, "filters": filters, "size": size, "stride": stride}
        return self.add(
            "convolutional", filters, **options, **(more or {"pad": 1}), activation="swish"
        )

    def three(self, filters: int, stride: int = 1) -> int:
        """Write a convolution of 3 x 3, or the two that stand for it."""
        if not self.kind.depthwise:
            return self.normed(filters, 3, stride)
        before = self.channels[-1]
        self.normed(before, 3, stride, groups=before, pad=1)
        return self.normed(filters, 1)

    def predict(self, filters: int, **more: object) -> int:
        """Write a convolution that predicts."""
        options = {"filters": filters, "size": 1, "stride": 1, "activation": "linear"}
        return self.add("convolutional", filters, **options, **more)

    def route(self, *layers: int) -> int:
        """Join layers, given by their indices."""
        here = len(self.channels)
        text = ",".join(str(layer - here) for layer in layers)
        return self.add("route", sum(self.channels[layer] for layer in layers), layers=text)

    def stage(self, filters: int, blocks: int, *, residual: bool) -> int:
        """Write a stage of two ways, one of which has blocks."""
        start = self.last
        by = self.normed(filters // 2, 1)
        self.route(start)
        before = self.normed(filters // 2, 1)
        for _ in range(blocks):
            self.normed(filters // 2, 1)
            after = self.three(filters // 2)
            if residual:
                options = {"from": before - after - 1, "activation": "linear"}
                after = self.add("shortcut", filters // 2, **options)
            before = after
        self.route(before, by)
        return self.normed(filters, 1)

    def pyramid(self, filters: int) -> int:
        """Write max pools of three sizes beside their input."""
        start = self.normed(filters // 2, 1)
        pools = []
        for size in (5, 9, 13):
            if pools:
                self.route(start)
            pools.append(self.add("maxpool", filters // 2, stride=1, size=size))
        self.route(start, *pools)
        return self.normed(filters, 1)

    def double(self) -> int:
        """Write a layer that doubles width and height."""
        return self.add("upsample", self.channels[-1], stride=2)

    def head(self, source: int, stride: int, filters: int) -> int:
        """Write the two towers over a map."""
        self.say(f"head of stride {stride}: classes, and apart from them box and objectness")
        self.sections.append(f"[route]\nlayers={source}\n")
        self.channels.append(self.channels[source])
        stem = self.normed(filters, 1)
        self.three(filters)
        self.three(filters)
        self.say("for your own classes: filters = classes, and classes in the [yolox] below")
        classes = self.predict(self.classes, prior=0.01)
        self.route(stem)
        self.three(filters)
        tower = self.three(filters)
        box = self.predict(4)
        self.route(tower)
        objectness = self.predict(1, prior=0.01)
        return self.route(box, objectness, classes)


def sections_of(kind: Kind, classes: int = 80) -> str:
    """Return the sections after [net]."""
    out = Writer(kind, classes)
    blocks, width = kind.blocks, int(64 * kind.width)
    out.say(f"stage 1: 2x2 pixels as channels, 3x3, in one convolution of 6x6; {width} channels")
    out.normed(width, 6, 2, padding=2)
    stages = [0, 0]
    for number, count in ((2, blocks), (3, 3 * blocks), (4, 3 * blocks)):
        filters = width << (number - 1)
        out.say(f"stage {number}: halve, {count} residual blocks; {filters} channels")
        out.three(filters, 2)
        stages.append(out.stage(filters, count, residual=True))
    out.say(
        f"stage 5: halve, spatial pyramid pooling, CSP without residuals; {16 * width} channels"
    )
    out.three(16 * width, 2)
    out.pyramid(16 * width)
    out.stage(16 * width, blocks, residual=False)
    maps = neck(out, stages, width)
    filters = int(256 * kind.width)
    strides = (8, 16, 32)
    heads = [out.head(at, stride, filters) for at, stride in zip(maps, strides, strict=True)]
    out.say("all three heads are one section, whose loss sees all cells")
    out.sections.append(
        f"[yolox]\nlayers={','.join(map(str, heads))}\nclasses={classes}\n"
        "radius=1.5\ncandidates=10\niou_loss=iou2\niou_normalizer=5\njitter=0.2\nrandom=1\n"
    )
    return "\n".join(out.sections)


def neck(out: Writer, stages: list[int], width: int) -> list[int]:
    """Write the ways down and up; return the layers of the three maps, finest first."""
    blocks = out.kind.blocks
    out.say("neck, downward: join with stage 4, then with stage 3")
    five = out.normed(8 * width, 1)
    out.route(out.double(), stages[4])
    out.stage(8 * width, blocks, residual=False)
    four = out.normed(4 * width, 1)
    out.route(out.double(), stages[3])
    fine = out.stage(4 * width, blocks, residual=False)
    out.say("neck, upward")
    out.route(out.three(4 * width, 2), four)
    middle = out.stage(8 * width, blocks, residual=False)
    out.route(out.three(8 * width, 2), five)
    return [fine, middle, out.stage(16 * width, blocks, residual=False)]


def cfg_of(name: str) -> str:
    """Return the cfg of a network of YOLOX."""
    kind = KINDS[name]
    before = SMALL.read_text().partition("\n\n# stage 1")[0]
    before = re.sub("(?i)(yolox)([-_])s", rf"\1\2{name}", before).replace(" cfg/yolox", " yolox")
    before = re.sub(r"(?m)^(width|height)=\d+", rf"\1={kind.side}", before)
    before = before.replace("640x640", f"{kind.side}x{kind.side}")
    return f"{before}\n{sections_of(kind)}"


def main() -> None:
    """Print the cfg that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("network", choices=[*KINDS])
    print(cfg_of(parser.parse_args().network), end="")


if __name__ == "__main__":
    main()
