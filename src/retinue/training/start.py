"""What a training begins with: the network, the way of transfer, and whose weights."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import nn

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData
from retinue.data.load import Source, load_for
from retinue.data.memory import CACHE_MEMORY
from retinue.data.pool import Photos
from retinue.errors import RetinueError, UsageError
from retinue.images import Fit
from retinue.models.backbones import USUAL, Backbone, backbone
from retinue.models.catalogue import MODELS, split_way
from retinue.models.pretrained import Weights, in_order_of, read_weights
from retinue.models.published import Permit
from retinue.models.weights import ModelCard, read_card
from retinue.recipe import Recipe

NONE, DEFAULT = "none", "default"


@dataclass(frozen=True)
class Start:
    """A network whose weights, or whose pictures, are not a matter of this training alone.

    `pretrained` is the recipe's; the rest is what the network takes, as far as that is known.
    """

    name: str
    way: str = ""
    pretrained: str = NONE
    arguments: Mapping[str, Any] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    channels: int | None = None
    fit: Fit | None = None
    statistics: tuple[tuple[float, ...], tuple[float, ...]] | None = None


def start_of(recipe: Recipe) -> Start:
    """What the recipe's model and weights mean.

    Raises:
        UsageError: a way without weights, or weights that are nowhere.
    """
    name, way = split_way(recipe.model.name)
    given = recipe.pretrained if "pretrained" in recipe.model_fields_set else None
    if given not in (None, NONE, DEFAULT) and Path(str(given)).is_dir():
        return _from_run(read_card(Path(str(given))), name, way, str(given))
    known = _known(name)
    if given is None:
        given = DEFAULT if known else NONE
    if given == DEFAULT and known is None and name != "auto":
        raise _unpublished(name)
    if given == NONE and way:
        raise UsageError(f"model {name}:{way}: needs weights; give --pretrained RUN or FILE")
    if given not in (NONE, DEFAULT):
        given = str(Path(given).resolve())
        way = way or "full"
    elif known is not None and given == DEFAULT:
        way = way or "finetune"
    if known is None:
        return Start(name, way, given)
    return Start(name, way, given, {}, known.size, 3, None, (known.mean, known.std))


def photos_of(recipe: Recipe) -> Photos:
    """What photos become where the recipe leaves the network open."""
    usual = transfer_at_hand(recipe)
    return Photos(usual.size, 3) if usual else Photos()


def transfer_at_hand(recipe: Recipe) -> Backbone | None:
    """The backbone that photos are classified with where nothing else is said, if it is here."""
    open_yet = recipe.pretrained == DEFAULT or "pretrained" not in recipe.model_fields_set
    open_yet = open_yet and recipe.model.shuffle_pixels is None
    found = backbone(USUAL) if recipe.model.name == "auto" and open_yet else None
    return found if found and found.published.at_hand() else None


def open_data(
    recipe: Recipe,
    data: Source | None = None,
    data_root: str | Path | None = None,
    progress: Progress | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> ImageData:
    """Load the data of a recipe as its network takes it: a backbone has a size of its own.

    Raises:
        As `load_data` and `start_of`.
    """
    start = start_of(recipe)
    asked = {"size": start.size, "channels": start.channels, "fit": start.fit}
    said = {key for key in recipe.model_fields_set if getattr(recipe, key) is not None}
    values = {key: value for key, value in asked.items() if value is not None and key not in said}
    wanted = recipe.model_copy(update=values)
    return load_for(wanted, data, data_root, progress, cache_memory, photos_of(recipe))


def data_to_train_on(
    recipe: Recipe,
    data: Source | ImageData | None = None,
    data_root: str | Path | None = None,
    progress: Progress | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> ImageData:
    """The data that is there already, or that of the recipe.

    Raises:
        UsageError: it has no training pictures.
        As `open_data`.
    """
    if not isinstance(data, ImageData):
        data = open_data(recipe, data, data_root, progress, cache_memory)
    if not len(data.train):
        raise UsageError(f"{data.name}: no training pictures")
    return data


def weights_of(name: str, pretrained: str, network: nn.Module, permit: Permit) -> Weights:
    """The weights that a recipe in which nothing is open names, for its network.

    Raises:
        UsageError: they are not there, or must not be fetched.
        RetinueError: they cannot be read or fetched.
    """
    if pretrained != DEFAULT:
        given = read_weights(Path(pretrained))
        if name == USUAL and network.state_dict().keys().isdisjoint(given.tensors):
            with suppress(RetinueError):  # timm's names, and those of the package
                return in_order_of(network, given)
        return given
    known = _known(name)
    if known is None:
        raise _unpublished(name)
    found = replace(read_weights(known.published.obtain(permit)), source=known.published.title)
    return in_order_of(network, found) if name == USUAL else found


def _unpublished(name: str) -> UsageError:
    return UsageError(f"--pretrained default: nobody publishes weights of {name}")


def _known(name: str) -> Backbone | None:
    """The backbone of that name, where it is one."""
    if name == "auto" or ":" in name or (name in MODELS and name != USUAL):
        return None
    return backbone(name)


def _from_run(card: ModelCard, name: str, way: str, path: str) -> Start:
    """An earlier run's network, or another one into which its weights may fit.

    Raises:
        UsageError: it has learned from shuffled pixels.
    """
    if card.shuffle_pixels is not None:
        raise UsageError(
            f"--pretrained {path}: learned from shuffled pixels (model.shuffle_pixels); name "
            "another run"
        )
    same = name in ("auto", card.name)
    return Start(
        card.name if same else name,
        way or "finetune",
        str(Path(path).resolve()),
        card.arguments if same else {},
        card.preprocess.size,
        card.preprocess.channels,
        card.preprocess.fit,
        (card.mean, card.std),
    )
