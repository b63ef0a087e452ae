"""Networks for photos that others trained: what makes them, and what their input is like."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from retinue.errors import UsageError
from retinue.models.published import Published, of_hub, of_torchvision, packaged
from retinue.models.settings import suggestion
from retinue.models.vision import import_timm, import_torchvision

# What transfer is done with by itself, where its weights are at hand.
USUAL = "efficientnet_lite0"
# Of torchvision's networks these are held by tests; the others are there too.
CERTIFIED = (
    "vgg16", "inception_v3", "resnet18", "resnet50", "mobilenet_v3_small", "efficientnet_b0",
    "convnext_tiny", "vit_b_16",
)  # fmt: skip
TIMM = "timm/"
# Their weights want pixels otherwise normalised than they say, which `transform_input` sees to; of
# their auxiliary heads nothing is left after training; their own first weights are slow to draw.
_INCEPTION = {"transform_input": True, "aux_logits": False, "init_weights": False}
_FIXED: dict[str, dict[str, Any]] = {"inception_v3": _INCEPTION, "googlenet": _INCEPTION}

# Settings of the libraries' builders by which files would be read or fetched: a run's model.json,
# which may be a stranger's, must not have that done.
_OF_WEIGHTS = {
    "cache_dir", "checkpoint_path", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay",
    "progress", "weights", "weights_backbone",
}  # fmt: skip

Make = Callable[..., nn.Module]


@dataclass(frozen=True)
class Backbone:
    """A network, the pictures that its weights were made for, and those weights.

    `mean` and `std` are of pixels from 0 to 255. `make(classes, **arguments)` gives the network
    with fresh weights, of colour pictures; None for one of Retinue's own.
    """

    name: str
    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    published: Published
    make: Make | None = None


def backbone(name: str) -> Backbone | None:
    """The backbone of that name; None where it is none of these.

    Raises:
        UsageError: timm has none of that name.
        MissingExtraError: timm is not installed.
    """
    if name == USUAL:
        return Backbone(name, (224, 224), (127.0,) * 3, (128.0,) * 3, packaged())
    if name.startswith(TIMM):
        return _of_timm(name.removeprefix(TIMM))
    return _of_torchvision(name)


def build_backbone(found: Backbone, classes: int, arguments: Mapping[str, Any]) -> nn.Module:
    """The network with fresh weights for so many classes.

    Raises:
        UsageError: settings that it does not take.
    """
    assert found.make is not None, "Retinue's own networks are made by the catalogue"  # noqa: S101
    for key in sorted(_OF_WEIGHTS & arguments.keys()):
        raise UsageError(f"model.{key}: weights are named by --pretrained; leave it out")
    fixed = _FIXED.get(found.name, {})
    for key in fixed.keys() & arguments.keys():
        if arguments[key] != fixed[key]:
            raise UsageError(f"model.{key}: is always {fixed[key]} for {found.name}; leave it out")
    try:
        return found.make(classes, **{**arguments, **fixed})
    except Exception as error:  # a builder raises whatever a setting makes it raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(f"model {found.name}: {reason}") from error


def names() -> list[str]:
    """The backbones of torchvision that there are; none without it."""
    models = import_torchvision()
    return list(models.list_models(module=models))


def _of_torchvision(name: str) -> Backbone | None:
    installed = importlib.util.find_spec("torchvision") is not None
    if not name.isidentifier() or not (installed or name in CERTIFIED):
        return None
    models = import_torchvision()
    if name not in models.list_models(module=models):
        return None
    weights = models.get_model_weights(name).DEFAULT
    preset = weights.transforms()
    title = f"torchvision's weights {weights}"
    builder = models.get_model_builder(name)
    sized = {"image_size": preset.crop_size[0]} if name.startswith("vit_") else {}
    return Backbone(
        name,
        (preset.crop_size[0], preset.crop_size[0]),
        tuple(255 * value for value in preset.mean),
        tuple(255 * value for value in preset.std),
        of_torchvision(title, weights.url, weights.meta["_file_size"]),
        lambda classes, **arguments: builder(
            weights=None, num_classes=classes, **{**sized, **arguments}
        ),
    )


def _of_timm(name: str) -> Backbone:
    timm = import_timm()
    architecture = name.partition(".")[0]
    if not timm.is_model(architecture):
        known = timm.list_models()
        raise UsageError(f"timm has no model '{name}'{suggestion(architecture, known)}")
    try:
        settings = timm.models.get_pretrained_cfg(name)
    except RuntimeError as error:  # what follows the point in a name says which of its weights
        raise UsageError(f"model {TIMM}{name}: {error}") from None
    if settings is None or not settings.hf_hub_id:
        raise UsageError(f"model {TIMM}{name}: timm knows no weights of it on the hub")

    def make(classes: int, **arguments: Any) -> nn.Module:
        made: nn.Module = timm.create_model(
            name, pretrained=False, num_classes=classes, **arguments
        )
        return made

    return Backbone(
        f"{TIMM}{name}",
        (settings.input_size[1], settings.input_size[2]),
        tuple(255 * value for value in settings.mean),
        tuple(255 * value for value in settings.std),
        of_hub(
            f"timm's weights {settings.hf_hub_id}",
            settings.hf_hub_id,
            settings.hf_hub_filename or "model.safetensors",
        ),
        make,
    )
