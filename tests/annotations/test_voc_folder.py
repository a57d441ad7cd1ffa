"""A folder of VOC's annotations."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated import put, xml
from conftest import SHARED, needs_shared

from pydarknet.annotations.source import Source
from pydarknet.annotations.voc_folder import read_voc
from pydarknet.errors import DataError

BOX = (1, 1, 50, 50)


def names(source: Source) -> dict[str, list[str]]:
    return {part: [Path(one.path).stem for one in them] for part, them in source.parts.items()}


@pytest.fixture
def voc(picture):
    """Return a function that writes annotations and their images, by the paths of both."""

    def make(pairs: dict[str, str]) -> None:
        for n, (annotation, image) in enumerate(pairs.items()):
            put(annotation, xml((f"class{n % 2}", BOX)))
            picture(image)

    return make


@pytest.mark.parametrize(
    ("annotation", "image"),
    [
        ("set/Annotations/{}.xml", "set/JPEGImages/{}.png"),
        ("set/annotations/{}.xml", "set/images/{}.jpg"),
        ("set/Annotations/2/{}.xml", "set/JPEGImages/2/{}.png"),
        ("set/xmls/{}.xml", "set/images/{}.png"),
        ("set/{}.xml", "set/{}.png"),
    ],
)
def test_images_lie_beside_annotations_or_in_a_folder_of_images(voc, annotation, image):
    voc({annotation.format(name): image.format(name) for name in "abc"})

    source = read_voc(Path("set"))

    assert source.names == ["class0", "class1"]
    assert sorted(one.path for one in source.images()) == [
        str(Path(image.format(name)).absolute()) for name in "abc"
    ]
    assert not source.left_out.counts


def test_images_may_lie_in_a_folder_of_their_own(voc):
    voc({f"set/{name}.xml": f"elsewhere/{name}.png" for name in "ab"})

    assert len(list(read_voc(Path("set"), Path("elsewhere")).images())) == 2


@pytest.mark.parametrize(
    ("train", "val", "test"), [("train", "val", "test"), ("Train", "Validation", "Test")]
)
def test_vocs_lists_say_the_parts(voc, train, val, test):
    voc({f"set/Annotations/{name}.xml": f"set/JPEGImages/{name}.png" for name in "abcde"})
    for name, members in ((train, "a\nb\n"), (val, "c  1\n\n"), (test, "d\n")):
        put(f"set/ImageSets/Main/{name}.txt", members)
    put("set/ImageSets/Main/cat_train.txt", "e 1\n")

    source = read_voc(Path("set"))

    assert names(source) == {"train": ["a", "b"], "valid": ["c"], "test": ["d"]}
    assert source.left_out.summary == "1 not in a list of ImageSets/Main"


def test_folders_say_the_parts(voc):
    pairs = ("train/a", "train/b", "valid/c", "test/d")
    voc({f"set/{name}.xml": f"set/{name}.png" for name in pairs})

    found = names(read_voc(Path("set")))

    assert found == {"train": ["a", "b"], "valid": ["c"], "test": ["d"]}


def test_a_list_of_names_numbers_the_classes(voc):
    voc({f"set/{name}.xml": f"set/{name}.png" for name in "ab"})
    put("classes.txt", "of another set\n")
    put("set/classes.txt", "class1\nclass0\n")

    assert read_voc(Path("set")).names == ["class1", "class0"]


def test_a_file_that_is_wrong_or_without_image_costs_no_other(voc, capfd):
    voc({f"set/{name}.xml": f"set/{name}.png" for name in "abcd"})
    put("set/a.xml", "<annotation>\n<object>")
    Path("set/b.png").unlink()
    put("set/._d.xml", "of a Mac")
    put("set/e.xml", '<!DOCTYPE a [\n<!ENTITY b "c">]><annotation>&b;</annotation>')

    source = read_voc(Path("set"))

    assert len(list(source.images())) == 2
    assert capfd.readouterr().err == (
        "set/a.xml:2: no element found: left out\n"
        "set/b.xml: has no image in set: expected b.jpg: left out\n"
        "set/e.xml:2: declares the entity b: expected none: left out\n"
    )
    assert source.left_out.summary == "3 XML files that cannot be used"


def test_a_folder_without_annotations_is_an_error():
    Path("set").mkdir()

    with pytest.raises(DataError, match="set: has 0 images that can be used"):
        read_voc(Path("set"))


@needs_shared
def test_bccd_is_read_in_its_own_parts():
    source = read_voc(SHARED / "datasets" / "bccd")

    assert source.names == ["Platelets", "RBC", "WBC"]
    assert {part: len(them) for part, them in names(source).items()} == {
        "train": 205,  # lines of ImageSets/Main/train.txt
        "valid": 87,
        "test": 72,
    }
    assert not source.left_out.counts
