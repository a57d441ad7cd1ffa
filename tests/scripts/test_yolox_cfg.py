"""The cfgs of the networks of YOLOX."""

from __future__ import annotations

import pytest
import yolox_cfg
from conftest import HERE

from pydarknet.cfg.parser import Section, sections_of
from pydarknet.load import read_network

SHIPPED = HERE.parent / "cfg" / "yolox-s.cfg"


def entries(sections: list[Section]) -> list[tuple[str, list[tuple[str, str | None]]]]:
    return [(one.name, [(entry.key, entry.value) for entry in one.entries]) for one in sections]


def test_the_shipped_cfg_is_that_of_s():
    made = sections_of(yolox_cfg.cfg_of("s"), "yolox-s.cfg")

    assert entries(made) == entries(sections_of(SHIPPED.read_text(), str(SHIPPED)))


@pytest.mark.parametrize(("name", "millions"), [("nano", 0.91), ("tiny", 5.06), ("m", 25.3)])
def test_networks_have_the_parameters_that_the_authors_state(tmp_path, name, millions):
    (tmp_path / "net.cfg").write_text(yolox_cfg.cfg_of(name))

    network = read_network(tmp_path / "net.cfg")

    count = sum(one.numel() for one in network.parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.01)
    assert network.input.w == (640 if name == "m" else 416)
