"""Augmentation against padding and cropping by hand, and against closed forms."""

import itertools
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from retinue.data import augment
from retinue.data.augment import AUGMENTATIONS, colours, cutout, mirror, resize, shift, warp
from retinue.recipe import Recipe

SMALL = [(8, 8), (32, 32), (24, 32)]


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def noise(count: int, channels: int, height: int, width: int) -> Tensor:
    """Pictures uint8 (N, C, H, W), no value of which is 0."""
    shape = (count, channels, height, width)
    return torch.randint(1, 256, shape, generator=seeded(99), dtype=torch.uint8)


def every_other(count: int) -> Tensor:
    """A mask that names every second picture."""
    return torch.arange(count) % 2 == 0


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
    found = AUGMENTATIONS["none"](images, want, every_other(2), seeded())
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


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [*SMALL, (8, 1), (3, 2)])
def test_a_processor_moves_pictures_as_any_other_device_does(
    channels: int, shape: tuple[int, int]
) -> None:
    images = noise(40, channels, *shape)
    draws = torch.randint(-4, 5, (2, 40, 1), generator=seeded())
    by_rows, by_pixels = augment._windows(images, draws, 4), augment._gathered(images, draws)
    assert by_rows.equal(by_pixels)
    assert by_rows.stride() == by_pixels.stride()
    assert not by_rows.equal(augment._gathered(images, draws.flip(0))), "the control"


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


@pytest.mark.parametrize("channels", [1, 3])
def test_the_pictures_that_are_named_are_mirrored(channels: int) -> None:
    images = noise(9, channels, 4, 5)
    named = torch.tensor([True, False, False, True, True, False, True, False, True])
    found = mirror(images, named)
    for picture, seen, turned in zip(images.numpy(), found.numpy(), named, strict=True):
        assert (seen == (picture[:, :, ::-1] if turned else picture)).all()
    assert found.dtype == torch.uint8
    assert mirror(images, None).equal(images)


@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", SMALL)
@pytest.mark.parametrize(("name", "share"), [("basic", 8), ("light", 16)])
def test_small_pictures_are_moved_a_little_and_mirrored_where_it_is_said(
    name: str, share: int, flip: bool, channels: int, shape: tuple[int, int]
) -> None:
    images = noise(16, channels, *shape)
    named = every_other(16) if flip else torch.zeros(16, dtype=torch.bool)
    found = AUGMENTATIONS[name](images, shape, named if flip else None, seeded(1))
    most = max(1, round(shape[0] / share))
    far = 0
    for picture, seen, turned in zip(images, found, named, strict=True):
        places = crops_of(picture, most)
        pixels = seen.flip(2) if turned else seen
        place = places.get(pixels.contiguous().numpy().tobytes())
        assert place is not None
        far += max(abs(place[0]), abs(place[1])) == most
        assert picture.flip(2).contiguous().numpy().tobytes() not in places  # control
    assert far, "none is moved as far as it may"
    assert found.dtype == torch.uint8


@pytest.mark.parametrize(("name", "least"), [("basic", 0.35), ("light", 0.6)])
def test_of_photos_at_least_a_share_of_the_area_is_left(name: str, least: float) -> None:
    found = AUGMENTATIONS[name](ramps(400, 96, 96), (24, 24), None, seeded(2))
    x, y = found[:, 0, 12], found[:, 1, :, 12]
    area = (x[:, 14] - x[:, 9]) / 5 * 12 * (y[:, 14] - y[:, 9]) / 5 * 12
    assert least - 0.002 < area.min() < least + 0.03
    assert 0.95 < area.max() < 1.001


# --- resize


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(24, 24), (20, 28), (12, 16), (48, 40)])
def test_another_size_is_that_of_pillow(channels: int, size: tuple[int, int]) -> None:
    images = noise(3, channels, 32, 32)
    found = resize(images, size)
    assert (found.shape, found.dtype) == ((3, channels, *size), torch.uint8)
    for picture, seen in zip(images.numpy(), found.numpy(), strict=True):
        for plane, scaled in zip(picture, seen, strict=True):
            expected = Image.fromarray(plane).resize(size[::-1], Image.Resampling.BILINEAR)
            assert np.abs(np.asarray(expected, dtype=int) - scaled.astype(int)).max() <= 1
            blunt = Image.fromarray(plane).resize(size[::-1], Image.Resampling.NEAREST)
            assert np.abs(np.asarray(blunt, dtype=int) - scaled.astype(int)).max() > 50  # control


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_resized_batch_is_of_the_same_type_and_order(dtype: torch.dtype) -> None:
    images = noise(3, 3, 16, 16).to(dtype).contiguous(memory_format=torch.channels_last)
    found = resize(images, (12, 12))
    assert found.dtype == dtype
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not found.is_contiguous()
    assert resize(images, (16, 16)) is images


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


@pytest.mark.parametrize("name", ["light", "basic", "strong"])
@pytest.mark.parametrize(("have", "size"), [((20, 20), (16, 16)), ((23, 28), (20, 24))])
@pytest.mark.parametrize("channels", [1, 3])
def test_photos_come_out_at_the_size_of_the_network(
    name: str, have: tuple[int, int], size: tuple[int, int], channels: int
) -> None:
    found = AUGMENTATIONS[name](noise(6, channels, *have), size, every_other(6), seeded())
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


@pytest.mark.parametrize("name", ["light", "basic", "strong"])
@pytest.mark.parametrize("have", [(16, 16), (20, 20)])
@pytest.mark.parametrize("channels", [1, 3])
def test_draws_differ_by_picture_and_are_repeatable(
    name: str, have: tuple[int, int], channels: int
) -> None:
    augmented = AUGMENTATIONS[name]
    images = noise(1, channels, *have).repeat(12, 1, 1, 1)
    first = augmented(images, (16, 16), None, seeded(5))
    assert first.equal(augmented(images, (16, 16), None, seeded(5)))
    assert not first.equal(augmented(images, (16, 16), None, seeded(6)))
    # `light` moves 16 pixels by 1 at most, to 9 places.
    assert len({each.contiguous().numpy().tobytes() for each in first}) > (
        5 if name == "light" else 8
    )


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_neither_the_pictures_nor_the_global_generator_are_touched(name: str) -> None:
    images = noise(4, 3, 16, 16)
    before, state = images.clone(), torch.random.get_rng_state()
    AUGMENTATIONS[name](images, (16, 16), every_other(4), seeded())
    assert images.equal(before)
    assert torch.random.get_rng_state().equal(state)


def test_the_names_are_those_of_the_recipe() -> None:
    assert set(get_args(Recipe.model_fields["augment"].annotation)) == set(AUGMENTATIONS)
    functions: list[Callable[..., Tensor]] = [
        augment.none, augment.light, augment.basic, augment.strong,
    ]  # fmt: skip
    assert list(AUGMENTATIONS.values()) == functions
