"""What the settings of the convolution explorer may be, each for itself and together."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from retinue.errors import UsageError
from retinue.explaining.convolution.convolve import arithmetic
from retinue.explaining.convolution.settings import Settings
from retinue.explaining.convolution.window import Window
from retinue.widgets import kernels
from retinue.widgets.explorer_pictures import GRID, GRID_SIDES, LARGEST, NAME_LETTERS, OWN, SAMPLES
from retinue.widgets.panel import Value
from retinue.wording import printable

State = dict[str, Value]
LIMITS = {
    "kernel": kernels.LARGEST,
    "stride": 6,
    "padding": 10,
    "dilation": 4,
    "pool": 6,
    "outputs": 4096,
}
MOST_WEIGHT = 1e6
CHOICES = {
    "picture": (GRID, OWN, *SAMPLES),
    "pixels_of": ("", OWN, *SAMPLES),
    "channels": ("apart", "sum"),
    "padding_mode": ("zeros", "reflect", "replicate", "circular"),
    "activation": ("none", "relu"),
    "pooling": ("none", "max", "average"),
    "shown": ("auto", "picture", "signed"),
    "normalised": (False, True),
}


def checked(key: str, value: Any) -> Value:
    """The value of a setting as the page has it.

    Raises:
        UsageError: it is none.
    """
    if key in CHOICES:
        return _choice(key, value, CHOICES[key])
    return _CHECKS[key](key, value)


def check_together(state: Mapping[str, Value]) -> None:
    """Whether torch would compute it: the kernel fits, and padding and pooling do.

    Raises:
        UsageError: it would not; the text says what to change.
    """
    height, width, channels = shape_of(state)
    if state["picture"] not in (GRID, state["pixels_of"]):
        raise UsageError(f"picture {state['picture']}: its pixels are not there")
    if state["picture"] != GRID and len(state["pixels"]) != height * width * channels:
        raise UsageError(
            f"pixels: {len(state['pixels']):,} bytes are not the {height} x {width} x {channels} "
            "of shape"
        )
    size = (len(state["values"][0]), len(state["values"][0][0]))
    if list(size) != state["kernel_size"]:
        raise UsageError(f"values: are {size[0]} x {size[1]}, and kernel_size says otherwise")
    if len(state["values"]) not in (1, channels):
        raise UsageError(
            f"values: has {len(state['values'])} slices, and the picture {channels} channels; give "
            "one slice for all of them, or one for each"
        )
    known = arithmetic((height, width), size, settings_of(state))
    if state["pooling"] != "none":
        _check_pooling(state["pool_size"], known.output)


def _check_pooling(size: int, output: tuple[int, int]) -> None:
    try:
        Window((size, size)).output(output)
    except UsageError:
        raise UsageError(
            f"pool_size {size}: does not fit on a map of {output[0]} x {output[1]}"
        ) from None


def shape_of(state: Mapping[str, Value]) -> tuple[int, int, int]:
    """Height, width and channels of the picture that is shown."""
    if state["picture"] == GRID:
        return len(state["grid"]), len(state["grid"][0]), 1
    height, width, channels = state["shape"]
    return height, width, channels


def settings_of(state: Mapping[str, Value], groups: int = 1) -> Settings:
    """How the kernel moves, as `retinue.explaining` has it."""
    padding = state["padding"]
    return Settings(
        stride=_both(state["stride"]),
        padding=_both(padding) if isinstance(padding, list) else padding,
        padding_mode=state["padding_mode"],
        dilation=_both(state["dilation"]),
        groups=groups,
    )


def _both(values: Sequence[int]) -> tuple[int, int]:
    return values[0], values[1]


def _choice(key: str, value: Any, known: Sequence[Any]) -> Value:
    if not any(value is one or (isinstance(value, str) and value == one) for one in known):
        raise UsageError(f"{key} {_shown(value)}: should be one of {', '.join(map(str, known))}")
    return value


def _count(key: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"{key} {_shown(value)}: should be a whole number from {least} to {most}")
    return value


def _pair(key: str, value: Any, least: int, most: int) -> list[int]:
    """One number for both, or two, of rows and of columns."""
    both = list(value) if isinstance(value, list | tuple) else [value, value]
    if len(both) != 2:
        raise UsageError(f"{key} {_shown(value)}: should be one number, or two, for rows, columns")
    return [_count(key, one, least, most) for one in both]


def _padding(key: str, value: Any) -> Value:
    if isinstance(value, str):
        return _choice(key, value, ("same", "valid"))
    rows, columns = _pair(key, value, 0, LIMITS["padding"])
    return rows if rows == columns else [rows, columns]


def _number(key: str, value: Any) -> float:
    """A finite number; NumPy's are plain by now."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise UsageError(f"{key} {_shown(value)}: should be a number")
    if abs(value) > MOST_WEIGHT:
        raise UsageError(f"{key} {_shown(value)}: should be a million at most, up or down")
    return value


