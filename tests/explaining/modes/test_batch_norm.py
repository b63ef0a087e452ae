"""Batch norm against torch's functional, NumPy's formulas, and a forward pass by hand."""

import copy
import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.explaining.modes.batch_norm import batch_norm
from retinue.explaining.modes.norm_layers import WITH_NORM
from retinue.images import Preprocess
from retinue.models.catalogue import MODELS
from retinue.prediction.classifier import Classifier
from tests.explaining.map_cases import DEVIATION, MEAN, built, classifier_of
from tests.explaining.step_cases import same, state


class Small(nn.Module):
    """A convolution, a batch norm that has seen other pictures, and means to logits."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.norm = nn.BatchNorm2d(5, **settings)
        self.output = nn.Linear(5, 4)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.norm(self.conv(pictures)).relu_()
        result: Tensor = self.output(maps.mean(dim=(2, 3)))
        return result


def small(**settings: Any) -> Small:
    """With weights and running statistics that are not those of a new layer."""
    torch.manual_seed(1)
    network = Small(**settings)
    if network.norm.affine:
        nn.init.uniform_(network.norm.weight, 0.5, 2)
        nn.init.uniform_(network.norm.bias, -1, 1)
    if network.norm.running_mean is not None and network.norm.running_var is not None:
        network.norm.running_mean.uniform_(-1, 1)
        network.norm.running_var.uniform_(0.5, 2)
    return network.eval()


def pictures(count: int = 6, size: int = 8, channels: int = 3) -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    lights = random.uniform(0.2, 1, (count, 1, 1, 1))
    noise = random.integers(0, 256, (count, size, size, channels))
    return (lights * noise).astype(np.uint8)


def arriving(network: Small, pixels: NDArray[np.uint8]) -> Tensor:
    """What the batch norm gets, computed by hand."""
    values = torch.from_numpy((pixels.astype(np.float32) - MEAN) / DEVIATION).permute(0, 3, 1, 2)
    with torch.no_grad():
        return network.conv(values.float())  # type: ignore[no-any-return]


def flat(values: Tensor) -> NDArray[np.float64]:
    """(N, C, H, W) as (C, n)."""
    return values.detach().double().transpose(0, 1).reshape(values.shape[1], -1).numpy()


def test_both_modes_are_those_of_torchs_functional() -> None:
    network, pixels = small(), pictures()
    seen = batch_norm(classifier_of(network, classes=4), pixels)
    values, norm = arriving(network, pixels), network.norm
    assert (seen.layer, seen.kind) == ("norm", "BatchNorm2d 5")
    assert (seen.pictures, seen.values) == (6, 6 * 36)
    mean, var = norm.running_mean, norm.running_var
    with torch.no_grad():
        train = F.batch_norm(values, None, None, norm.weight, norm.bias, True, 0.1, norm.eps)
        evaluated = F.batch_norm(values, mean, var, norm.weight, norm.bias, False, 0.1, norm.eps)
    shown = list(seen.modes.shown)
    for found, wanted in zip(seen.modes.samples, (values, train, evaluated), strict=True):
        np.testing.assert_allclose(found, flat(wanted)[shown], rtol=1e-4, atol=1e-5)
    for spread, wanted in (
        (seen.modes.before, values),
        (seen.modes.in_train, train),
        (seen.modes.in_eval, evaluated),
    ):
        np.testing.assert_allclose(spread.mean, flat(wanted).mean(axis=1), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(spread.std, flat(wanted).std(axis=1), rtol=1e-4)
    # Control: the two modes differ here.
    assert np.abs(seen.modes.in_train.mean - seen.modes.in_eval.mean).max() > 0.1


def test_both_modes_are_those_of_the_formula() -> None:
    network, pixels = small(), pictures()
    seen = batch_norm(classifier_of(network, classes=4), pixels)
    before, train, evaluated = seen.modes.samples
    shown = list(seen.modes.shown)
    scale, shift = seen.scale[shown, None], seen.shift[shown, None]

    def normalised(mean: NDArray[np.float64], var: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(
            (before - mean[:, None]) / np.sqrt(var[:, None] + seen.eps) * scale + shift
        )

    mean, biased = before.mean(axis=1), before.var(axis=1)
    np.testing.assert_allclose(train, normalised(mean, biased), rtol=1e-4, atol=1e-5)
    assert seen.remembered is not None
    learned_mean, learned_var = seen.remembered.mean[shown], seen.remembered.std[shown] ** 2
    expected = normalised(learned_mean, learned_var)
    np.testing.assert_allclose(evaluated, expected, rtol=1e-4, atol=1e-5)
    # Controls: the unbiased variance, and the batch's statistics in eval mode, are noticed.
    unbiased = normalised(mean, before.var(axis=1, ddof=1))
    assert np.abs(train - unbiased).max() > 1e-3
    assert np.abs(evaluated - normalised(mean, biased)).max() > 0.1


def test_in_train_mode_channels_leave_with_shift_and_scale() -> None:
    seen = batch_norm(classifier_of(small(), classes=4), pictures())
    np.testing.assert_allclose(seen.modes.in_train.mean, seen.shift, atol=1e-5)
    np.testing.assert_allclose(seen.modes.in_train.std, np.abs(seen.scale), rtol=1e-3)
    assert np.abs(seen.modes.in_eval.mean - seen.shift).max() > 0.1  # control


# What is remembered.


@pytest.mark.parametrize("momentum", [0.1, 0.4, 1.0])
def test_running_statistics_follow_the_formula(momentum: float) -> None:
    network, pixels = small(momentum=momentum), pictures(3, 4)
    seen = batch_norm(classifier_of(network, classes=4, size=(4, 4)), pixels, steps=7)
    run, values = seen.running, flat(arriving(network, pixels))
    assert run is not None
    assert run.mean.shape == run.var.shape == (8, 5)
    kept = (1 - momentum) ** np.arange(8)[:, None]
    mean, unbiased = values.mean(axis=1), values.var(axis=1, ddof=1)
    np.testing.assert_allclose(run.batch_mean, mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run.batch_var, unbiased, rtol=1e-5)
    np.testing.assert_allclose(run.mean, (1 - kept) * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(run.var, kept + (1 - kept) * unbiased, rtol=1e-4)
    biased = kept + (1 - kept) * values.var(axis=1)
    assert np.abs(run.var - biased).max() > 1e-3  # control


def test_without_a_momentum_the_mean_over_the_steps_is_kept() -> None:
    network = small(momentum=None)
    run = batch_norm(classifier_of(network, classes=4), pictures(), steps=3).running
    assert run is not None
    assert run.momentum is None
    np.testing.assert_allclose(run.mean[1:], np.tile(run.batch_mean, (3, 1)), rtol=1e-4, atol=1e-6)


def test_a_layer_that_keeps_nothing_takes_the_batch_in_both_modes() -> None:
    network = small(track_running_stats=False, affine=False)
    seen = batch_norm(classifier_of(network, classes=4), pictures())
    assert seen.running is None
    assert seen.remembered is None
    np.testing.assert_array_equal(seen.modes.samples[1], seen.modes.samples[2])
    assert set(seen.scale) == {1.0}
    assert set(seen.shift) == {0.0}
    assert seen._repr_html_()


# Alone, and in company.


def test_a_picture_alone_is_judged_by_its_own_map() -> None:
    network, pixels = small(), pictures()
    seen = batch_norm(classifier_of(network, classes=4), pixels)
    own = flat(arriving(network, pixels[:1]))
    assert seen.alone is not None
    np.testing.assert_allclose(seen.alone.mean, own.mean(axis=1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(seen.alone.std, own.std(axis=1), rtol=1e-4)
    assert "its own map of 6x6 only" in seen.alone_in_words
    assert np.abs(seen.alone.mean - seen.modes.before.mean).max() > 1e-2  # control


@pytest.mark.parametrize(
    "norm", [nn.Sequential(nn.Flatten(), nn.BatchNorm1d(3)), nn.BatchNorm2d(3)], ids=["1d", "1x1"]
)
def test_a_picture_alone_that_is_one_value_a_channel_is_refused_by_torch(norm: nn.Module) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), norm, nn.Flatten())
    seen = batch_norm(classifier_of(network, classes=3), pictures())
    assert seen.alone is None
    assert "torch refuses it" in seen.alone_in_words
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        network.train()(torch.zeros(1, 3, 8, 8))


def test_the_company_matters_in_train_mode_only() -> None:
    network, pixels = small(), pictures(3)
    classifier = classifier_of(network, classes=4)
    seen = batch_norm(classifier, pixels)
    assert seen.company.size == 2
    assert seen.company.in_train.shape == seen.company.in_eval.shape == (2, 4)
    alone = classifier.predict(pixels[:1])[0]
    np.testing.assert_allclose(seen.company.in_eval, np.stack([alone] * 2), atol=1e-6)
    by_hand = []
    for other in (1, 2):
        twin = copy.deepcopy(classifier.model).train()
        pair = torch.from_numpy(pixels[[0, other]]).permute(0, 3, 1, 2)
        by_hand.append(twin(pair).softmax(1)[0].detach().numpy())
    found = sorted(seen.company.in_train.tolist())
    np.testing.assert_allclose(found, sorted(np.stack(by_hand).tolist()), rtol=1e-4)
    train, evaluated = seen.company.differ_by
    assert train > 1e-3
    assert evaluated < 1e-6


def test_dropout_is_no_part_of_the_company() -> None:
    classifier = built("cnn", depth=2, width=4, dropout=0.9)
    one, other = (batch_norm(classifier, pictures(size=32)).company for _ in range(2))
    np.testing.assert_array_equal(one.in_train, other.in_train)


# Any network.


@pytest.mark.parametrize("name", WITH_NORM)
def test_networks_with_batch_norm_show_it_and_stay_as_they_are(name: str) -> None:
    size = (64, 64) if name == "efficientnet_lite0" else (32, 32)
    classifier = built(name, size=size)
    classifier.model.train()
    before, random = state(classifier.model), torch.get_rng_state()
    seen = batch_norm(classifier, pictures(4, size[0]), steps=2)
    assert same(state(classifier.model), before)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(part.training for part in classifier.model.modules())
    assert not any(part._forward_pre_hooks for part in classifier.model.modules())
    assert len(seen.modes.before.mean) == len(seen.scale)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in WITH_NORM])
def test_networks_without_batch_norm_are_refused_and_named(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        batch_norm(built(name), pictures(4, 32))
    assert "cnn, fast, resnet-small, efficientnet_lite0" in str(caught.value)


def test_any_module_and_tensors_will_do() -> None:
    network = small()
    values = torch.randn(4, 3, 8, 8)
    seen = batch_norm(network, values)
    np.testing.assert_allclose(
        seen.modes.before.mean, flat(network.conv(values)).mean(axis=1), rtol=1e-4, atol=1e-5
    )
    assert seen.classes == ("0", "1", "2", "3")


def test_a_layer_is_taken_by_its_name_and_others_are_refused() -> None:
    classifier = built("cnn", depth=3, width=4)
    assert batch_norm(classifier, pictures(4, 32), "network.features.norm2").layer.endswith("norm2")
    with pytest.raises(UsageError, match=r"is no batch norm; those are: features\.norm1"):
        batch_norm(classifier, pictures(4, 32), "features.conv1")
    with pytest.raises(UsageError, match="no such layer"):
        batch_norm(classifier, pictures(4, 32), "features.norm9")


class Spare(nn.Module):
    """Has a batch norm that nothing passes."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, values: Tensor) -> Tensor:
        return values.mean(dim=(2, 3))


