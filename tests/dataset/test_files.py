"""Lists, .data files and their numbers, and where the label file of an image is looked for."""

from __future__ import annotations

import pytest
from conftest import both_lineages

from pydarknet.cfg.numbers import Range
from pydarknet.dataset.files import DataFile, label_path, label_paths, read_list, read_names
from pydarknet.dataset.labels import labels_of
from pydarknet.errors import DataError


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("voc/JPEGImages/a.jpg", "voc/labels/a.txt"),
        ("coco/images/train2014/a.jpg", "coco/labels/train2014/a.txt"),
        ("set/images/a.png", "set/labels/a.txt"),
        ("set/raw/a.JPG", "set/labels/a.txt"),
        ("set/a.JPEG", "set/a.txt"),
        ("images/images/a.jpg", "labels/images/a.txt"),  # the first of a word
        ("home/crawford/a.jpg", "home/clabelsford/a.txt"),  # anywhere
    ],
)
def test_the_original_looks_where_words_of_the_path_are_replaced(image, label):
    assert label_paths(image, "pjreddie")[0] == label


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("set/images/a.jpg", "set/images/a.txt"),
        ("coco/images/train2017/a.jpg", "coco/labels/train2017/a.txt"),
        ("coco/images/val2014/a.jpg", "coco/labels/val2014/a.txt"),
        ("voc/JPEGImages/a.jpeg", "voc/labels/a.txt"),
        (r"voc\JPEGImages\a.BMP", r"voc\labels\a.txt"),
        (r"c:\coco\images\val2017\a.PPM", r"c:\coco\labels\val2017\a.txt"),
        (" a.jpg.tiff\t", "a.jpg.txt"),
    ],
)
def test_the_fork_looks_beside_the_image_and_in_the_folders_of_coco_and_voc(image, label):
    assert label_paths(image, "alexeyab")[0] == label


@pytest.mark.parametrize(
    ("dialect", "labels"),
    [
        ("pjreddie", ("clabels/labels/a.txt", "craw/images/a.txt", "craw/labels/a.txt")),
        ("alexeyab", ("craw/images/a.txt", "clabels/labels/a.txt", "craw/labels/a.txt")),
    ],
)
def test_a_label_is_looked_for_by_the_dialects_own_rule_first(dialect, labels):
    assert label_paths("craw/images/a.jpg", dialect) == labels


@both_lineages
def test_labels_of_any_ending_are_in_a_txt_file(dialect):
    assert "images/a.txt" in label_paths("images/a.webp", dialect)
    assert label_path("images/a.tif") == "images/a.txt"
    assert label_path("x.y/a") == "x.y/a.txt"


def test_an_image_is_not_its_own_label_file():
    with pytest.raises(DataError, match=r"a.txt: is an image: its labels cannot have the same"):
        label_path("a.txt")


@pytest.mark.parametrize(
    "line", ["a b.jpg", "  a b.jpg \t", '"a b.jpg"', "'a b.jpg'", r".\a b.jpg", "./a b.jpg"]
)
@pytest.mark.parametrize("inside", [True, False])
def test_a_listed_path_that_is_not_there_is_looked_for_as_it_may_be_meant(
    tmp_path, monkeypatch, capsys, line, inside
):
    (tmp_path / "a b.jpg").touch()
    (tmp_path / "list.txt").write_text(f"{line}\n\n \t\nnone.jpg\r\n\n")
    if inside:
        monkeypatch.chdir(tmp_path)

    [found, missing] = read_list(tmp_path / "list.txt")

    assert (tmp_path / found).samefile(tmp_path / "a b.jpg")
    assert missing == "none.jpg"
    told = capsys.readouterr().err
    assert ("1 of its 2 paths is not there as written" in told) == (found != line)


def test_the_files_of_a_set_that_was_made_for_another_folder_are_found(tmp_path, capsys):
    (tmp_path / "obj_train_data").mkdir()
    (tmp_path / "obj_train_data" / "a b.png").touch()
    (tmp_path / "train.txt").write_text("data/obj_train_data/a b.png\r\ndata/none/c.png\r\n")
    data = data_of(tmp_path, "train = data/train.txt\r\nnames = data/obj.names\r\n")

    listed = data.get_file("train", "")

    assert listed == f"{tmp_path}/train.txt"
    assert read_list(listed) == [f"{tmp_path}/obj_train_data/a b.png", "data/none/c.png"]
    told = f"data/obj_train_data/a b.png is {tmp_path}"[:60]
    assert told in capsys.readouterr().err
    assert data.find_file("names") == "data/obj.names"  # which is nowhere


def test_a_listed_path_of_windows_is_told_once(tmp_path, capsys):
    (tmp_path / "list.txt").write_text("C:\\a.jpg\nC:\\b.jpg\n")

    assert read_list(tmp_path / "list.txt") == ["C:\\a.jpg", "C:\\b.jpg"]
    told = f"{tmp_path}/list.txt: C:\\a.jpg is a path of Windows: expected one of this system\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("end", ["", "\n", "\n\n \r\n"])
def test_names_keep_their_blanks_and_empty_lines_but_at_the_end(tmp_path, end):
    (tmp_path / "a.names").write_text(f"one \n\ntwo{end}")

    assert read_names(tmp_path / "a.names") == ["one ", "", "two"]


def data_of(folder, text: str) -> DataFile:
    """Write a .data file and read it."""
    (folder / "my.data").write_text(text)
    return DataFile.read(folder / "my.data")


