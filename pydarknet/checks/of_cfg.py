"""Checks of the cfg: whether it can be trained, its batch and its schedule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..cfg.net import Net
from ..system.memory import size_text, usable_memory
from ..system.text import count_of
from .finding import LOOK, WRONG, Finding, check
from .survey import TRAIN, Survey

BATCHES: Final = 2000  # per class, by AlexeyAB's rule
LEAST: Final = 6000  # batches, by the same
SHORT, LONG = 0.5, 5.0  # of the rule's batches
STEPS: Final = (0.8, 0.9)  # of max_batches, by the same
SMALL_BATCH: Final = 8
HIGH_RATE: Final = 0.05  # above that of any public detector
SIDE: Final = 32  # of which width and height are multiples


@check
def look_at_network(survey: Survey) -> Iterator[Finding]:
    """Yield why the network cannot be built, or is no detector."""
    plan, error = survey.plan, survey.cfg_error
    if error:
        yield Finding(
            "cfg", WRONG, error.problem, error.hint, (error.where,) if error.where else ()
        )
    if plan is None:
        return
    for problem in plan.problems:
        yield Finding("cfg", WRONG, problem.problem, problem.hint, (problem.where,))
    if not plan.heads and not plan.problems:
        text = f"{plan.path} has no detection head: it is no detector"
        yield Finding("cfg", WRONG, text, "take a detector's cfg, as cfg/yolov4-tiny.cfg")
    net = plan.net
    if plan.heads and (net.width % SIDE or net.height % SIDE):
        text = f"width={net.width}, height={net.height}: expected multiples of {SIDE}"
        yield Finding("cfg", LOOK, text, "round them to multiples of 32", (plan.path,))


@check
def look_at_batch(survey: Survey) -> Iterator[Finding]:
    """Yield a batch that trains badly, or does not fit."""
    if survey.plan is None:
        return
    plan, net = survey.plan, survey.plan.net
    if net.batch == 1:
        text = "batch=1 is for finding boxes, not for training"
        yield Finding("cfg", WRONG, text, "batch=64, subdivisions=16", (plan.path,))
    elif net.batch < SMALL_BATCH:
        noise = "the statistics of batch normalization are" if plan.normalized else "each step is"
        text = f"batch={net.batch} is small: {noise} noise"
        yield Finding(
            "cfg", LOOK, text, "batch=64, and subdivisions as memory allows", (plan.path,)
        )
    if net.subdivisions > net.batch or net.batch % max(net.subdivisions, 1):
        text = f"batch={net.batch} is no multiple of subdivisions={net.subdivisions}"
        text += f": an iteration takes {net.batch // net.subdivisions * net.subdivisions} images"
        yield Finding("cfg", WRONG, text, "subdivisions that divide batch", (plan.path,))
    if plan.memory > usable_memory():
        text = f"a mini-batch takes about {size_text(plan.memory)}, more than this machine has"
        yield Finding("memory", LOOK, text, "more subdivisions, or a GPU that has it", (plan.path,))


@check
def look_at_schedule(survey: Survey) -> Iterator[Finding]:
    """Yield a schedule that ends early for the classes, or steps that never come."""
    if survey.plan is None or not survey.plan.heads:
        return
    plan, net = survey.plan, survey.plan.net
    rule = max(BATCHES * plan.classes, LEAST, len(survey.lists[TRAIN].paths) if survey.lists else 0)
    mend = f"max_batches={rule}, {steps_text(rule)}"
    classes = count_of(plan.classes, "class", "classes")
    expected = f"{rule:,} is the rule for {classes} and so many images"
    if net.max_batches <= 0:
        text = "max_batches=0: nothing is trained"
        yield Finding("schedule", WRONG, text, mend, (plan.path,))
        return
    if net.max_batches < SHORT * rule:
        text = f"max_batches={net.max_batches:,} is short: {expected}"
        yield Finding("schedule", LOOK, text, mend, (plan.path,))
    if net.max_batches > LONG * rule:
        text = f"max_batches={net.max_batches:,} is long: {expected}"
        yield Finding("schedule", LOOK, text, mend, (plan.path,))
    yield from late_steps(net, plan.path)
    if net.burn_in >= net.max_batches:
        text = f"burn_in={net.burn_in} is as long as the training, max_batches={net.max_batches}"
        yield Finding("schedule", WRONG, text, "burn_in=1000 or less", (plan.path,))
    if net.learning_rate == 0:
        text = "learning_rate=0: nothing is learnt"
        yield Finding("schedule", WRONG, text, "learning_rate=0.001", (plan.path,))
    if net.learning_rate > HIGH_RATE:
        text = f"learning_rate={net.learning_rate:g} is high for a detector: it may learn nan"
        yield Finding("schedule", LOOK, text, "learning_rate=0.001", (plan.path,))


def steps_text(batches: int) -> str:
    """Return the steps for so many batches, as a cfg has them."""
    return f"steps={','.join(str(round(share * batches)) for share in STEPS)}"


def late_steps(net: Net, path: str) -> Iterator[Finding]:
    """Yield steps that come after the end, or all in the first half."""
    if net.policy != "steps":
        return
    late = [step for step in net.steps if step >= net.max_batches]
    mend = steps_text(net.max_batches)
    told = ",".join(map(str, net.steps))
    if late:
        text = f"steps={told}: {late[0]} is not reached, max_batches={net.max_batches}"
        yield Finding("schedule", LOOK, text, mend, (path,))
    elif net.steps and max(net.steps) < net.max_batches / 2:
        text = f"steps={told} come early: more than half of the training is at the lowest rate"
        yield Finding("schedule", LOOK, text, mend, (path,))
