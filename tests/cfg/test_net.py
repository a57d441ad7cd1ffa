"""The [net] section: the size of the input, batches, and the schedule of training."""

from __future__ import annotations

from typing import Any

import pytest

from pydarknet.cfg.net import Net
from pydarknet.cfg.parser import Section, sections_of
from pydarknet.errors import CfgError

SIZE = "width=16\nheight=8\nchannels=3"
UNREAD = "-"  # the lineage does not look the key up


def section(text: str) -> Section:
    """Return a [net] section whose first option stands on line 2."""
    [found] = sections_of(f"[net]\n{text}", "net.cfg")
    return found


def read(text: str, lineage: str = "pjreddie", *, strict: bool = True) -> Net:
    """Read a [net] section of an image of 16 x 8 x 3."""
    return Net.read(section(f"{text}\n{SIZE}"), lineage, strict)


BELOW_ONE = {"B1": 0.5, "B2": 0.5}


def default(key: str, lineage: str) -> Any:
    """Return what a key that is not given is, or UNREAD."""
    given = section(f"{key}={BELOW_ONE.get(key, 1)}\n{SIZE}")
    Net.read(given, lineage, strict=False)
    return getattr(read("", lineage), key) if given.entries[0].used else UNREAD


@pytest.mark.parametrize(
    ("key", "original", "fork"),
    [
        ("batch", 1, 1),
        ("subdivisions", 1, 1),
        ("time_steps", 1, 1),
        ("inputs", 384, 384),  # 16 * 8 * 3
        ("letter_box", UNREAD, False),
        ("max_batches", 0, 0),
        ("learning_rate", 0.001, 0.001),
        ("learning_rate_min", UNREAD, 0.00001),
        ("sgdr_cycle", UNREAD, 0),  # max_batches
        ("sgdr_mult", UNREAD, 2),
        ("momentum", 0.9, 0.9),
        ("decay", 0.0001, 0.0001),
        ("policy", "constant", "constant"),
        ("burn_in", 0, 0),
        ("power", 4.0, 4.0),
        ("step", 1, 1),
        ("scale", 1.0, 1.0),
        ("steps", (), ()),
        ("scales", (), ()),
        ("seq_scales", UNREAD, ()),
        ("gamma", 1.0, 1.0),
        ("adam", False, False),
        ("B1", 0.9, 0.9),
        ("B2", 0.999, 0.999),
        ("eps", 1e-7, 1e-6),
        ("angle", 0.0, 0.0),
        ("aspect", 1.0, 1.0),
        ("saturation", 1.0, 1.0),
        ("exposure", 1.0, 1.0),
        ("hue", 0.0, 0.0),
        ("max_crop", 32, 32),  # 2 * 16
        ("min_crop", 16, 16),
        ("max_ratio", 2.0, UNREAD),  # 32 / 16
        ("min_ratio", 1.0, UNREAD),  # 16 / 16
        ("center", False, UNREAD),
        ("clip", False, UNREAD),
        ("random", False, UNREAD),
        ("notruth", False, UNREAD),
        ("flip", UNREAD, True),
        ("blur", UNREAD, 0),
        ("gaussian_noise", UNREAD, 0),
        ("mixup", UNREAD, 0),
        ("cutmix", UNREAD, False),
        ("mosaic", UNREAD, False),
        ("mosaic_bound", UNREAD, False),
        ("contrastive", UNREAD, False),
        ("contrastive_jit_flip", UNREAD, False),
        ("contrastive_color", UNREAD, False),
        ("unsupervised", UNREAD, False),
        ("label_smooth_eps", UNREAD, 0.0),
        ("resize_step", UNREAD, 32),
        ("attention", UNREAD, False),
        ("adversarial_lr", UNREAD, 0.0),
        ("max_chart_loss", UNREAD, 20.0),
        ("track", UNREAD, False),
        ("augment_speed", UNREAD, 2),
        ("sequential_subdivisions", UNREAD, 1),  # subdivisions
        ("try_fix_nan", UNREAD, False),
        ("weights_reject_freq", UNREAD, 0),
        ("equidistant_point", UNREAD, 0),
        ("badlabels_rejection_percentage", UNREAD, 0.0),
        ("num_sigmas_reject_badlabels", UNREAD, 0.0),
        ("ema_alpha", UNREAD, 0.0),
        ("use_cuda_graph", UNREAD, False),
        ("loss_scale", UNREAD, 1.0),
        ("dynamic_minibatch", UNREAD, False),
        ("optimized_memory", UNREAD, 0),
        ("workspace_size_limit_MB", UNREAD, 1024.0),
        ("show_receptive_field", UNREAD, False),
    ],
)
def test_a_key_has_the_default_of_its_lineage(key, original, fork):
    assert default(key, "pjreddie") == original
    assert default(key, "alexeyab") == fork


