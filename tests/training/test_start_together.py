"""Processes start where the first one does."""

import torch
from together import together

from pydarknet.training.learner import Learner
from pydarknet.training.resume import Start
from pydarknet.training.run import describe_run
from pydarknet.training.start_together import start_together
from pydarknet.training.team import InTurn

CFG = "[convolutional]\nbatch_normalize=1\nfilters=2\n[softmax]\n"


def test_weights_momenta_and_counters_are_those_of_the_first(net):
    def work(ranks):
        network = net(CFG, options="batch=2\nmax_batches=9\n", h=1, w=2)
        network.initialize()
        learner = Learner(network, seed=ranks.rank, team=InTurn(network, ranks))
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.fill_(ranks.rank + 1.0)
                learner.optimizer.state[parameter]["momentum_buffer"] = parameter * 3
        learner.batch, learner.average, learner.boxes = 5 - ranks.rank, 0.25, [ranks.rank] * 2
        start_together(learner, Start(describe_run(network, "train.txt", "")))
        momenta = [
            float(v["momentum_buffer"].detach().max()) for v in learner.optimizer.state.values()
        ]
        weights = [float(parameter.detach().max()) for parameter in network.parameters()]
        return learner.batch, learner.average, learner.boxes, learner.seed, weights, momenta

    first, second = together(2, work)

    assert first == second == (5, 0.25, [0, 0], 0, [1.0] * 3, [3.0] * 3)
