from __future__ import annotations

from pathlib import Path

import pytest

from pydarknet.system import processor

XEON = (
    "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Processor\nmodel\t\t: 207\n"
    "flags\t\t: fpu sse avx2 fma avx512f avx512_vnni avx512_bf16 amx_tile\n\n"
    "processor\t: 1\nmodel name\t: another\nflags\t\t: sve\n"
)
ARM = "processor\t: 0\nBogoMIPS\t: 2100.00\nFeatures\t: fp asimd asimddp i8mm bf16\n"


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which the tested machine says what its processors are."""
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    return tmp_path / "cpuinfo"


def test_the_first_processor_counts(said: Path) -> None:
    said.write_text(XEON)

    assert processor.name() == "Intel(R) Xeon(R) Processor"
    assert processor.features() == ["AVX2", "AVX-512", "VNNI", "AMX", "BF16"]
    assert "avx512_vnni" in processor.words()
    assert "sve" not in processor.words()


def test_an_arm_processor_lists_other_words_and_no_name(
    said: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said.write_text(ARM)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    assert processor.name() == "aarch64"
    assert processor.features() == ["NEON", "dot products", "I8MM", "BF16"]


def test_where_the_system_says_nothing_there_is_a_name(said: Path) -> None:
    assert processor.first_processor() == ""
    assert processor.words() == set()
    assert processor.name()


def test_only_the_beginning_is_read(said: Path) -> None:
    said.write_text("model name\t: x\n" + "flags\t: avx2\n" * 10000)

    assert len(processor.first_processor()) == 8192
