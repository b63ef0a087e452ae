"""What a recipe leaves open is chosen for the data; each choice has a reason that is told.

The table stands in docs/defaults.md.
"""

from typing import Any

from retinue.data.imagedata import ImageData
from retinue.data.pool import SMALL
from retinue.models.catalogue import resolved_arguments, split_way
from retinue.recipe import ModelSettings, Recipe
from retinue.training.choices import Choice
from retinue.training.paces import PACES, fast_settings
from retinue.training.start import DEFAULT, NONE, Start, start_of, transfer_at_hand
from retinue.training.ways import WAYS, require_linear, require_shuffled

# Of these two sources no mirror image is a picture of the same class.
_UNMIRRORED = ("digits", "mnist")


def choose(recipe: Recipe, data: ImageData) -> tuple[Recipe, list[Choice]]:
    """Fill in what the recipe leaves open; nothing that it says is changed.

    Returns the recipe with every setting given, and the choices that matter, for the user.
    """
    start = start_of(recipe)
    settings, pretrained, choices = _network(recipe, data, start)
    muon = recipe.opt == "muon" or "opt" not in recipe.model_fields_set
    way = split_way(settings.name)[1]
    if way in WAYS:
        choices += WAYS[way](recipe, data)
        choices += [_views(recipe, data)] if start.name == "fast" and way != "linear" else []
    elif settings.name == "keras-lesson":
        choices += _lesson()
    elif settings.name == "fast" and muon:
        choices += _for_fast(data, recipe)
    else:
        choices += _for_data(data, recipe)
    if way != "linear" or recipe.augment != "none":
        choices.append(_flip(data))
    choices = [choice for choice in choices if choice.key not in recipe.model_fields_set]
    values = {choice.key: choice.value for choice in choices if choice.key in Recipe.model_fields}
    if "warmup" not in recipe.model_fields_set and way != "linear":
        values["warmup"] = 0.25 if values.get("schedule", recipe.schedule) == "onecycle" else 0.0
    values |= {"model": settings, "size": data.size, "channels": data.channels}
    values["pretrained"] = pretrained
    filled = recipe.model_copy(update=values)
    if recipe.size is None:
        choices.insert(0, _size(data))
    require_shuffled(filled)
    if way == "linear":
        require_linear(recipe, filled)
    return Recipe.model_validate(filled.model_dump()), choices


def _network(
    recipe: Recipe, data: ImageData, start: Start
) -> tuple[ModelSettings, str, list[Choice]]:
    """The network with all its settings, the weights that it begins with, and why."""
    name, way, pretrained = start.name, start.way, start.pretrained
    arguments, choices = {**start.arguments, **recipe.model.arguments}, []
    mean_std = start.statistics
    if name == "auto":
        usual = transfer_at_hand(recipe)
        if usual and max(data.preprocess.stored) > SMALL and data.channels == 3:
            name, way, pretrained = usual.name, "linear", DEFAULT
            mean_std = usual.mean, usual.std
            why = f"photos, and {usual.published.title} are at hand; without: --pretrained none"
        elif _is_photos(data):
            name, why = "cnn", "suits photos"
        else:
            name, why = "fast", "suits small pictures, no GPU"
        choices.append(Choice("model.name", f"{name}:{way}".rstrip(":"), why))
    elif way and not split_way(recipe.model.name)[1]:
        choices.append(Choice("model.name", f"{name}:{way}", _WHY_WAY[way]))
    settings, more = _settings(name, arguments, recipe, data)
    if mean_std is not None and recipe.model.mean is None:
        settings |= {"mean": mean_std[0], "std": mean_std[1]}
    else:
        settings |= {"mean": recipe.model.mean, "std": recipe.model.std}
    settings["shuffle_pixels"] = recipe.model.shuffle_pixels
    full_name = f"{name}:{way}" if way else name
    if pretrained == DEFAULT and not way:
        pretrained = NONE
    return ModelSettings(name=full_name, **settings), pretrained, choices + more


_WHY_WAY = {
    "full": "all weights learn from the first step on",
    "finetune": "its published weights are the beginning; without: --pretrained none",
}


