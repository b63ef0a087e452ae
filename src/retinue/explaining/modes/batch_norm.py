"""Batch norm at work: what it does to values in train and in eval mode, and what it remembers.

Ioffe and Szegedy, "Batch normalization", 2015, arXiv:1502.03167.
"""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from retinue.data.batches import to_tensor
from retinue.data.imagedata import Split
from retinue.errors import UsageError
from retinue.explaining.layers import copied, inputs, layers
from retinue.explaining.modes.batch_norm_seen import BatchNormSeen, Company, Modes, Numbers, Spread
from retinue.explaining.modes.norm_layers import Norm, alone, by_channel, find_norm, running, spread
from retinue.images import Pixels
from retinue.models.describe import kind
from retinue.prediction.classifier import Classifier
from retinue.prediction.probabilities import softmax
from retinue.seeds import seed_for
from retinue.wording import printable

BATCH = 64  # pictures of a split
SHOWN = 4  # channels whose values are kept
SAMPLES = 5000  # of each of them
COMPANY = 8  # pictures at most of a small batch
GROUPS = 12  # such batches


def batch_norm(
    source: Classifier | nn.Module,
    images: Pixels | Tensor | Split,
    layer: str | None = None,
    *,
    steps: int = 20,
    seed: int = 0,
) -> BatchNormSeen:
    """Send a batch through a batch norm in train and in eval mode, on a copy of the network.

    Args:
        source: a classifier, or a network that takes pictures (N, C, H, W) float.
        images: (N, H, W, C) uint8, N at least 2, of the network's size or as the classifier stores
            them; or a tensor as the network takes it; or a split, of which some are taken.
        layer: a batch norm by name; by default the first.
        steps: how long to watch a new layer's running statistics on this batch.
        seed: of the draw of the first picture's company.

    Raises:
        UsageError: the network has no batch norm or no such layer, or the batch is too small.
    """
    if len(images) < 2:
        raise UsageError("batch norm: give at least two pictures, for it compares them")
    if steps < 1:
        raise UsageError(f"steps={steps}: give 1 or more")
    whole = copied(source.model if isinstance(source, Classifier) else source).eval()
    name, norm = find_norm(whole, layer)
    batch = _batch(source, whole, images)
    with torch.no_grad():
        with inputs(whole, {name: norm}) as found:
            whole(batch)
        if name not in found:
            raise UsageError(f"--layer {printable(name)}: no picture passes it")
        company = _in_company(whole, batch, seed)
        classes = tuple(str(number) for number in range(company.in_eval.shape[1]))
        if isinstance(source, Classifier):
            classes = source.classes
        return _seen(name, norm, found[name], company, classes, steps)


def _seen(
    name: str, norm: Norm, values: Tensor, company: Company, classes: tuple[str, ...], steps: int
) -> BatchNormSeen:
    """All about the layer on the values (N, C, ...) that arrive at it."""
    lonely, words = alone(norm, values[:1])
    return BatchNormSeen(
        layer=name,
        kind=kind(norm),
        classes=classes,
        pictures=len(values),
        values=values.numel() // values.shape[1],
        eps=norm.eps,
        scale=_numbers(norm.weight, 1.0, norm.num_features),
        shift=_numbers(norm.bias, 0.0, norm.num_features),
        remembered=_remembered(norm),
        modes=_modes(norm, values),
        running=running(norm, values, steps),
        alone=lonely,
        alone_in_words=words,
        company=company,
    )


def _batch(source: Classifier | nn.Module, model: nn.Module, images: Any) -> Tensor:
    """The pictures as the network takes them, on its device."""
    if isinstance(images, Split):
        places = np.unique(np.linspace(0, len(images) - 1, BATCH).astype(np.int64))
        images = images.take(places)
    if not isinstance(images, Tensor):
        if isinstance(source, Classifier):
            images = source.as_input(images).float()
        else:
            images = to_tensor(np.ascontiguousarray(images)).float()
    weight = next(model.parameters(), None)
    found: Tensor = images if weight is None else images.to(weight.device)
    return found


def _modes(norm: Norm, values: Tensor) -> Modes:
    """The values before the layer, and after it in both modes; the layer stays in eval mode."""
    after = copy.deepcopy(norm).train()(values), norm(values)
    flat = [by_channel(one) for one in (values, *after)]
    order = np.argsort(flat[0].mean(axis=1), kind="stable")
    # Channels whose means lie evenly among those of all.
    some = np.unique(np.linspace(0, len(order) - 1, min(SHOWN, len(order))).astype(int))
    shown = order[some]
    places = np.linspace(0, flat[0].shape[1] - 1, min(SAMPLES, flat[0].shape[1])).astype(int)
    return Modes(
        before=spread(values),
        in_train=spread(after[0]),
        in_eval=spread(after[1]),
        shown=tuple(shown.tolist()),
        samples=np.stack([one[shown][:, places] for one in flat]),
    )


def _in_company(model: nn.Module, batch: Tensor, seed: int) -> Company:
    """The first picture's probabilities in small batches, on a copy of its own."""
    apart = copy.deepcopy(model)  # whose running statistics move in train mode
    norms = [one for one in layers(apart).values() if isinstance(one, Norm)]
    size = max(2, min(COMPANY, (len(batch) + 1) // 2))
    random = np.random.default_rng(seed_for(seed, "batch-norm-company"))
    draws = [random.choice(len(batch) - 1, size - 1, replace=False) + 1 for _ in range(GROUPS)]
    groups = list(dict.fromkeys(tuple(sorted(draw.tolist())) for draw in draws))

    def answers() -> Numbers:
        rows = [apart(batch[[0, *others]])[0].double().cpu().numpy() for others in groups]
        return softmax(np.stack(rows))

    in_eval = answers()
    for one in norms:
        one.train()
    return Company(size, answers(), in_eval)


def _remembered(norm: Norm) -> Spread | None:
    """The statistics by which the layer normalises in eval mode."""
    if norm.running_mean is None or norm.running_var is None:
        return None
    mean, var = (one.double().cpu().numpy() for one in (norm.running_mean, norm.running_var))
    return Spread(mean, np.sqrt(var))


def _numbers(tensor: Tensor | None, otherwise: float, size: int) -> Numbers:
    if tensor is None:
        return np.full(size, otherwise)
    return np.asarray(tensor.detach().double().cpu().numpy())
