"""Recipe: every setting of one training; a frozen model, a YAML file and options in one."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_serializer,
    model_validator,
)

from retinue.errors import UsageError
from retinue.writing import write_text

SCHEMA = 1


def _listed(value: Any) -> Any:
    """`A,B` from the command line means two names."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _named(value: Any) -> Any:
    """A bare `cnn` means {"name": "cnn"}."""
    return {"name": value} if isinstance(value, str) else value


def _sized(value: Any) -> Any:
    """One number means a square; `24x32` is height x width."""
    if isinstance(value, str) and "x" in value:
        value = [part.strip() for part in value.split("x")]
    return (value, value) if isinstance(value, int | str) else value


def _seconds(value: Any) -> Any:
    """`90s`, `10m` and `1h` are numbers of seconds."""
    if isinstance(value, str) and value[-1:] in _UNITS:
        try:
            return float(value[:-1]) * _UNITS[value[-1]]
        except ValueError:
            return value
    return value


def _whole(value: Any) -> Any:
    """5.0 and "5" are 5."""
    try:
        return int(value) if float(value) == int(float(value)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return value


def _numbers(value: Any) -> Any:
    """One number is a list of one; `0.49,0.48,0.45` one of three."""
    if isinstance(value, str):
        value = [part for part in value.strip("[]() ").split(",") if part.strip()]
    return (value,) if isinstance(value, int | float) else value


def _stretches(value: Any) -> Any:
    """`20:0.3,26:0.6` is a list of (size, until which share of training)."""
    if not isinstance(value, str | list | tuple):
        return value
    parts = value.split(",") if isinstance(value, str) else value
    return [part.split(":") if isinstance(part, str) else part for part in parts if part != ""]


_UNITS = {"s": 1, "m": 60, "h": 3600}
# What pydantic calls the kinds of which a value may be one: no part of a key.
_KINDS = ("bool", "int", "float", "str", "constrained-float", "literal['auto']")

Epochs = int | Annotated[float, Field(allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=1)]
Size = Annotated[tuple[Pixels, Pixels], BeforeValidator(_sized)]
_Above0 = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Stretch = tuple[Pixels, Annotated[float, Field(gt=0, lt=1)]]


class ModelSettings(BaseModel):
    """Which network, and its own arguments beside `name`, whatever they are for that network."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = "auto"
    mean: Annotated[tuple[float, ...] | None, BeforeValidator(_numbers)] = None
    """of the pixels, a number a channel, 0 to 1 or 0 to 255; by default as the training pictures"""
    std: Annotated[tuple[_Above0, ...] | None, BeforeValidator(_numbers)] = None
    """their standard deviation, on the same scale"""
    shuffle_pixels: Annotated[int, Field(strict=True)] | None = None
    """seed of one fixed order into which all pictures' pixels are put; by default they stay"""

    @property
    def statistics(self) -> tuple[list[float], list[float]] | None:
        """Mean and standard deviation on the scale 0 to 255; None where they are not given.

        Where none is above 1 they are taken to be on the scale 0 to 1, as they are usually told.
        """
        if self.mean is None or self.std is None:
            return None
        scale = 255.0 if max(*self.mean, *self.std) <= 1 else 1.0
        return [scale * value for value in self.mean], [scale * value for value in self.std]

    @model_validator(mode="after")
    def _both(self) -> "ModelSettings":
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std are given together")
        if self.mean and self.std and len(self.mean) != len(self.std):
            raise ValueError("mean and std have a number for each channel")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_open(self, handler: Any) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        return {
            key: value
            for key, value in values.items()
            if value is not None or key not in ("mean", "std", "shuffle_pixels")
        }

    @property
    def arguments(self) -> dict[str, Any]:
        """The network's arguments, as its factory takes them."""
        return dict(self.model_extra or {})


class Recipe(BaseModel):
    """Every setting of one training.

    A field that is not given (not in `model_fields_set`) is chosen for the data when training
    starts; in a run's recipe.yaml every field is given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    data: str = ""
    """built-in name, folder, archive or CSV"""
    data_options: dict[str, bool | int | float | str] = {}
    """options of a generated data set: shapes takes count, size, seed, label_errors, ..."""
    size: Size | None = None
    """pixels of the network's input: one number, or HEIGHTxWIDTH; small pictures keep theirs"""
    fit: Literal["crop", "pad", "squash"] = "crop"
    """how pictures of another shape are brought to the size"""
    channels: Literal[1, 3] | None = None
    """1 for grey, 3 for colour; by default what the pictures have"""
    classes: Annotated[tuple[str, ...], BeforeValidator(_listed)] | None = None
    """only these classes, comma-separated"""
    limit_per_class: Annotated[int, Field(ge=1)] | None = None
    """at most so many training pictures a class (test is never cut)"""
    group_by: str | None = None
    """pictures of one group stay in one split: a CSV column, 'parent', or a regular expression"""
    val_fraction: float = Field(0.1, ge=0, lt=1)
    """share kept for validation; 0 trains on everything and keeps the last weights"""
    test_fraction: float = Field(0.2, ge=0, lt=1)
    """share kept for testing where the source has no test split"""
    split_seed: int = 0
    """seed of the split, apart from the seed of the training"""
    max_bad: float = Field(0.01, ge=0, le=1)
    """share of unreadable pictures above which training does not start"""

    model: Annotated[ModelSettings, BeforeValidator(_named)] = ModelSettings()
    """network by name, or package.module:factory; with :linear, :finetune or :full transferred"""
    pretrained: str = "none"
    """weights to begin with: none, default (those published for the network), a file, or a run"""
    keep_head: bool = False
    """take over the last layer of those weights too; it has to fit the classes"""
    preset: Literal["quick", "balanced", "accurate"] = "balanced"
    """what is chosen where nothing is said: soon, soon and well, or as well as minutes allow"""
    augment: Literal["none", "light", "basic", "strong"] = "basic"
    """how training pictures are varied"""
    flip: bool = True
    """may augmentation mirror pictures left to right"""
    mixup: float = Field(0.0, ge=0, allow_inf_nan=False)
    """pictures laid over one another: alpha of the shares' Beta distribution; 0 is off"""
    cutmix: float = Field(0.0, ge=0, allow_inf_nan=False)
    """parts of pictures pasted into one another: alpha of their areas; 0 is off"""
    views: Literal["one", "flip", "shift", "flip-shift"] = "one"
    """pictures as shown to the finished network: averaged over mirrored and moved views"""

    opt: Literal["sgd", "adam", "adamw", "muon"] = "adamw"
    """optimiser; sgd has Nesterov momentum; muon is for convolutions, with sgd for the rest"""
    lr: Annotated[float, Field(gt=0)] | Literal["auto"] = 1e-3
    """peak learning rate; auto tries rising ones before training"""
    momentum: float = Field(0.9, ge=0, lt=1)
    """momentum of sgd and muon, or the first beta of adam and adamw"""
    rest_lr: float = Field(0.05, gt=0)
    """with muon: peak learning rate of the sgd that trains what is no convolution"""
    rest_momentum: float = Field(0.85, ge=0, lt=1)
    """with muon: momentum of the sgd that trains what is no convolution"""
    weight_decay: float = Field(0.0, ge=0)
    """not applied to norms and biases"""
    batch_size: int = Field(128, ge=1)
    """pictures a step"""
    slice_size: int | None = Field(None, ge=1)
    """pictures that go through the network at once; a step adds up the gradients of its slices"""
    epochs: Annotated[Annotated[Epochs, Field(ge=0)], BeforeValidator(_whole)] = 20
    """passes over the training split; 1.5 ends in the middle of the second"""
    hardest: float = Field(1.0, gt=0, le=1)
    """share of the pictures, those of the largest losses, that epochs after the first take"""
    progressive: Annotated[tuple[Stretch, ...], BeforeValidator(_stretches)] = ()
    """fewer pixels at first: 24:0.6 trains 60 % of the way at 24x24; or 20:0.3,26:0.6"""
    ema: float = Field(0.0, ge=0, lt=1)
    """decay a step of the averaged weights that are judged and kept; 0 keeps the last ones"""
    schedule: Literal["constant", "step", "cosine", "onecycle", "linear"] = "onecycle"
    """course of the learning rate"""
    warmup: float = Field(0.0, ge=0, lt=1)
    """share of training in which the learning rate rises"""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """share of each label spread over all classes"""
    class_weights: Literal["none", "balanced"] = "none"
    """balanced weighs rare classes up in the loss"""
    clip: float | None = Field(None, gt=0)
    """largest norm of the gradients"""
    patience: int | None = Field(None, ge=1)
    """stop after so many epochs without a better monitored value"""
    monitor: Literal["val_accuracy", "val_loss"] = "val_accuracy"
    """what chooses the best epoch"""
    time_limit: Annotated[Annotated[float, Field(gt=0)] | None, BeforeValidator(_seconds)] = None
    """seconds of training, or as 90s, 10m, 1h; the schedule then follows the clock"""
    seed: int = 0
    """seed of every draw in training"""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """arithmetic of training; auto is bf16 where the processor has it"""


DATA_KEYS = (
    "size", "fit", "channels", "classes", "limit_per_class", "group_by",
    "val_fraction", "test_fraction", "split_seed", "max_bad",
)  # fmt: skip


def make_recipe(*layers: Mapping[str, Any]) -> Recipe:
    """Lay settings over one another, later ones win, and check them.

    `model.*` keys and the mapping `model` are merged; where a later layer names another network,
    the arguments of the earlier one are dropped with it.

    Raises:
        UsageError: a key or a value that is not allowed.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        _lay_over(merged, layer)
    try:
        return Recipe.model_validate(merged)
    except ValidationError as error:
        raise UsageError(_one_line(error)) from None


def read_recipe(path: Path) -> dict[str, Any]:
    """Read a YAML recipe as settings; `retinue.recipe.make_recipe` checks them.

    Raises:
        UsageError: the file is missing, is not YAML, or is of another schema version.
    """
    try:
        values = _load_yaml(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read as a recipe: {_first_line(error)}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise UsageError(f"{path}: a recipe is a mapping of settings, one a line, as 'epochs: 5'")
    version = values.pop("schema", SCHEMA)
    if version != SCHEMA:
        raise UsageError(f"{path}: schema {version}; this version of Retinue reads schema {SCHEMA}")
    return values


def write_recipe(path: Path, recipe: Recipe) -> None:
    """Write every setting as YAML, with the schema version."""
    values = {"schema": SCHEMA, **recipe.model_dump(mode="json")}
    text = _dump_yaml(values, plain=True)
    if _load_yaml(text) != values:  # some control characters are lost unless they are escaped
        text = _dump_yaml(values, plain=False)
    write_text(path, text)


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """Turn `--set KEY=VALUE` words into nested settings; values are read as YAML scalars.

    Raises:
        UsageError: a word without `=`, or a value that YAML cannot read.
    """
    settings: dict[str, Any] = {}
    for word in assignments:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {word}: write KEY=VALUE, as --set model.depth=4")
        try:
            value = _load_yaml(text)
        except (ValueError, yaml.YAMLError, RecursionError):
            raise UsageError(f"--set {word}: the value cannot be read") from None
        outer, _, inner = key.partition(".")
        _lay_over(settings, {outer: {inner: value} if inner else value})
    return settings


class _Loader(yaml.SafeLoader):
    """YAML in which 1e-4 is a number and 24:0.6 is a word, as in YAML 1.2, unlike in 1.1."""

    def resolve(self, kind: type[Any], value: Any, implicit: Any) -> str:
        """The tag of a node; numbers to base 60 are none."""
        tag: str = super().resolve(kind, value, implicit)
        return _WORD if tag in _NUMBERS and ":" in value else tag


class _Dumper(yaml.SafeDumper):
    """Its counterpart, which puts the word "1e-4" between quotes."""


_WORD = "tag:yaml.org,2002:str"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_POWER_OF_TEN = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")
for _one in (_Loader, _Dumper):
    _one.add_implicit_resolver("tag:yaml.org,2002:float", _POWER_OF_TEN, list("-+0123456789"))


def _load_yaml(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader


def _dump_yaml(values: Mapping[str, Any], plain: bool) -> str:
    """YAML text; letters of all scripts as they are, or escaped."""
    text: str = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=plain)
    return text


def _lay_over(merged: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if key == "model":
            value = _named(value)  # noqa: PLW2901
        before = merged.get(key)
        if key in ("model", "data_options") and isinstance(value, dict):
            kept = before if isinstance(before, dict) else {}
            if "name" in value and value["name"] != kept.get("name", value["name"]):
                kept = {}
            merged[key] = {**kept, **value}
        else:
            merged[key] = value


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"] if part not in _KINDS)
    if first["type"] == "extra_forbidden":
        return f"{key}: no such setting{_nearest(key, Recipe.model_fields)}"
    return f"{key}: {first['msg'][:1].lower()}{first['msg'][1:]}, not {first['input']!r}"


def _nearest(name: str, names: Mapping[str, Any]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
