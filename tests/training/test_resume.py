"""Where a training starts, given what an earlier one left in its folder."""

import pytest
import torch

from pydarknet.errors import DataError
from pydarknet.training.checkpoints import Files
from pydarknet.training.resume import Request, Start, check_unfinished, find_start, unusable_tensor
from pydarknet.training.run import describe_run
from pydarknet.training.state import State

CFG = "[convolutional]\nfilters=1\nactivation={}\n"
NUMBERS = {"batch": 7, "average": 0.1, "boxes": [0, 0], "seed": 1, "scale": 1.0}


@pytest.fixture
def training(net, tmp_path):
    """Return a function that makes a network and the request to train it."""

    def make(activation="leaky", weights=None, clear=False, **options):
        texts = "".join(f"{key}={value}\n" for key, value in options.items())
        network = net(CFG.format(activation), options=f"max_batches=9\n{texts}")
        started = "" if weights is None else weights.name
        return network, Request(describe_run(network, "a", started), weights, clear, {"cfg": "c"})

    return make


@pytest.fixture
def files(training, tmp_path) -> Files:
    """Return the files of a training that was stopped after seven batches."""
    network, request = training()
    network.initialize()
    files = Files(tmp_path, "net", ".backup")
    network.save_weights(files.path(".backup"))
    files.write_pair(State(request.run, NUMBERS, {}), files.path(".backup"))
    return Files(tmp_path, "net", ".backup")


def test_without_files_a_training_starts_as_it_is_asked_to(training, tmp_path, capsys):
    network, request = training()
    capsys.readouterr()

    start = find_start(network, Files(tmp_path, "net", ".backup"), request)

    assert (start, start.told) == (Start(request.run), "")
    start.tell()
    assert capsys.readouterr().err == ""


def test_the_same_training_resumes(training, files, capsys):
    start = find_start(training()[0], files, training()[1])

    assert start.pair.weights == files.path(".backup")
    assert files.current == files.path(".backup")
    capsys.readouterr()
    start.tell()
    told = f"resuming after batch 7 from {files.path('.backup')}; -clear starts over\n"
    assert capsys.readouterr().err == told


def test_what_changed_is_told_as_it_resumes(training, files):
    network, request = training(learning_rate=0.5, burn_in=2)

    start = find_start(network, files, request)

    assert start.pair
    assert "with [net] learning_rate = 0.5 (was 0.001); [net] burn_in = 2 (was 0)" in start.told


def test_a_finished_training_is_an_error(files):
    with pytest.raises(DataError, match="has seen 7 batches, max_batches is 7: nothing to train"):
        check_unfinished(files.path(".backup"), 7, 7, "")
    check_unfinished(files.path(".backup"), 7, 8, "")
    check_unfinished(files.path(".backup"), 7, 0, "")  # endless


def test_another_network_is_an_error_that_says_how_to_go_on(training, files):
    network, request = training(activation="relu")

    with pytest.raises(DataError) as raised:
        find_start(network, files, request)

    backup = files.path(".backup")
    assert str(raised.value) == (
        f"{backup} is of batch 7 of another training:"
        " layer 0 [convolutional] activation = relu (was leaky)\n"
        f"    hint: to go on from it, give {backup} as weights;"
        f" to start over, give -clear, which keeps it as {files.path('_old1.backup')}"
    )


def test_the_newest_weights_are_gone_on_from_whatever_changed(training, files):
    from pydarknet.system.digest import digest

    network, request = training(activation="relu", weights=files.path(".backup"))
    request.run["weights"] = digest(files.path(".backup"))

    start = find_start(network, files, request)

    assert start == Start(request.run)
    assert files.current == files.path(".backup")  # the first save keeps the pair
    assert "goes on from the weights alone: layer 0" in start.told


def test_other_weights_start_anew_and_keep_the_old_ones(training, files, tmp_path):
    (tmp_path / "other.weights").write_bytes(b"")

    start = find_start(*with_files(training(weights=tmp_path / "other.weights"), files))

    assert start.aside == "net_old1"
    assert "starting over: the first save keeps" in start.told


def with_files(made, files):
    """Return network, files and request."""
    return made[0], files, made[1]


