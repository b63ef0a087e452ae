"""What train.py says: the recipe of a run, as far as it was used."""

from typing import Any

from torch import nn

from retinue.images import Preprocess
from retinue.models.weights import ModelCard
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.prepare import WHITENED

Values = dict[str, Any]
_SCHEDULES = {
    "constant": "The peak, after a rise at the beginning.",
    "step": "A tenth of the peak from the half on, a hundredth from three quarters on.",
    "cosine": "Half a cosine from the peak to zero (arXiv:1608.03983).",
    "onecycle": "Half a cosine up and half a cosine down to nearly zero (arXiv:1803.09820).",
    "linear": "Straight down from the peak to zero.",
}
_INLINE = {"linear": "1 - progress"}
_OPTIMISERS = {"sgd": "torch.optim.SGD", "adam": "torch.optim.Adam", "adamw": "torch.optim.AdamW"}
# Shares of a picture of which a part is taken.
_AREAS = {"light": (0.6, 1.0), "basic": (0.35, 1.0), "strong": (0.25, 1.0)}
_SMALL_AREAS = (0.6, 1.2)
_FARTHEST = {"light": 1 / 16, "basic": 1 / 8}  # of the side
_AT_ONCE = 512  # pictures of a validation batch


def train_values(run: Run, card: ModelCard, network: nn.Module) -> Values:
    """All that the templates of train.py and muon.py ask for."""
    recipe, counts = run.recipe, run.data["counts"]
    environment = run.read_json("environment.json")
    values = {
        "seed": recipe.seed,
        "threads": int(environment["threads"]),
        "bf16": environment["precision"] == "bf16",
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "slice_size": recipe.slice_size,
        "patience": recipe.patience,
        "by_loss": recipe.monitor == "val_loss",
        "validates": sum(counts["val"].values()) > 0,
        "at_once": min(_AT_ONCE, recipe.slice_size or _AT_ONCE),
        "ema": recipe.ema,
        "clip": recipe.clip,
        "dropout": any(isinstance(layer, nn.Dropout) for layer in network.modules()),
        "whitens": card.name == "fast",
        "transferred": recipe.pretrained != "none",
        **_steps(recipe, sum(counts["train"].values())),
        **_optimiser(recipe, network),
        **_loss(recipe, counts["train"]),
        **_stretches(recipe, card.preprocess.size),
        **_variation(recipe, card.preprocess),
    }
    takes = values["augment"] in ("none", "shift") or values["enlarges"]
    takes = takes or values["validates"] or values["whitens"]
    return {**values, "takes_as_it_is": takes, "more": _handed_on(values)}


def _steps(recipe: Recipe, count: int) -> Values:
    """How many steps there are, of which pictures, and how the learning rate goes over them."""
    is_chosen = recipe.hardest < 1 < recipe.epochs
    hardest = max(1, round(recipe.hardest * count)) if is_chosen else None
    fraction = recipe.epochs != int(recipe.epochs)
    flat = recipe.schedule == "constant" and not recipe.warmup
    schedule = None if flat else recipe.schedule
    return {
        "hardest": hardest,
        "fraction": fraction,
        "schedule": schedule,
        "inline": "" if recipe.warmup else _INLINE.get(recipe.schedule, ""),
        "timed": schedule is not None or bool(recipe.progressive) or fraction,
        "about_schedule": _SCHEDULES[recipe.schedule],
        "warmup": recipe.warmup,
        "whitened": min(count, WHITENED),
    }


def _optimiser(recipe: Recipe, network: nn.Module) -> Values:
    muon, decay = recipe.opt == "muon", recipe.weight_decay
    found: Values = {
        "muon": muon,
        "decay": decay,
        "peak": float(recipe.lr),
        "momentum": recipe.momentum,
        "rest_lr": recipe.rest_lr,
        "rest_momentum": recipe.rest_momentum,
        "frozen": any(not weight.requires_grad for weight in network.parameters()),
        "keeps_norm": all(
            layer.bias is None for layer in network.modules() if isinstance(layer, nn.Conv2d)
        ),
        "optimiser": _OPTIMISERS.get(recipe.opt),
    }
    arguments = ["lr=LEARNING_RATE"]
    if recipe.opt == "sgd":
        arguments += [f"momentum={recipe.momentum!r}", "nesterov=True"] if recipe.momentum else []
    else:
        arguments += [f"betas=({recipe.momentum!r}, 0.999)"] if recipe.momentum != 0.9 else []
        arguments += ["weight_decay=0.0"] if recipe.opt == "adamw" else []
    return {**found, "optimiser_arguments": arguments}


def _loss(recipe: Recipe, counts: dict[str, int]) -> Values:
    balanced, smoothing = recipe.class_weights == "balanced", recipe.label_smoothing
    arguments = ["weights"] if balanced else []
    arguments += [f"label_smoothing={smoothing!r}"] if smoothing else []
    return {
        "loss_arguments": arguments,
        "balanced": balanced,
        "absent": 0 in counts.values(),
        "classes": len(counts),
    }


def _stretches(recipe: Recipe, size: tuple[int, int]) -> Values:
    """The sizes at which the network trains first, and until when."""
    found = []
    for side, until in recipe.progressive:
        share = side / max(size)
        found.append(((max(1, round(size[0] * share)), max(1, round(size[1] * share))), until))
    return {"stretches": found, "full_stretch": size in [one for one, _ in found]}


def _variation(recipe: Recipe, preprocess: Preprocess) -> Values:
    """How training pictures are varied: small ones are moved, parts are cut out of photos."""
    small = preprocess.stored == preprocess.size or preprocess.enlarges
    found: Values = {
        "augment": recipe.augment,
        "flip": recipe.flip and recipe.augment != "none",
        "channels": preprocess.channels,
        # At which they are varied; small pictures are enlarged after that.
        "size": preprocess.stored if preprocess.enlarges else preprocess.size,
        "enlarges": preprocess.enlarges,
    }
    if recipe.augment == "none":
        return found
    if small and recipe.augment in _FARTHEST:
        most = max(1, round(preprocess.stored[0] * _FARTHEST[recipe.augment]))
        return {**found, "augment": "shift", "most": most}
    least, largest = _AREAS[recipe.augment]
    if small and recipe.augment == "strong":
        least, largest = _SMALL_AREAS
    return {
        **found,
        "augment": "strong" if recipe.augment == "strong" else "crop",
        "least_area": least,
        "rest_area": largest - least,
        "percent": f"{100 * least:.0f} to {100 * largest:.0f}",
        "may_exceed": largest > 1,
        "hole": found["size"][0] // 4,
    }


def _handed_on(values: Values) -> list[tuple[str, str]]:
    """What an epoch needs beside network, optimiser and pictures, with its type."""
    kinds = [
        ("flips", "np.ndarray", values["flip"]),
        ("losses", "Tensor", values["hardest"]),
        ("weights", "Tensor", values["balanced"]),
        ("average", "AveragedModel", values["ema"]),
    ]
    return [(name, kind) for name, kind, wanted in kinds if wanted]
