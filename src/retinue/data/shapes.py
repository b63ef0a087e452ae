"""Generated pictures of six shapes, with mistakes planted on request so that they can be found.

Position, size, turn, colours and background say nothing about the class; only the form does.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from retinue.errors import UsageError
from retinue.seeds import seed_for

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

CLASSES = ("disc", "ring", "triangle", "square", "star", "cross")
SMALLEST = 8
DRAWING = 1  # raised when a change below alters pictures, so that older caches are not used

_NUMBERS = 64
_LINES = 2
_BLOTCHES = 5
_PIXELS_AT_ONCE = 2**18  # each takes some hundred bytes while it is drawn
_FULL_TURN = 2 * math.pi


@dataclass(frozen=True)
class Shapes:
    """A set of pictures before any is drawn: what each shows, and what is planted in them.

    Attributes:
        size: pixels a side.
        seed: of every draw.
        labels: (N,) int64, planted errors included.
        true_labels: (N,) int64, what the pictures show.
        label_error_rows: the rows whose label is wrong, ascending.
        duplicate_rows: (D, 2) rows, a copy and its original, byte for byte alike.
        test_rows: (N,) bool, the last fifth of each class: what callers take as the test split.
        shortcut_rows: (N,) bool, where the colour gives the class away; never a test row.
    """

    size: int
    seed: int
    labels: Integers
    true_labels: Integers
    label_error_rows: Integers
    duplicate_rows: Integers
    test_rows: Booleans
    shortcut_rows: Booleans


def lay_out(
    count: int = 3000,
    size: int = 32,
    seed: int = 0,
    label_errors: float = 0.0,
    duplicates: float = 0.0,
    shortcut: bool = False,
) -> Shapes:
    """Decide what `count` pictures of `size` pixels a side show, the classes taking turns.

    What a picture shows is a pure function of (seed, row), whatever the count and the size.

    Args:
        count: pictures in all.
        size: pixels a side, 8 or more.
        seed: of every draw.
        label_errors: the share of rows, 0 to 1, that get a wrong label.
        duplicates: the share of rows, 0 to 1, that become copies of other rows of their class.
        shortcut: whether the colour of the shape gives the class away outside the test rows.

    Raises:
        UsageError: a value that is out of range, or more to plant than there are rows.
    """
    _check_whole("count", count, 1)
    _check_whole("size", size, SMALLEST)
    _check_whole("seed", seed, 0)
    _check_share("label_errors", label_errors)
    _check_share("duplicates", duplicates)
    true_labels = np.arange(count) % len(CLASSES)
    errors, pairs = _planted(
        seed, true_labels, round(label_errors * count), round(duplicates * count)
    )
    test_rows = _last_fifth(true_labels)
    shortcut_rows = ~test_rows if shortcut else np.zeros(count, np.bool_)
    # An original whose copy is a test row would carry the shortcut there.
    shortcut_rows[pairs] = shortcut_rows[pairs].all(1, keepdims=True)
    labels = _with_errors(seed, true_labels, errors)
    return Shapes(size, seed, labels, true_labels, errors, pairs, test_rows, shortcut_rows)


def draw(shapes: Shapes) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the pictures in the order of their rows, some at a time: (n, size, size, 3)."""
    # A copy is the original drawn once more.
    drawn = np.arange(len(shapes.labels))
    drawn[shapes.duplicate_rows[:, 0]] = shapes.duplicate_rows[:, 1]
    step = max(1, _PIXELS_AT_ONCE // shapes.size**2)
    for start in range(0, len(drawn), step):
        rows = drawn[start : start + step]
        yield _draw(
            shapes.seed, rows, shapes.true_labels[rows], shapes.shortcut_rows[rows], shapes.size
        )


def _check_whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"shapes: {name} is {value!r}: give a whole number, {least} or more")


def _check_share(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"shapes: {name} is {value!r}: give a share from 0 to 1")


