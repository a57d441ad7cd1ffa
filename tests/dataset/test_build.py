"""What a network's cfg makes of its samples."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
import torch
from conftest import both_lineages

from pydarknet.cfg.class_tree import Tree
from pydarknet.dataset import loader
from pydarknet.dataset.build import classifier_samples, detector_samples
from pydarknet.dataset.detector_augment_alexeyab import CropAugment, cropped_bytes, cropped_floats
from pydarknet.dataset.labels import labels_of
from pydarknet.dataset.sampler import Pairs, Track
from pydarknet.errors import CfgError, DataError

YOLO = "[convolutional]\nfilters=24\n[yolo]\nnum=1\nclasses=19\nmask=0\njitter=.3\n"


REGION = "[convolutional]\nfilters=12\n[region]\nnum=2\ncoords=4\nclasses=1\njitter=.3\n"


GAUSSIAN = "[convolutional]\nfilters=28\n[Gaussian_yolo]\nnum=1\nclasses=19\nmask=0\nresize=1.5\n"


V1 = "[connected]\noutput=15\n[detection]\nside=1\nclasses=5\nnum=2\ncoords=4\njitter=.1\n"


SOFTMAX = "[connected]\noutput=3\n[softmax]\n"


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.mark.parametrize(
    ("dialect", "head", "shape"),
    [
        ("pjreddie", YOLO, (90, 5)),
        ("pjreddie", YOLO + "max=40\n", (40, 5)),
        ("pjreddie", REGION, (30, 5)),
        ("alexeyab", YOLO, (200, 6)),
        ("alexeyab", REGION, (200, 6)),
        ("alexeyab", GAUSSIAN, (200, 6)),
        ("pjreddie", V1, (1 * (1 + 5 + 4),)),
        ("alexeyab", V1, (1 * (1 + 5 + 4),)),
    ],
)
def test_truth_has_the_form_that_the_head_reads(net, dialect, head, shape):
    samples = detector_samples(net(head, dialect=dialect), ["a.jpg"])

    assert samples.truth_shape == shape


@pytest.mark.parametrize(("dialect", "listed"), [("pjreddie", False), ("alexeyab", True)])
@pytest.mark.parametrize("head", [YOLO, V1])
def test_the_fork_alone_keeps_lists_of_what_is_wrong(net, head, dialect, listed):
    assert detector_samples(net(head, dialect=dialect), ["a.jpg"]).listed is listed


def test_the_original_takes_jitter_from_the_head_and_colours_from_net(net):
    options = "hue=.1\nsaturation=.75\nexposure=1.5"

    augment = detector_samples(net(YOLO, options=options), ["a.jpg"]).augment

    assert augment.jitter == 0.3
    assert (augment.colours.hue, augment.colours.saturation) == (0.1, 0.75)
    assert augment.colours.exposure == 1.5


def test_the_fork_takes_its_options_from_the_last_head_and_net(net):
    options = "hue=.1\nflip=0\nblur=5\ngaussian_noise=7\nletter_box=1\nmosaic_bound=1"
    heads = YOLO + "[route]\nlayers=0\n" + YOLO.partition("\n[yolo]")[2].replace(".3", ".4")
    text = f"{heads[: heads.rindex('num=')]}[yolo]\n{heads[heads.rindex('num=') :]}resize=1.5\n"

    samples = detector_samples(net(text, options=options, dialect="alexeyab"), ["a.jpg"])

    augment = samples.planner.augment
    assert (augment.jitter, augment.resize, augment.letter_box) == (0.4, 1.5, True)
    assert (augment.flip, augment.blur, augment.noise) == (False, 5, 7)
    assert augment.colours.hue == 0.1
    assert samples.bound is True
    assert samples.render is cropped_bytes


@both_lineages
def test_yolov1_is_cropped_in_floats_and_always_flipped(net, dialect):
    samples = detector_samples(net(V1, options="flip=0", dialect=dialect), ["a.jpg"])

    assert samples.render is cropped_floats
    assert samples.planner.augment == CropAugment(0.1, samples.planner.augment.colours)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ("", 1),
        ("mixup=1", 2),
        ("mosaic=1", 4),
        ("mixup=1\nmosaic=1", 4),
        ("cutmix=1", 1),
        ("cutmix=1\nmosaic=1", 4),
    ],
)
def test_a_detectors_images_are_mixed_by_two_or_by_four(net, options, parts):
    samples = detector_samples(net(YOLO, options=options, dialect="alexeyab"), ["a.jpg"])

    assert samples.planner.parts == parts


def test_cutmix_of_a_detector_is_told_to_have_no_effect(net, capsys):
    detector_samples(net(YOLO, options="cutmix=1", dialect="alexeyab"), ["a.jpg"])

    assert "cutmix=1 - isn't supported for Detector" in capsys.readouterr().err


def test_mosaics_in_a_letter_box_are_refused(net):
    network = net(YOLO, options="letter_box=1\nmosaic=1", dialect="alexeyab")

    with pytest.raises(CfgError, match="letter_box=1 and mosaic=1: expected only one of them"):
        detector_samples(network, ["a.jpg"])


def test_contrastive_makes_pairs(net):
    options = "contrastive=1\ncontrastive_color=1"

    samples = detector_samples(net(YOLO, options=options, dialect="alexeyab"), ["a.jpg"])

    assert samples.planner.pairs == Pairs(edges=False, colour=True)


def test_track_makes_films_of_a_mini_batch_each(net):
    options = "track=1\nbatch=16\nsubdivisions=4\ntime_steps=3\naugment_speed=5"

    samples = detector_samples(net(YOLO, options=options, dialect="alexeyab"), ["a.jpg"])

    # 4 requests for 16 * 3 images: 12 of 4 videos each
    assert samples.planner.track == Track(videos=4, request=12, speed=5)


def test_films_whose_length_changes_are_refused(net):
    options = "track=1\nsteps=10,20\nseq_scales=1,.5"

    with pytest.raises(CfgError, match="seq_scales: expected 1 in all of them"):
        detector_samples(net(YOLO, options=options, dialect="alexeyab"), ["a.jpg"])


@both_lineages
def test_a_network_without_a_detection_head_is_refused(net, dialect):
    with pytest.raises(CfgError, match="has no detection head: expected a detector"):
        detector_samples(net(SOFTMAX, dialect=dialect), ["a.jpg"])


@pytest.mark.parametrize("paths", [[], ["", "  "]])
def test_a_list_of_nothing_is_refused(net, paths):
    with pytest.raises(DataError, match="the list of images is empty"):
        detector_samples(net(YOLO), paths)


def test_empty_lines_of_a_list_are_left_out(net):
    assert detector_samples(net(YOLO), ["a.jpg", "", "b.jpg"]).images.paths == ("a.jpg", "b.jpg")


def test_images_of_4_channels_are_refused(net):
    with pytest.raises(CfgError, match="channels = 4: expected 1 or 3 to train on images"):
        detector_samples(net(YOLO, c=4), ["a.jpg"])


@both_lineages
def test_samples_are_small_and_come_back_from_a_pickle(net, dialect):
    samples = detector_samples(net(YOLO, dialect=dialect), ["a.jpg"])

    assert len(pickle.dumps(samples)) < 2000
    assert pickle.loads(pickle.dumps(samples)) == samples


def test_only_the_trainers_side_imports_torch():
    code = "import sys, importlib\nfor name in sys.argv[1:]:\n"
    code += " importlib.import_module('pydarknet.dataset.' + name); print('torch' in sys.modules)"
    modules = ["worker", "detector_samples", "classifier_samples"]

    found = subprocess.run(
        [sys.executable, "-c", code, *modules], capture_output=True, text=True, check=True
    ).stdout.split()

    assert found == ["False", "False", "False"]
    assert loader.torch is torch


def test_a_classifier_of_the_original_is_cut_by_shares_of_its_width(net):
    options = "min_crop=16\nmax_crop=48\nangle=7\naspect=.75"

    samples = classifier_samples(net(SOFTMAX, options=options), ["a.jpg"], ["a", "b", "c"])

    augment = samples.augment
    assert (augment.low, augment.high, augment.relative) == (1, 3, True)
    assert (augment.angle, augment.aspect, augment.flip) == (7, 0.75, True)
    assert samples.truth_shape == (3,)


def test_a_classifier_of_the_fork_is_cut_by_lengths_and_mixed(net):
    options = "min_crop=16\nmax_crop=48\nflip=0\ncutmix=1\nmosaic=1\nblur=1\nlabel_smooth_eps=.1"

    network = net(SOFTMAX, options=options, dialect="alexeyab")
    samples = classifier_samples(network, ["a.jpg"], ["a", "b", "c"])

    augment = samples.augment
    assert (augment.low, augment.high, augment.relative, augment.flip) == (16, 48, False, False)
    assert (samples.mixing, samples.blur, samples.listed) == (4, 15, True)
    assert samples.classes.smooth == 0.1


def test_an_even_blur_of_a_classifier_is_refused(net):
    network = net(SOFTMAX, options="blur=4", dialect="alexeyab")

    with pytest.raises(CfgError, match="blur = 4: expected an odd number"):
        classifier_samples(network, ["a.jpg"], ["a", "b", "c"])


@both_lineages
def test_there_must_be_a_label_an_output(net, dialect):
    with pytest.raises(DataError, match="2 labels: expected 3, one for each output of the cfg"):
        classifier_samples(net(SOFTMAX, dialect=dialect), ["a.jpg"], ["a", "b"])


def test_a_tree_of_the_data_goes_before_that_of_the_cfg(net, tmp_path):
    (tmp_path / "cfg.tree").write_text("x -1\ny -1\nz -1\n")
    network = net(f"{SOFTMAX}tree={tmp_path}/cfg.tree\n")

    of_cfg = classifier_samples(network, ["a.jpg"], ["x", "y", "z"])
    of_data = classifier_samples(
        network, ["a.jpg"], ["x", "y", "z"], Tree(("x", "y", "z"), (-1, 0, 0))
    )

    assert of_cfg.classes.family.groups == (3,)
    assert of_data.classes.family.groups == (1, 2)
