"""From what the first numbers of a training are drawn, and how its chart begins."""

import torch

from pydarknet.cfg.net import Net
from pydarknet.cfg.parser import sections_of
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
