"""[empty] and [silence], the fork's layers that do nothing."""

from __future__ import annotations

from .base import FORK, Layer, Node, section


@section("empty", "silence", lineage=FORK)
class Empty(Layer):
    """Pass the input on.

    Darknet: src/parser.c parse_network_cfg_custom (AlexeyAB)
    """

    live = False

    def row(self, node: Node) -> str:
        return "empty "
