"""Images as operands: files, folders, patterns and lists."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet.cli.image_source import Source
from pydarknet.cli.main import main
from pydarknet.cli.verbs import VERBS

CASE = HERE / "reference" / "infer_pj_yolov3_a"


pytestmark = pytest.mark.usefixtures("folder")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


def boxes(text: str) -> list[str]:
    """Return the lines of boxes of a text."""
    return [line for line in text.splitlines() if re.fullmatch(r"\S+: \d+%.*", line)]


RECORDED = boxes((CASE / "cli_stdout.txt").read_text())


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    "words", [["many/a.png", "many/b.png"], ["many"], ["many/*.png"], ["list.txt"]]
)
def test_images_are_operands_a_folder_a_pattern_or_a_list(words, capfd):
    status = main([*TEST, *words, "-thresh", "0.25", "-batchnorm", "cpu", "-out_dir", "drawn"])

    out = capfd.readouterr().out
    assert status == 0
    assert re.findall(r"^(\S+): Predicted", out, re.MULTILINE) == ["many/a.png", "many/b.png"]
    assert boxes(out) == RECORDED * 2
    assert sorted(path.name for path in Path("drawn").iterdir()) == ["a.jpg", "b.jpg"]
    assert not Path("predictions.jpg").exists()


def test_an_image_of_a_list_that_cannot_be_read_is_passed_over(capfd):
    Path("list.txt").write_text("missing.png\ninput.png\n")

    status = main([*TEST, "list.txt", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert status == 1
    assert boxes(told.out) == RECORDED
    assert (
        'Cannot load image "missing.png": cannot be opened: No such file or directory' in told.err
    )


def mistake(words: list[str], capfd) -> str:
    """Return the last line of stderr of a command that ends with status 1, and prints no box."""
    assert main(words) == 1
    told = capfd.readouterr()
    assert boxes(told.out) == []
    return told.err.rstrip("\n").split("\n")[-1]


def test_a_missing_image_is_an_error(capfd):
    line = mistake([*TEST, "missing.png"], capfd)

    assert line == 'Cannot load image "missing.png": cannot be opened: No such file or directory'


def test_a_file_that_is_no_image_is_an_error(capfd):
    Path("notes.jpg").write_text("a text")

    line = mistake([*TEST, "notes.jpg"], capfd)

    said = 'Cannot load image "notes.jpg": not an image: expected JPEG, PNG, GIF, BMP, '
    assert line == f"{said}WebP, TIFF or Targa"


def test_an_empty_list_is_an_error(capfd):
    Path("list.txt").write_text("")

    assert mistake([*TEST, "list.txt"], capfd) == "list.txt: expected an image, found none"


def test_a_folder_without_images_is_an_error(capfd):
    Path("empty").mkdir()

    line = mistake([*TEST, "empty"], capfd)
    assert line.startswith("empty: expected an image that ends in .apng, .avif, .bmp, ")
    assert line.endswith(", .tif, .tiff, .webp, found none")


EMPTY = "an image operand is an empty word: expected a file, a folder, a pattern, a list or a film"


@pytest.mark.parametrize("word", ["", " ", "\n"])
@pytest.mark.parametrize("command", [TEST, ["detect", "net.cfg", "net.weights"]])
def test_an_empty_word_alone_is_an_error(capfd, command, word):
    assert mistake([*command, word], capfd) == EMPTY


def test_beside_images_an_empty_word_is_told_and_they_are_answered(capfd):
    assert main([*TEST, "", "input.png", "-thresh", "0.25", "-batchnorm", "cpu"]) == 1

    told = capfd.readouterr()
    assert boxes(told.out) == RECORDED
    assert told.err.count(EMPTY) == 1


def test_without_a_model_an_empty_word_is_told_too(capfd):
    assert mistake(["detect", ""], capfd) == EMPTY


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("none*.png", "none*.png: expected an image, found none"),
        ("blank.txt", "blank.txt: expected an image, found none"),
        ("empty", "empty: expected an image that ends in .apng, "),
        ("gone.txt", "Couldn't open file: gone.txt (No such file or directory)"),
    ],
)
def test_beside_images_an_operand_without_any_is_told_and_they_are_answered(capfd, word, problem):
    Path("empty").mkdir()
    Path("blank.txt").write_text("\n \n")

    assert main([*TEST, word, "input.png", "-thresh", "0.25", "-batchnorm", "cpu"]) == 1

    told = capfd.readouterr()
    assert boxes(told.out) == RECORDED
    assert f"\n{problem}" in told.err


def test_a_closed_stdin_asks_for_no_image(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)

    assert main(TEST) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_a_list_ends_in_txt_or_list_in_any_case(tmp_path):
    for name in ("L.TXT", "l.List"):
        (tmp_path / name).write_text("a.png\nb.png\n")

        source = Source((str(tmp_path / name),))

        assert [image.path for image in source.listing] == ["a.png", "b.png"]


def lay(*names: str) -> None:
    """Lay the image under other names too."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("input.png", name)


