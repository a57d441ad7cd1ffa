"""What ports call the convolutions of a network, in the order of its cfg, written briefly."""

from __future__ import annotations

import re


def spread(text: str) -> tuple[str, ...]:
    """Return the words of a text, in which `a.2-4.b` stands for `a.2.b a.3.b a.4.b`."""
    words: list[str] = []
    for word in text.split():
        parts = re.fullmatch(r"(.*?)(\d+)-(\d+)(.*)", word)
        if not parts:
            words.append(word)
            continue
        before, first, last, after = parts.groups()
        for number in range(int(first), int(last) + 1):
            words += spread(f"{before}{number}{after}")
    return tuple(words)


def yolox(blocks: int, *, depthwise: bool = False) -> tuple[str, ...]:
    """Return the places of a YOLOX whose first stage has so many residual blocks.

    Where it is `depthwise`, two convolutions stand for each of 3 x 3.
    """

    def three(name: str) -> str:
        return f"{name}.dconv {name}.pconv" if depthwise else name

    def stage(name: str, blocks: int) -> str:
        residual = " ".join(
            f"{name}.m.{block}.conv1 {three(f'{name}.m.{block}.conv2')}" for block in range(blocks)
        )
        return f"{name}.conv2 {name}.conv1 {residual} {name}.conv3"

    def tower(name: str) -> str:
        return f"{three(f'{name}.0')} {three(f'{name}.1')}"

    back = "backbone.backbone.dark"
    dark = " ".join(
        f"{three(f'{back}{number}.0')} {stage(f'{back}{number}.1', count)}"
        for number, count in ((2, blocks), (3, 3 * blocks), (4, 3 * blocks))
    )
    head = " ".join(
        f"head.stems.{k} {tower(f'head.cls_convs.{k}')} head.cls_preds.{k}"
        f" {tower(f'head.reg_convs.{k}')} head.reg_preds.{k} head.obj_preds.{k}"
        for k in range(3)
    )
    return spread(
        f"backbone.backbone.stem {dark}"
        f" {three(f'{back}5.0')} {back}5.1.conv1-2 {stage(f'{back}5.2', blocks)}"
        f" backbone.lateral_conv0 {stage('backbone.C3_p4', blocks)}"
        f" backbone.reduce_conv1 {stage('backbone.C3_p3', blocks)}"
        f" {three('backbone.bu_conv2')} {stage('backbone.C3_n3', blocks)}"
        f" {three('backbone.bu_conv1')} {stage('backbone.C3_n4', blocks)} {head}"
    )
