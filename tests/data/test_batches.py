"""Which pictures come in which batch: every one, by the documented formula, whatever else runs."""

import hashlib
from itertools import pairwise, zip_longest

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from retinue.data.augment import AUGMENTATIONS
from retinue.data.batches import Batches, brought, in_order, to_tensor
from retinue.data.imagedata import Split
from retinue.images import Fit, Preprocess, enlarge, fit


def numbered(count: int, size: int = 8, channels: int = 3) -> Split:
    """Noise whose first pixel is the picture's number, labelled by that number modulo 5."""
    random = np.random.default_rng(0)
    store = random.integers(0, 256, (count, size, size, channels), dtype=np.uint8)
    store[:, 0, 0, 0] = np.arange(count)
    names = [str(number) for number in range(count)]
    positions = np.arange(count)
    return Split(store, positions, positions % 5, names, names, names)


def seed_by_hand(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def seen(batches: Batches, epoch: int, start: int = 0) -> list[tuple[list[int], list[int]]]:
    """The numbers and the labels of the pictures of each batch."""
    return [
        (images[:, 0, 0, 0].tolist(), labels.tolist())
        for images, labels in batches.epoch(epoch, start)
    ]


@given(count=st.integers(1, 60), batch_size=st.integers(1, 70), epoch=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_every_picture_comes_once_an_epoch_with_its_label(
    count: int, batch_size: int, epoch: int
) -> None:
    batches = Batches(numbered(count, 2), batch_size, (2, 2))
    found = seen(batches, epoch)
    numbers = [number for part, _ in found for number in part]
    assert sorted(numbers) == list(range(count))
    assert [label for _, part in found for label in part] == [n % 5 for n in numbers]
    sizes = [len(part) for part, _ in found]
    assert len(sizes) == batches.steps(epoch) == -(-count // batch_size)
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1


def test_the_order_is_the_documented_formula() -> None:
    batches = Batches(numbered(50, 2), 7, (2, 2), seed=3)
    for epoch in (0, 1, 12):
        generator = torch.Generator().manual_seed(seed_by_hand(f"3/order/{epoch}/0"))
        expected = torch.randperm(50, generator=generator).tolist()
        assert torch.cat(batches.order(epoch)).tolist() == expected
        assert [number for part, _ in seen(batches, epoch) for number in part] == expected


def test_the_augmentation_of_a_step_is_the_documented_formula() -> None:
    split = numbered(20)
    batches = Batches(split, 8, (8, 8), "strong", flip=True, seed=3)
    whole = list(batches.epoch(2))
    places = batches.order(2)
    flips = (
        torch.rand(20, generator=torch.Generator().manual_seed(seed_by_hand("3/flip/0/0"))) < 0.5
    )
    for step, (chosen, (found, _)) in enumerate(zip(places, whole, strict=True)):
        generator = torch.Generator().manual_seed(seed_by_hand(f"3/augment/2/{step}"))
        images = torch.from_numpy(split.images[chosen.numpy()]).permute(0, 3, 1, 2)
        assert found.equal(AUGMENTATIONS["strong"](images, (8, 8), flips[chosen], generator))


@given(
    count=st.integers(1, 60), batch_size=st.integers(1, 70), share=st.floats(0.01, 0.99),
    seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_the_hardest_pictures_come_in_the_order_of_the_epoch(
    count: int, batch_size: int, share: float, seed: int
) -> None:
    batches = Batches(numbered(count, 2), batch_size, (2, 2), hardest=share)
    assert batches.losses is not None
    batches.losses = torch.rand(count, generator=torch.Generator().manual_seed(seed))
    assert len(torch.cat(batches.order(0))) == count
    taken = torch.cat(batches.order(1)).tolist()
    kept = max(1, round(share * count))
    assert sorted(taken) == sorted(batches.losses.topk(kept).indices.tolist())
    whole = torch.cat(Batches(numbered(count, 2), batch_size, (2, 2)).order(1)).tolist()
    assert taken == [place for place in whole if place in taken]
    assert batches.steps(1) == len(batches.order(1)) == -(-kept // batch_size)


def test_where_losses_are_equal_every_epoch_takes_others() -> None:
    batches = Batches(numbered(60, 2), 10, (2, 2), hardest=0.5)
    taken = [frozenset(torch.cat(batches.order(epoch)).tolist()) for epoch in (1, 2, 3)]
    assert len(set(taken)) == 3


def rising(count: int) -> Split:
    """Pictures that grow brighter from left to right, labelled by their number."""
    ramp = np.linspace(60, 190, 16, dtype=np.uint8)
    store = np.broadcast_to(ramp[None, None, :, None], (count, 16, 16, 3)).copy()
    names = [str(number) for number in range(count)]
    return Split(store, np.arange(count), np.arange(count), names, names, names)


def mirrored(batches: Batches, epoch: int) -> Tensor:
    """Which pictures of `rising` an epoch shows mirrored, by their number."""
    found = torch.zeros(len(batches.split), dtype=torch.bool)
    for images, labels in batches.epoch(epoch):
        columns = images.float().mean(dim=(1, 2))
        found[labels] = columns[:, :8].mean(1) > columns[:, 8:].mean(1)
    return found


@pytest.mark.parametrize("augment", ["light", "basic", "strong"])
def test_two_epochs_show_every_picture_as_it_is_and_mirrored(augment: str) -> None:
    batches = Batches(rising(400), 64, (16, 16), augment, flip=True)
    epochs = [mirrored(batches, epoch) for epoch in range(4)]
    for earlier, later in pairwise(epochs):
        assert (earlier ^ later).all()
    assert abs(int(epochs[0].sum()) - 200) < 5 * 10  # five deviations of a binomial
    other = Batches(rising(400), 64, (16, 16), augment, flip=True, seed=1)
    assert not mirrored(other, 0).equal(epochs[0])
    never = Batches(rising(400), 64, (16, 16), augment, flip=False)
    assert not any(mirrored(never, epoch).any() for epoch in range(2))


def test_which_pictures_are_mirrored_is_the_documented_formula() -> None:
    generator = torch.Generator().manual_seed(seed_by_hand("3/flip/0/0"))
    expected = torch.rand(50, generator=generator) < 0.5
    batches = Batches(rising(50), 7, (16, 16), "light", flip=True, seed=3)
    assert mirrored(batches, 0).equal(expected)
    assert mirrored(batches, 1).equal(~expected)


def test_epochs_and_seeds_differ() -> None:
    orders = {
        tuple(torch.cat(Batches(numbered(30, 2), 8, (2, 2), seed=seed).order(epoch)).tolist())
        for seed in range(3)
        for epoch in range(3)
    }
    assert len(orders) == 9


def same(one: list[tuple[Tensor, Tensor]], other: list[tuple[Tensor, Tensor]]) -> bool:
    pairs = zip(one, other, strict=True)
    return all(a.equal(c) and b.equal(d) for (a, b), (c, d) in pairs)


@pytest.mark.parametrize("augment", AUGMENTATIONS)
@pytest.mark.parametrize("start", [0, 1, 3, 4])
def test_from_a_step_on_is_the_tail_of_the_whole_epoch(augment: str, start: int) -> None:
    batches = Batches(numbered(20), 5, (8, 8), augment, flip=True)
    whole = list(batches.epoch(1))
    assert len(whole) == 4
    assert same(list(batches.epoch(1, start)), whole[start:])


def test_what_else_is_drawn_or_read_meanwhile_does_not_matter() -> None:
    batches = Batches(numbered(20), 5, (8, 8), "strong", flip=True)
    alone = [list(batches.epoch(epoch)) for epoch in (0, 1)]
    mixed: list[list[tuple[Tensor, Tensor]]] = [[], []]
    for pair in zip_longest(batches.epoch(0), batches.epoch(1)):
        torch.rand(17)
        for place, batch in enumerate(pair):
            mixed[place].append(batch)
    assert same(mixed[0], alone[0])
    assert same(mixed[1], alone[1])
    assert not same(alone[0], alone[1]), "the control: epochs differ"


def test_batches_leave_the_global_generator_and_the_store_alone() -> None:
    split = numbered(20)
    before, state = split.store.copy(), torch.random.get_rng_state()
    for images, _ in Batches(split, 5, (8, 8), "none").epoch(0):
        images.zero_()
    assert torch.random.get_rng_state().equal(state)
    assert (split.store == before).all()


def test_the_device_named_is_where_batches_are() -> None:
    for images, labels in Batches(numbered(4), 2, (8, 8), "basic", device="meta").epoch(0):
        assert images.device.type == labels.device.type == "meta"


def test_draws_are_the_same_for_another_device() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no second device here")
    for augment in AUGMENTATIONS:
        host = Batches(numbered(20), 5, (8, 8), augment, True).epoch(0)
        other = Batches(numbered(20), 5, (8, 8), augment, True, device="cuda").epoch(0)
        for (one, _), (two, _) in zip(host, other, strict=True):
            assert (one.float() - two.cpu().float()).abs().max() < 1e-2


@pytest.mark.parametrize("augment", ["none", "basic"])
def test_pictures_are_nchw_and_lie_in_memory_pixel_by_pixel(augment: str) -> None:
    for images, labels in Batches(numbered(6), 3, (8, 8), augment).epoch(0):
        assert images.shape == (3, 3, 8, 8)
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)


# --- in order


def test_in_order_is_the_split_as_it_is_centred() -> None:
    split = numbered(11, size=8)
    parts = list(in_order(split, (4, 6), 4))
    assert [len(labels) for _, labels in parts] == [4, 4, 3]
    images = torch.cat([images for images, _ in parts]).permute(0, 2, 3, 1).numpy()
    assert (images == split.images[:, 2:6, 1:7]).all()
    assert torch.cat([labels for _, labels in parts]).tolist() == split.labels.tolist()


def test_an_empty_split_has_no_batches_in_order() -> None:
    empty = numbered(3).at(np.array([], dtype=np.int64))
    assert list(in_order(empty, (8, 8), 4)) == []


def test_a_tensor_is_a_view_of_the_pictures() -> None:
    pictures = numbered(2).images
    tensor = to_tensor(pictures)
    assert tensor.shape == (2, 3, 8, 8)
    assert np.shares_memory(tensor.numpy(), pictures)
    assert (tensor.permute(0, 2, 3, 1).numpy() == pictures).all()


# --- small pictures for a network that wants large ones


@pytest.mark.parametrize("how", ["crop", "pad", "squash"])
def test_small_pictures_are_enlarged_when_the_network_gets_them(how: Fit) -> None:
    split = numbered(9)
    rule = Preprocess((24, 20), (8, 8), how, 3)
    batches = Batches(split, 4, rule.size, "none", fit=how)
    for chosen, (found, labels) in zip(batches.order(1), batches.epoch(1), strict=True):
        expected = [fit(split.images[at], rule.size, how) for at in chosen.tolist()]
        assert (found.permute(0, 2, 3, 1).numpy() == np.stack(expected)).all()
        assert labels.equal(chosen % 5)
        assert found.is_contiguous(memory_format=torch.channels_last)
    tested = torch.cat([images for images, _ in in_order(split, rule.size, 4, fit=how)])
    assert (tested.permute(0, 2, 3, 1).numpy() == rule.bring(split.images)).all()


def test_pictures_are_varied_before_they_are_enlarged() -> None:
    split = numbered(20)
    batches = Batches(split, 8, (24, 24), "basic", flip=True, seed=3)
    flips = (
        torch.rand(20, generator=torch.Generator().manual_seed(seed_by_hand("3/flip/0/0"))) < 0.5
    )
    for step, (chosen, (found, _)) in enumerate(
        zip(batches.order(2), batches.epoch(2), strict=True)
    ):
        images = torch.from_numpy(split.images[chosen.numpy()]).permute(0, 3, 1, 2)

        def varied(small: Tensor, size: int, step: int = step, chosen: Tensor = chosen) -> Tensor:
            generator = torch.Generator().manual_seed(seed_by_hand(f"3/augment/2/{step}"))
            return AUGMENTATIONS["basic"](small, (size, size), flips[chosen], generator)

        small = varied(images, 8)
        assert small.dtype == torch.uint8
        expected = to_tensor(enlarge(small.permute(0, 2, 3, 1).numpy(), (24, 24), "crop"))
        assert found.equal(expected)
        large = to_tensor(enlarge(images.permute(0, 2, 3, 1).numpy(), (24, 24), "crop"))
        assert not found.equal(varied(large, 24)), "the control: enlarged before"


@pytest.mark.parametrize("augment", AUGMENTATIONS)
@pytest.mark.parametrize("start", [0, 2])
def test_enlarged_too_an_epoch_goes_on_anywhere(augment: str, start: int) -> None:
    batches = Batches(numbered(12), 5, (12, 12), augment, flip=True)
    whole = list(batches.epoch(1))
    assert same(list(batches.epoch(1, start)), whole[start:])
    for images, _ in whole:
        assert images.shape[1:] == (3, 12, 12)
        assert images.dtype == torch.uint8


def test_pictures_with_a_margin_are_not_enlarged() -> None:
    split = numbered(4, size=10)
    ((images, _),) = in_order(split, (8, 8), 4)
    assert (images.permute(0, 2, 3, 1).numpy() == split.images[:, 1:9, 1:9]).all()
    assert Batches(split, 4, (8, 8)).varied_at == (8, 8)
    assert Batches(split, 4, (8, 12)).varied_at == (10, 10)


def test_pictures_of_the_size_are_left_as_they_are() -> None:
    images = torch.rand(2, 3, 8, 8)
    assert brought(images, (8, 8), "crop") is images


def test_numbers_between_pixel_values_are_rounded_before_they_are_enlarged() -> None:
    images = torch.tensor([-3.0, 0.4, 0.6, 254.6, 300.0]).view(5, 1, 1, 1).expand(5, 3, 4, 4)
    found = brought(images, (8, 8), "crop")
    assert found.dtype == torch.uint8
    assert found[:, 0, 0, 0].tolist() == [0, 0, 1, 255, 255]


def test_grey_pictures_are_enlarged_too() -> None:
    split = numbered(3, channels=1)
    ((images, _),) = in_order(split, (16, 16), 3)
    assert images.shape == (3, 1, 16, 16)
    assert (images[1, 0].numpy() == fit(split.images[1], (16, 16), "crop")[:, :, 0]).all()
