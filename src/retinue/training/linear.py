"""A new head on a frozen network: softmax regression on its features, which is solved exactly."""

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from torch import nn

from retinue.training.features import Floats

Labels = NDArray[np.int64]
# How little the weights are held back: scikit-learn's C, on features of deviation 1.
STRENGTHS = tuple(10.0**power for power in np.arange(-5.0, 1.01, 0.5))
WITHOUT_VAL = 1e-2
WORSE = 3  # in a row, and stronger fits are not tried any more
STEPS = 1000
ABSENT = -30.0  # the bias of a class that no training picture shows


@dataclass(frozen=True)
class Regression:
    """Weights (K, D) and biases (K,) on features as they are, and how they were found.

    `tried` has a line for each strength: `C`, `train_loss`, `train_accuracy`, and the same of val.
    """

    weight: Floats
    bias: Floats
    chosen: dict[str, Any]
    tried: list[dict[str, Any]]


def regress(
    features: Floats,
    labels: Labels,
    val_features: Floats,
    val_labels: Labels,
    classes: int,
    bias: bool = True,
    balanced: bool = False,
) -> Regression:
    """Softmax regression with an L2 penalty whose strength is that of the least log loss on val.

    Features are scaled to deviation 1 over the training pictures before, so that the penalty means
    the same for all, and the weights brought back to features as they are. Without val pictures
    C is 0.01.

    Args:
        features: of the training pictures, (N, D).
        labels: their classes, (N,).
        val_features: of the validation pictures, (M, D); M may be 0.
        val_labels: their classes, (M,).
        classes: K, how many there are.
        bias: whether the head has one.
        balanced: weigh rare classes up.
    """
    mean = features.mean(0) if bias else np.zeros(features.shape[1], np.float32)
    std = features.std(0)
    std[std < 1e-6 * max(1.0, float(std.max()))] = np.inf  # what never varies says nothing
    scaled = (features - mean) / std
    model = LogisticRegression(
        max_iter=STEPS,
        fit_intercept=bias,
        warm_start=True,
        class_weight="balanced" if balanced else None,
    )
    best: Regression | None = None
    tried: list[dict[str, Any]] = []
    for strength in STRENGTHS if len(val_labels) else (WITHOUT_VAL,):
        model.set_params(C=strength)
        with warnings.catch_warnings():
            # Where the fit is still moving after so many steps, val says whether it is good.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(scaled, labels)
        weight, offset = _all_classes(model, classes)
        weight, offset = (weight / std).astype(np.float32), offset - (weight / std) @ mean
        found = Regression(weight, offset.astype(np.float32), {}, tried)
        line = {"C": strength, **_measures("train", found, features, labels)}
        if len(val_labels):
            line |= _measures("val", found, val_features, val_labels)
        tried.append(line)
        if best is None or _loss(line) < _loss(best.chosen):
            best = replace(found, chosen=line)
        elif len(tried) > WORSE and all(_loss(one) > _loss(best.chosen) for one in tried[-WORSE:]):
            break
    assert best is not None  # noqa: S101  there is at least one strength
    return best


def put_into(layer: nn.Linear, found: Regression) -> None:
    """Make it the weights of the layer."""
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(found.weight))
        if layer.bias is not None:
            layer.bias.copy_(torch.from_numpy(found.bias))


def logits_of(layer: nn.Linear, features: Floats) -> NDArray[np.float64]:
    """What the layer says of features (N, D): (N, K)."""
    with torch.inference_mode():
        found = layer(torch.from_numpy(features).to(layer.weight.device))
    return np.asarray(found.double().cpu().numpy())


def _all_classes(model: LogisticRegression, classes: int) -> tuple[Any, Any]:
    """Weights (K, D) and biases (K,), also of classes that were not there."""
    weight, offset = model.coef_.astype(np.float64), model.intercept_.astype(np.float64)
    if len(model.classes_) == 2:  # one row tells two classes apart
        weight = np.concatenate([-weight, weight]) / 2
        offset = np.concatenate([-offset, offset]) / 2
    rows, biases = np.zeros((classes, weight.shape[1])), np.full(classes, ABSENT)
    rows[model.classes_], biases[model.classes_] = weight, offset
    return rows, biases


def _measures(split: str, found: Regression, features: Floats, labels: Labels) -> dict[str, float]:
    logits = torch.from_numpy(features @ found.weight.T + found.bias)
    truth = torch.from_numpy(labels)
    return {
        f"{split}_loss": float(nn.functional.cross_entropy(logits, truth)),
        f"{split}_accuracy": float((logits.argmax(1) == truth).float().mean()),
    }


def _loss(line: dict[str, Any]) -> float:
    return float(line.get("val_loss", math.nan))
