"""Augmentation against padding and cropping by hand, and against closed forms."""

import itertools
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from retinue.data import augment
from retinue.data.augment import AUGMENTATIONS, colours, cutout, mirror, shift, warp
from retinue.recipe import Recipe

SMALL = [(8, 8), (32, 32), (24, 32)]


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def noise(count: int, channels: int, height: int, width: int) -> Tensor:
    """Pictures uint8 (N, C, H, W), no value of which is 0."""
    shape = (count, channels, height, width)
    return torch.randint(1, 256, shape, generator=seeded(99), dtype=torch.uint8)


def ramps(count: int, height: int, width: int) -> Tensor:
    """Colour pictures that hold x and y of each pixel's middle, from -1 to 1, and 0."""
    y = (2 * torch.arange(height) + 1) / height - 1
    x = (2 * torch.arange(width) + 1) / width - 1
    planes = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    return torch.cat([planes, torch.zeros(1, height, width)]).repeat(count, 1, 1, 1)


def crops_of(picture: Tensor, most: int) -> dict[bytes, tuple[int, int]]:
    """Every crop of a picture (C, H, W) padded by `most`, by NumPy: grey by 0, colour mirrored."""
    pixels = picture.numpy()
    edges = ((0, 0), (most, most), (most, most))
    grey = len(pixels) == 1
    padded = np.pad(pixels, edges, "constant") if grey else np.pad(pixels, edges, "reflect")
    height, width = pixels.shape[1:]
    return {
        padded[:, top : top + height, left : left + width].tobytes(): (top - most, left - most)
        for top, left in itertools.product(range(2 * most + 1), repeat=2)
    }


# --- none


@pytest.mark.parametrize(("have", "want"), [((9, 12), (5, 6)), ((10, 10), (10, 10))])
def test_none_is_the_centre(have: tuple[int, int], want: tuple[int, int]) -> None:
    images = noise(2, 3, *have)
    top, left = (have[0] - want[0]) // 2, (have[1] - want[1]) // 2
    found = AUGMENTATIONS["none"](images, want, True, seeded())
    assert found.equal(images[:, :, top : top + want[0], left : left + want[1]])
    assert found.dtype == torch.uint8


# --- shift and mirror


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", SMALL)
def test_a_shift_is_a_crop_of_the_padded_picture(channels: int, shape: tuple[int, int]) -> None:
    images = noise(12, channels, *shape)
    for picture, moved in zip(images, shift(images, 4, seeded()), strict=True):
        assert moved.contiguous().numpy().tobytes() in crops_of(picture, 4)
        assert picture.numpy().tobytes() in crops_of(picture, 4), "the control: moved by nothing"


def test_shifts_reach_every_place_about_equally_often() -> None:
    picture = noise(1, 3, 8, 8)
    places = crops_of(picture[0], 1)
    moved = shift(picture.expand(1800, -1, -1, -1), 1, seeded())
    found = [places[each.contiguous().numpy().tobytes()] for each in moved]
    counts = [found.count((top, left)) for top in (-1, 0, 1) for left in (-1, 0, 1)]
    # Binomial of 1,800 and 1/9: mean 200, deviation 13.3.
    assert min(counts) > 200 - 5 * 13.3
    assert max(counts) < 200 + 5 * 13.3


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_narrow_pictures_are_mirrored_as_often_as_it_takes(width: int) -> None:
    images = noise(20, 3, 32, width)
    for picture, moved in zip(images, shift(images, 4, seeded()), strict=True):
        assert moved.contiguous().numpy().tobytes() in crops_of(picture, 4)


def test_half_of_the_pictures_are_mirrored() -> None:
    images = noise(1000, 3, 4, 4)
    found = mirror(images, seeded())
    kept = (found == images).flatten(1).all(1)
    turned = (found == images.flip(3)).flatten(1).all(1)
    assert (kept ^ turned).all()
    assert abs(int(turned.sum()) - 500) < 5 * 15.8  # five deviations of a binomial


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", SMALL)
def test_basic_moves_small_pictures_by_an_eighth_and_mirrors_where_it_may(
    flip: bool, channels: int, shape: tuple[int, int]
) -> None:
    images = noise(16, channels, *shape)
    found = AUGMENTATIONS["basic"](images, shape, flip, seeded(1))
    most = shape[0] // 8
    mirrored = 0
    for picture, seen in zip(images, found, strict=True):
        places = crops_of(picture, most)
        as_is = seen.contiguous().numpy().tobytes() in places
        turned = seen.flip(2).contiguous().numpy().tobytes() in places
        assert as_is or turned
        mirrored += turned
    assert (mirrored > 0) == flip
    assert found.dtype == torch.uint8


