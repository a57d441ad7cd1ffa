"""cfg files: their sections, and the options of [net] and of each layer."""

from __future__ import annotations

from functools import cache

from fuzz.rules import file_of, refusals

from pydarknet.cfg.net import Net
from pydarknet.cfg.options import declarations
from pydarknet.cfg.parser import read_cfg
from pydarknet.graph.choose_dialect import choose_dialect
from pydarknet.graph.nodes import read_layers
from pydarknet.layers import Reading
from pydarknet.layers.base import REGISTRY


@cache
def words() -> tuple[str, ...]:
    """Return the sections and keys that a cfg may have."""
    kinds = {cls for owners in REGISTRY.values() for cls in owners.values()}
    keys = {key for cls in (*kinds, Net) for key, _, _ in declarations(cls).values()}
    return (*(f"[{name}]\n" for name in (*REGISTRY, "net")), *(f"{key}=" for key in sorted(keys)))


def check(content: bytes) -> None:
    """Read a cfg up to its layers; the first byte says whether unknown words are replaced."""
    strict, text = content[:1] != b"~", content[1:]
    with refusals(lines=True):
        sections = read_cfg(file_of(text))
        lineage = choose_dialect(sections).dialect.name
        net = Net.read(sections[0], lineage, strict)
        reading = Reading(lineage=lineage, strict=strict, net=net)
        assert len(read_layers(sections[1:], reading)) == len(sections) - 1