def _weights(key: str, value: Any) -> list[kernels.Weights]:
    """Slices of rows of weights; a single slice may come without its brackets."""
    alone = _is_rows(value) and not isinstance(value[0][0], list | tuple)
    slices = [value] if alone else value
    fits = isinstance(slices, list | tuple) and 1 <= len(slices) <= 3
    if not fits or not all(_is_rows(one) for one in slices):
        raise UsageError(f"{key}: should be rows of weights, or such slices for 3 channels")
    sizes = {(len(one), len(row)) for one in slices for row in one}
    if len(sizes) != 1 or max(sizes.pop()) > LIMITS["kernel"]:
        raise UsageError(
            f"{key}: should be rows of equally many weights, at most {LIMITS['kernel']} each way"
        )
    return [[[_number(key, weight) for weight in row] for row in one] for one in slices]


def _is_rows(value: Any) -> bool:
    """Whether it is a list of lists with something in it."""
    is_list = isinstance(value, list | tuple) and len(value) > 0
    return is_list and all(isinstance(one, list | tuple) and len(one) > 0 for one in value)


def _grid(key: str, value: Any) -> list[list[int]]:
    least, most = GRID_SIDES
    fits = _is_rows(value) and len({len(row) for row in value}) == 1
    if not fits or not (least <= len(value) <= most and least <= len(value[0]) <= most):
        raise UsageError(f"{key}: should be {least} to {most} rows of equally many numbers 0 to 9")
    return [[_count(key, one, 0, 9) for one in row] for row in value]


def _shape(key: str, value: Any) -> list[int]:
    if not isinstance(value, list | tuple) or len(value) != 3 or value[2] not in (1, 3):
        raise UsageError(f"{key} {_shown(value)}: should be height, width, and 1 or 3 channels")
    return [*(_count(key, side, 1, LARGEST) for side in value[:2]), int(value[2])]


def _position(key: str, value: Any) -> list[int]:
    return _pair(key, value, 0, 10**6)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{key}: should be a text")
    return printable(value, NAME_LETTERS)


def _pixels(key: str, value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise UsageError(f"{key}: should be bytes")
    return value


def _shown(value: Any) -> str:
    return printable(str(value), 60)


def _within(least: int, most: int) -> Callable[[str, Any], int]:
    return lambda key, value: _count(key, value, least, most)


def _pair_to(most: int) -> Callable[[str, Any], list[int]]:
    return lambda key, value: _pair(key, value, 1, most)


_CHECKS: dict[str, Callable[[str, Any], Value]] = {
    "picture_name": _text,
    "pixels": _pixels,
    "shape": _shape,
    "grid": _grid,
    "preset": _text,
    "kernel_size": _pair_to(LIMITS["kernel"]),
    "values": _weights,
    "bias": _number,
    "stride": _pair_to(LIMITS["stride"]),
    "padding": _padding,
    "dilation": _pair_to(LIMITS["dilation"]),
    "pool_size": _within(1, LIMITS["pool"]),
    "pool_stride": _within(1, LIMITS["pool"]),
    "position": _position,
    "channels_out": _within(1, LIMITS["outputs"]),
}
INPUTS = frozenset(CHOICES) | frozenset(_CHECKS)