def _planted(
    seed: int, true_labels: Integers, errors: int, copies: int
) -> tuple[Integers, Integers]:
    """The rows to mislabel, and the (copy, original) rows of one class; no row in two roles."""
    order = np.random.default_rng(seed_for(seed, "shapes/planted")).permutation(len(true_labels))
    wrong, rest = order[:errors], order[errors:]
    pairs = [np.empty((0, 2), np.int64)]
    for label in range(len(CLASSES)):
        rows = rest[true_labels[rest] == label]
        pairs.append(rows[: len(rows) // 2 * 2].reshape(-1, 2))
    every = np.concatenate(pairs)
    if len(every) < copies:
        raise UsageError(
            f"shapes: {errors} label errors and {copies} duplicates do not fit into "
            f"{len(true_labels)} pictures: a duplicate takes two; ask for fewer"
        )
    mixed = np.random.default_rng(seed_for(seed, "shapes/pairs")).permutation(every)
    return np.sort(wrong), mixed[:copies]


def _with_errors(seed: int, true_labels: Integers, rows: Integers) -> Integers:
    """The labels, those of `rows` moved to any other class."""
    generator = np.random.default_rng(seed_for(seed, "shapes/wrong-labels"))
    labels = true_labels.copy()
    steps = generator.integers(1, len(CLASSES), len(rows))
    labels[rows] = (labels[rows] + steps) % len(CLASSES)
    return labels


def _last_fifth(true_labels: Integers) -> Booleans:
    last = np.zeros(len(true_labels), np.bool_)
    for label in range(len(CLASSES)):
        rows = np.flatnonzero(true_labels == label)
        last[rows[len(rows) - len(rows) // 5 :]] = True
    return last


class _Draws:
    """Random numbers of many pictures, (pictures, `_NUMBERS`), handed out column by column."""

    def __init__(self, numbers: Floats) -> None:
        self._numbers = numbers
        self._next = 0

    def take(self, low: float = 0.0, high: float = 1.0) -> Floats:
        """One number a picture, uniform, of shape (pictures, 1, 1) to go with its pixels."""
        self._next += 1
        return low + (high - low) * self._numbers[:, self._next - 1, None, None]

    def grid(self, side: int) -> Floats:
        """A square of numbers from 0 to 1 a picture: (pictures, side, side)."""
        self._next += side * side
        return self._numbers[:, self._next - side * side : self._next].reshape(-1, side, side)


def _draw(
    seed: int, rows: Integers, labels: Integers, shortcut: Booleans, size: int
) -> npt.NDArray[np.uint8]:
    """The pictures of some rows: (rows, size, size, 3)."""
    numbers = np.empty((len(rows), _NUMBERS))
    grain = np.empty((len(rows), size, size, 3))
    for at, row in enumerate(rows.tolist()):
        generator = np.random.default_rng(seed_for(seed, "shapes", step=row))
        numbers[at] = generator.random(_NUMBERS)
        grain[at] = generator.random((size, size, 3))
    draws = _Draws(numbers)
    middles = (2 * np.arange(size) + 1) / size - 1
    x, y = middles[None, None, :], middles[None, :, None]
    ink, paper, other = _colours(draws, labels, shortcut)
    picture = paper + (other - paper) * _pattern(draws, x, y)[..., None]
    for _ in range(_LINES):
        picture = _painted(picture, *_line(draws, x, y), size)
    picture = _painted(picture, ink, _shape(draws, labels, x, y), size)
    picture += draws.take(0.02, 0.15)[..., None] * (grain - 0.5)
    drawn: npt.NDArray[np.uint8] = np.rint(255 * picture.clip(0, 1)).astype(np.uint8)
    return drawn


def _painted(picture: Floats, colour: Floats, distance: Floats, size: int) -> Floats:
    """Lay a colour where the signed distance, in half pictures, is negative; edges antialiased."""
    cover: Floats = (0.5 - distance * size / 2).clip(0, 1)[..., None]
    return picture + (colour - picture) * cover


def _colours(draws: _Draws, labels: Integers, shortcut: Booleans) -> tuple[Floats, Floats, Floats]:
    """The shape's colour and two of the background, apart in lightness, of any hue."""
    light = draws.take(0.2, 0.8)
    gap = draws.take(0.35, 0.55)
    up = np.where(draws.take() < 0.5, light + gap <= 0.95, light - gap < 0.05)
    hue = draws.take(0, _FULL_TURN)
    strength = draws.take(0.0, 0.25)
    told = shortcut[:, None, None]
    hue = np.where(told, labels[:, None, None] * _FULL_TURN / len(CLASSES), hue)
    ink = _colour(light + np.where(up, gap, -gap), hue, np.where(told, 0.3, strength))
    contrast = draws.take(-0.1, 0.1)
    papers = [
        _colour(light + side * contrast, draws.take(0, _FULL_TURN), draws.take(0.0, 0.2))
        for side in (-1, 1)
    ]
    return ink, papers[0], papers[1]


def _colour(light: Floats, hue: Floats, strength: Floats) -> Floats:
    """Red, green and blue as a last axis; their mean is the lightness."""
    primaries = np.arange(3) * _FULL_TURN / 3
    return light[..., None] + strength[..., None] * np.cos(hue[..., None] - primaries)


def _pattern(draws: _Draws, x: Floats, y: Floats) -> Floats:
    """A background from 0 to 1: a slope, blotches, stripes or checks, one kind a picture."""
    kind = draws.take(0, 4).astype(np.int64)
    u, v = _turned(x, y, draws.take(0, _FULL_TURN))
    wave = draws.take(4, 14)
    first, second = draws.take(0, _FULL_TURN), draws.take(0, _FULL_TURN)
    across = np.sin(wave * u + first)
    kinds = [
        (u + 1.5) / 3,
        _blotches(draws.grid(_BLOTCHES), u.shape[-1]),
        0.5 + 0.5 * across.clip(-0.5, 0.5) * 2,
        0.5 + (across * np.sin(wave * v + second)).clip(-0.25, 0.25) * 2,
    ]
    return np.choose(kind, kinds)


def _blotches(grid: Floats, size: int) -> Floats:
    """A small grid of numbers enlarged to the picture, smoothly."""
    at = np.linspace(0, len(grid[0]) - 1, size)[:, None]
    near: Floats = (1 - np.abs(at - np.arange(len(grid[0])))).clip(0, 1)
    weights = near * near * (3 - 2 * near)
    return weights @ grid @ weights.T


def _line(draws: _Draws, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Colour and signed distance of a stroke between two points, absent from some pictures."""
    from_x, from_y, to_x, to_y = (draws.take(-1.1, 1.1) for _ in range(4))
    along_x, along_y = to_x - from_x, to_y - from_y
    length = along_x**2 + along_y**2 + 1e-9
    share = (((x - from_x) * along_x + (y - from_y) * along_y) / length).clip(0, 1)
    distance = np.hypot(x - from_x - share * along_x, y - from_y - share * along_y)
    width = np.where(draws.take() < 0.5, draws.take(0.02, 0.06), -1.0)
    colour = _colour(draws.take(0.1, 0.9), draws.take(0, _FULL_TURN), draws.take(0.0, 0.2))
    return colour, distance - width


def _shape(draws: _Draws, labels: Integers, x: Floats, y: Floats) -> Floats:
    """Signed distance to each picture's shape, which lies inside the picture."""
    radius = draws.take(0.5, 0.8)
    room = 0.97 - radius
    x, y = x - room * draws.take(-1, 1), y - room * draws.take(-1, 1)
    stretch = draws.take(0.88, 1.0)
    u, v = _turned(x, y, draws.take(0, _FULL_TURN))
    u, v = u / radius, v / (radius * stretch)
    distance = np.empty(np.broadcast_shapes(u.shape, v.shape))
    for label, form in enumerate(_FORMS):
        rows = labels == label
        distance[rows] = form(u[rows], v[rows])
    return distance * radius


def _turned(x: Floats, y: Floats, angle: Floats) -> tuple[Floats, Floats]:
    cos, sin = np.cos(angle), np.sin(angle)
    return x * cos + y * sin, y * cos - x * sin


def _disc(x: Floats, y: Floats) -> Floats:
    return np.hypot(x, y) - 0.85


def _ring(x: Floats, y: Floats) -> Floats:
    return np.abs(np.hypot(x, y) - 0.68) - 0.22


def _triangle(x: Floats, y: Floats) -> Floats:
    return _sector(x, y, 3)[0] - 0.5


def _square(x: Floats, y: Floats) -> Floats:
    return _sector(x, y, 4)[0] - 0.7


def _star(x: Floats, y: Floats) -> Floats:
    """One edge, from a tip at distance 1 to a notch at 0.42, repeated by symmetry."""
    along, aside = _sector(x, y, 5)
    notch_x, notch_y = 0.42 * math.cos(math.pi / 5), 0.42 * math.sin(math.pi / 5)
    length = math.hypot(1 - notch_x, notch_y)
    return ((along - 1) * notch_y + aside * (1 - notch_x)) / length


def _cross(x: Floats, y: Floats) -> Floats:
    x, y = np.abs(x), np.abs(y)
    return np.minimum(np.maximum(x - 0.92, y - 0.28), np.maximum(x - 0.28, y - 0.92))


def _sector(x: Floats, y: Floats, corners: int) -> tuple[Floats, Floats]:
    """Fold the plane onto half of one of its equal sectors: along its middle line, and aside."""
    wide = _FULL_TURN / corners
    angle = np.arctan2(y, x)
    off = np.abs((angle + wide / 2) % wide - wide / 2)
    distance = np.hypot(x, y)
    return distance * np.cos(off), distance * np.sin(off)


_FORMS: tuple[Callable[[Floats, Floats], Floats], ...] = (
    _disc,
    _ring,
    _triangle,
    _square,
    _star,
    _cross,
)
