"""What is asked about learning: each question fails one network and passes another."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.fit import train
from retinue.training.sanity import learning
from retinue.training.sanity.bench import Bench
from retinue.training.sanity.checking import make_bench

Make = Callable[..., Bench]

OWN = make_recipe({"model": {"name": "own:Net"}})
CPU = torch.device("cpu")


@pytest.fixture
def earlier(digits: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose weights others begin with."""
    folder = tmp_path_factory.mktemp("earlier") / "run"
    return train(digits, model="cnn", epochs=1, output=folder, device="cpu")


def one_class(absent: bool) -> ImageData:
    """Training pictures of one class of two, or of both."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, 8, 8), dtype=np.uint8)
    data = load_data((images, np.arange(60) % 2))
    rows = np.flatnonzero(data.train.labels == 0) if absent else np.arange(len(data.train))
    return replace(data, train=data.train.at(rows))


def test_labels_that_are_all_the_same(bench: Make) -> None:
    found = learning.labels(bench(model="mlp", data=one_class(absent=True)))
    assert found.passed is False
    assert found.figures == "1 of 2 classes in train; the largest, 0, has 100.0 %; none of 1"
    assert learning.labels(bench(model="mlp", data=one_class(absent=False))).passed
    alike = bench(model="mlp", data=one_class(absent=True))
    for check in (learning.one_batch, learning.shuffled_labels):
        assert check(alike).passed is None


def test_the_first_loss(bench: Make, knowing: nn.Module, digits: ImageData) -> None:
    assert learning.first_loss(bench("Net")).passed
    loud = learning.first_loss(bench("Loud"))
    assert loud.passed is False
    assert "smaller initial weights" in loud.advice
    knows = make_bench(OWN, digits, CPU, knowing)
    low = learning.first_loss(knows)
    assert low.passed is False
    assert "knows the labels already" in low.advice


def test_gradients(bench: Make) -> None:
    good = learning.gradients(bench("Net"))
    assert (good.passed, good.figures) == (True, "2 of 2 layers")
    for name, figures in (
        ("Detached", "1 of 2 layers; none for hidden"),
        ("Unused", "2 of 3 layers; none for spare"),
    ):
        bad = learning.gradients(bench(name))
        assert (bad.passed, bad.figures) == (False, figures)
    broken = learning.gradients(bench("Exploding"))
    assert broken.passed is False
    assert "NaN or infinite for hidden" in broken.figures
    frozen = learning.gradients(bench("Frozen"))
    assert (frozen.passed, frozen.figures) == (
        True,
        "1 of 1 layer; 2 tensors held still on purpose",
    )


def test_nothing_that_learns(
    bench: Make, digits: ImageData, network: Callable[[str], nn.Module]
) -> None:
    with pytest.raises(UsageError, match="cannot be trained: optimizer got an empty parameter"):
        make_bench(OWN, digits, CPU, network("Net").requires_grad_(False))
    still = bench("Net")
    still.model.requires_grad_(False)
    with pytest.raises(UsageError, match="no weight of the network learns"):
        learning.gradients(still)


def test_one_batch(bench: Make) -> None:
    good = learning.one_batch(bench("Net"))
    assert good.passed
    assert good.figures.startswith("16 pictures: loss 2.")
    for name in ("Softmaxed", "Constant"):
        assert learning.one_batch(bench(name)).passed is False


def test_shuffled_labels(bench: Make, digits: ImageData, knowing: nn.Module) -> None:
    assert learning.shuffled_labels(bench("Net")).passed
    knows = learning.shuffled_labels(make_bench(OWN, digits, CPU, knowing))
    assert knows.passed is False
    assert "100.0 % of 220 pictures" in knows.figures


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "classes", [("0", "1"), ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")]
)
def test_a_sound_network_is_at_chance_whatever_the_seed(
    bench: Make, classes: tuple[str, ...], seed: int
) -> None:
    data = load_data("digits", classes=classes, limit_per_class=60, val_fraction=0.3)
    assert learning.shuffled_labels(bench(model="mlp", seed=seed, data=data)).passed


def test_without_val_pictures_others_are_held_out(bench: Make) -> None:
    data = load_data("digits", limit_per_class=60, val_fraction=0)
    found = learning.shuffled_labels(bench("Net", data=data))
    assert found.passed
    assert "of 300 pictures" in found.figures


def test_too_few_pictures_for_it(bench: Make) -> None:
    data = load_data("digits", limit_per_class=1)
    assert learning.shuffled_labels(bench("Net", data=data)).passed is None


def test_a_head_that_is_taken_over_is_not_asked_what_it_knows(bench: Make, earlier: Run) -> None:
    kept = bench(model="cnn:full", pretrained=str(earlier.path), keep_head=True)
    for check in (learning.first_loss, learning.shuffled_labels):
        assert check(kept).passed is None
    assert learning.one_batch(kept).passed


def test_of_a_frozen_body_only_the_head_is_asked(bench: Make, earlier: Run) -> None:
    linear = bench(model="cnn:linear", pretrained=str(earlier.path))
    found = learning.gradients(linear)
    assert (found.passed, found.figures) == (True, "1 of 1 layer")
    assert learning.one_batch(linear).passed
    assert learning.first_loss(linear).passed
    assert learning.shuffled_labels(linear).passed
