"""The data sets that come by name."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from retinue.data.builtin import BUILT_IN, built_in, where
from retinue.data.load import load_data
from retinue.data.pool import Given
from retinue.data.shapes import draw, lay_out
from retinue.errors import UsageError


def test_the_digits_are_those_of_scikit_learn(tmp_path: Path) -> None:
    found = built_in("digits", tmp_path, {}, None)
    assert isinstance(found, Given)
    original = load_digits()
    assert found.images.shape == (1797, 8, 8, 1)
    assert found.images.max() == 255
    assert found.labels.tolist() == original.target.tolist()
    assert np.abs(found.images[..., 0] / 255 - original.images / 16).max() <= 0.5 / 255 + 1e-9
    assert found.classes == tuple(str(digit) for digit in range(10))


def test_the_digits_are_split_into_seven_one_and_two_tenths() -> None:
    data = load_data("digits")
    sizes = [len(split) for split in data.splits.values()]
    assert sum(sizes) == 1797
    for size, share in zip(sizes, (0.7, 0.1, 0.2), strict=True):
        assert abs(size - share * 1797) <= 10, "within one picture a class"
    per_class = np.bincount(load_digits().target)
    for name, count in data.test.counts(data.classes).items():
        assert abs(count - 0.2 * per_class[int(name)]) <= 1


def test_shapes_are_those_of_the_generator(tmp_path: Path) -> None:
    options = {"count": 60, "size": 16, "seed": 3}
    found = built_in("shapes", tmp_path, options, None)
    assert isinstance(found, Given)
    shapes = lay_out(count=60, size=16, seed=3)
    assert (found.images == np.concatenate(list(draw(shapes)))).all()
    assert found.labels.tolist() == shapes.labels.tolist()
    assert [split == "test" for split in found.splits] == shapes.test_rows.tolist()


def test_options_reach_the_generator_through_load_data() -> None:
    data = load_data("shapes", count=120, label_errors=0.5)
    assert sum(len(split) for split in data.splits.values()) == 120
    assert len(data.test) == 24
    assert data.digest != load_data("shapes", count=120).digest


def test_an_unknown_option_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data_options\.colour: shapes takes count, size, seed"):
        built_in("shapes", tmp_path, {"colour": 1}, None)


@pytest.mark.parametrize("name", sorted(set(BUILT_IN) - {"shapes"}))
def test_other_sets_take_no_options(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=rf"data_options\.count: {name} takes no options"):
        built_in(name, tmp_path, {"count": 1}, None)


@pytest.mark.parametrize("name", BUILT_IN)
def test_where_is_empty_for_what_must_be_downloaded(tmp_path: Path, name: str) -> None:
    assert bool(where(name, tmp_path)) == (not BUILT_IN[name].official)


def test_an_archive_in_the_data_root_serves_as_the_set(tmp_path: Path) -> None:
    archive = tmp_path / "cifar10.zip"
    archive.write_bytes(b"")
    assert built_in("cifar10", tmp_path, {}, None) == archive
    assert where("cifar10", tmp_path) == str(archive)


@pytest.mark.shared_data
def test_fashion_mnist_is_found_where_it_lies(shared_data: Path) -> None:
    assert str(shared_data) in where("fashion-mnist", shared_data)
    found = built_in("fashion-mnist", shared_data, {}, None)
    assert isinstance(found, Given)
    assert found.images.shape == (70_000, 28, 28, 1)
    assert found.splits.count("train") == 60_000
    assert found.splits.count("test") == 10_000
    assert np.bincount(found.labels).tolist() == [7_000] * 10