@pytest.mark.parametrize("key", ["width", "height", "channels"])
def test_an_image_size_that_is_not_given_is_zero(key):
    net = Net.read(section("inputs=5"), "pjreddie")

    assert getattr(net, key) == 0


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("max_batches=500", "sgdr_cycle", 500),
        ("subdivisions=8", "sequential_subdivisions", 8),
        ("policy=sgdr\nsteps=10,20", "seq_scales", (1.0, 1.0)),  # one a step
        ("min_crop=4", "max_crop", 32),  # 2 * width, not of min_crop
    ],
)
def test_a_default_may_follow_another_key(text, key, value):
    assert getattr(read(text, "alexeyab"), key) == value


def test_a_crop_ratio_is_the_crop_over_the_width():
    net = read("min_crop=8\nmax_crop=48")

    assert (net.min_ratio, net.max_ratio) == (0.5, 3.0)  # 8 / 16, 48 / 16


def test_the_defaults_that_darknet_announces_are_told(capsys):
    read("")

    assert capsys.readouterr().err.split("\n") == [
        "momentum: Using default '0.900000'",
        "decay: Using default '0.000100'",
        "policy: Using default 'constant'",
        "max_batches: Using default '0'",
        "",
    ]


def test_unknown_keys_of_net_are_ignored_in_silence(net, capsys):
    net("[avgpool]", options="nonsense=3")

    assert "nonsense" not in capsys.readouterr().err


# Input


@pytest.mark.parametrize(
    "text", ["width=8\nheight=8\nchannels=3", "inputs=20", "width=8\ninputs=20"]
)
def test_an_image_or_a_number_of_inputs_is_an_input(text):
    assert Net.read(section(text), "pjreddie").inputs > 0


@pytest.mark.parametrize(
    "text", ["", "width=8\nheight=8", "width=8\nheight=0\nchannels=3", "inputs=0"]
)
def test_without_an_input_the_section_is_told(text):
    with pytest.raises(CfgError) as error:
        Net.read(section(text), "pjreddie")

    told = "net.cfg:1: [net] has no input: expected width, height and channels, or inputs"
    assert str(error.value) == told


@pytest.mark.parametrize("size", ["width=-1\nheight=8\nchannels=3", "inputs=-5"])
def test_a_negative_size_is_refused(size):
    with pytest.raises(CfgError, match="expected at least 0"):
        Net.read(section(size), "pjreddie")


def test_inputs_may_repeat_the_size_of_the_image(net):
    assert net("[softmax]", c=3, h=2, w=4, options="inputs=24").input.outputs == 24  # 3 * 2 * 4


def test_inputs_that_disagree_with_the_image_are_refused(net):
    with pytest.raises(CfgError) as error:
        net("[softmax]", c=3, h=2, w=4, options="inputs=20")

    assert str(error.value) == "net.cfg:1: [net] inputs = 20: expected 24, its image's size"


# Batches


@pytest.mark.parametrize("key", ["batch", "subdivisions", "time_steps"])
@pytest.mark.parametrize("value", ["0", "-1"])
def test_batches_count_from_one(key, value):
    with pytest.raises(CfgError) as error:
        read(f"{key}={value}")

    assert str(error.value) == f"net.cfg:2: [net] {key} = {value}: expected at least 1"


def test_there_may_be_more_subdivisions_than_images():
    net = read("batch=1\nsubdivisions=16")

    assert (net.batch, net.subdivisions) == (1, 16)


