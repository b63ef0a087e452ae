"""The head that is solved for is scikit-learn's, whatever features, classes and bias."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from retinue.training.linear import (
    ABSENT,
    STRENGTHS,
    WITHOUT_VAL,
    Regression,
    logits_of,
    put_into,
    regress,
)


def clouds(
    count: int, classes: int, seed: int = 0, spread: float = 1.5
) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, 12) of unequal scales around a centre a class, and the classes."""
    centres = np.random.default_rng(99).normal(0, 1, (classes, 12))
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    scales = 10.0 ** np.linspace(-2, 2, 12)
    features = (centres[labels] + random.normal(0, spread, (count, 12)) + 3) * scales
    return features.astype(np.float32), labels.astype(np.int64)


def probabilities(found: Regression, features: np.ndarray) -> np.ndarray:
    logits = torch.from_numpy(features @ found.weight.T + found.bias)
    return logits.double().softmax(1).numpy()


@pytest.mark.parametrize("classes", [2, 5])
def test_the_weights_are_those_of_scikit_learn_on_scaled_features(classes: int) -> None:
    features, labels = clouds(300, classes)
    val, truth = clouds(120, classes, seed=1)
    found = regress(features, labels, val, truth, classes)
    scaler = StandardScaler().fit(features)
    reference = LogisticRegression(C=found.chosen["C"], max_iter=10_000, tol=1e-8)
    reference.fit(scaler.transform(features), labels)
    wanted = reference.predict_proba(scaler.transform(val))
    assert np.abs(probabilities(found, val) - wanted).max() < 5e-3


def test_the_strength_is_that_of_the_least_loss_on_val() -> None:
    features, labels = clouds(200, 4)
    val, truth = clouds(100, 4, seed=1)
    found = regress(features, labels, val, truth, 4)
    losses = {line["C"]: line["val_loss"] for line in found.tried}
    assert found.chosen["C"] == min(losses, key=lambda strength: losses[strength])
    assert STRENGTHS[0] < found.chosen["C"] < STRENGTHS[-1]
    logits = torch.from_numpy(val @ found.weight.T + found.bias)
    loss = nn.functional.cross_entropy(logits, torch.from_numpy(truth))
    assert found.chosen["val_loss"] == pytest.approx(float(loss), rel=1e-5)


def test_without_val_one_strength_is_taken() -> None:
    features, labels = clouds(200, 3)
    found = regress(features, labels, features[:0], labels[:0], 3)
    assert [line["C"] for line in found.tried] == [WITHOUT_VAL]
    assert "val_loss" not in found.chosen


def test_a_class_without_training_pictures_is_never_predicted() -> None:
    features, labels = clouds(200, 3)
    found = regress(features, labels, features, labels, 5)
    assert found.bias[3:].tolist() == [ABSENT, ABSENT]
    assert (probabilities(found, features)[:, 3:] < 1e-6).all()
    assert np.isfinite(found.chosen["val_loss"])


def test_without_a_bias_there_is_none() -> None:
    features, labels = clouds(200, 3)
    found = regress(features, labels, features, labels, 3, bias=False)
    assert (found.bias == 0).all()


def test_balanced_weighs_rare_classes_up() -> None:
    features, labels = clouds(400, 2, spread=3.0)
    keep = (labels == 0) | (np.arange(400) < 40)
    rare, classes = features[keep], labels[keep]
    shares = []
    for balanced in (False, True):
        found = regress(rare, classes, features, labels, 2, balanced=balanced)
        shares.append(probabilities(found, features)[:, 1].mean())
    assert shares[0] < 0.3 < 0.4 < shares[1]


def test_what_never_varies_says_nothing() -> None:
    features, labels = clouds(200, 3)
    features[:, 4] = 7.0
    found = regress(features, labels, features, labels, 3)
    assert (found.weight[:, 4] == 0).all()
    assert np.isfinite(found.weight).all()


def test_a_layer_says_what_was_found() -> None:
    features, labels = clouds(100, 3)
    found = regress(features, labels, features, labels, 3)
    layer = nn.Linear(12, 3)
    put_into(layer, found)
    assert np.allclose(logits_of(layer, features), features @ found.weight.T + found.bias, 1e-4)