def shown(text: str) -> list[str]:
    """Return the images that a text tells of."""
    return re.findall(r"^(\S+): Predicted", text, re.MULTILINE)


def test_recursive_looks_into_folders_below_and_out_dir_keeps_their_tree(capfd):
    lay("in/b.png", "in/a/c.png", "in/a/deep/d.PNG")
    Path("in/a/notes.txt").write_text("no image")

    assert main([*TEST, "in", "-recursive", "-out_dir", "drawn"]) == 0

    assert shown(capfd.readouterr().out) == ["in/a/c.png", "in/a/deep/d.PNG", "in/b.png"]
    drawn = sorted(str(path) for path in Path("drawn").rglob("*.jpg"))
    assert drawn == ["drawn/a/c.jpg", "drawn/a/deep/d.jpg", "drawn/b.jpg"]


def test_recursive_passes_over_what_it_drew_before(capfd):
    lay("in/b.png")
    words = [*TEST, "in", "-recursive", "-out_dir", "in/drawn"]
    assert main(words) == 0
    capfd.readouterr()

    assert main(words) == 0

    assert shown(capfd.readouterr().out) == ["in/b.png"]


def test_without_recursive_a_folder_of_folders_is_an_error_that_names_it(capfd):
    lay("in/a/c.png")

    assert main([*TEST, "in"]) == 1

    told = capfd.readouterr().err
    assert "in: expected an image that ends in .apng, " in told
    assert told.endswith("    hint: -recursive looks into the folders below it too\n")


def test_a_recursive_folder_without_images_is_an_error(capfd):
    Path("in/deep").mkdir(parents=True)

    assert mistake([*TEST, "in", "-recursive"], capfd).endswith(".webp, found none")


def test_yolo_and_classifiers_are_recursive_too():
    flags = {" ".join(one.words): [flag.name for flag in one.flags] for one in VERBS.values()}
    named = {words for words, names in flags.items() if "recursive" in names}

    assert named == {
        "detector test",
        "detect",
        "yolo test",
        "coco test",
        "classifier predict",
        "classify",
    }


class Stdin:
    """Stands for a pipe that gives bytes."""

    closed = False

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


def test_a_dash_is_the_image_on_stdin(monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", Stdin(Path("input.png").read_bytes()))
    flags = ["-thresh", "0.25", "-batchnorm", "cpu", "-out", "x.json", "-save_labels"]

    assert main([*TEST, "-", *flags]) == 0

    out = capfd.readouterr().out
    assert shown(out) == ["stdin"]
    assert "Enter Image Path" not in out
    assert boxes(out) == RECORDED
    assert '"filename":"stdin"' in Path("x.json").read_text()
    assert Path("stdin.txt").read_text().count("\n") > 0
    assert Path("predictions.jpg").exists()


def test_a_dash_may_stand_among_other_images(monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", Stdin(Path("input.png").read_bytes()))

    assert main([*TEST, "input.png", "-", "input.png", "-out_dir", "drawn"]) == 0

    assert shown(capfd.readouterr().out) == ["input.png", "stdin", "input.png"]
    assert sorted(path.name for path in Path("drawn").iterdir()) == ["input.jpg", "stdin.jpg"]


def test_the_model_that_detect_takes_finds_boxes_on_stdin(monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", Stdin((HERE.parent / "data" / "digits.png").read_bytes()))

    assert main(["detect", "-", "-no_draw"]) == 0

    out = capfd.readouterr().out
    assert shown(out) == ["stdin"]
    assert len(boxes(out)) == 6  # digits


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an image: the file is empty"),
        (b"a text\n" * 20000, "not an image: expected JPEG, "),
        (b"\x89PNG\r\n\x1a\n", "damaged: the header of this PNG names no size"),
    ],
)
def test_stdin_without_an_image_is_an_error(monkeypatch, capfd, content, reason):
    monkeypatch.setattr("sys.stdin", Stdin(content))

    line = mistake([*TEST, "-"], capfd)

    assert line.startswith(f'Cannot load image "stdin": {reason}')


def test_two_dashes_are_an_error(monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", Stdin(b""))

    assert mistake([*TEST, "-", "-"], capfd) == "- stands twice: stdin gives one image"


def test_a_dash_where_a_cfg_is_expected_is_an_error(capfd):
    assert main(["detector", "test", "net.data", "-", "net.weights"]) == 1

    assert "- is an image: expected a cfg there" in capfd.readouterr().err


def test_a_dash_in_a_list_is_a_file(capfd):
    lay("./-")
    Path("list.txt").write_text("-\n")

    assert main([*TEST, "list.txt"]) == 0

    assert shown(capfd.readouterr().out) == ["-"]
