"""The figure of an attribution: its colours mean what they say, and any name can be drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.attribution import (
    COVER,
    Heat,
    attribution,
    ends,
    limit_of,
    pale,
    scale,
    veil,
    veiled,
)


def ramp(low: float, high: float, size: int = 16) -> NDArray[np.float64]:
    return np.linspace(low, high, size * size).reshape(size, size)


def lightness(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIE L* of colours (..., 3) in sRGB."""
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    bright = 116 * np.cbrt(luminance) - 16
    return np.asarray(np.where(luminance > 0.008856, bright, 903.3 * luminance))


def test_without_signs_lightness_rises_evenly_with_the_value() -> None:
    steps = np.diff(lightness(scale(1.0, signed=False, steps=11)[:, :3]))
    assert (steps > 0).all()
    assert steps.max() < 2 * steps.min()


def test_with_signs_zero_hides_nothing_and_the_ends_differ_in_hue() -> None:
    colours = scale(3.0, signed=True, steps=11).astype(int)
    assert colours[5, 3] == 0
    assert (np.diff(colours[5:, 3]) > 0).all()
    assert colours[0, 3] == colours[-1, 3]
    assert colours[0, 2] > colours[0, 0]  # blue: against
    assert colours[-1, 0] > colours[-1, 2]  # red: for


def test_a_veil_over_grey() -> None:
    grey = np.full((1, 2), 100, np.uint8)
    over = np.array([[[255, 0, 0, 0], [255, 0, 0, 255]]], np.uint8)
    assert veiled(grey, over).tolist() == [[[100, 100, 100], [255, 0, 0]]]
    plain = veil(np.zeros((2, 2)), 1.0, signed=False)
    assert (plain[..., 3] == round(255 * COVER)).all()


def test_the_limit_passes_over_a_few_outliers_only_with_signs() -> None:
    values = np.ones((10, 100))
    values[0, :5] = 1000
    assert limit_of(values, signed=True) == 1
    assert limit_of(values, signed=False) == 1000
    assert ends(values, 1.0, signed=True) == ("−1", "≥ 1")
    assert ends(-values, 1.0, signed=True) == ("≤ −1", "1")
    assert ends(np.ones((2, 2)), 1.0, signed=False) == ("0", "1")


def test_maps_of_nothing_and_of_single_places_have_a_limit() -> None:
    assert limit_of(np.zeros((4, 4)), signed=True) == 1
    single = np.zeros((20, 20))
    single[3, 4] = -7
    assert limit_of(single, signed=True) == 7


def test_pale_grey_keeps_the_order_of_lightness() -> None:
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    for one in (picture, np.repeat(picture, 3, axis=2)):
        assert pale(one).shape == (16, 16)
        assert (np.diff(pale(one).ravel().astype(int)) >= 0).all()
        assert pale(one).min() >= 40


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (40, 90, 3)])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("maps", [1, 2])
def test_a_figure_shows_its_words(
    shape: tuple[int, int, int],
    signed: bool,
    maps: int,
    odd: list[str],
    texts: Callable[[Figure], list[str]],
) -> None:
    picture = np.zeros(shape, np.uint8)
    values = np.random.default_rng(0).normal(size=shape[:2])
    values = values if signed else np.abs(values)
    figure = attribution(
        picture,
        [Heat(values, ["for it", name]) for name in odd[:maps]],
        signed=signed,
        lines=[odd[5], odd[9]],
        title=f"Grad-CAM for {odd[1]}",
        notes=[odd[8], "A sentence."],
    )
    words = texts(figure)
    assert "Grad-CAM for $x_1$" in words
    assert {"\\frac{1}", "A sentence.", "for it", "plain"} <= set(words)
    pictures = figure.axes[0].get_images()
    assert len(pictures) == 1 + 2 * maps  # each map has a bar of colours


def test_the_two_maps_are_told_apart(drawn: Callable[[Figure], NDArray[np.uint8]]) -> None:
    picture = np.full((16, 16, 3), 128, np.uint8)

    def figure(second: NDArray[np.float64]) -> Figure:
        heats = [Heat(ramp(0, 1), ["a"]), Heat(second, ["b"])]
        return attribution(picture, heats, signed=False, lines=["c"], title="d", notes=[])

    one, same, other = (drawn(figure(ramp(*ends))) for ends in ((0, 1), (0, 1), (1, 0)))
    assert np.array_equal(one, same)
    left = one.shape[1] * 2 // 3
    assert np.array_equal(one[:, :left], other[:, :left])
    assert not np.array_equal(one[:, left:], other[:, left:])
