"""The recipe of each way of transfer, where nothing is said."""

from collections.abc import Callable

from retinue.data.imagedata import ImageData
from retinue.data.pool import SMALL
from retinue.errors import UsageError
from retinue.recipe import Recipe
from retinue.training.choices import Choice
from retinue.training.start import NONE

# What has no meaning where the head is solved for, and no step is made.
_OF_STEPS = (
    "mixup", "cutmix", "opt", "lr", "schedule", "warmup", "label_smoothing", "clip", "patience",
    "hardest", "progressive", "ema", "weight_decay", "momentum", "slice_size", "batch_size",
)  # fmt: skip


def _linear(recipe: Recipe, data: ImageData) -> list[Choice]:
    return [
        Choice("epochs", 1, ""),
        Choice("augment", "none", "features are computed once; --augment light adds mirror images"),
    ]


def _finetune(recipe: Recipe, data: ImageData) -> list[Choice]:
    return _steps(data, 1)


def _full(recipe: Recipe, data: ImageData) -> list[Choice]:
    return _steps(data, 2)


# Passes over photos, which are dear, and steps over small pictures, which are cheap.
PHOTO_EPOCHS, STEPS = 5, 320
BATCH = 32


def _steps(data: ImageData, longer: int) -> list[Choice]:
    count = len(data.train)
    photos = max(data.size) > SMALL
    epochs = PHOTO_EPOCHS if photos else max(5, min(40, round(STEPS * BATCH / count)))
    return [
        Choice("epochs", longer * epochs, "a pretrained network needs few"),
        Choice("batch_size", BATCH, f"{count:,} training pictures"),
        Choice("opt", "adamw", "works without tuning"),
        Choice("lr", 5e-4 if photos else 2e-3, "low, for the weights are good already"),
        Choice("weight_decay", 0.05, "against overfitting"),
        Choice("schedule", "onecycle", "fast, and ends near zero"),
        Choice("augment", "basic", "the usual shifts and crops"),
    ]


WAYS: dict[str, Callable[[Recipe, ImageData], list[Choice]]] = {
    "linear": _linear,
    "finetune": _finetune,
    "full": _full,
}


def require_shuffled(filled: Recipe) -> None:
    """Refuse settings that go by where pixels lie, or come from networks that did, if shuffled.

    Raises:
        UsageError: names one.
    """
    if filled.model.shuffle_pixels is None:
        return
    if filled.pretrained != NONE:
        raise UsageError(
            "model.shuffle_pixels: other trainings' weights are of pixels in their places; give "
            "--pretrained none, and no :linear, :finetune or :full"
        )
    if filled.progressive:
        raise UsageError(
            "progressive: shuffled pixels have one order for one size; leave it out, or leave out "
            "model.shuffle_pixels"
        )


def require_linear(recipe: Recipe, filled: Recipe) -> None:
    """Refuse settings that would have no effect where the head is solved for.

    Raises:
        UsageError: names one.
    """
    for key in _OF_STEPS:
        said = key in recipe.model_fields_set
        if said and getattr(recipe, key) != Recipe.model_fields[key].default:
            raise UsageError(
                f"{key}: has no effect with :linear, whose head is solved for and not trained in "
                "steps; leave it out, or use :finetune"
            )
    if filled.keep_head and filled.epochs > 0:
        raise UsageError("keep_head: :linear makes the head anew; use --epochs 0, or :finetune")
    if filled.augment not in ("none", "light"):
        raise UsageError(
            f"augment {filled.augment}: features are computed once with :linear; give none, or "
            "light for mirror images too"
        )
    if filled.views != "one":
        raise UsageError("views: :linear judges pictures as they are; leave it out")
