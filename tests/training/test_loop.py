"""The loop against a plain PyTorch loop that knows nothing of Retinue."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.recipe import make_recipe
from retinue.training.defaults import choose
from retinue.training.loop import (
    DivergedError,
    StepReport,
    Training,
    count_correct,
    slices,
    train_epoch,
    validate,
)
from retinue.training.prepare import make_training

SEED, BATCH, LR, DECAY, EPOCHS = 7, 50, 3e-3, 0.1, 3
Make = Callable[..., Training]


def number(purpose: str, epoch: int = 0, step: int = 0) -> int:
    """The documented formula, written out once more."""
    digest = hashlib.sha256(f"{SEED}/{purpose}/{epoch}/{step}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class Small(nn.Module):
    """One of each kind of layer that training treats in its own way."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(4 * 8 * 8, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = torch.relu(self.norm(self.conv(pictures)))
        return self.output(self.dropout(maps.flatten(1)))  # type: ignore[no-any-return]


def small() -> Small:
    torch.manual_seed(number("weights"))
    return Small()


def by_hand(data: ImageData, epochs: int, label_smoothing: float = 0.0) -> Small:
    """Train without Retinue's loop, batches, seeds, optimisers, schedules or normalisation."""
    network = small().train()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    matrices = [network.conv.weight, network.output.weight]
    vectors = [network.conv.bias, network.norm.weight, network.norm.bias, network.output.bias]
    optimiser = torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": DECAY},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=LR,
        betas=(0.9, 0.999),
    )
    pictures, labels = data.train.images, torch.from_numpy(data.train.labels)
    mean = torch.tensor(pictures.mean(dtype=np.float64).item())
    std = torch.tensor(pictures.std(dtype=np.float64).item())
    steps = math.ceil(len(pictures) / BATCH)
    for epoch in range(epochs):
        generator = torch.Generator().manual_seed(number("order", epoch))
        order = torch.randperm(len(pictures), generator=generator)
        for step, chosen in enumerate(order.tensor_split(steps)):
            progress = (epoch * steps + step) / (EPOCHS * steps)
            for group in optimiser.param_groups:
                group["lr"] = LR * (1 + math.cos(math.pi * progress)) / 2
            torch.manual_seed(number("dropout", epoch, step))
            batch = torch.from_numpy(pictures[chosen.numpy()]).permute(0, 3, 1, 2)
            loss = nn.functional.cross_entropy(
                network((batch.float() - mean) / std),
                labels[chosen],
                label_smoothing=label_smoothing,
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network


def by_retinue(data: ImageData, epochs: int, **settings: object) -> nn.Module:
    given = {
        "model": f"{__name__}:Small",
        "seed": SEED,
        "batch_size": BATCH,
        "epochs": EPOCHS,
        "lr": LR,
        "weight_decay": DECAY,
        "schedule": "cosine",
        "augment": "none",
        "precision": "fp32",
    }
    recipe, _ = choose(make_recipe(data.loaded_with, given, settings), data)
    training = make_training(recipe, data, torch.device("cpu"), small()).training
    for epoch in range(epochs):
        train_epoch(training, epoch, lambda _: None)
    return training.model.get_submodule("network")


def same(ours: nn.Module, theirs: nn.Module) -> bool:
    """Whether all weights and running statistics are equal bit for bit."""
    a, b = ours.state_dict(), theirs.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("epochs", [1, 2])
def test_training_gives_exactly_the_weights_of_a_plain_loop(digits: ImageData, epochs: int) -> None:
    assert same(by_retinue(digits, epochs), by_hand(digits, epochs))


def test_label_smoothing_is_that_of_torch(digits: ImageData) -> None:
    smoothed = by_retinue(digits, 1, label_smoothing=0.2)
    assert same(smoothed, by_hand(digits, 1, label_smoothing=0.2))
    assert not same(smoothed, by_hand(digits, 1))  # control


@pytest.mark.parametrize("change", [{"seed": 8}, {"lr": 2e-3}, {"weight_decay": 0.0}])
def test_the_comparison_sees_a_changed_setting(
    digits: ImageData, change: dict[str, object]
) -> None:
    assert not same(by_retinue(digits, 1, **change), by_hand(digits, 1))


def test_initial_weights_follow_the_documented_formula(make: Make) -> None:
    torch.manual_seed(number("weights"))
    linear = nn.Linear(64, 10)
    drawn = make(seed=SEED).model.get_submodule("network.head.output")
    assert same(drawn, linear)
    assert not same(make(seed=SEED + 1).model.get_submodule("network.head.output"), linear)


def test_every_step_is_reported(make: Make) -> None:
    training = make(batch_size=32, schedule="constant", lr=0.01)
    reports: list[StepReport] = []
    train_epoch(training, 2, reports.append)
    assert [one.step for one in reports] == list(range(6))
    assert {one.epoch for one in reports} == {2}
    assert sum(one.pictures for one in reports) == 170
    assert {one.lr for one in reports} == {0.01}


def test_the_first_loss_and_gradient_are_those_of_the_first_batch(make: Make) -> None:
    training = make(batch_size=170, seed=SEED)
    images, labels = next(training.batches.epoch(0))
    reference = make(batch_size=170, seed=SEED).model
    logits = reference(images)
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    squares = [weight.grad.square().sum().item() for weight in reference.parameters()]  # type: ignore[union-attr]
    reports: list[StepReport] = []
    train_epoch(training, 0, reports.append)
    assert reports[0].loss == pytest.approx(loss.item(), rel=1e-6)
    assert reports[0].gradient_norm == pytest.approx(math.sqrt(sum(squares)), rel=1e-5)
    assert reports[0].correct == int((logits.argmax(1) == labels).sum())


@pytest.mark.parametrize(("clip", "length"), [(0.01, 0.01), (1e6, None)])
def test_clip_bounds_the_step_of_plain_gradient_descent(
    make: Make, clip: float, length: float | None
) -> None:
    still = {"opt": "sgd", "momentum": 0.0, "weight_decay": 0.0, "schedule": "constant"}
    training = make(**still, lr=1.0, clip=clip, batch_size=170)
    before = [weight.detach().clone() for weight in training.model.parameters()]
    reports: list[StepReport] = []
    train_epoch(training, 0, reports.append)
    after = training.model.parameters()
    moved = sum((new - old).square().sum().item() for new, old in zip(after, before, strict=True))
    expected = length or reports[0].gradient_norm  # a wide bound changes nothing
    assert math.sqrt(moved) == pytest.approx(expected, rel=1e-3)


def test_a_loss_that_is_no_number_names_the_step_and_the_learning_rate(make: Make) -> None:
    training = make(batch_size=17, schedule="constant", lr=0.02)

    def spoil(report: StepReport) -> None:
        if report.step == 2:
            for weight in training.model.parameters():
                weight.data.fill_(math.nan)

    with pytest.raises(DivergedError) as caught:
        train_epoch(training, 1, spoil)
    # Epoch 2 of 10 steps each: the first to see the spoilt weights is the 14th of all.
    assert "at step 14 (epoch 2, learning rate 0.02)" in str(caught.value)
    assert "--lr 0.002" in str(caught.value)


def test_validation_is_without_dropout_smoothing_and_augmentation(
    make: Make, digits: ImageData
) -> None:
    model = {"name": "mlp", "hidden": [16], "dropout": 0.9}
    training = make(model=model, label_smoothing=0.5, augment="strong")
    pixels = torch.from_numpy(digits.val.images).permute(0, 3, 1, 2)
    labels = torch.from_numpy(digits.val.labels)
    with torch.no_grad():
        logits = training.model.eval()(pixels)
    training.model.train()
    loss, accuracy = validate(training, digits.val)
    assert loss == pytest.approx(nn.functional.cross_entropy(logits, labels).item(), rel=1e-5)
    assert accuracy == int((logits.argmax(1) == labels).sum()) / len(labels)


@pytest.mark.parametrize(("epoch", "step", "share"), [(0, 0, 0.0), (1, 3, 9 / 24), (4, 0, 1.0)])
def test_progress_goes_by_steps_without_a_time_limit(
    make: Make, epoch: int, step: int, share: float
) -> None:
    assert make(batch_size=32, epochs=4).progress(epoch, step) == pytest.approx(share)


def test_progress_goes_by_the_clock_where_that_is_further(make: Make) -> None:
    training = make(batch_size=32, epochs=4, time_limit=1e6)
    training.started -= 0.5e6
    assert training.progress(0, 0) == pytest.approx(0.5, abs=1e-3)
    assert training.progress(3, 0) == pytest.approx(0.75)


# Slices.


def trained(data: ImageData, epochs: int = 1, **settings: object) -> tuple[nn.Module, list[float]]:
    """A network after some epochs, and its losses."""
    given = {"precision": "fp32", "augment": "none", "batch_size": 50, "epochs": 4, "seed": SEED}
    plain = {"opt": "sgd", "lr": 0.1, "schedule": "constant"}
    recipe, _ = choose(make_recipe(data.loaded_with, given, plain, settings), data)
    training = make_training(recipe, data, torch.device("cpu")).training
    losses: list[float] = []
    for epoch in range(epochs):
        train_epoch(training, epoch, lambda step: losses.append(step.loss))
    return training.model, losses


def farthest(one: nn.Module, other: nn.Module) -> float:
    """The largest difference between two networks' weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


WITHOUT_NORM = {"name": "cnn", "depth": 2, "width": 4, "batch_norm": False}
WITH_NORM = {**WITHOUT_NORM, "batch_norm": True}


@pytest.mark.parametrize("size", [1, 7, 25, 49, 50, 1000])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"label_smoothing": 0.3},
        {"mixup": 0.5},
        {"clip": 0.1},
        {"class_weights": "balanced", "label_smoothing": 0.2},
        {"class_weights": "balanced", "mixup": 0.5},
    ],
    ids=str,
)
def test_slices_give_the_weights_of_whole_batches(
    digits: ImageData, size: int, settings: dict[str, object]
) -> None:
    uneven = digits
    if "class_weights" in settings:
        keep = np.flatnonzero((digits.train.labels > 2) | (np.arange(len(digits.train)) % 4 == 0))
        uneven = replace(digits, train=digits.train.at(keep))
    given: dict[str, Any] = {"model": WITHOUT_NORM, **settings}
    whole, losses = trained(uneven, **given)
    sliced, also = trained(uneven, **given, slice_size=size)
    assert farthest(sliced, whole) < 1e-6
    assert also == pytest.approx(losses, rel=1e-5)
    if size == 7:
        assert farthest(trained(uneven, **{**given, "lr": 0.101})[0], whole) > 1e-5  # control


def test_batch_norm_takes_its_statistics_from_each_slice(digits: ImageData) -> None:
    whole, _ = trained(digits, model=WITH_NORM)
    sliced, _ = trained(digits, model=WITH_NORM, slice_size=10)
    assert farthest(sliced, whole) > 1e-4
    assert farthest(trained(digits, model=WITH_NORM, slice_size=50)[0], whole) == 0


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(10, None, [10]), (10, 10, [10]), (10, 11, [10]), (10, 4, [4, 3, 3]), (3, 1, [1, 1, 1])],
)
def test_slices_are_as_equal_as_can_be_and_in_order(
    count: int, size: int | None, expected: list[int]
) -> None:
    images, labels = torch.arange(count)[:, None, None, None], torch.arange(count)
    parts = list(slices(size, images, labels))
    assert [len(part) for part, _ in parts] == expected
    assert torch.cat([part.flatten() for part, _ in parts]).equal(labels)
    assert torch.cat([part for _, part in parts]).equal(labels)


# Averages.


@pytest.mark.parametrize("model", [WITH_NORM, WITHOUT_NORM], ids=["norm", "none"])
def test_the_average_is_that_of_the_steps(make: Make, model: dict[str, object]) -> None:
    training = make(model=model, ema=0.8, batch_size=20, lr=0.05, schedule="constant")
    hand: dict[str, Tensor] = {}

    def follow(_: StepReport) -> None:
        for name, value in training.model.state_dict().items():
            now = value.detach().clone()
            floats = now.is_floating_point()
            hand[name] = 0.8 * hand[name] + 0.2 * now if floats and name in hand else now

    train_epoch(training, 0, follow)
    judged = training.judged.state_dict()
    for name, value in hand.items():
        if value.is_floating_point():
            torch.testing.assert_close(judged[name], value)
    last = dict(training.model.named_parameters())
    moved = [(judged[name] - weight).abs().max() for name, weight in last.items()]
    assert max(moved) > 1e-3  # control: it is not the last weights


def test_the_average_is_what_is_validated(make: Make, digits: ImageData) -> None:
    training = make(model=WITH_NORM, ema=0.8, batch_size=20, lr=0.05, schedule="constant")
    train_epoch(training, 0, lambda _: None)
    found = validate(training, digits.val)
    training.model.load_state_dict(training.judged.state_dict())
    training.average = None
    assert found == validate(training, digits.val)


def test_averaging_does_not_change_the_training(digits: ImageData) -> None:
    plain, _ = trained(digits, model=WITH_NORM)
    averaged, _ = trained(digits, model=WITH_NORM, ema=0.9)
    assert same(plain, averaged)


# Fractional epochs.


@pytest.mark.parametrize(
    ("epochs", "steps"), [(1.5, 9), (0.5, 3), (2.0, 12), (1.25, 8), (0.4, 2), (2.99, 18), (3, 18)]
)
def test_a_fraction_of_an_epoch_is_that_fraction_of_its_steps(
    make: Make, epochs: float, steps: int
) -> None:
    training = make(batch_size=32, epochs=epochs, schedule="linear", lr=0.6)
    reports: list[StepReport] = []
    for epoch in range(math.ceil(epochs)):
        train_epoch(training, epoch, reports.append)
    assert len(reports) == steps == training.steps(epochs)
    rates = [0.6 * (1 - number / steps) for number in range(steps)]
    assert [one.lr for one in reports] == pytest.approx(rates)


def test_steps_before_an_epoch_are_counted_up_to_the_end(make: Make) -> None:
    training = make(batch_size=32, epochs=1.5)
    assert [training.steps(epochs) for epochs in (0, 1, 2, 9)] == [0, 6, 9, 9]


# The hardest pictures.


def test_epochs_after_the_first_take_the_hardest_pictures(make: Make, digits: ImageData) -> None:
    training = make(hardest=0.4, batch_size=17, epochs=3, lr=0.01, schedule="linear")
    reports: list[StepReport] = []
    train_epoch(training, 0, reports.append)
    losses = training.batches.losses
    assert losses is not None
    assert losses.isfinite().all()
    hardest = set(losses.topk(68).indices.tolist())
    taken = torch.cat(training.batches.order(1))
    assert set(taken.tolist()) == hardest
    assert len(taken) == 68
    before = losses.clone()
    train_epoch(training, 1, reports.append)
    left = torch.tensor([place for place in range(170) if place not in hardest])
    assert losses[left].equal(before[left])
    assert (losses != before).sum() == 68
    train_epoch(training, 2, reports.append)
    assert len(reports) == 10 + 4 + 4 == training.steps(3)
    rates = [0.01 * (1 - number / 18) for number in range(18)]
    assert [one.lr for one in reports] == pytest.approx(rates)


@pytest.mark.parametrize("settings", [{}, {"slice_size": 7}, {"label_smoothing": 0.3}], ids=str)
def test_the_losses_that_choose_are_plain_and_those_before_the_update(
    make: Make, settings: dict[str, Any]
) -> None:
    training = make(hardest=0.5, batch_size=170, **settings)
    reference = make(batch_size=170).model
    pixels = torch.from_numpy(training.batches.split.images).permute(0, 3, 1, 2)
    labels = training.batches.labels
    with torch.no_grad():
        expected = nn.functional.cross_entropy(reference(pixels), labels, reduction="none")
    train_epoch(training, 0, lambda _: None)
    assert training.batches.losses is not None
    torch.testing.assert_close(training.batches.losses, expected)


def test_losses_are_not_kept_where_all_are_taken(make: Make) -> None:
    training = make(batch_size=32)
    train_epoch(training, 0, lambda _: None)
    assert training.batches.losses is None
    assert [training.batches.steps(epoch) for epoch in range(3)] == [6, 6, 6]


# Fewer pixels at first.


class Seen(nn.Module):
    """Takes pictures of every size, and notes which."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.output = nn.Linear(1, classes)
        self.sizes: list[tuple[int, ...]] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.sizes.append(tuple(pictures.shape))
        return self.output(pictures.mean(dim=(2, 3)))  # type: ignore[no-any-return]


def sizes_seen(data: ImageData, epochs: int = 2, **settings: object) -> list[tuple[int, ...]]:
    module = Seen()
    plain = {"model": f"{__name__}:Seen", "precision": "fp32", "augment": "none", "epochs": epochs}
    recipe, _ = choose(make_recipe(data.loaded_with, plain, {"batch_size": 32}, settings), data)
    training = make_training(recipe, data, torch.device("cpu"), module).training
    for epoch in range(epochs):
        train_epoch(training, epoch, lambda _: None)
    return module.sizes


@pytest.mark.parametrize(
    ("progressive", "sides"),
    [
        ("", [8] * 12),
        ("4:0.5", [4] * 6 + [8] * 6),
        ("4:0.25,6:0.75", [4] * 3 + [6] * 6 + [8] * 3),
        ("5:0.01", [5] + [8] * 11),
    ],
)
def test_the_network_sees_fewer_pixels_up_to_the_progress_that_is_said(
    digits: ImageData, progressive: str, sides: list[int]
) -> None:
    seen = sizes_seen(digits, progressive=progressive)
    assert [size[2:] for size in seen] == [(side, side) for side in sides]


def test_pictures_that_are_no_square_keep_their_shape(digits: ImageData) -> None:
    images = np.zeros((40, 8, 12, 1), dtype=np.uint8)
    data = load_data((images + np.arange(40, dtype=np.uint8)[:, None, None, None], [0, 1] * 20))
    seen = sizes_seen(data, 1, progressive="6:0.5", batch_size=10)
    assert {size[2:] for size in seen} == {(4, 6), (8, 12)}


def test_slices_and_fewer_pixels_go_together(digits: ImageData) -> None:
    seen = sizes_seen(digits, 1, progressive="4:0.5", slice_size=16)
    assert [size[2] for size in seen] == [4] * 6 + [8] * 6
    assert sum(size[0] for size in seen) == len(digits.train)


def test_validation_sees_all_pixels(digits: ImageData) -> None:
    module = Seen()
    given = {"model": f"{__name__}:Seen", "progressive": "4:0.9", "precision": "fp32"}
    recipe, _ = choose(make_recipe(digits.loaded_with, given), digits)
    training = make_training(recipe, digits, torch.device("cpu"), module).training
    validate(training, digits.val)
    assert {size[2:] for size in module.sizes} == {(8, 8)}


# Soft labels.


def test_of_soft_labels_the_one_with_most_weight_counts() -> None:
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 3.0, 1.0]])
    hard = torch.tensor([0, 1, 1])
    assert count_correct(logits, hard) == 2
    soft = torch.tensor([[0.6, 0.4, 0.0], [0.0, 0.4, 0.6], [0.7, 0.3, 0.0]])
    assert count_correct(logits, soft) == 2
    assert count_correct(logits, nn.functional.one_hot(hard, 3).float()) == 2


def test_a_training_on_mixed_pictures_reports_soft_losses_and_counts(make: Make) -> None:
    training = make(batch_size=170, mixup=1.0, seed=SEED)
    images, labels = next(training.batches.epoch(0))
    with torch.no_grad():
        logits = training.model(images)
    by_hand = -(labels * logits.log_softmax(1)).sum(1).mean().item()
    reports: list[StepReport] = []
    train_epoch(training, 0, reports.append)
    assert labels.shape == (170, 10)
    assert reports[0].loss == pytest.approx(by_hand, rel=1e-5)
    assert reports[0].correct == int((logits.argmax(1) == labels.argmax(1)).sum())
    assert reports[0].pictures == 170