# --- warp


@pytest.mark.parametrize("channels", [1, 3])
def test_a_warp_that_asks_for_nothing_changes_nothing(channels: int) -> None:
    images = noise(4, channels, 9, 13)
    found = warp(images, (9, 13), seeded(), area=(1, 1), aspect=1)
    assert (found - images).abs().max() < 1e-2
    other = warp(images, (9, 13), seeded(), area=(0.5, 0.5), aspect=1)
    assert (other - images).abs().max() > 10, "the control: half of the area is not all of it"


def boxes(area: tuple[float, float], aspect: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Left, right, top and bottom (-1 to 1) of the parts that 500 warps cut out of ramps."""
    # Many pixels, so that the rim, where ramps are cut off, is thin.
    size = (24, 24)
    found = warp(ramps(500, 96, 96), size, seeded(2), area, aspect)
    x, y = found[:, 0, 12], found[:, 1, :, 12]
    # Along the middle lines the coordinates rise evenly; their slope is a pixel of the part.
    wide, high = (x[:, 14] - x[:, 9]) / 5 * 24, (y[:, 14] - y[:, 9]) / 5 * 24
    centre_x, centre_y = (x[:, 11] + x[:, 12]) / 2, (y[:, 11] + y[:, 12]) / 2
    return centre_x - wide / 2, centre_x + wide / 2, centre_y - high / 2, centre_y + high / 2


def test_a_part_stays_inside_and_has_area_and_aspect_as_asked() -> None:
    left, right, top, bottom = boxes((0.35, 1.0), 4 / 3)
    assert min(left.min(), top.min()) > -1.001
    assert max(right.max(), bottom.max()) < 1.001
    wide, high = (right - left) / 2, (bottom - top) / 2
    area, ratio = wide * high, wide / high
    assert 0.349 < area.min() < 0.37
    assert 0.95 < area.max() < 1.001
    assert 0.749 < ratio.min() < 0.77
    assert 1.31 < ratio.max() < 1.334


def test_parts_lie_anywhere() -> None:
    left, right, _, _ = boxes((0.35, 0.35), 1)
    room = 1 - 0.35**0.5
    centre = (left + right) / 2
    assert centre.min() < -0.95 * room
    assert centre.max() > 0.95 * room
    assert centre.mean().abs() < 5 * room / (3 * 500) ** 0.5  # uniform: five standard errors


def test_turning_keeps_the_middle_and_is_bounded() -> None:
    found = warp(ramps(200, 96, 96), (25, 25), seeded(3), (1, 1), 1, degrees=15)
    across = found[:, :2, 12, 14] - found[:, :2, 12, 10]
    angle = torch.rad2deg(torch.atan2(across[:, 1], across[:, 0]))
    assert found[:, :2, 12, 12].abs().max() < 1e-3
    assert 14 < angle.abs().max() < 15.01
    assert angle.min() < -10
    assert angle.max() > 10
    assert (across.norm(dim=1) - 4 * 2 / 25).abs().max() < 1e-3, "nothing grows or shrinks"


@pytest.mark.parametrize("name", ["basic", "strong"])
@pytest.mark.parametrize(("have", "size"), [((20, 20), (16, 16)), ((23, 28), (20, 24))])
@pytest.mark.parametrize("channels", [1, 3])
def test_photos_come_out_at_the_size_of_the_network(
    name: str, have: tuple[int, int], size: tuple[int, int], channels: int
) -> None:
    found = AUGMENTATIONS[name](noise(6, channels, *have), size, True, seeded())
    assert found.shape == (6, channels, *size)
    assert found.min() >= 0
    assert found.max() <= 255


# --- colours


def test_colours_stay_within_0_and_255_and_do_reach_them() -> None:
    images = noise(200, 3, 4, 4)
    found = colours(images, seeded())
    assert found.min() == 0
    assert found.max() == 255


def test_brightness_of_an_even_grey_changes_by_up_to_the_strength() -> None:
    images = torch.full((500, 3, 4, 4), 100, dtype=torch.uint8)
    found = colours(images, seeded(), strength=0.4)
    assert found.amax(dim=(1, 2, 3)).allclose(found.amin(dim=(1, 2, 3)), atol=1e-3)
    assert 59.9 < found.min() < 62
    assert 138 < found.max() < 140.1


def test_no_strength_changes_nothing() -> None:
    images = noise(5, 3, 6, 6)
    assert (colours(images, seeded(), strength=0) - images).abs().max() < 1e-3


def test_grey_pictures_have_no_saturation_to_change() -> None:
    images = torch.full((50, 1, 4, 4), 100, dtype=torch.uint8)
    images[:, :, :2] = 120
    found = colours(images, seeded(), strength=0.4)
    # Brightness and contrast are one straight line a picture: two values remain, in order.
    low, high = found[:, 0, 3, 0], found[:, 0, 0, 0]
    assert found[:, 0, :2].flatten(1).std(dim=1).max() < 1e-3
    assert ((high - low) / (high + low) > 0).all()
    spread = (high - low) / (high + low) / (20 / 220)
    assert 0.599 < spread.min() < spread.max() < 1.401


# --- cutout


def stripes(count: int) -> Tensor:
    """Pictures of 0 and 200, none of whose pixels has their mean colour."""
    images = torch.zeros(count, 3, 16, 16)
    images[:, :, :, ::2] = 200
    return images


def test_a_cutout_is_a_square_of_the_mean_colour_perhaps_cut_by_the_edge() -> None:
    images = stripes(300)
    found = cutout(images, 5, seeded())
    whole = 0
    for before, after in zip(images, found, strict=True):
        changed = (before != after).any(0)
        rows, columns = changed.any(1).nonzero().flatten(), changed.any(0).nonzero().flatten()
        assert changed.sum() == len(rows) * len(columns), "a rectangle"
        assert (after[:, changed] == 100).all()
        assert len(rows) <= 5
        assert len(columns) <= 5
        at_edge = {0, 15} & {int(v) for line in (rows, columns) if len(line) for v in line}
        assert changed.sum() == 25 or at_edge
        whole += int(changed.sum() == 25)
    assert whole > 100


def test_every_pixel_is_cut_out_some_time() -> None:
    images = stripes(1000)
    assert (cutout(images, 5, seeded()) != images).any(dim=(0, 1)).all()


# --- draws


@pytest.mark.parametrize("name", ["basic", "strong"])
@pytest.mark.parametrize("have", [(16, 16), (20, 20)])
@pytest.mark.parametrize("channels", [1, 3])
def test_draws_differ_by_picture_and_are_repeatable(
    name: str, have: tuple[int, int], channels: int
) -> None:
    augmented = AUGMENTATIONS[name]
    images = noise(1, channels, *have).repeat(12, 1, 1, 1)
    first = augmented(images, (16, 16), True, seeded(5))
    assert first.equal(augmented(images, (16, 16), True, seeded(5)))
    assert not first.equal(augmented(images, (16, 16), True, seeded(6)))
    assert len({each.contiguous().numpy().tobytes() for each in first}) > 8


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_neither_the_pictures_nor_the_global_generator_are_touched(name: str) -> None:
    images = noise(4, 3, 16, 16)
    before, state = images.clone(), torch.random.get_rng_state()
    AUGMENTATIONS[name](images, (16, 16), True, seeded())
    assert images.equal(before)
    assert torch.random.get_rng_state().equal(state)


def test_the_names_are_those_of_the_recipe() -> None:
    assert set(get_args(Recipe.model_fields["augment"].annotation)) == set(AUGMENTATIONS)
    functions: list[Callable[..., Tensor]] = [augment.none, augment.basic, augment.strong]
    assert list(AUGMENTATIONS.values()) == functions