def test_a_layer_that_nothing_passes_and_batches_that_are_too_small_are_refused() -> None:
    with pytest.raises(UsageError, match="no picture passes it"):
        batch_norm(classifier_of(Spare(), classes=3), pictures())
    with pytest.raises(UsageError, match="at least two pictures"):
        batch_norm(classifier_of(small(), classes=4), pictures(1))
    with pytest.raises(UsageError, match="steps=0"):
        batch_norm(classifier_of(small(), classes=4), pictures(), steps=0)


def test_stored_pictures_are_brought_to_the_network_and_splits_are_taken_from() -> None:
    network, pixels = small(), pictures(4, 10)
    model = classifier_of(network, classes=4).model
    classifier = Classifier(model, list("abcd"), Preprocess((8, 8), (10, 10), "crop", 3))
    stored = batch_norm(classifier, pixels)
    cut = batch_norm(classifier, np.ascontiguousarray(pixels[:, 1:9, 1:9]))
    np.testing.assert_array_equal(stored.modes.samples, cut.modes.samples)
    digits = load_data("digits", limit_per_class=10)
    grey = built("cnn", channels=1, size=(8, 8), depth=2, width=4)
    assert batch_norm(grey, digits.test).pictures == 64


def test_as_dict_is_json() -> None:
    value = batch_norm(classifier_of(small(), classes=4), pictures()).as_dict()
    assert json.loads(json.dumps(value)) == value
    assert value["running"]["momentum"] == 0.1
