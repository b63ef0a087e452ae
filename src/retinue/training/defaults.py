"""What a recipe leaves open is chosen for the data; each choice has a reason that is told.

The table stands in docs/defaults.md.
"""

from dataclasses import dataclass
from typing import Any

from retinue.data.imagedata import ImageData
from retinue.data.pool import SMALL
from retinue.models.catalogue import resolved_arguments
from retinue.recipe import ModelSettings, Recipe

# Of these two sources no mirror image is a picture of the same class.
_UNMIRRORED = ("digits", "mnist")


@dataclass(frozen=True)
class Choice:
    """One setting that was left open: its value, and why."""

    key: str
    value: Any
    why: str


def choose(recipe: Recipe, data: ImageData) -> tuple[Recipe, list[Choice]]:
    """Fill in what the recipe leaves open; nothing that it says is changed.

    Returns the recipe with every setting given, and the choices that matter, for the user.
    """
    settings, choices = _network(recipe.model, data)
    choices += _lesson() if settings.name == "keras-lesson" else _for_data(data)
    choices = [choice for choice in choices if choice.key not in recipe.model_fields_set]
    values = {choice.key: choice.value for choice in choices if choice.key in Recipe.model_fields}
    if "warmup" not in recipe.model_fields_set:
        values["warmup"] = 0.25 if values.get("schedule", recipe.schedule) == "onecycle" else 0.0
    values |= {"model": settings, "size": data.size, "channels": data.channels}
    filled = recipe.model_copy(update=values)
    if recipe.size is None:
        choices.insert(0, _size(data))
    return Recipe.model_validate(filled.model_dump()), choices


def _network(given: ModelSettings, data: ImageData) -> tuple[ModelSettings, list[Choice]]:
    """The network with all its settings."""
    name, arguments, choices = given.name, given.arguments, []
    if name == "auto":
        name = "cnn"
        choices.append(Choice("model.name", name, f"a convolutional network suits {_kind(data)}"))
    if name == "cnn" and _is_photos(data) and "residual" not in arguments:
        arguments["residual"] = True
        choices.append(Choice("model.residual", True, "a little better on photos"))
    return ModelSettings(name=name, **resolved_arguments(name, arguments)), choices


def _is_photos(data: ImageData) -> bool:
    return max(data.size) > SMALL


def _kind(data: ImageData) -> str:
    if max(data.size) <= 16:
        return "tiny pictures"
    return "photos" if _is_photos(data) else "small pictures"


def _size(data: ImageData) -> Choice:
    height, width = data.size
    stored = data.preprocess.stored[0]
    own = "their own" if stored == height else f"photos; kept at {stored}, so that crops have room"
    return Choice("size", height if height == width else f"{height}x{width}", own)


def _lesson() -> list[Choice]:
    """The recipe of the Keras lesson, so that the two can be compared."""
    why = "as in the Keras lesson"
    return [
        Choice("epochs", 5, why),
        Choice("batch_size", 32, why),
        Choice("opt", "adam", why),
        Choice("lr", 1e-3, why),
        Choice("schedule", "constant", why),
        Choice("augment", "none", why),
    ]


def _for_data(data: ImageData) -> list[Choice]:
    count = len(data.train)
    photos = _is_photos(data)
    batch_size = 32 if count < 1000 else 64 if count < 5000 else 128
    epochs = _epochs(count, photos)
    augment = "strong" if photos and count < 5000 else "basic"
    return [
        Choice("epochs", epochs, f"{count:,} training {_kind(data)}"),
        Choice("batch_size", batch_size, f"{count:,} training pictures"),
        Choice("opt", "adamw", "works without tuning"),
        Choice("lr", 2e-3, "peak of the one-cycle schedule"),
        Choice("weight_decay", 0.05, "against overfitting"),
        Choice("schedule", "onecycle", "fast, and ends near zero"),
        Choice(
            "augment",
            augment,
            "few photos: vary them much" if augment == "strong" else "the usual shifts and crops",
        ),
        _flip(data),
    ]


def _epochs(count: int, photos: bool) -> int:
    """About 36,000 photos or 40,000 small pictures seen, within 8 to 60 passes."""
    seen = 36_000 if photos else 40_000
    return max(8, min(60, round(seen / max(1, count))))


def _flip(data: ImageData) -> Choice:
    if data.name in _UNMIRRORED:
        return Choice("flip", False, "a mirrored digit is no digit")
    if data.channels == 1 and data.name != "fashion-mnist":
        return Choice("flip", False, "grey pictures may be signs")
    return Choice("flip", True, "a mirrored picture shows the same thing")