def _settings(
    name: str, arguments: dict[str, Any], recipe: Recipe, data: ImageData
) -> tuple[dict[str, Any], list[Choice]]:
    """Every setting of the network, and the choices among them."""
    choices: list[Choice] = []
    if name == "cnn" and _is_photos(data) and "residual" not in arguments:
        arguments["residual"] = True
        choices.append(Choice("model.residual", True, "a little better on photos"))
    if name == "fast":
        pace = PACES[recipe.preset]
        for key, value in (("width", pace.width), ("activation", pace.activation)):
            if key not in arguments:
                arguments[key] = value
                choices.append(Choice(f"model.{key}", value, pace.why))
    return resolved_arguments(name, arguments), choices


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


def _for_fast(data: ImageData, recipe: Recipe) -> list[Choice]:
    """The recipe that the network was made with."""
    pace, count = PACES[recipe.preset], len(data.train)
    said = recipe.batch_size if "batch_size" in recipe.model_fields_set else None
    settings = fast_settings(data, recipe.preset, said)
    if recipe.model.shuffle_pixels is not None:
        settings["progressive"] = ()  # the order of pixels is one of their own size
    reasons = {
        "epochs": pace.why,
        "batch_size": f"{count:,} training pictures",
        "opt": "learns most in few epochs; the rest of its recipe is in recipe.yaml",
        "augment": "no picture is seen often",
    }
    if settings["progressive"]:
        reasons["progressive"] = "fewer pixels at first are quicker and no worse"
    if settings["hardest"] < 1:
        reasons["hardest"] = "after the first epoch the others teach little"
    told = [Choice(key, value, reasons.get(key, "")) for key, value in settings.items()]
    return [*told, _views(recipe, data)]


def _views(recipe: Recipe, data: ImageData) -> Choice:
    views = "flip-shift" if recipe.flip and _flip(data).value else "shift"
    return Choice("views", views, "averaged when judged and used, for a little more accuracy")


def _for_data(data: ImageData, recipe: Recipe) -> list[Choice]:
    count = len(data.train)
    photos = _is_photos(data)
    batch_size = 32 if count < 1000 else 64 if count < 5000 else 128
    epochs = _epochs(count, photos, recipe.preset)
    augment = "strong" if photos and count < 5000 else "basic"
    opt = recipe.opt if "opt" in recipe.model_fields_set else "adamw"
    lr, decay = _RATES[opt]
    return [
        Choice("epochs", epochs, f"{count:,} training {_kind(data)}"),
        Choice("batch_size", batch_size, f"{count:,} training pictures"),
        Choice("opt", opt, "works without tuning"),
        Choice("lr", lr, f"peak of the schedule, usual with {opt}"),
        Choice("weight_decay", decay, "against overfitting"),
        Choice("schedule", "onecycle", "fast, and ends near zero"),
        Choice(
            "augment",
            augment,
            "few photos: vary them much" if augment == "strong" else "the usual shifts and crops",
        ),
    ]


# Peak learning rate and weight decay that are usual with each optimiser.
_RATES = {"adamw": (2e-3, 0.05), "adam": (2e-3, 0.0), "sgd": (0.1, 5e-4), "muon": (0.05, 5e-4)}
_LENGTH = {"quick": 1 / 3, "balanced": 1, "accurate": 3}


def _epochs(count: int, photos: bool, preset: str) -> int:
    """About 36,000 photos or 40,000 small pictures seen, within 8 to 60 passes; by the preset."""
    seen = 36_000 if photos else 40_000
    passes = max(8, min(60, round(seen / max(1, count))))
    return max(1, round(passes * _LENGTH[preset]))


def _flip(data: ImageData) -> Choice:
    if data.name in _UNMIRRORED:
        return Choice("flip", False, "a mirrored digit is no digit")
    if data.channels == 1 and data.name != "fashion-mnist":
        return Choice("flip", False, "grey pictures may be signs")
    return Choice("flip", True, "a mirrored picture shows the same thing")
