"""The batch norms of a network, and what one of them does by itself."""

import copy

import numpy as np
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as Norm

from retinue.errors import UsageError
from retinue.explaining.layers import find_among, layers
from retinue.explaining.modes.batch_norm_seen import Numbers, Running, Spread

__all__ = ["Norm", "alone", "by_channel", "find_norm", "running", "spread"]

WITH_NORM = ("cnn", "fast", "resnet-small", "efficientnet_lite0")  # of the catalogue


def find_norm(model: nn.Module, name: str | None) -> tuple[str, Norm]:
    """The batch norm of that name, or the first one.

    Raises:
        UsageError: there is none, or the name is that of something else.
    """
    norms = {key: one for key, one in layers(model).items() if isinstance(one, Norm)}
    if not norms:
        raise UsageError(
            f"the network has no batch norm; {', '.join(WITH_NORM)} and most backbones have it "
            "(cnn unless it was trained with --set model.batch_norm=false)"
        )
    if name is None:
        return next(iter(norms.items()))
    return find_among(model, norms, name, "batch norm")


def by_channel(values: Tensor) -> Numbers:
    """Values (N, C) or (N, C, ...) as (C, n)."""
    flat = values.double().transpose(0, 1).reshape(values.shape[1], -1)
    return np.asarray(flat.cpu().numpy())


def spread(values: Tensor) -> Spread:
    """Mean and deviation of values (N, C, ...), by channel."""
    flat = by_channel(values)
    return Spread(flat.mean(axis=1), flat.std(axis=1))


def running(norm: Norm, values: Tensor, steps: int) -> Running | None:
    """What a new layer of the kind remembers of the same values, step by step.

    None where it keeps no statistics.
    """
    fresh = copy.deepcopy(norm).train()
    if fresh.running_mean is None or fresh.running_var is None:
        return None
    fresh.reset_running_stats()
    means, variances = [_copied(fresh.running_mean)], [_copied(fresh.running_var)]
    for _ in range(steps):
        fresh(values)
        means.append(_copied(fresh.running_mean))
        variances.append(_copied(fresh.running_var))
    flat = by_channel(values)
    return Running(
        momentum=norm.momentum,
        batch_mean=flat.mean(axis=1),
        batch_var=flat.var(axis=1, ddof=1),
        mean=np.stack(means),
        var=np.stack(variances),
    )


def alone(norm: Norm, values: Tensor) -> tuple[Spread | None, str]:
    """What the layer has to go by in train mode where one picture comes by itself, and in words."""
    try:
        copy.deepcopy(norm).train()(values)
    except ValueError as error:
        reason = str(error).partition(", got")[0]
        return None, (
            "A picture alone is a single value in each channel here, which has no variance: in "
            f'train mode torch refuses it, "{reason}".'
        )
    shape = "x".join(str(side) for side in values.shape[2:])
    return spread(values), (
        f"A picture alone has its mean and variance from its own map of {shape} only: train mode "
        "then hides how strongly the picture as a whole excites a channel."
    )


def _copied(tensor: Tensor) -> Numbers:
    return np.array(tensor.double().cpu().numpy())
