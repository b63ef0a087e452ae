"""Steps that are looked at against the loop itself, a run, and plain PyTorch."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.explaining.step import begin, watch
from retinue.explaining.step.training_step import TrainingSteps, training_step
from retinue.models.describe import describe
from retinue.recipe import make_recipe
from retinue.runs import Run
from retinue.training.fit import train
from tests.explaining.step_cases import (
    DROPPING,
    RECIPES,
    SGD,
    by_loop,
    made,
    recipe_of,
    same,
    short_run,
    state,
)


@pytest.fixture(scope="module")
def digits() -> ImageData:
    return load_data("digits", limit_per_class=20)


@pytest.fixture(scope="module")
def run(digits: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Run:
    recipe = recipe_of(**SGD, weight_decay=0.01, batch_size=10, augment="basic", epochs=1)
    return short_run(recipe, digits, tmp_path_factory.mktemp("runs") / "run")


@pytest.mark.parametrize("name", RECIPES)
def test_the_weights_after_each_step_are_those_of_the_loop(name: str, digits: ImageData) -> None:
    recipe = recipe_of(**RECIPES[name])
    steps = TrainingSteps(recipe, digits)
    for count in (1, 2, 3):
        seen = steps.next()
        assert (seen.epoch, seen.step) == (0, count - 1)
        assert same(state(steps.model), by_loop(recipe, digits, count))


@pytest.mark.parametrize("name", ["sgd", "hardest", "dropout"])
def test_steps_that_nobody_looks_at_are_passed_over(name: str, digits: ImageData) -> None:
    recipe = recipe_of(**RECIPES[name])
    steps = TrainingSteps(recipe, digits)
    steps.go_to(1, 1)
    steps.next()
    per_epoch = made(recipe, digits).batches.steps(0)
    assert same(state(steps.model), by_loop(recipe, digits, per_epoch + 2))
    assert (steps.epoch, steps.step) == (1, 2)


@pytest.mark.parametrize("change", [{"seed": 4}, {"lr": 0.1001}, {"momentum": 0.8}], ids=str)
def test_the_comparison_notices_another_setting(change: dict[str, Any], digits: ImageData) -> None:
    steps = TrainingSteps(recipe_of(**{**RECIPES["sgd"], **change}), digits)
    steps.next()
    steps.next()
    assert not same(state(steps.model), by_loop(recipe_of(**RECIPES["sgd"]), digits, 2))


def test_the_comparison_notices_statistics_that_were_not_put_back(
    digits: ImageData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_put_back", lambda _: None)
    recipe = recipe_of(**RECIPES["sgd"])
    steps = TrainingSteps(recipe, digits)
    steps.next()
    assert not same(state(steps.model), by_loop(recipe, digits, 1))


def test_a_whole_training_is_walked_through(digits: ImageData) -> None:
    recipe = recipe_of(**RECIPES["sgd"], epochs=1.5)
    steps = TrainingSteps(recipe, digits)
    places = [(seen.epoch, seen.step) for seen in steps]
    assert places == [(0, step) for step in range(6)] + [(1, step) for step in range(3)]
    assert steps.ended
    assert same(state(steps.model), by_loop(recipe, digits, 9))
    with pytest.raises(UsageError, match="ends after 9 steps"):
        steps.next()


# A run.


@pytest.mark.parametrize("step", [0, 10])
def test_a_runs_step_has_the_loss_rate_and_gradient_that_the_run_wrote_down(
    run: Run, digits: ImageData, step: int
) -> None:
    line = next(line for line in run.steps if line["step"] == step + 1)
    seen = training_step(run, step=step)
    assert (seen.loss, seen.lr, seen.gradient_norm) == (
        line["loss"],
        line["lr"],
        line["gradient_norm"],
    )
    assert seen.notes == ()
    assert training_step(run.path, digits, step=step).loss == seen.loss


def elsewhere(run: Run, folder: Path, **changes: Any) -> Run:
    """The same run, as if it had been trained in another environment."""
    shutil.copytree(run.path, folder)
    environment = {**run.read_json("environment.json"), **changes}
    (folder / "environment.json").write_text(json.dumps(environment))
    return Run.load(folder)


def test_a_run_is_repeated_with_its_number_of_threads(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, set_to = torch.get_num_threads(), torch.set_num_threads
    asked: list[int] = []

    def note(count: int) -> None:
        asked.append(count)
        set_to(usual)

    monkeypatch.setattr(torch, "set_num_threads", note)
    training_step(elsewhere(run, tmp_path / "run", threads=7))
    assert asked == [7, usual] * 3  # to begin, to pass over what comes before, and for the step


def test_what_differs_from_the_run_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begin, "has_bf16", lambda _: False)
    other = {"device": "cuda", "precision": "bf16", "packages": {"torch": "2.4.0"}}
    notes = " ".join(training_step(elsewhere(run, tmp_path / "run", **other)).notes)
    for text in ("which this processor lacks", "trained on cuda", "with torch 2.4.0"):
        assert text in notes


def test_a_network_of_ones_own_is_asked_for(run: Run, tmp_path: Path) -> None:
    own = elsewhere(run, tmp_path / "run")
    recipe = own.path / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("name: cnn", "name: os:getcwd"))
    with pytest.raises(UsageError, match="is not Retinue's: give it as model="):
        training_step(own)


def test_nothing_is_written_into_the_run(run: Run) -> None:
    def files() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(run.path.rglob("*"))
            if path.is_file()
        }

    before = files()
    training_step(run)
    assert files() == before


@pytest.mark.slow
def test_fine_tuning_begins_with_the_head_that_was_solved_for(
    run: Run, digits: ImageData, tmp_path: Path
) -> None:
    tuned = train(
        digits,
        model="cnn:finetune",
        pretrained=str(run.path),
        precision="fp32",
        epochs=1,
        batch_size=32,
        output=tmp_path / "tuned",
    )
    seen = training_step(tuned)
    assert seen.loss == tuned.steps[0]["loss"]
    held_still = [row for row in seen.layers if row.parameters and row.gradient_norm is None]
    assert held_still
    with pytest.raises(UsageError, match="does not learn in this step"):
        training_step(tuned, weight=held_still[0].name)


def test_other_pictures_than_the_runs_are_refused(run: Run) -> None:
    with pytest.raises(UsageError, match="does not hold the pictures it was trained on"):
        training_step(run, load_data("digits", limit_per_class=19))


# Against plain PyTorch.


@pytest.fixture
def by_hand(digits: ImageData) -> Callable[..., tuple[nn.Module, Tensor, Tensor]]:
    """The network before the first step, and the first batch without augmentation."""

    def first(**settings: Any) -> tuple[nn.Module, Tensor, Tensor]:
        training = made(recipe_of(augment="none", **settings), digits)
        chosen = training.batches.order(0)[0].numpy()
        pixels = torch.from_numpy(digits.train.take(chosen)).permute(0, 3, 1, 2)
        return training.model.train(), pixels, torch.from_numpy(digits.train.labels[chosen])

    return first


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_logits_losses_and_gradients_are_those_of_autograd(
    digits: ImageData,
    by_hand: Callable[..., tuple[nn.Module, Tensor, Tensor]],
    smoothing: float,
) -> None:
    settings = {**SGD, "label_smoothing": smoothing}
    model, pixels, labels = by_hand(**settings)
    seen = training_step(recipe_of(augment="none", **settings), digits)
    logits = model(pixels)
    losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    losses.mean().backward()
    np.testing.assert_allclose(seen.logits, logits.detach().numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(seen.losses, losses.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(seen.probabilities, logits.softmax(1).detach().numpy(), atol=1e-6)
    assert seen.loss == pytest.approx(seen.losses.mean(), rel=1e-5)
    assert seen.labels.tolist() == labels.tolist()
    assert seen.correct == int((logits.argmax(1) == labels).sum())
    parts = {name.removeprefix("network."): part for name, part in model.named_modules()}
    for row in seen.layers:
        grads = [one.grad for one in parts[row.name].parameters() if one.grad is not None]
        if grads:
            whole = torch.cat([grad.flatten() for grad in grads])
            assert row.gradient_norm == pytest.approx(float(whole.norm()), rel=1e-4)
        else:
            assert row.gradient_norm is None
    norms = [row.gradient_norm for row in seen.layers if row.gradient_norm]
    assert seen.gradient_norm == pytest.approx(np.linalg.norm(norms), rel=1e-5)


def test_a_layers_step_is_relative_to_its_weights(digits: ImageData) -> None:
    seen = training_step(recipe_of(**RECIPES["plain"], augment="none"), digits)
    for row in seen.layers:
        if row.gradient_norm and row.weight_norm:
            # Plain descent: the update is the gradient times the rate.
            assert row.update_norm == pytest.approx(seen.lr * row.gradient_norm, rel=1e-3)
            assert row.relative_gradient == row.gradient_norm / row.weight_norm


@pytest.mark.parametrize("name", ["cnn", "fast", "resnet-small", "lenet", "mlp", "keras-lesson"])
def test_layers_are_those_of_the_description(name: str, digits: ImageData) -> None:
    if name in ("lenet", "keras-lesson"):
        pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8)
        digits = load_data((pixels, [0, 1] * 20), size=16)
    recipe = recipe_of(**{**SGD, "model": {"name": name}})
    seen = training_step(recipe, digits)
    model = made(recipe, digits).model
    rows = [
        (row.name.removeprefix("network."), row.kind, row.output, row.parameters)
        for row in describe(model, digits.channels, digits.size).rows
    ]
    assert [(row.name, row.kind, row.output, row.parameters) for row in seen.layers] == rows


class Odd(nn.Module):
    """A weight outside of layers, and a layer that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.pattern = nn.Parameter(torch.ones(64))
        self.dense = nn.Linear(64, 64)
        self.output = nn.Linear(64, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        values = pictures.flatten(1) * self.pattern
        result: Tensor = self.output(self.dense(self.dense(values)))
        return result


def test_weights_outside_of_layers_and_layers_that_run_twice(digits: ImageData) -> None:
    module = Odd()
    before = state(module)
    seen = training_step(recipe_of(**{**SGD, "model": "own:Odd"}), digits, model=module)
    rows = [(row.name, row.output, row.parameters) for row in seen.layers]
    assert rows == [
        ("normalise", (1, 8, 8), 0),
        ("dense", (64,), 64 * 65),
        ("dense", (64,), 0),
        ("output", (10,), 650),
        ("network", None, 64),
    ]
    assert seen.layers[-1].gradient_norm
    assert same(state(module), before), "the user's own network stays as it is"


# One weight.


@pytest.mark.parametrize("name", ["plain", "sgd", "adam", "adamw", "muon", "clip"])
def test_one_weights_update_is_that_of_the_rule_written_out(name: str, digits: ImageData) -> None:
    steps = TrainingSteps(recipe_of(**RECIPES[name]), digits)
    names = set()
    for _ in range(3):
        weight = steps.next().weight
        names.add(weight.name)
        assert weight.expected == pytest.approx(weight.after, rel=1e-5, abs=1e-7)
        assert weight.after != weight.before
        assert len(weight.rule) == len(weight.filled) > 0
        assert weight.filled[-1].endswith(f"= {weight.expected:.5g}")
        dense = steps.model.get_parameter(f"network.{weight.name.partition('[')[0]}")
        index = tuple(int(at) for at in weight.name.partition("[")[2].strip("]").split(","))
        assert float(dense.detach()[index]) == weight.after
    assert len(names) == 1, "the same weight is followed"


def test_a_rule_without_the_momentum_would_be_noticed(digits: ImageData) -> None:
    steps = TrainingSteps(recipe_of(**RECIPES["sgd"]), digits)
    steps.next()
    weight = steps.next().weight
    plain = weight.before - weight.lr * (weight.gradient + 0.01 * weight.before)
    assert abs(plain - weight.after) > 20 * abs((weight.expected or 0) - weight.after)


def test_plain_descent_is_written_as_learners_know_it(digits: ImageData) -> None:
    weight = training_step(recipe_of(**RECIPES["plain"]), digits).weight
    assert weight.rule == ("w ← w - lr · g",)
    lr, gradient = f"{weight.lr:.5g}", f"{weight.gradient:.5g}"
    gradient = f"({gradient})" if weight.gradient < 0 else gradient
    told = f"{weight.before:.5g} - {lr} · {gradient} = {weight.after:.5g}"
    assert weight.filled == (told,)


def test_muon_has_no_rule_for_one_weight_of_a_kernel(digits: ImageData) -> None:
    recipe = recipe_of(**RECIPES["muon"])
    weight = training_step(recipe, digits, weight="features.block1.conv1").weight
    assert (weight.rule, weight.filled, weight.expected) == ((), (), None)
    assert weight.after != weight.before
    assert training_step(recipe, digits).weight.rule, "another is chosen by default"


def test_the_weight_that_is_named_is_followed(digits: ImageData) -> None:
    recipe = recipe_of(**SGD)
    layer = training_step(recipe, digits, weight="features.conv1").weight
    assert layer.name.startswith("features.conv1.weight[")
    named = training_step(recipe, digits, weight="network.features.conv1.weight[1, 0,2,2]").weight
    assert named.name == "features.conv1.weight[1, 0, 2, 2]"
    assert abs(layer.gradient) >= abs(named.gradient)
    bias = training_step(recipe, digits, weight="head.output.bias[3]").weight
    assert bias.name == "head.output.bias[3]"


@pytest.mark.parametrize(
    ("weight", "text"),
    [
        ("head.outputs", "no such weight"),
        ("features.conv1.weight[1, 0]", "is 4x1x3x3, so its index is 4 numbers"),
        ("features.conv1.weight[4, 0, 0, 0]", "each below these"),
        ("\x1b[31m", "weight \ufffd"),
    ],
)
def test_a_weight_that_is_not_there_is_refused(weight: str, text: str, digits: ImageData) -> None:
    with pytest.raises(UsageError) as caught:
        training_step(recipe_of(**SGD), digits, weight=weight)
    assert text in str(caught.value)


def test_a_step_that_is_refused_changes_nothing(digits: ImageData) -> None:
    recipe = recipe_of(**RECIPES["muon"])
    steps = TrainingSteps(recipe, digits)
    with pytest.raises(UsageError, match="does not learn in this step"):
        steps.next("features.whiten.weight")
    steps.next()
    assert same(state(steps.model), by_loop(recipe, digits, 1))


# The loss after the update.


def test_the_loss_after_the_update_is_that_of_the_same_batch(
    digits: ImageData, by_hand: Callable[..., tuple[nn.Module, Tensor, Tensor]]
) -> None:
    settings = {**SGD, "schedule": "constant"}
    _, pixels, labels = by_hand(**settings)
    steps = TrainingSteps(recipe_of(**settings, augment="none"), digits)
    seen = steps.next()
    loss = F.cross_entropy(steps.model.train()(pixels), labels).detach()
    assert seen.loss_after == pytest.approx(float(loss), rel=1e-5)
    assert seen.loss_after != pytest.approx(seen.loss, rel=1e-3)


@pytest.mark.parametrize(
    "settings", [{}, {"slice_size": 9}, {"class_weights": "balanced"}], ids=str
)
def test_without_a_move_the_loss_is_as_before_for_the_dropout_is_the_same(
    digits: ImageData, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(**{**SGD, "model": DROPPING, "lr": 1e-12}, **settings)
    seen = training_step(recipe, digits)
    assert seen.loss_after == pytest.approx(seen.loss, rel=1e-6)
    monkeypatch.setattr(watch, "seed_for", lambda *_: 1)  # control: other units are dropped
    seen = training_step(recipe, digits)
    assert seen.loss_after != pytest.approx(seen.loss, rel=1e-5)


# What goes in.


def test_pictures_are_shown_before_and_after_augmentation(digits: ImageData) -> None:
    recipe = recipe_of(**SGD, augment="basic")
    seen = training_step(recipe, digits, pictures=5)
    batches = made(recipe, digits).batches
    images, labels = next(batches.epoch(0))
    expected = images[:5].permute(0, 2, 3, 1).numpy()
    assert np.array_equal(seen.after, expected)
    order = batches.order(0)[0].numpy()
    assert np.array_equal(seen.before, digits.train.take(order[:5]))
    assert seen.ids == tuple(digits.train.ids[at] for at in order.tolist())
    assert seen.labels.tolist() == labels.tolist()
    assert (seen.before != seen.after).any()
    assert seen.input_shape == tuple(images.shape)
    assert seen.value_range == (float(images.min()), float(images.max()))
    assert seen.augment.startswith("basic")
    plain = training_step(recipe_of(**SGD, augment="none"), digits)
    assert np.array_equal(plain.before, plain.after)  # control


def test_mixed_pictures_have_shares_of_classes(digits: ImageData) -> None:
    seen = training_step(recipe_of(**SGD, mixup=1.0), digits)
    assert seen.targets is not None
    assert seen.targets.shape == (len(seen.labels), 10)
    np.testing.assert_allclose(seen.targets.sum(axis=1), 1, rtol=1e-6)
    assert seen.loss == pytest.approx(seen.losses.mean(), rel=1e-5)
    assert training_step(recipe_of(**SGD), digits).targets is None


def test_weights_of_classes_weigh_the_losses_of_pictures(digits: ImageData) -> None:
    keep = np.flatnonzero((digits.train.labels > 2) | (np.arange(len(digits.train)) % 4 == 0))
    data = load_data((digits.train.images[keep], digits.train.labels[keep]), size=8)
    seen = training_step(recipe_of(**SGD, class_weights="balanced"), data)
    counts = np.bincount(data.train.labels, minlength=10)
    weights = len(data.train) / (10 * counts)
    by_class = np.average(seen.losses, weights=weights[seen.labels])
    assert seen.weighted
    assert seen.loss == pytest.approx(by_class, rel=1e-5)
    assert seen.loss != pytest.approx(seen.losses.mean(), rel=1e-4)  # control


# What is refused, and what is left alone.


@pytest.mark.parametrize(
    ("settings", "where", "text"),
    [
        ({"lr": "auto"}, {}, "lr auto"),
        ({"epochs": 0}, {}, "epochs 0"),
        ({}, {"epoch": -1}, "counted from 0"),
        ({}, {"step": 6}, "epoch 0 has steps 0 to 5"),
        ({}, {"epoch": 2}, "it has 2 epochs and 12 steps in all"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    settings: dict[str, Any], where: dict[str, Any], text: str, digits: ImageData
) -> None:
    with pytest.raises(UsageError) as caught:
        training_step(recipe_of(**{**SGD, **settings}), digits, **where)
    assert text in str(caught.value)


def test_a_head_that_is_solved_for_has_no_steps(run: Run, digits: ImageData) -> None:
    recipe = make_recipe({"model": "cnn:linear", "pretrained": str(run.path)})
    with pytest.raises(UsageError, match="solved for at once"):
        training_step(recipe, digits)


def test_a_step_that_lies_behind_is_refused(digits: ImageData) -> None:
    steps = TrainingSteps(recipe_of(**SGD), digits)
    steps.next()
    with pytest.raises(UsageError, match="is done already"):
        steps.go_to(0, 0)


def test_a_time_limit_is_told_not_followed(digits: ImageData) -> None:
    seen = training_step(recipe_of(**SGD, time_limit=1e-9), digits)
    assert any("time limit" in note for note in seen.notes)


def test_hooks_are_gone_and_the_callers_random_numbers_are_untouched(digits: ImageData) -> None:
    before = torch.get_rng_state()
    steps = TrainingSteps(recipe_of(**RECIPES["dropout"]), digits)
    steps.next()
    assert torch.equal(torch.get_rng_state(), before)
    training = steps._begun.training
    parts = [*training.model.modules(), training.loss]
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in parts)
    assert not training.optimiser._optimizer_step_pre_hooks


def test_as_dict_is_json(digits: ImageData) -> None:
    value = training_step(recipe_of(**SGD), digits).as_dict()
    assert json.loads(json.dumps(value)) == value
    assert value["layers"][1]["name"] == "features.conv1"


@pytest.mark.parametrize("name", ["muon", "mixed"])
def test_it_shows_itself(name: str, digits: ImageData) -> None:
    seen = training_step(recipe_of(**RECIPES[name]), digits)
    assert seen._repr_html_().startswith('<img alt="')
