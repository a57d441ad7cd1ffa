"""The [net] section: input size, batch arithmetic, and everything about training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import CfgError
from ..system.console import note
from ..system.limits import INT_MAX
from ..system.text import count_of
from .lineage import FORK, PJREDDIE, PerLineage
from .options import option, quiet, read_options
from .parser import Section

POLICIES = ("constant", "step", "steps", "exp", "poly", "sigmoid", "random")
POLICIES_KNOWN = PerLineage(pjreddie=POLICIES, alexeyab=(*POLICIES, "sgdr"))


@dataclass(frozen=True, kw_only=True)
class Net:
    """The typed [net] section.

    Darknet: src/parser.c parse_net_options
    """

    section: Section

    batch: int = quiet(1, least=1)
    subdivisions: int = quiet(1, least=1)
    time_steps: int = quiet(1, least=1)
    width: int = quiet(0, least=0)
    height: int = quiet(0, least=0)
    channels: int = quiet(0, least=0)
    inputs: int = quiet(lambda o: o.height * o.width * o.channels, least=0)
    letter_box: bool = quiet(False, lineage=FORK)

    learning_rate: float = quiet(0.001, least=0)
    learning_rate_min: float = quiet(0.00001, lineage=FORK, least=0)
    momentum: float = option(0.9, least=0, most=1)
    decay: float = option(0.0001, least=0)
    adam: bool = quiet(False)
    B1: float = option(0.9, announced="adam", least=0, below=1)
    B2: float = option(0.999, announced="adam", least=0, below=1)
    eps: float = option(0.0000001, announced="adam", above=0)
    policy: str = option("constant", choices=POLICIES_KNOWN.of, otherwise="constant")
    max_batches: int = option(0, least=0)
    burn_in: int = quiet(0, least=0)
    power: float = quiet(4.0, least=0)
    step: int = quiet(1, least=0)
    scale: float = quiet(1.0, least=0)
    gamma: float = quiet(1.0)
    steps: tuple[int, ...] = quiet(())
    scales: tuple[float, ...] = quiet((), least=0)
    seq_scales: tuple[float, ...] = quiet(lambda o: (1.0,) * len(o.steps), lineage=FORK, least=0)
    sgdr_cycle: int = quiet(lambda o: o.max_batches, lineage=FORK, least=1)
    sgdr_mult: int = quiet(2, lineage=FORK, least=1)

    angle: float = quiet(0.0)
    aspect: float = quiet(1.0, least=0)
    saturation: float = quiet(1.0, least=0)
    exposure: float = quiet(1.0, least=0)
    hue: float = quiet(0.0)
    use_rolling: bool = quiet(False, live=False)
    min_crop: int = quiet(lambda o: o.width, least=1, live=False)
    max_crop: int = quiet(lambda o: o.width * 2, least=1, live=False)
    min_ratio: float = quiet(lambda o: o.min_crop / max(o.width, 1), lineage=PJREDDIE, above=0)
    max_ratio: float = quiet(lambda o: o.max_crop / max(o.width, 1), lineage=PJREDDIE, above=0)
    center: bool = quiet(False, lineage=PJREDDIE)
    clip: float = quiet(0.0, lineage=PJREDDIE, least=0)
    random: bool = quiet(False, lineage=PJREDDIE)
    notruth: bool = quiet(False, lineage=PJREDDIE)
    flip: bool = quiet(True, lineage=FORK)
    blur: int = quiet(0, lineage=FORK, least=0, most=1023)
    gaussian_noise: int = quiet(0, lineage=FORK, least=0)
    mixup: int = quiet(0, lineage=FORK, least=0, most=4)
    cutmix: bool = quiet(False, lineage=FORK)
    mosaic: bool = quiet(False, lineage=FORK)
    mosaic_bound: bool = quiet(False, lineage=FORK)
    contrastive: bool = quiet(False, lineage=FORK)
    contrastive_jit_flip: bool = quiet(False, lineage=FORK)
    contrastive_color: bool = quiet(False, lineage=FORK)
    unsupervised: bool = quiet(False, lineage=FORK, live=False)
    label_smooth_eps: float = quiet(0.0, lineage=FORK, least=0, most=1)
    resize_step: int = quiet(32, lineage=FORK, least=1)
    attention: bool = quiet(False, lineage=FORK, trained=False)
    adversarial_lr: float = quiet(0.0, lineage=FORK, trained=False)
    max_chart_loss: float = quiet(20.0, lineage=FORK, above=0)
    track: bool = quiet(False, lineage=FORK)
    augment_speed: int = quiet(2, lineage=FORK, least=1)
    sequential_subdivisions: int = quiet(lambda o: o.subdivisions, lineage=FORK, least=0)
    try_fix_nan: bool = quiet(False, lineage=FORK)
    weights_reject_freq: int = quiet(0, lineage=FORK, trained=False, least=0)
    equidistant_point: int = quiet(0, lineage=FORK, trained=False)
    badlabels_rejection_percentage: float = quiet(0.0, lineage=FORK, trained=False)
    num_sigmas_reject_badlabels: float = quiet(0.0, lineage=FORK, trained=False)
    ema_alpha: float = quiet(0.0, lineage=FORK, least=0, most=1)
    loss_scale: float = quiet(1.0, lineage=FORK, above=0)
    dynamic_minibatch: bool = quiet(False, lineage=FORK, trained=False)
    optimized_memory: int = quiet(0, lineage=FORK)
    workspace_size_limit_MB: float = quiet(1024.0, lineage=FORK, least=0)
    use_cuda_graph: bool = quiet(False, lineage=FORK)
    show_receptive_field: bool = quiet(False, lineage=FORK)

    def rates(self) -> str:
        """Return the line of the rates, as programs print it before they train or evaluate.

        Darknet: examples/detector.c train_detector, validate_detector
        """
        rate, momentum, decay = self.learning_rate, self.momentum, self.decay
        return f"Learning Rate: {rate:g}, Momentum: {momentum:g}, Decay: {decay:g}"

    @staticmethod
    def read(section: Section, lineage: str, strict: bool = True) -> Net:
        """Read [net]; its image size or its number of inputs must be given."""
        cls = NETS.of(lineage)
        values: dict[str, Any] = read_options(cls, section, lineage, strict)
        net = cls(section=section, **values)
        if not net.inputs:
            raise section.error("has no input: expected width, height and channels, or inputs")
        if net.inputs > INT_MAX:
            raise net.error(f"{net.inputs} numbers of an image: more than 32 bits can count")
        net.check_schedule()
        return net

    def check_schedule(self) -> None:
        """Refuse a policy whose lists are not there or do not pair; warn of scales not used.

        Darknet: src/parser.c parse_net_options
        """
        if self.policy == "steps" and not (self.steps and self.scales):
            raise self.error("policy steps needs steps and scales: expected two lists")
        if len(self.scales) < len(self.steps) and self.policy == "steps":
            raise self.error(
                f"{count_of(len(self.steps), 'step')} and {count_of(len(self.scales), 'scale')}:"
                " expected a scale a step"
            )
        if len(self.scales) > len(self.steps) and self.policy == "steps":
            used = "1 is" if len(self.steps) == 1 else f"{len(self.steps)} are"
            problem = f"only {used} used, one a step"
            note(str(self.section.option_error("scales", problem)))
        if self.policy == "step" and not self.step:
            raise self.section.option_error("step", "expected at least 1 with policy=step")
        if self.policy == "exp" and self.gamma < 0:
            raise self.section.option_error("gamma", "expected at least 0 with policy=exp")

    @property
    def image(self) -> bool:
        """Whether the input is an image, with channels, height and width."""
        return bool(self.width and self.height and self.channels)

    def error(self, problem: str, hint: str = "") -> CfgError:
        """Make the error that names the [net] section."""
        return self.section.error(problem, hint=hint)


@dataclass(frozen=True, kw_only=True)
class NetAlexeyAB(Net):
    """The fork's: another epsilon of Adam, and steps that stop at a `#`.

    Darknet: src/parser.c parse_net_options (AlexeyAB)
    """

    eps: float = quiet(0.000001, above=0)
    steps: tuple[int, ...] = quiet((), stop="#")


NETS: PerLineage[type[Net]] = PerLineage(pjreddie=Net, alexeyab=NetAlexeyAB)
