"""Which picture belongs to which class, split and group, told from paths or from a table."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from retinue.data.listing import Listing, class_order, list_source, only_classes
from retinue.errors import RetinueError, UsageError


def touch(root: Path, *names: str) -> Path:
    """Files with these names; their content is never looked at."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def table(root: Path, text: str, name: str = "all.csv") -> Path:
    (root / name).write_text(text, encoding="utf-8")
    return root / name


def told(listing: Listing) -> list[tuple[str, str, str]]:
    return [(item.entry.name, item.class_name, item.split) for item in listing.items]


# --- folders


def test_a_folder_of_class_folders(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "dog/b.jpg", "cat/a.PNG", "cat/deep/c.webp"))
    assert listing.classes == ("cat", "dog")
    assert told(listing) == [
        ("cat/a.PNG", "cat", ""),
        ("cat/deep/c.webp", "cat", ""),
        ("dog/b.jpg", "dog", ""),
    ]
    assert listing.notes == ()


@pytest.mark.parametrize(
    ("name", "split"),
    [("val", "val"), ("valid", "val"), ("validation", "val"), ("dev", "val"), ("Test", "test")],
)
def test_split_folders_by_any_of_their_names(tmp_path: Path, name: str, split: str) -> None:
    listing = list_source(
        touch(tmp_path, "train/cat/a.jpg", "train/dog/b.jpg", f"{name}/cat/c.jpg")
    )
    assert {item.entry.name.split("/")[0]: item.split for item in listing.items} == {
        "train": "train",
        name: split,
    }
    assert listing.classes == ("cat", "dog")


def test_without_train_a_folder_named_test_is_a_class(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "test/deep/a.jpg", "exam/deep/b.jpg"))
    assert listing.classes == ("exam", "test")


def test_a_folder_around_all_is_looked_through(tmp_path: Path) -> None:
    names = ("photos/train/cat/a.jpg", "photos/train/dog/b.jpg", "photos/test/cat/c.jpg")
    listing = list_source(touch(tmp_path, *names))
    assert [item.split for item in listing.items] == ["test", "train", "train"]
    assert listing.classes == ("cat", "dog")
    assert listing.notes == ()


def test_a_folder_around_class_folders_is_not_called_an_empty_class(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "photos/cat/a.jpg", "photos/dog/b.jpg"))
    assert listing.classes == ("cat", "dog")
    assert listing.notes == ()


def test_files_that_are_no_pictures_are_counted_by_kind(tmp_path: Path) -> None:
    names = ("cat/a.jpg", "dog/b.jpg", "cat/a.txt", "dog/b.txt", "labels.json")
    listing = list_source(touch(tmp_path, *names))
    assert len(listing.items) == 2
    (note,) = listing.notes
    assert note.startswith("left out, not pictures by their names")
    assert note.endswith(": 2 .txt, 1 .json")


def test_a_file_without_a_suffix_may_be_a_picture(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "cat/0001", "dog/0002"))
    assert [item.entry.name for item in listing.items] == ["cat/0001", "dog/0002"]


def test_pictures_outside_every_class_are_noted(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "cat/a.jpg", "dog/b.jpg", "cover.jpg"))
    assert len(listing.items) == 2
    assert listing.notes == ("left out, outside every class folder: 1 picture",)


def test_an_empty_class_folder_is_noted(tmp_path: Path) -> None:
    touch(tmp_path, "cat/a.jpg", "dog/b.jpg")
    (tmp_path / "eel").mkdir()
    listing = list_source(tmp_path)
    assert listing.classes == ("cat", "dog")
    assert listing.notes == ("the class folder 'eel' holds no pictures: the class is left out",)


def test_a_class_folder_empty_in_every_split_is_noted_and_one_empty_in_some_is_not(
    tmp_path: Path,
) -> None:
    touch(tmp_path, "train/cat/a.jpg", "train/dog/b.jpg", "test/cat/c.jpg")
    for name in ("train/eel", "test/eel", "test/dog"):
        (tmp_path / name).mkdir()
    assert list_source(tmp_path).notes == (
        "the class folder 'eel' holds no pictures: the class is left out",
    )


def test_hidden_folders_are_not_called_empty_classes(tmp_path: Path) -> None:
    touch(tmp_path, "train/cat/a.jpg", "train/dog/b.jpg", "test/cat/c.jpg", ".git/objects/x")
    touch(tmp_path, "train/.ipynb_checkpoints/a.jpg", "__MACOSX/train/x")
    assert list_source(tmp_path).notes == ()


@pytest.mark.parametrize("names", [[], ["a.jpg"], ["cat/notes.txt"], ["train/notes.txt"]])
def test_a_folder_without_labelled_pictures_says_what_was_expected(
    tmp_path: Path, names: list[str]
) -> None:
    with pytest.raises(UsageError, match=r"no pictures in class folders found; expected <class>/"):
        list_source(touch(tmp_path, *names))


def test_classes_that_are_numbers_are_in_the_order_of_numbers() -> None:
    assert class_order({"10", "9", "0"}) == ("0", "9", "10")
    assert class_order({"10", "9", "a"}) == ("10", "9", "a")
    assert class_order({"b", "A", "ä"}) == ("A", "b", "ä")


# --- groups


def groups(listing: Listing) -> list[str]:
    return [item.group for item in listing.items]


def test_without_group_by_no_picture_has_a_group(tmp_path: Path) -> None:
    assert groups(list_source(touch(tmp_path, "cat/a.jpg", "dog/b.jpg"))) == ["", ""]


