"""What is trained, on what and how; and in what two trainings differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..cfg.net import Net
from ..cfg.options import Option, declarations
from ..layers import Layer
from ..network import Network
from .optimizer import images_of_update

LAYOUT: Final = ("batch", "subdivisions", "time_steps")  # of [net]: how many images an update has
MOST: Final = 4  # differences that are told


@dataclass(frozen=True)
class Difference:
    """An option that differs between two trainings; `fits` if the second may continue the first."""

    text: str
    fits: bool = True


def describe_run(network: Network, train: str, weights: str) -> dict[str, Any]:
    """Return what a state says of its training, ready for JSON.

    `train` is the list of images as the data file names it, `weights` the SHA-256 of the weights
    that the training began with, empty for none.
    """
    return {
        "dialect": network.dialect.name,
        "images": images_of_update(network.net),
        "train": train,
        "net": option_texts(network.net),
        "layers": [[layer.section.name, option_texts(layer)] for layer in network.layers],
        "weights": weights,
    }


def option_texts(owner: Net | Layer) -> dict[str, str]:
    """Return key -> value, as text, of all options of a section."""
    return {key: text_of(vars(owner)[name]) for name, (key, _, _) in options_of(owner).items()}


def options_of(owner: Net | Layer) -> dict[str, tuple[str, Option, type]]:
    """Return field name -> (key, declaration, type) of a section's options."""
    kind: type = type(owner)
    return declarations(kind)


def text_of(value: Any) -> str:
    """Return the value of an option as a cfg would give it."""
    if isinstance(value, tuple):
        return ",".join(map(text_of, value))
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(int(value)) if isinstance(value, bool) else str(value)


def differences(
    network: Network, now: Mapping[str, Any], then: Mapping[str, Any]
) -> list[Difference]:
    """Return in what a training of a network, described by `now`, differs from another."""
    if now["dialect"] != then["dialect"]:
        was = f"(was {then['dialect']}: -dialect {then['dialect']} continues it)"
        return [Difference(f"dialect {now['dialect']} {was}", fits=False)]
    names = [[name for name, _ in run["layers"]] for run in (now, then)]
    if names[0] != names[1]:
        return [Difference(f"other layers: {len(names[0])} (were {len(names[1])})", fits=False)]
    found = [*differences_of_data(now, then), *differences_of_net(network.net, now, then)]
    for index, (layer, (_, old)) in enumerate(zip(network.layers, then["layers"], strict=True)):
        found += differences_of_layer(index, layer, old)
    return found


def differences_of_data(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[Difference]:
    """Return whether the images are those of another list."""
    if now["train"] == then["train"]:
        return []
    return [Difference(f"train = {now['train']} (was {then['train']})", fits=False)]


def differences_of_net(
    net: Net, now: Mapping[str, Any], then: Mapping[str, Any]
) -> Iterator[Difference]:
    """Yield the options of [net] that differ; none of them matters but the images of an update."""
    another_layout = now["images"] != then["images"]
    for key, text in changed_options(net, then["net"]):
        yield Difference(f"[net] {text}", fits=not (another_layout and key in LAYOUT))


def differences_of_layer(index: int, layer: Layer, then: Mapping[str, str]) -> Iterator[Difference]:
    """Yield the options of a layer that differ; heads, and options of all layers, may change.

    Those say how a network is trained, the others what it computes.
    """
    of_training = {key for key, _, _ in declarations(Layer).values()}
    for key, text in changed_options(layer, then):
        where = f"layer {index} [{layer.section.name}]"
        yield Difference(f"{where} {text}", fits=layer.head or key in of_training)


def changed_options(owner: Net | Layer, then: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield key and `key = new (was old)` of the options that differ.

    A default that follows from other options is left out: those are told.
    """
    given = {entry.key for entry in owner.section.entries}
    texts = option_texts(owner)
    for key, declared, _ in options_of(owner).values():
        new, old = texts[key], then.get(key)
        follows = callable(declared.default) and key not in given
        if old is not None and old != new and not follows:
            yield key, f"{key} = {new} (was {old})"


def text_of_differences(found: Iterable[Difference]) -> str:
    """Return differences as one text, of many only the first."""
    texts = [one.text for one in found]
    more = [f"{len(texts) - MOST} more"] if len(texts) > MOST else []
    return "; ".join([*texts[:MOST], *more])
