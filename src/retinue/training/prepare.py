"""From a recipe in which nothing is open to everything that the training loop works with."""

import copy
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from retinue.data.batches import Batches, to_tensor
from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.models.catalogue import build, split_way, wrap
from retinue.models.describe import evaluating
from retinue.models.fast import WhiteningConv2d
from retinue.models.heads import head_of
from retinue.models.memory import channels_last_is_safe, keep_freed_memory
from retinue.models.pretrained import load_into
from retinue.models.published import Permit, refuse
from retinue.models.shuffle import shuffle_of
from retinue.models.weights import ModelCard, make_card
from retinue.recipe import Recipe
from retinue.seeds import seed_for
from retinue.training.loop import Training
from retinue.training.normalisation import channel_statistics
from retinue.training.optimisers import make_optimiser
from retinue.training.precision import resolve_precision
from retinue.training.schedules import SCHEDULES
from retinue.training.start import NONE, weights_of
from retinue.training.transferred import Transfer
from retinue.training.unfreezing import Unfreezing, parts_of

_Tensors = list[Tensor] | tuple[Tensor, ...]  # of one dtype
WHITENED = 4000  # pictures whose patches show how pictures vary


@dataclass(frozen=True)
class Made:
    """All that a training begins with; `transfer` where it begins with others' weights."""

    training: Training
    card: ModelCard
    transfer: Transfer | None = None


def make_training(
    recipe: Recipe,
    data: ImageData,
    device: torch.device,
    module: nn.Module | None = None,
    permit: Permit | None = refuse,
) -> Made:
    """Everything that the loop works with, built from a recipe in which nothing is open.

    `permit` is asked where weights would have to be fetched; with None none are loaded, for they
    come from a checkpoint.

    Raises:
        UsageError: weights that are not there, or do not fit the network.
    """
    started = time.monotonic()
    keep_freed_memory()
    model, card, transfer = _network(recipe, data, device, module, permit)
    staged = transfer is not None and transfer.way == "finetune"
    parts = parts_of(model.get_submodule("network"), transfer.head) if staged and transfer else []
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
        fit=recipe.fit,
    )
    precision = resolve_precision(recipe.precision, device)
    peak, schedule = float(recipe.lr), SCHEDULES[recipe.schedule]
    training = Training(
        model=model,
        batches=batches,
        loss=nn.CrossEntropyLoss(
            _class_weights(recipe, data, device), label_smoothing=recipe.label_smoothing
        ),
        optimiser=make_optimiser(model, recipe, precision, parts),
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
    if parts:
        training.unfreeze = Unfreezing(parts)
    training.seconds = time.monotonic() - started
    return Made(training, card, transfer)


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
    recipe: Recipe,
    data: ImageData,
    device: torch.device,
    module: nn.Module | None,
    permit: Permit | None,
) -> tuple[nn.Sequential, ModelCard, Transfer | None]:
    """The network as it is before the first step, the card that describes it, and its weights."""
    mean, std = recipe.model.statistics or channel_statistics(data.train)
    if len(mean) == 1:
        mean, std = mean * data.channels, std * data.channels
    if len(mean) != data.channels:
        raise UsageError(
            f"model.mean has {len(mean)} numbers, the pictures {data.channels} channels"
        )
    name, way = split_way(recipe.model.name)
    arguments, shuffled = recipe.model.arguments, recipe.model.shuffle_pixels
    torch.manual_seed(seed_for(recipe.seed, "weights"))
    if module is not None:
        model = wrap(module, mean, std, shuffle=shuffle_of(shuffled, data.size))
    else:
        model = build(
            name,
            classes=len(data.classes),
            channels=data.channels,
            size=data.size,
            arguments=arguments,
            mean=mean,
            std=std,
            shuffle_pixels=shuffled,
        )
    transfer = None
    if recipe.pretrained == NONE:
        _fit_whitening(model, data)
    else:
        transfer = _transfer(recipe, data, model.get_submodule("network"), name, way, permit)
    statistics = mean, std
    card = make_card(
        model, name, arguments, data.classes, data.preprocess, statistics, recipe.views, shuffled
    )
    model = model.to(device)
    if channels_last_is_safe(model):
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if not card.of_catalogue and not _runs(model, data):
            network: Any = model.get_submodule("network")
            network.to(memory_format=torch.contiguous_format)
            again = shuffle_of(shuffled, data.size)
            model = wrap(network, mean, std, as_torch=True, shuffle=again).to(device)
    return model, card, transfer


def _runs(model: nn.Module, data: ImageData) -> bool:
    """Whether a user's network takes pictures in this order in memory: code with `view` does not.

    A copy is asked, so that the network itself sees nothing but its training. Any other complaint
    comes again then.
    """
    try:
        model = copy.deepcopy(model)
    except Exception:
        return True
    pixels = torch.zeros(2, *data.size, data.channels).permute(0, 3, 1, 2)
    device = next((weight.device for weight in model.parameters()), None)
    with torch.random.fork_rng(), torch.no_grad(), evaluating(model):
        try:
            model(pixels.to(device))
        except RuntimeError as error:
            return "view size is not compatible" not in str(error)
        except Exception:
            return True
    return True


def _transfer(
    recipe: Recipe,
    data: ImageData,
    network: nn.Module,
    name: str,
    way: str,
    permit: Permit | None,
) -> Transfer:
    """Put the recipe's weights into the network."""
    arguments = recipe.model.arguments
    head = head_of(network, name, len(data.classes), data.channels, data.size, arguments)
    if permit is None:
        return Transfer(way, head)
    weights = weights_of(name, recipe.pretrained, network, permit)
    return Transfer(way, head, load_into(network, weights, head.tensors, recipe.keep_head))


def _fit_whitening(model: nn.Sequential, data: ImageData) -> None:
    """Set the filters that come from the training pictures, in networks that have such."""
    layers = [layer for layer in model.modules() if isinstance(layer, WhiteningConv2d)]
    if layers:
        count = min(len(data.train), WHITENED)
        positions = np.linspace(0, len(data.train) - 1, count).astype(np.int64)
        pictures = to_tensor(data.preprocess.bring(data.train.take(positions)))
        for layer in layers:
            layer.fit(model[:-1](pictures))


def _average(model: nn.Module, decay: float) -> AveragedModel | None:
    """Weights and running statistics averaged over the steps, where a decay is given."""
    if not decay:
        return None
    of_numbers = get_ema_multi_avg_fn(decay)

    def update(kept: _Tensors, new: _Tensors, count: Tensor | int) -> None:
        numbers: list[tuple[Tensor, Tensor]] = []
        for old, now in zip(kept, new, strict=True):
            # Averages of whole numbers are cut to whole ones: an order would not stay one.
            if old.dtype == torch.int64 and old.dim():
                old.copy_(now)
            else:
                numbers.append((old, now))
        if numbers:
            of_numbers([old for old, _ in numbers], [now for _, now in numbers], count)

    return AveragedModel(model, multi_avg_fn=update, use_buffers=True)


def _class_weights(recipe: Recipe, data: ImageData, device: torch.device) -> torch.Tensor | None:
    """N / (K * count of the class), as scikit-learn's 'balanced'; 1 where a class is absent."""
    if recipe.class_weights == "none":
        return None
    counts = torch.tensor(list(data.train.counts(data.classes).values()), dtype=torch.float32)
    weights = counts.sum() / (len(counts) * counts.clamp(min=1))
    return torch.where(counts > 0, weights, torch.ones(())).to(device)
