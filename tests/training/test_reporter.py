"""When weights are saved, and what is said of an iteration, in each lineage."""

import pytest

from pydarknet.errors import UsageError
from pydarknet.training.learner import Step
from pydarknet.training.reporter import REPORTERS, Reporter

STEP = Step(batch=12, loss=1.5, average=2.5, rate=0.001, images=64)


@pytest.fixture
def reporter(net):
    """Return a function that makes the reporter of a lineage, of 64 images an iteration."""

    def make(dialect: str, batch: int = 64):
        options = f"batch={batch}\nmax_batches=2000\nlearning_rate=0.001"
        network = net("[softmax]", dialect=dialect, options=options)
        made = REPORTERS.of(dialect)(network, listed=100)
        if dialect == "alexeyab":
            made.saveweights, made.savelast = 1000, 100
        return made

    return make


@pytest.mark.parametrize(
    ("batch", "endings"),
    [
        (99, []),
        (100, ["_100.weights", ".backup"]),  # every hundredth below a thousand
        (1100, [".backup"]),
        (10000, ["_10000.weights", ".backup"]),
    ],
)
def test_the_original_saves_a_backup_at_every_hundredth(reporter, batch, endings):
    assert reporter("pjreddie").due(batch) == endings


@pytest.mark.parametrize(("batch", "endings"), [(7, ["_7.weights"]), (100, [".backup"])])
def test_the_original_saves_as_often_as_a_flag_says(reporter, batch, endings):
    made = reporter("pjreddie")

    made.read(None, saveweights=7)

    assert made.due(batch) == endings


@pytest.mark.parametrize(
    ("batch", "endings"),
    [(99, []), (100, ["_last.weights"]), (1000, ["_1000.weights", "_last.weights"])],
)
def test_the_fork_saves_when_it_was_told_to(reporter, batch, endings):
    assert reporter("alexeyab").due(batch) == endings


def test_the_fork_counts_from_the_iteration_it_saved_at(reporter):
    made = reporter("alexeyab")
    made.saved = 50

    assert made.due(1050) == ["_1050.weights"]
    assert made.saved == 1050


def test_the_original_tells_loss_average_rate_time_and_images(reporter, capsys):
    reporter("pjreddie").report_step(STEP, seconds=0.5, loading=0.0)

    assert capsys.readouterr().out == (
        "12: 1.500000, 2.500000 avg, 0.001000 rate, 0.500000 seconds, 768 images\n"
    )


def test_the_fork_tells_the_hours_that_are_left_too(reporter, capsys):
    reporter("alexeyab").report_step(STEP, seconds=0.5, loading=0.0)

    assert capsys.readouterr().out == (
        "\n 12: 1.500000, 2.500000 avg loss, 0.001000 rate, 0.500000 seconds, 768 images,"
        " -1.000000 hours left\n"
    )


def test_the_hours_left_are_smoothed(reporter):
    made = reporter("alexeyab")
    step = Step(batch=200, loss=0, average=0, rate=0, images=64)

    made.count_hours(step, 2.0)  # 1800 iterations of 2 seconds
    assert made.hours_left == 1.0

    made.count_hours(step, 4.0)
    assert made.hours_left == pytest.approx(1.01)  # 0.01 * 2 + 0.99 * 1


def test_the_fork_calls_waiting_a_bottleneck_but_not_at_first(reporter, capsys):
    made = reporter("alexeyab")

    made.report_loading(0.5, first=True)
    made.report_loading(0.05, first=False)
    made.report_loading(0.5, first=False)

    assert capsys.readouterr().out.split("\n")[:3] == [
        "Loaded: 0.500000 seconds",
        "Loaded: 0.050000 seconds",
        "Loaded: 0.500000 seconds - performance bottleneck on CPU or Disk HDD/SSD",
    ]


def test_the_fork_refuses_a_batch_of_one(reporter):
    with pytest.raises(UsageError, match="incorrect value batch=1 for Training"):
        reporter("alexeyab", batch=1).report_start(0)


def test_the_fork_warns_of_a_small_batch(reporter, capsys):
    reporter("alexeyab", batch=4).report_start(0)

    assert "Warning: You set batch=4 lower than 64!" in capsys.readouterr().out


@pytest.fixture
def unheard(net, monkeypatch):
    """Return a reporter whose streams fail if they are named in `broken`."""
    made = Reporter(net("[convolutional]\nfilters=1\n"), listed=1)
    made.broken, made.lines = set(), []

    def writing(name: str):
        def write(text: str, **_: object) -> None:
            if name in made.broken - made.lost:
                raise BrokenPipeError("Broken pipe")
            made.lines.append(text)

        return write

    monkeypatch.setattr("pydarknet.training.reporter.say", writing("stdout"))
    monkeypatch.setattr("pydarknet.training.reporter.note", writing("stderr"))
    monkeypatch.setattr("pydarknet.training.reporter.leave", lambda stream: None)
    return made


def test_a_log_that_cannot_be_written_is_noted_once_and_the_training_continues(unheard):
    unheard.broken = {"stdout"}

    unheard.say("a")
    unheard.say("b")

    assert unheard.lines == [
        "the log cannot be written, and the training continues without it: Broken pipe",
        "b",  # which goes nowhere
    ]
    assert not unheard.unheard


def test_a_training_that_no_one_hears_ends(unheard):
    unheard.broken = {"stdout", "stderr"}

    unheard.say("a")

    assert unheard.unheard
