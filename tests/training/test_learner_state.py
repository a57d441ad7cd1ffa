"""What a state holds of a network besides its weights file."""

import torch

from pydarknet.modules.recurrent import Recurrent
from pydarknet.training.learner_state import recurrent_states, restore_recurrent, saved_names

CONV = "[convolutional]\nbatch_normalize=1\nfilters=1\n"


def test_a_weights_file_holds_the_arrays_of_layers_that_are_saved(net):
    names = saved_names(net(f"{CONV}{CONV}dontsave=1\n"))

    assert names == {
        f"stack.0.{name}"
        for name in ("biases", "norm.scales", "norm.rolling_mean", "norm.rolling_variance")
    } | {"stack.0.weights"}


def test_states_of_recurrent_layers_are_kept(net):
    first, second = (net("[rnn]\noutput=2\n", inputs=4) for _ in range(2))
    for network in (first, second):
        network.initialize()
    first.trace(torch.ones(2, 4))

    for name, value in recurrent_states(first).items():
        restore_recurrent(second, name.partition(".")[2], value)

    [ours], [theirs] = (
        [m.state for m in n.modules() if isinstance(m, Recurrent)] for n in (first, second)
    )
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)
