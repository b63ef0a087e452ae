"""From what was watched of a step to what is told of it."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from retinue.explaining.layers import OURS
from retinue.explaining.step.begin import Begun
from retinue.explaining.step.rule import written_out
from retinue.explaining.step.seen import LayerStep, Numbers, TrainingStepSeen, WeightStep
from retinue.explaining.step.watch import Watched
from retinue.explaining.step.weight import weights_of
from retinue.images import Pixels
from retinue.models.describe import kind
from retinue.recipe import Recipe
from retinue.training.loop import Training


def tell(begun: Begun, watched: Watched, pictures: int) -> TrainingStepSeen:
    """The step in arrays and numbers; `pictures` of the batch are kept to be shown."""
    training, report = begun.training, watched.report
    seen, targets, logits = (torch.cat(parts) for parts in zip(*watched.slices, strict=True))
    count, channels, height, width = seen.shape
    split, loss = training.batches.split, training.loss
    chosen = training.batches.order(report.epoch)[report.step].numpy()
    norm = _norm(watched.gradients.values())
    return TrainingStepSeen(
        classes=begun.data.classes,
        epoch=report.epoch,
        step=report.step,
        steps=training.batches.steps(report.epoch),
        ids=tuple(split.ids[at] for at in chosen.tolist()),
        labels=split.labels[chosen],
        targets=_numbers(targets) if targets.ndim > 1 else None,
        before=split.take(chosen[:pictures]),
        after=_pixels(seen[:pictures]),
        input_shape=(count, channels, height, width),
        value_range=(float(seen.min()), float(seen.max())),
        augment=_augment(begun.recipe, (height, width), training.batches.varied_at),
        layers=tuple(_rows(training.model, watched)),
        logits=_numbers(logits),
        losses=_numbers(_losses(loss, logits, targets)),
        loss=report.loss,
        weighted=loss.weight is not None,
        label_smoothing=loss.label_smoothing,
        correct=report.correct,
        gradient_norm=norm if report.gradient_norm is None else report.gradient_norm,
        clip=training.clip,
        optimiser=_optimiser(begun.recipe),
        lr=report.lr,
        weight=_weight(watched),
        loss_after=watched.loss_after,
        notes=(*begun.notes, *_about_slices(watched, training)),
    )


def _rows(model: nn.Module, watched: Watched) -> Iterator[LayerStep]:
    """A row a run of a layer, then one for each part whose weights no layer's row has."""
    left = {id(weight): name for name, weight in weights_of(model).items()}
    runs = [(one.name, one.layer, one.output) for one in watched.ran]
    ran = {one.name for one in watched.ran}
    parts = {path.removeprefix(OURS): part for path, part in model.named_modules() if path}
    rest = [(name, part, None) for name, part in parts.items() if name not in ran]
    for name, part, output in [*runs, *rest]:
        own = [left.pop(id(one)) for one in part.parameters(recurse=False) if id(one) in left]
        if output is not None or own:
            yield _row(name, kind(part), output, own, watched)


def _row(
    name: str, what: str, output: tuple[int, ...] | None, own: Sequence[str], watched: Watched
) -> LayerStep:
    """The row of a layer whose own weights have these names."""
    learning = [one for one in own if one in watched.gradients]
    moved = (watched.after[one].float() - watched.before[one].float() for one in learning)
    return LayerStep(
        name=name,
        kind=what,
        output=output,
        parameters=sum(watched.before[one].numel() for one in own),
        gradient_norm=_norm(watched.gradients[one] for one in learning) if learning else None,
        weight_norm=_norm(watched.before[one] for one in learning) if learning else None,
        update_norm=_norm(moved) if learning else None,
    )


def _weight(watched: Watched) -> WeightStep:
    """The weight that was followed."""
    place, one = watched.place, watched.weight
    rule, filled, expected = written_out(one)
    return WeightStep(
        name=str(place),
        before=one.value,
        gradient=one.gradient,
        lr=one.lr,
        after=float(watched.after[place.tensor][place.index or ()]),
        rule=rule,
        filled=filled,
        expected=expected,
    )


def _losses(loss: nn.CrossEntropyLoss, logits: Tensor, targets: Tensor) -> Tensor:
    """The loss of each picture, not weighted by its class."""
    return F.cross_entropy(logits, targets, reduction="none", label_smoothing=loss.label_smoothing)


def _norm(tensors: Iterable[Tensor]) -> float:
    """The root of the sum of all squares."""
    norms = [tensor.detach().double().norm() for tensor in tensors]
    return float(torch.stack(norms).norm()) if norms else 0.0


def _numbers(tensor: Tensor) -> Numbers:
    return np.asarray(tensor.detach().cpu().double().numpy())


def _pixels(pictures: Tensor) -> Pixels:
    """Pictures (n, C, H, W) from 0 to 255 as they can be drawn, (n, H, W, C) uint8."""
    whole = pictures.float().round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(whole.permute(0, 2, 3, 1).cpu().numpy())


def _augment(recipe: Recipe, size: tuple[int, int], varied_at: tuple[int, int]) -> str:
    """What varies the pictures, in words."""
    parts: list[str] = [] if recipe.augment == "none" else [recipe.augment]
    if parts and recipe.flip:
        parts.append("mirrored by turns")
    parts += [f"mixed by {name}" for name in ("mixup", "cutmix") if getattr(recipe, name)]
    if size != varied_at:
        parts.append(f"brought to {size[0]}x{size[1]}")
    return ", ".join(parts) or "none"


def _optimiser(recipe: Recipe) -> str:
    """The optimiser in words."""
    words = {
        "sgd": f"SGD, Nesterov momentum {recipe.momentum:g}" if recipe.momentum else "SGD",
        "adam": f"Adam, betas {recipe.momentum:g} and 0.999",
        "adamw": f"AdamW, betas {recipe.momentum:g} and 0.999",
        "muon": f"Muon, momentum {recipe.momentum:g}; SGD for what is no convolution",
    }
    decay = f", weight decay {recipe.weight_decay:g}" if recipe.weight_decay else ""
    return words[recipe.opt] + decay


def _about_slices(watched: Watched, training: Training) -> list[str]:
    count = len(watched.slices)
    if count < 2:
        return []
    size = training.slice_size
    return [f"the batch went through the network in {count} slices of {size} pictures at most"]