@pytest.mark.parametrize(
    "value",
    ["my list.txt", "mylist.txt", '"my list.txt"', "my list.txt # images", r".\my list.txt"],
)
def test_a_data_files_path_is_read_near_it_and_with_its_blanks(tmp_path, capsys, value):
    name = "mylist.txt" if value == "mylist.txt" else "my list.txt"
    (tmp_path / name).touch()

    found = data_of(tmp_path, f"valid = {value}").get_file("valid", "")

    assert (tmp_path / name).samefile(found)
    odd = f"{tmp_path}/my.data:1: valid = {value}: taken as {found} ("
    plain = f"{value} is not here, using {found}\n"
    assert capsys.readouterr().err.startswith((odd, plain))


def test_a_path_as_darknet_reads_it_comes_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").touch()
    (tmp_path / "ab").touch()

    assert data_of(tmp_path, "valid = a b").find_file("valid") == "ab"
    assert capsys.readouterr().err == ""


def test_a_path_with_blanks_that_is_not_there_is_told(tmp_path, capsys):
    assert data_of(tmp_path, "valid = a b/c").find_file("valid") == "ab/c"

    told = f"{tmp_path}/my.data:1: valid = a b/c: taken as ab/c (Darknet deletes blanks)\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("value", "folder"),
    [
        ("a b/c", "a b/c"),  # is there
        ("a b/new", "a b/new"),  # can be made in one that is there
        ("a b/c # here", "a b/c"),
        ('"a b/c"', "a b/c"),
        ("~/c", "a b/c"),
        ("c#1", "c#1"),
        ("none/c", "none/c"),
    ],
)
def test_a_folder_to_write_to_is_the_one_that_is_meant(tmp_path, monkeypatch, value, folder):
    (tmp_path / "a b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "a b"))

    found = data_of(tmp_path, f"backup = {value}").get_folder("backup", "")

    assert tmp_path / found == tmp_path / folder


@pytest.mark.parametrize("value", ["no where/c", "C:\\Users\\me\\backup\\", '"backup/', "no/a #b"])
def test_a_folder_that_can_only_be_made_under_an_odd_name_is_refused(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    data = data_of(tmp_path, f"\nbackup = {value}")

    with pytest.raises(DataError) as error:
        data.get_folder("backup", "")

    problem = f"backup = {value}: expected a folder that is there"
    assert str(error.value).startswith(f"{tmp_path}/my.data:2: {problem}\n    hint: ")
    assert not any(path.is_dir() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0", "saveweights = 0: expected at least 1"),
        ("many", "saveweights = many: expected an integer"),
        ("1e-3", "saveweights = 1e-3: expected at least 5 (read as 1)"),
    ],
)
def test_a_number_of_a_data_file_has_a_range(tmp_path, text, told):
    path = tmp_path / "my.data"
    path.write_text(f"classes=2\nsaveweights={text}\n")
    least = 5 if "e" in text else 1

    with pytest.raises(DataError) as error:
        DataFile.read(path).integer("saveweights", 1000, Range(least=least))

    assert str(error.value) == f"{path}:2: {told}"


def test_a_number_of_a_data_file_that_is_cut_is_told(tmp_path, capsys):
    path = tmp_path / "my.data"
    path.write_text("saveweights=1e3\n")

    assert DataFile.read(path).integer("saveweights", 1000) == 1
    told = f"{path}:1: saveweights = 1e3: read as 1, did you mean 1000?\n"
    assert capsys.readouterr().err == told


@both_lineages
def test_the_last_folder_images_stands_for_labels_too(dialect):
    image = "/raw_images/set/images/train/a.png"

    assert label_paths(image, dialect)[-1] == "/raw_images/set/labels/train/a.txt"


@pytest.mark.parametrize("key", ["name", "Names", "NAMES", "nmaes", "nam"])
def test_a_misspelt_key_is_told_with_the_right_one(tmp_path, capsys, key):
    (tmp_path / "my.data").write_text(f"classes=2\n{key} = x.names\n")
    (tmp_path / "names.list").write_text("cat\n")
    told = f"{tmp_path}/my.data:2: {key} = x.names: unknown key, did you mean names?"
    data = DataFile.read(tmp_path / "my.data")

    with pytest.raises(DataError) as error:
        data.get_file("names", "none/names.list")
    assert str(error.value) == told

    here = str(tmp_path / "names.list")
    assert data.get_file("names", here) == here
    assert capsys.readouterr().err == f"{told}\nnames: Using default '{here}'\n"

    assert data.find_file("names") is None


@pytest.mark.parametrize(("written", "key"), [("class", "classes"), ("Top", "top")])
def test_a_misspelt_key_of_a_number_is_told(tmp_path, capsys, written, key):
    (tmp_path / "my.data").write_text(f"{written}=3\n")

    assert DataFile.read(tmp_path / "my.data").integer(key, 2) == 2
    told = f"my.data:1: {written} = 3: unknown key, did you mean {key}?"
    assert told in capsys.readouterr().err


def test_keys_that_are_known_mean_no_other(tmp_path, capsys):
    known = ("backup", "classes", "difficult", "eval", "labels", "leaves", "map", "names")
    known += ("polygons", "results", "savelast", "saveweights", "tag", "test", "top", "train")
    known += ("tree", "valid")
    for key in known:
        (tmp_path / "my.data").write_text("".join(f"{k}=1\n" for k in known if k != key))
        assert DataFile.read(tmp_path / "my.data").find(key) is None

    assert capsys.readouterr().err == ""