def test_parent_groups_by_the_folder(tmp_path: Path) -> None:
    touch(tmp_path, "cat/tom/a.jpg", "cat/tom/b.jpg", "cat/tim/a.jpg", "dog/rex/a.jpg")
    assert groups(list_source(tmp_path, "parent")) == ["cat/tim", "cat/tom", "cat/tom", "dog/rex"]


@pytest.mark.parametrize("pattern", [r"patient\d+", r"(patient\d+)_"])
def test_a_regular_expression_groups_by_what_it_finds(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, "ill/patient1_a.png", "ill/patient2_a.png", "well/patient1_b.png", "well/x.png")
    assert groups(list_source(tmp_path, pattern)) == ["patient1", "patient2", "patient1", ""]


def test_a_broken_regular_expression_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--group-by \(: neither 'parent'"):
        list_source(touch(tmp_path, "cat/a.jpg"), "(")


# --- tables


def test_a_table_names_paths_and_labels(tmp_path: Path) -> None:
    touch(tmp_path, "x/a.jpg", "b.jpg")
    listing = list_source(table(tmp_path, "path,label\nx/a.jpg,dog\nb.jpg,cat\n"))
    assert told(listing) == [("x/a.jpg", "dog", ""), ("b.jpg", "cat", "")]
    assert listing.classes == ("cat", "dog")
    assert listing.files.root == tmp_path
    assert listing.items[0].entry.size == 1


@pytest.mark.parametrize("path_column", ["path", "File", " filename ", "image"])
@pytest.mark.parametrize("label_column", ["label", "CLASS", "category", "target"])
def test_columns_go_by_several_names(tmp_path: Path, path_column: str, label_column: str) -> None:
    text = f"{label_column},{path_column}\ncat,a.jpg\n"
    assert told(list_source(table(tmp_path, text))) == [("a.jpg", "cat", "")]


def test_a_table_may_give_splits_and_groups(tmp_path: Path) -> None:
    text = "path,label,Split,owner\na.jpg,cat,train,ann\nb.jpg,dog,VALID,bob\nc.jpg,cat,,ann\n"
    listing = list_source(table(tmp_path, text), group_by="owner")
    assert [item.split for item in listing.items] == ["train", "val", ""]
    assert groups(listing) == ["ann", "bob", "ann"]


def test_tabs_quotes_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = '\ufeffpath\tlabel\n"a\tb.jpg"\tcät\n'
    assert told(list_source(table(tmp_path, text, "all.tsv"))) == [("a\tb.jpg", "cät", "")]


def test_a_row_whose_file_is_missing_is_found_out_later(tmp_path: Path) -> None:
    listing = list_source(table(tmp_path, "path,label\nnone.jpg,cat\n"))
    assert listing.items[0].entry.size == -1


def test_rows_that_repeat_a_picture_are_noted(tmp_path: Path) -> None:
    listing = list_source(table(tmp_path, "path,label\na.jpg,cat\na.jpg,cat\nb.jpg,dog\n"))
    assert listing.notes == ("1 rows name a picture that an earlier row names",)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("name,label\na.jpg,cat\n", "no column of paths; name one of its columns path or file"),
        ("path,kind\na.jpg,cat\n", "no column of labels; name one of its columns label or class"),
        ("", "no column of paths"),
        ("path,label\n", "no column of paths|no pictures"),
        ("path,label\na.jpg,cat\nb.jpg,\n", "line 3: the path or the label is missing"),
        ("path,label\na.jpg\n", "line 2: the path or the label is missing"),
        ("path,label,split\na.jpg,cat,trian\n", "line 2: the split 'trian' is none of train"),
    ],
)
def test_a_table_that_cannot_be_used_says_where(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        list_source(table(tmp_path, text))


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_bytes(b"path,label\n\xff\xfe,cat\n")
    with pytest.raises(RetinueError, match="cannot be read as a CSV in UTF-8"):
        list_source(tmp_path / "all.csv")


# --- only some classes


def test_only_some_classes_in_the_order_asked_for(
    tmp_path: Path, class_folders: Callable[..., Path]
) -> None:
    listing = list_source(class_folders(tmp_path, {"ant": 1, "bee": 2, "cow": 1}))
    some = only_classes(listing, ["cow", "ant"])
    assert some.classes == ("cow", "ant")
    assert [item.class_name for item in some.items] == ["ant", "cow"]


def test_a_class_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "cat/a.jpg", "dog/b.jpg"))
    with pytest.raises(UsageError, match="--classes: no class 'cow'; there are cat, dog"):
        only_classes(listing, ["cow"])


def test_a_class_asked_for_twice_is_not_two_classes(tmp_path: Path) -> None:
    listing = list_source(touch(tmp_path, "cat/a.jpg", "dog/b.jpg"))
    try:
        classes = only_classes(listing, ["cat", "cat"]).classes
    except UsageError:
        return
    assert classes == ("cat",)


def test_a_row_of_too_many_cells_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b.png")
    path = table(tmp_path, "path,label\na.png,x,more\nb.png,y\n")
    with pytest.raises(UsageError, match="line 2: has more cells than the first line"):
        list_source(path)


def test_a_row_that_names_no_plain_file_is_found_out_later(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    listing = list_source(table(tmp_path, "path,label\na.png,x\npipe.png,y\nnul\0.png,y\n"))
    assert [item.entry.size for item in listing.items] == [1, -1, -1]


def test_numbers_too_long_for_any_are_names() -> None:
    assert class_order({"9" * 5000, "10"}) == ("10", "9" * 5000)
