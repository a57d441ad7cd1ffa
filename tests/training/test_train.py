"""From what the first numbers of a training are drawn, and how its chart begins."""

import threading
from contextlib import nullcontext

import pytest
import torch
from small_training import write_run
from together import together

import pydarknet
from pydarknet.cfg.net import Net
from pydarknet.cfg.parser import sections_of
from pydarknet.training import train
from pydarknet.training.train import first_seed, training_chart


def test_first_weights_are_drawn_by_the_seed_that_is_given():
    assert first_seed(7) == 7

    drawn = torch.rand(1)
    first_seed(7)

    assert torch.rand(1) == drawn


def test_without_one_the_seed_is_any():
    assert first_seed(None) != first_seed(None)


def test_a_chart_has_the_forks_names_and_removes_what_a_killed_training_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left = ["chart.png.0123abcd.999999999.tmp", "chart_my.png.0123abcd.999999999.tmp"]
    others = ["chart.png", "chart_other.png.0123abcd.999999999.tmp"]
    for name in (*left, *others):
        (tmp_path / name).write_text("")

    chart = training_chart("my", net_of("max_batches=7\nmax_chart_loss=3\n"))

    assert [str(path) for path in chart.paths] == ["chart.png", "chart_my.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == others
    assert (chart.last, chart.most) == (7, 3)


def test_a_cfg_that_names_no_loss_lets_the_axis_fit():
    assert training_chart("my", net_of("max_batches=7\n")).most is None


def net_of(options: str) -> Net:
    """Return the [net] section with these options."""
    return Net.read(sections_of(f"[net]\ninputs=1\n{options}", "net.cfg")[0], "alexeyab")


@pytest.mark.usefixtures("one_thread")
def test_a_python_program_trains_with_others_too(tmp_path, monkeypatch):
    write_run(tmp_path, 1)
    cfg = (tmp_path / "run.cfg").read_text().replace("max_batches=60", "max_batches=3")
    (tmp_path / "run.cfg").write_text(cfg)
    monkeypatch.chdir(tmp_path)
    here = threading.local()
    monkeypatch.setattr(train, "company", lambda place, device: nullcontext(here.ranks))
    called = []

    def work(ranks):
        here.ranks = ranks
        options = {"seed": ranks.rank, "workers": 0, "chart": False}
        return pydarknet.train("run.data", "run.cfg", callback=called.append, **options)

    first, second = (network.state_dict() for network in together(2, work))

    assert [report.step.batch for report in called] == [1, 2, 3]
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=0, atol=0)
