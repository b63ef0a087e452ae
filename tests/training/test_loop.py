"""The loop against a plain PyTorch loop that knows nothing of Retinue."""

import hashlib
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.recipe import make_recipe
from retinue.training.defaults import choose
from retinue.training.fit import make_training
from retinue.training.loop import DivergedError, StepReport, Training, train_epoch, validate

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
    training, _ = make_training(recipe, data, torch.device("cpu"), small())
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