# Schedules


@pytest.mark.parametrize("policy", ["constant", "step", "exp", "poly", "sigmoid", "random"])
@pytest.mark.parametrize("lineage", ["pjreddie", "alexeyab"])
def test_a_policy_is_known_to_both_lineages(policy, lineage):
    assert read(f"policy={policy}", lineage).policy == policy


def test_the_fork_knows_sgdr_which_needs_no_scales():
    assert read("policy=sgdr\nsteps=100", "alexeyab").policy == "sgdr"


@pytest.mark.parametrize(
    ("policy", "lineage", "choices"),
    [
        ("sgdr", "pjreddie", "constant, step, steps, exp, poly, sigmoid, random"),
        ("Steps", "alexeyab", "constant, step, steps, exp, poly, sigmoid, random, sgdr"),
    ],
)
def test_an_unknown_policy_is_told_with_the_choices(policy, lineage, choices):
    with pytest.raises(CfgError) as error:
        read(f"policy={policy}", lineage)

    told = str(error.value).split("\n")[0]
    assert told == f"net.cfg:2: [net] policy = {policy}: expected one of {choices}"


def test_an_unknown_policy_is_constant_where_reading_is_lenient(capsys):
    assert read("policy=cosine", strict=False).policy == "constant"
    assert "Couldn't find policy cosine, going with constant" in capsys.readouterr().err


@pytest.mark.parametrize("scales", ["scales=.1,.1", "scales=.1,.1,.5"])  # more are ignored
def test_steps_need_a_scale_each(scales):
    assert read(f"policy=steps\nsteps=-1,200\n{scales}").steps == (-1, 200)


def test_scales_that_no_step_uses_are_told(capsys):
    read("policy=steps\nsteps=1,2\nscales=0,1,0,1")

    told = "net.cfg:4: [net] scales = 0,1,0,1: only 2 are used, one a step\n"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "policy steps needs steps and scales: expected two lists"),
        ("steps=1,2", "policy steps needs steps and scales: expected two lists"),
        ("scales=.1,.1", "policy steps needs steps and scales: expected two lists"),
        ("steps=1,2\nscales=.1", "2 steps and 1 scale: expected a scale a step"),
    ],
)
def test_steps_without_a_scale_each_are_refused(text, told):
    with pytest.raises(CfgError) as error:
        read(f"policy=steps\n{text}")

    assert str(error.value) == f"net.cfg:1: [net] {told}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("policy=step\nstep=0", "net.cfg:3: [net] step = 0: expected at least 1 with policy=step"),
        (
            "policy=exp\ngamma=-1",
            "net.cfg:3: [net] gamma = -1: expected at least 0 with policy=exp",
        ),
        ("inputs=2147483648", "net.cfg:2: [net] inputs = 2147483648: expected an integer within"),
        ("width=60000\nchannels=60000", "net.cfg:1: [net] 28800000000 numbers of an image: more"),
    ],  # 60000 * 8 * 60000
)
def test_what_a_policy_or_32_bits_cannot_take_is_told(text, told):
    with pytest.raises(CfgError) as error:
        read(text)

    assert str(error.value).startswith(told)


def test_a_sigmoid_may_begin_at_step_0_and_rise():
    assert read("policy=sigmoid\nstep=0\ngamma=-1").policy == "sigmoid"


def test_the_lists_of_another_policy_need_not_pair():
    assert read("policy=poly\nsteps=1,2\nscales=.1").policy == "poly"


@pytest.mark.parametrize(("lineage", "steps"), [("alexeyab", (1, 2)), ("pjreddie", (1, 2, 3))])
def test_steps_stop_at_a_sign_in_the_fork(lineage, steps):
    assert read("steps=1,2#,3", lineage).steps == steps


def test_the_numbers_of_adam_are_told_where_it_is_on(capsys):
    read("adam=1")
    on = capsys.readouterr().err
    read("adam=0")

    assert "B1: Using default '0.900000'\nB2: Using default '0.999000'\neps: Using default" in on
    assert "B1" not in capsys.readouterr().err
