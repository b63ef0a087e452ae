"""The generated pictures: the same every time, balanced, and with exactly what was planted."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retinue.data.shapes import CLASSES, Shapes, draw, lay_out
from retinue.errors import UsageError


@dataclass(frozen=True)
class Drawn(Shapes):
    """With its pictures (N, size, size, 3)."""

    images: npt.NDArray[np.uint8]


def generate(**options: Any) -> Drawn:
    shapes = lay_out(**options)
    return Drawn(**vars(shapes), images=np.concatenate(list(draw(shapes))))


def checked(shapes: Drawn) -> Drawn:
    """The same, after a look at the promises that hold for every set."""
    count = len(shapes.labels)
    assert shapes.images.dtype == np.uint8
    assert shapes.images.shape[0] == len(shapes.true_labels) == count
    assert shapes.labels.dtype == shapes.true_labels.dtype == np.int64
    assert shapes.test_rows.shape == shapes.shortcut_rows.shape == (count,)
    assert not (shapes.test_rows & shapes.shortcut_rows).any()
    return shapes


def test_the_same_seed_draws_the_same_pictures_and_another_seed_others() -> None:
    first, again, other = generate(count=30), generate(count=30), generate(count=30, seed=1)
    assert (first.images == again.images).all()
    assert (first.images != other.images).any(axis=(1, 2, 3)).all()


def test_the_pictures_never_change_unnoticed() -> None:
    # Runs are compared by the digest of their test pictures: a new digest is a new data set.
    images = generate(count=12, size=16).images
    assert hashlib.sha256(images.tobytes()).hexdigest()[:16] == "a8fbbbd13ef08af4"


def test_a_picture_depends_on_its_row_alone() -> None:
    assert (generate(count=300).images[:7] == generate(count=7).images).all()


def test_a_picture_shows_the_same_at_any_size() -> None:
    small = generate(count=60, size=24).images.astype(float)
    large = generate(count=60, size=96).images.astype(float)
    shrunk = large.reshape(60, 24, 4, 24, 4, 3).mean(axis=(2, 4))
    for one, other in zip(small, shrunk, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.85


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 70),
    size=st.integers(8, 40),
    seed=st.integers(0, 2**40),
    shortcut=st.booleans(),
)
def test_any_count_and_size_gives_balanced_classes(
    count: int, size: int, seed: int, shortcut: bool
) -> None:
    shapes = checked(generate(count=count, size=size, seed=seed, shortcut=shortcut))
    assert shapes.images.shape == (count, size, size, 3)
    counts = np.bincount(shapes.labels, minlength=len(CLASSES))
    assert counts.max() - counts.min() <= 1
    assert counts.sum() == count
    assert (shapes.labels == shapes.true_labels).all()
    tests = np.bincount(shapes.labels[shapes.test_rows], minlength=len(CLASSES))
    assert (tests == counts // 5).all()


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(60, 200),
    label_errors=st.floats(0, 0.4),
    duplicates=st.floats(0, 0.2),
    shortcut=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_what_is_planted_is_exact(
    count: int, label_errors: float, duplicates: float, shortcut: bool, seed: int
) -> None:
    shapes = checked(
        generate(
            count=count,
            size=8,
            seed=seed,
            label_errors=label_errors,
            duplicates=duplicates,
            shortcut=shortcut,
        )
    )
    errors, pairs = shapes.label_error_rows, shapes.duplicate_rows
    assert len(errors) == round(label_errors * count)
    assert pairs.shape == (round(duplicates * count), 2)
    assert np.flatnonzero(shapes.labels != shapes.true_labels).tolist() == errors.tolist()
    assert len(set(pairs.ravel()) | set(errors)) == pairs.size + len(errors)
    assert (shapes.images[pairs[:, 0]] == shapes.images[pairs[:, 1]]).all()
    assert (shapes.labels[pairs[:, 0]] == shapes.labels[pairs[:, 1]]).all()
    assert len({image.tobytes() for image in shapes.images}) == count - len(pairs)


def test_planting_leaves_the_other_pictures_as_they_are() -> None:
    plain = generate(count=60)
    planted = generate(count=60, label_errors=0.1, duplicates=0.1)
    changed = np.flatnonzero((plain.images != planted.images).any(axis=(1, 2, 3)))
    assert set(changed) == set(planted.duplicate_rows[:, 0])


def test_the_shortcut_changes_colours_of_training_rows_alone() -> None:
    plain, told = generate(count=300), generate(count=300, shortcut=True)
    changed = (plain.images != told.images).any(axis=(1, 2, 3))
    assert (changed == told.shortcut_rows).all()
    assert (told.shortcut_rows == ~told.test_rows).all()
    assert not plain.shortcut_rows.any()
    # Discs are red and squares, opposite, cyan: where the pictures differ, the hue says which.
    for label, primaries in ((0, (2, -1, -1)), (3, (-2, 1, 1))):
        for row in np.flatnonzero(told.shortcut_rows & (told.labels == label)):
            differ = (plain.images[row] != told.images[row]).any(axis=2)
            assert told.images[row][differ].mean(axis=0) @ np.array(primaries) > 20


def test_no_test_row_has_the_shortcut_even_as_a_copy() -> None:
    shapes = generate(count=300, size=8, duplicates=0.4, shortcut=True)
    plain = generate(count=300, size=8, duplicates=0.4)
    same = (shapes.images == plain.images).all(axis=(1, 2, 3))
    assert same[shapes.test_rows].all()
    assert shapes.test_rows[shapes.duplicate_rows].any(axis=1).any()


def test_the_shape_stands_out_from_its_background() -> None:
    images = generate(count=600).images.astype(float).mean(axis=3)
    spread = np.percentile(images, 97, axis=(1, 2)) - np.percentile(images, 3, axis=(1, 2))
    assert spread.min() > 40


def test_background_and_colour_say_nothing_about_the_class() -> None:
    shapes = generate(count=1200)
    border = np.concatenate(
        [shapes.images[:, :2].reshape(1200, -1), shapes.images[:, -2:].reshape(1200, -1)], axis=1
    )
    means = [border[shapes.labels == label].mean() for label in range(len(CLASSES))]
    assert max(means) - min(means) < 20


def test_three_thousand_pictures_take_seconds() -> None:
    started = time.monotonic()
    generate()
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"count": 0}, "count is 0: give a whole number, 1 or more"),
        ({"count": True}, "count is True"),
        ({"size": 7}, "size is 7: give a whole number, 8 or more"),
        ({"size": 32.0}, "size is 32.0"),
        ({"seed": -1}, "seed is -1"),
        ({"label_errors": 1.1}, "label_errors is 1.1: give a share from 0 to 1"),
        ({"duplicates": float("nan")}, "duplicates is nan"),
        ({"duplicates": "a lot"}, "duplicates is 'a lot'"),
        ({"count": 60, "duplicates": 0.6}, "a duplicate takes two; ask for fewer"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        generate(**options)
    assert words in str(caught.value)
