"""When a classifier's weights are saved, and what is said of an iteration, in each lineage."""

import pytest

from pydarknet.training.classifier_reporter import CLASSIFIER_REPORTERS
from pydarknet.training.learner import Step

STEP = Step(batch=12, loss=1.5, average=2.5, rate=0.001, images=64)


@pytest.fixture
def reporter(net):
    """Return a function that makes the reporter of a lineage: 64 images an iteration of 256."""

    def make(dialect: str):
        options = "batch=64\nmax_batches=2000\nmin_crop=8\nmax_crop=16"
        network = net("[softmax]", dialect=dialect, options=options)
        return CLASSIFIER_REPORTERS.of(dialect)(network, listed=256)

    return make


def test_the_original_saves_at_every_epoch(reporter):
    made = reporter("pjreddie")

    assert [made.due(batch) for batch in (3, 4, 5, 8)] == [[], ["_1.weights"], [], ["_2.weights"]]


def test_the_original_saves_a_backup_at_every_thousandth(reporter):
    made = reporter("pjreddie")
    made.epoch = 250

    assert made.due(1000) == [".backup"]


def test_the_original_ends_with_the_name_alone_too(reporter):
    assert reporter("pjreddie").finals == (".weights", "_final.weights")
    assert reporter("alexeyab").finals == ("_final.weights",)


@pytest.mark.parametrize(
    ("batch", "endings"),
    [(99, []), (100, ["_last.weights"]), (1000, ["_1000.weights", "_last.weights"])],
)
def test_the_fork_saves_at_every_hundredth_and_thousandth(reporter, batch, endings):
    assert reporter("alexeyab").due(batch) == endings


@pytest.mark.parametrize(
    ("dialect", "hours"), [("pjreddie", ""), ("alexeyab", ", -1.000000 hours left")]
)
def test_an_iteration_is_told_with_its_epoch(reporter, capsys, dialect, hours):
    reporter(dialect).report_step(STEP, seconds=0.5, loading=0.0)

    assert capsys.readouterr().out == (  # 12 * 64 / 256 epochs
        f"12, 3.000: 1.500000, 2.500000 avg, 0.001000 rate, 0.500000 seconds, 768 images{hours}\n"
    )


@pytest.mark.parametrize(("dialect", "lines"), [("pjreddie", ["8 16"]), ("alexeyab", [])])
def test_the_original_alone_tells_the_sides_that_it_cuts(reporter, capsys, dialect, lines):
    made = reporter(dialect)

    made.say_crops(made.network.net.width)

    assert capsys.readouterr().out.splitlines() == lines