def test_clear_starts_anew_even_where_it_could_resume(training, files):
    start = find_start(*with_files(training(clear=True), files))

    assert (start.pair, start.aside) == (None, "net_old1")


def test_a_damaged_state_is_an_error(training, files, tmp_path):
    files.path(".state").write_bytes(b"")
    (tmp_path / "other.weights").write_bytes(b"")

    for weights in (None, tmp_path / "other.weights"):
        with pytest.raises(DataError, match="is there, and no usable state belongs to it"):
            find_start(*with_files(training(weights=weights), files))


def test_weights_of_another_program_are_kept_when_others_are_given(training, files, tmp_path):
    files.path(".state").unlink()
    (tmp_path / "other.weights").write_bytes(b"")

    start = find_start(*with_files(training(weights=tmp_path / "other.weights"), files))

    assert start.aside == "net_old1"


def test_a_state_without_weights_is_noted(training, files):
    files.path(".backup").unlink()
    network, request = training()

    start = find_start(network, files, request)

    assert start == Start(request.run)
    assert "the weights that it belongs to are gone" in start.told


def test_a_state_of_the_first_version_that_names_no_weights_is_no_crash(
    training, files, monkeypatch
):
    old = State({"cfg": "c"}, NUMBERS, {}, next(files.pairs()).state.weights)
    monkeypatch.setattr("pydarknet.training.checkpoints.read_state", lambda path: old)

    assert find_start(training()[0], files, training()[1]).run["weights"] == ""


@pytest.mark.parametrize(("cfg", "resumes"), [("c", True), ("d", False)])
def test_a_state_of_the_first_version_is_known_by_the_hash_of_its_cfg(
    training, files, monkeypatch, cfg, resumes
):
    old = State({"cfg": cfg, "weights": ""}, NUMBERS, {}, next(files.pairs()).state.weights)
    monkeypatch.setattr("pydarknet.training.checkpoints.read_state", lambda path: old)
    network, request = training()

    if resumes:
        assert find_start(network, files, request).pair
    else:
        with pytest.raises(DataError, match="another training: the cfg file is another"):
            find_start(network, files, request)


@pytest.mark.parametrize(
    ("name", "tensor", "fits"),
    [
        ("optimizer.momentum_buffer.stack.0.weights", torch.zeros(1, 3, 1, 1), True),
        ("optimizer.momentum_buffer.stack.0.weights", torch.zeros(3, 1, 1, 1), False),
        ("optimizer.momentum_buffer.stack.0.weights", torch.zeros(1, 3, 1, 1).double(), False),
        ("optimizer.momentum_buffer.stack.9.weights", torch.zeros(1, 3, 1, 1), False),
        ("optimizer.exp_avg.stack.0.weights", torch.zeros(1, 3, 1, 1), False),  # of Adam
        ("moving.stack.0.biases", torch.zeros(1), True),
        ("array.stack.0.none", torch.zeros(1), False),
        ("recurrent.0.stack.0", torch.zeros(1), False),
        ("chart.losses", torch.zeros(3, 2, dtype=torch.float64), True),
        ("chart.losses", torch.zeros(3), True),  # the chart leaves out what is none
        ("what", torch.zeros(1), False),
    ],
)
def test_tensors_are_checked_against_the_network(training, name, tensor, fits):
    network, _ = training()

    assert (unusable_tensor(network, {name: tensor}) == "") is fits


def test_a_state_of_the_first_version_is_of_the_dialect_of_its_weights(
    training, files, monkeypatch, net
):
    old = State({"cfg": "c", "weights": ""}, NUMBERS, {}, next(files.pairs()).state.weights)
    monkeypatch.setattr("pydarknet.training.checkpoints.read_state", lambda path: old)
    network = net(CFG.format("leaky"), dialect="alexeyab")
    request = Request(describe_run(network, "a", ""), older={"cfg": "c"})

    with pytest.raises(DataError, match="another training: dialect alexeyab"):
        find_start(network, files, request)


def test_weights_that_do_not_fit_are_not_offered(files, net):
    network = net("[convolutional]\nfilters=2\n", options="max_batches=9\n")
    request = Request(describe_run(network, "a", ""))

    with pytest.raises(DataError, match="its weights do not fit this cfg; to start over, give"):
        find_start(network, files, request)
