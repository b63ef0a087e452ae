"""Mixing against NumPy, written again from the papers, and the loss of soft labels by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Generator, Tensor, nn

from retinue.data.mixing import blend, mix, paste, shares, soften

Floats = NDArray[np.float64]
Way = Callable[[Tensor, Tensor, int, float, Generator], tuple[Tensor, Tensor]]
CLASSES = 6
SHAPES = [(16, 3, 12, 10), (7, 1, 8, 8), (2, 3, 5, 5)]


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def batch(shape: tuple[int, ...] = SHAPES[0]) -> tuple[Tensor, Tensor]:
    """Pictures uint8 (N, C, H, W) in channels_last order, and labels (N,)."""
    images = torch.randint(0, 256, shape, generator=seeded(99), dtype=torch.uint8)
    labels = torch.randint(0, CLASSES, shape[:1], generator=seeded(98))
    return images.contiguous(memory_format=torch.channels_last), labels


def beta_draws(count: int, alpha: float, generator: Generator) -> Floats:
    """Shares of the docs' formula, by SciPy's distribution."""
    uniform = torch.rand(count, generator=generator, dtype=torch.float64).numpy()
    return np.asarray(stats.beta(alpha, alpha).ppf(uniform))


def soft_by_hand(labels: Tensor, kept: Floats) -> Floats:
    """Rows of shares, by loops."""
    rows = np.zeros((len(labels), CLASSES))
    for i, share in enumerate(kept):
        rows[i, int(labels[i])] += share
        rows[i, int(labels[i - 1])] += 1 - share
    return rows


# --- blend


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_blend_is_the_weighted_sum_of_two(shape: tuple[int, ...], alpha: float) -> None:
    images, labels = batch(shape)
    found, soft = blend(images, labels, CLASSES, alpha, seeded())
    kept = beta_draws(shape[0], alpha, seeded())
    pixels = images.numpy().astype(np.float64)
    expected = np.stack(
        [share * pixels[i] + (1 - share) * pixels[i - 1] for i, share in enumerate(kept)]
    )
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-4)
    np.testing.assert_allclose(soft.numpy(), soft_by_hand(labels, kept), rtol=0, atol=1e-6)
    assert (found.dtype, soft.dtype) == (torch.float32, torch.float32)
    swapped = np.stack(
        [(1 - share) * pixels[i] + share * pixels[i - 1] for i, share in enumerate(kept)]
    )
    assert np.abs(swapped - found.numpy()).max() > 1, "the control: shares are not symmetric"


def test_a_label_says_what_share_of_the_pixels_is_its_own() -> None:
    """Even pictures of 0 and 200 in turn: their brightness is the share."""
    labels = torch.arange(40) % 2
    images = (200 * labels).float()[:, None, None, None].expand(-1, 3, 4, 4)
    found, soft = blend(images, labels, 2, 1.0, seeded())
    torch.testing.assert_close(found.mean(dim=(1, 2, 3)) / 200, soft[:, 1])


# --- paste


def rectangle(
    share: float, centre: tuple[float, float], height: int, width: int
) -> tuple[int, ...]:
    """Top, bottom, left and right of the pasted part: sides by the root of its area, cut off."""
    edges = []
    for middle, length in zip(centre, (height, width), strict=True):
        half = np.sqrt(1 - share) * length / 2
        edges += [
            int(np.clip(np.round(middle * length - half), 0, length)),
            int(np.clip(np.round(middle * length + half), 0, length)),
        ]
    return tuple(edges)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_paste_is_a_rectangle_of_another(shape: tuple[int, ...], alpha: float) -> None:
    images, labels = batch(shape)
    count, _, height, width = shape
    found, soft = paste(images, labels, CLASSES, alpha, seeded())
    generator = seeded()
    drawn = beta_draws(count, alpha, generator)
    centres = torch.rand(2, count, generator=generator).double().numpy()
    expected, kept = images.numpy().copy(), np.zeros(count)
    for i in range(count):
        centre = (float(centres[0, i]), float(centres[1, i]))
        top, bottom, left, right = rectangle(drawn[i], centre, height, width)
        expected[i, :, top:bottom, left:right] = images.numpy()[i - 1, :, top:bottom, left:right]
        kept[i] = 1 - (bottom - top) * (right - left) / (height * width)
    np.testing.assert_array_equal(found.numpy(), expected)
    np.testing.assert_allclose(soft.numpy(), soft_by_hand(labels, kept), rtol=0, atol=1e-6)
    assert found.dtype == torch.uint8
    assert np.abs(kept - drawn).max() > 0.01, "the control: the share that was drawn is not pasted"


def test_a_label_says_what_share_of_the_area_is_its_own() -> None:
    labels = torch.arange(200) % 2
    images = labels.to(torch.uint8)[:, None, None, None].expand(-1, 1, 16, 12)
    found, soft = paste(images, labels, 2, 1.0, seeded())
    torch.testing.assert_close(found.float().mean(dim=(1, 2, 3)), soft[:, 1])
    assert 0.1 < float(soft.amin(1).mean()) < 0.4  # control: the batch is mixed


def test_every_pixel_is_pasted_some_time() -> None:
    images = torch.zeros(600, 1, 8, 6)
    images[::2] = 1
    found, _ = paste(images, torch.zeros(600, dtype=torch.int64), 1, 1.0, seeded())
    share = (found != images).float().mean(dim=(0, 1))
    assert share.min() > 0.1
    assert share.max() < 0.9


# --- both


@pytest.mark.parametrize("way", [blend, paste])
def test_labels_are_shares_and_pictures_stay_in_range(way: Way) -> None:
    images, labels = batch((64, 3, 9, 7))
    found, soft = way(images, labels, CLASSES, 0.5, seeded())
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 255
    assert soft.shape == (64, CLASSES)
    assert soft.min() >= 0
    torch.testing.assert_close(soft.sum(1), torch.ones(64), rtol=0, atol=1e-6)
    assert len({round(float(row.max()), 4) for row in soft}) > 10, "each picture draws its own"


@pytest.mark.parametrize("way", [blend, paste])
def test_order_in_memory_is_kept_and_nothing_else_touched(way: Way) -> None:
    images, labels = batch()
    before, state = (images.clone(), labels.clone()), torch.random.get_rng_state()
    found, _ = way(images, labels, CLASSES, 1.0, seeded())
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert not found.is_contiguous()  # control: the orders differ
    assert images.equal(before[0])
    assert labels.equal(before[1])
    assert torch.random.get_rng_state().equal(state)


@pytest.mark.parametrize("way", [blend, paste])
def test_pictures_on_another_device_stay_there(way: Way) -> None:
    images, labels = (one.to("meta") for one in batch())
    found, soft = way(images, labels, CLASSES, 1.0, seeded())
    assert (found.shape, found.device.type) == (images.shape, "meta")
    assert (soft.shape, soft.device.type) == ((len(labels), CLASSES), "meta")
    with pytest.raises(RuntimeError):  # control: the draws lie on the CPU
        soften(labels, CLASSES, shares(len(labels), 1.0, seeded()))


@pytest.mark.parametrize("way", [blend, paste])
def test_a_single_picture_is_its_own_partner(way: Way) -> None:
    images, labels = batch((1, 3, 8, 8))
    found, soft = way(images, labels, CLASSES, 1.0, seeded())
    assert found.equal(images.to(found.dtype))
    assert soft.equal(nn.functional.one_hot(labels, CLASSES).float())


@pytest.mark.parametrize("way", [blend, paste])
def test_draws_are_those_of_the_generator(way: Way) -> None:
    images, labels = batch()
    first = way(images, labels, CLASSES, 1.0, seeded(5))
    again = way(images, labels, CLASSES, 1.0, seeded(5))
    other = way(images, labels, CLASSES, 1.0, seeded(6))
    assert all(one.equal(two) for one, two in zip(first, again, strict=True))
    assert not first[0].equal(other[0])
    assert not first[1].equal(other[1])


@pytest.mark.parametrize("alpha", [0.2, 0.5, 1.0, 5.0])
def test_shares_are_from_the_beta_distribution(alpha: float) -> None:
    drawn = shares(4000, alpha, seeded(1)).double().numpy()
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 1e-3
    assert stats.kstest(drawn, stats.beta(1.5 * alpha, 1.5 * alpha).cdf).pvalue < 1e-3  # control
    assert drawn.mean() == pytest.approx(0.5, abs=0.03)


def test_a_share_of_one_leaves_the_labels_as_they_are() -> None:
    labels = torch.tensor([2, 0, 1])
    assert soften(labels, 3, torch.ones(3)).equal(nn.functional.one_hot(labels, 3).float())
    half = soften(labels, 3, torch.full((3,), 0.5))
    assert half.tolist() == [[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]


# --- mix


def test_nothing_is_mixed_where_both_are_off() -> None:
    images, labels = batch()
    generator = seeded()
    before = generator.get_state()
    assert mix(images, labels, CLASSES, 0.0, 0.0, generator) == (images, labels)
    assert generator.get_state().equal(before)


def is_pasted(found: Tensor, images: Tensor) -> bool:
    """Whether every pixel comes from one picture or the other, whole."""
    either = (found == images) | (found == images.roll(1, 0))
    return bool(either.all())


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0.0), (0.0, 0.4)])
def test_one_way_alone_is_always_taken(mixup: float, cutmix: float) -> None:
    images, labels = batch()
    for seed in range(20):
        found, soft = mix(images, labels, CLASSES, mixup, cutmix, seeded(seed))
        assert is_pasted(found, images) == bool(cutmix)
        assert soft.shape == (len(labels), CLASSES)


def test_of_two_ways_each_batch_takes_one_fairly() -> None:
    images, labels = batch()
    pasted = sum(
        is_pasted(mix(images, labels, CLASSES, 1.0, 1.0, seeded(seed))[0], images)
        for seed in range(400)
    )
    assert abs(pasted - 200) < 5 * 10  # five deviations of a binomial


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.1, 100.0), (100.0, 0.1)])
def test_each_way_has_an_alpha_of_its_own(mixup: float, cutmix: float) -> None:
    """A small alpha leaves some pictures whole, a large one none."""
    images, _ = batch((64, 1, 32, 32))
    labels = torch.arange(64) % 2
    for seed in range(20):
        found, soft = mix(images, labels, 2, mixup, cutmix, seeded(seed))
        alpha = cutmix if is_pasted(found, images) else mixup
        assert bool((soft.amax(1) > 0.99).any()) == (alpha < 1)


# --- the loss


def loss_by_hand(
    logits: Tensor, soft: Tensor, smoothing: float, weight: Tensor | None = None
) -> float:
    """Mean over pictures of -sum of w (t (1 - s) + s / K) log p, in float64 NumPy."""
    numbers = logits.double().numpy()
    logs = numbers - np.log(np.exp(numbers).sum(axis=1, keepdims=True))
    target = soft.double().numpy() * (1 - smoothing) + smoothing / CLASSES
    scale = np.ones(CLASSES) if weight is None else weight.double().numpy()
    return float(-(scale * target * logs).sum(axis=1).mean())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_takes_soft_labels_with_smoothing(smoothing: float, weighted: bool) -> None:
    images, labels = batch()
    _, soft = blend(images, labels, CLASSES, 1.0, seeded())
    logits = torch.randn(len(labels), CLASSES, generator=seeded(3))
    weight = torch.linspace(0.5, 2, CLASSES) if weighted else None
    loss = nn.CrossEntropyLoss(weight, label_smoothing=smoothing)
    expected = loss_by_hand(logits, soft, smoothing, weight)
    assert float(loss(logits, soft)) == pytest.approx(expected, abs=1e-6)
    other = loss_by_hand(logits, soft, smoothing + 0.1, weight)
    assert float(loss(logits, soft)) != pytest.approx(other, abs=1e-3)  # control


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_whole_labels_and_their_indices_have_one_loss_but_for_the_weights_sum(
    smoothing: float,
) -> None:
    """With class weights torch divides by their sum for indices, by the count for soft labels."""
    _, labels = batch()
    whole = nn.functional.one_hot(labels, CLASSES).float()
    logits = torch.randn(len(labels), CLASSES, generator=seeded(3))
    plain = nn.CrossEntropyLoss(label_smoothing=smoothing)
    torch.testing.assert_close(plain(logits, whole), plain(logits, labels))
    weight = torch.linspace(0.5, 2, CLASSES)
    weighted = nn.CrossEntropyLoss(weight, label_smoothing=smoothing)
    ratio = weight[labels].mean()
    torch.testing.assert_close(weighted(logits, whole), weighted(logits, labels) * ratio)
    assert abs(float(ratio) - 1) > 0.01  # control
