"""A machine is known by its processor, the processor's features and its cores."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import BENCHMARKS

INTEL = """processor\t: 0
cpu family\t: 6
model\t\t: 207
model name\t: Intel(R) Xeon(R) Processor
flags\t\t: fpu sse avx2 avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_tile avx

processor\t: 1
model name\t: another
flags\t\t: amx_bf16
"""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return the script as a module, with a processor and a control group of its own."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import machine

    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(machine, "STAT", tmp_path / "stat")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 5}, raising=False)
    return machine


def test_processor_and_features_are_those_of_the_first_processor(machine):
    machine.CPUINFO.write_text(INTEL)

    assert machine.processor() == "Intel(R) Xeon(R) Processor, family 6 model 207"
    words = "amx_tile avx2 avx512_bf16 avx512_fp16 avx512_vnni avx512f"
    assert machine.features() == words.split()
    assert machine.headline(machine.machine()).endswith(f" model 207 ({words}), 4 cores")


def test_without_a_file_of_linux_the_processor_still_has_a_name(machine):
    assert machine.processor()
    assert machine.features() == []


def test_features_of_arm_are_read(machine):
    machine.CPUINFO.write_text("processor : 0\nFeatures : fp asimd asimddp i8mm bf16 sve\n")

    assert machine.features() == ["asimddp", "bf16", "i8mm", "sve"]


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 4), ("150000 100000", 1.5), ("800000 100000", 4)]
)
def test_cores_are_limited_by_affinity_and_control_group(machine, quota, cores):
    machine.QUOTA.write_text(f"{quota}\n")

    assert machine.cores() == cores


def test_versions_name_what_is_installed(machine, tmp_path: Path):
    (tmp_path / "opencv_python-4.14.0.dist-info").mkdir()
    text = "Metadata-Version: 2.1\nName: opencv-python\nVersion: 4.14.0\n"
    (tmp_path / "opencv_python-4.14.0.dist-info" / "METADATA").write_text(text)

    assert machine.version("opencv", str(tmp_path)) == "4.14.0"
    assert machine.version("onnxruntime", str(tmp_path)) is None
    found = machine.versions(["torch", "nothing-of-this-name"])
    assert list(found) == ["python", "pydarknet", "torch", "oneDNN"]


def test_others_are_all_that_worked_but_for_the_processes_that_are_named(machine, tmp_path: Path):
    def write(user: int, idle: int, steal: int, named: int) -> None:
        machine.STAT.write_text(f"cpu {user} 0 10 {idle} 5 0 0 {steal} 0 0\ncpu0 1 1\n")
        (tmp_path / "77").mkdir(exist_ok=True)
        text = f"77 (a ) name) S {' 0' * 10} {named} 7 0\n"
        (tmp_path / "77" / "stat").write_text(text)

    write(user=100, idle=1000, steal=0, named=20)
    watch = machine.Watch([77, 78])
    assert watch.share() == 0

    write(user=150, idle=1040, steal=10, named=40)

    # all: 50 + 40 + 10; others: 50 + 10 - 20
    assert watch.share() == 0.4


def test_where_linux_tells_nothing_others_take_nothing(machine):
    assert machine.busy(0.0) == 0
