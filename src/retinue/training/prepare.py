"""From a recipe in which nothing is open to everything that the training loop works with."""

import time

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from retinue.data.batches import Batches, to_tensor
from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.models.catalogue import build, wrap
from retinue.models.fast import WhiteningConv2d
from retinue.models.memory import channels_last_is_safe, keep_freed_memory
from retinue.models.weights import ModelCard, make_card
from retinue.recipe import Recipe
from retinue.seeds import seed_for
from retinue.training.loop import Training
from retinue.training.normalisation import channel_statistics
from retinue.training.optimisers import make_optimiser
from retinue.training.precision import resolve_precision
from retinue.training.schedules import SCHEDULES

WHITENED = 4000  # pictures whose patches show how pictures vary


def make_training(
    recipe: Recipe, data: ImageData, device: torch.device, module: nn.Module | None = None
) -> tuple[Training, ModelCard]:
    """Everything that the loop works with, built from a recipe in which nothing is open."""
    started = time.monotonic()
    keep_freed_memory()
    model, card = _network(recipe, data, device, module)
    batches = Batches(
        data.train,
        recipe.batch_size,
        data.size,
        augment=recipe.augment,
        flip=recipe.flip,
        seed=recipe.seed,
        device=device,
        classes=len(data.classes),
        mixup=recipe.mixup,
        cutmix=recipe.cutmix,
        hardest=recipe.hardest,
    )
    precision = resolve_precision(recipe.precision, device)
    peak, schedule = float(recipe.lr), SCHEDULES[recipe.schedule]
    training = Training(
        model=model,
        batches=batches,
        loss=nn.CrossEntropyLoss(
            _class_weights(recipe, data, device), label_smoothing=recipe.label_smoothing
        ),
        optimiser=make_optimiser(model, recipe, precision),
        rate=lambda progress: peak * schedule(progress, recipe.warmup),
        epochs=recipe.epochs,
        seed=recipe.seed,
        precision=precision,
        device=device,
        clip=recipe.clip,
        time_limit=recipe.time_limit,
        slice_size=recipe.slice_size,
        progressive=recipe.progressive,
        average=_average(model, recipe.ema),
    )
    training.seconds = time.monotonic() - started
    return training, card


def resolve_device(name: str) -> torch.device:
    """The device of that name; `auto` is a CUDA GPU where there is one.

    Raises:
        UsageError: there is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise UsageError(f"--device {name}: not on this machine; use auto or cpu") from None
    return device


def _network(
    recipe: Recipe, data: ImageData, device: torch.device, module: nn.Module | None
) -> tuple[nn.Sequential, ModelCard]:
    """The network as it is before the first step, and the card that describes it."""
    mean, std = channel_statistics(data.train)
    name, arguments = recipe.model.name, recipe.model.arguments
    torch.manual_seed(seed_for(recipe.seed, "weights"))
    if module is not None:
        model = wrap(module, mean, std)
    else:
        model = build(
            name,
            classes=len(data.classes),
            channels=data.channels,
            size=data.size,
            arguments=arguments,
            mean=mean,
            std=std,
        )
    _fit_whitening(model, data)
    card = make_card(
        model, name, arguments, data.classes, data.preprocess, (mean, std), recipe.views
    )
    model = model.to(device)
    if channels_last_is_safe(model):
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model, card


def _fit_whitening(model: nn.Sequential, data: ImageData) -> None:
    """Set the filters that come from the training pictures, in networks that have such."""
    layers = [layer for layer in model.modules() if isinstance(layer, WhiteningConv2d)]
    if layers:
        count = min(len(data.train), WHITENED)
        positions = np.linspace(0, len(data.train) - 1, count).astype(np.int64)
        pictures = to_tensor(data.preprocess.centre(data.train.take(positions)))
        for layer in layers:
            layer.fit(model.get_submodule("normalise")(pictures))


def _average(model: nn.Module, decay: float) -> AveragedModel | None:
    """Weights and running statistics averaged over the steps, where a decay is given."""
    if not decay:
        return None
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def _class_weights(recipe: Recipe, data: ImageData, device: torch.device) -> torch.Tensor | None:
    """N / (K * count of the class), as scikit-learn's 'balanced'; 1 where a class is absent."""
    if recipe.class_weights == "none":
        return None
    counts = torch.tensor(list(data.train.counts(data.classes).values()), dtype=torch.float32)
    weights = counts.sum() / (len(counts) * counts.clamp(min=1))
    return torch.where(counts > 0, weights, torch.ones(())).to(device)
