"""Networks as commands open them: with the table and the words that the C prints."""

from __future__ import annotations

from pathlib import Path

import torch

from ..errors import UsageError
from ..graph.weights import Loaded, read_header
from ..load import best_device, check_memory, choose_ways, read_network
from ..network import Network
from ..system.console import note, say
from ..system.resources import located
from .verbs import Run


def open_network(run: Run, cfg: Path, weights: Path | None, *, training: bool = False) -> Network:
    """Read a cfg and its weights, if any, onto the device that is said or best.

    Darknet: src/network.c load_network
    """
    weights = located(weights) if weights else None
    network = read(run, cfg, weights, training=training)
    device = device_of(run)
    choose_ways(network, device, run.precision, run.backend)
    if run.precision == "half" and device.type != "cuda":
        note("-precision half is for a GPU: this computes in float")
    check_memory(network, None)
    read_weights(run, network, weights)
    return network.to(device)


def device_of(run: Run) -> torch.device:
    """Return the device that is said, else the best; where there is no CUDA, `-i 0` says nothing.

    Darknet: src/cuda.c cuda_set_device
    """
    if run.device is None or (run.device != "cpu" and not torch.cuda.is_available()):
        return best_device()
    device = torch.device(run.device)
    if device.index is not None and device.index >= (count := torch.cuda.device_count()):
        raise UsageError(f"-i {device.index}: expected less than {count}, the GPUs of this machine")
    return device


def read(run: Run, cfg: Path, weights: Path | None = None, *, training: bool = False) -> Network:
    """Read a cfg without memory, and print its table; `training` is how the fork opens it.

    Darknet: src/parser.c parse_network_cfg
    """
    network = read_network(
        located(cfg),
        dialect=run.dialect,
        batchnorm=run.batchnorm,
        strict=run.strict,
        seen=run.seen,
        version=read_header(weights).version if weights else None,
    )
    note(network.table())
    if network.dialect.totals:
        say(told(network, training), end="")
    return network


def told(network: Network, training: bool) -> str:
    """Return what the fork says on stdout when it has read a cfg.

    Darknet: src/parser.c parse_network_cfg_custom (AlexeyAB)
    """
    net, size = network.net, network.input
    steps = net.time_steps if training else 1
    batch = max(net.batch // net.subdivisions, 1) * steps if training else 1
    first = (
        f"mini_batch = {batch}, batch = {batch * net.subdivisions}, time_steps = {steps},"
        f" train = {training:d} \n"
    )
    layers = "".join(layer.told() for layer in network.layers)
    if not network.layers[-1].by_32 or not (size.w % 32 or size.h % 32):
        return first + layers
    return (
        first
        + layers
        + (
            f"\n Warning: width={size.w} and height={size.h} in cfg-file must be divisible by 32"
            " for default networks Yolo v1/v2/v3!!! \n\n"
        )
    )


def read_weights(
    run: Run, network: Network, weights: Path | None, *, upto: int | None = None
) -> None:
    """Fill a network from a weights file, or with first values, and say so as the C does.

    Darknet: src/parser.c load_weights_upto
    """
    if weights is None:
        network.initialize()
        return
    note(f"Loading weights from {weights}...", end="")
    loaded = network.load_weights(weights, strict=run.strict, upto=upto)
    if network.dialect.totals:
        say(trained(loaded))
        note(f"Done! Loaded {loaded.layers} layers from weights-file ")
    else:
        note("Done!")


def trained(loaded: Loaded) -> str:
    """Return the fork's words about how long weights were trained."""
    seen, bits = loaded.header.seen, 64 if loaded.header.long else 32
    return f"\n seen {bits}, trained: {seen // 1000} K-images ({seen // 64000} Kilo-batches_64) "
