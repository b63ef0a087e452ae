"""The figures of feature maps, and the words on them."""

from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.inside import feature_maps as drawing
from retinue.plotting.inside.colours import brief_number
from retinue.plotting.style import shorten
from retinue.wording import count, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from retinue.explaining.maps.feature_maps import FeatureMaps

BARS = 24  # units drawn
OVERLAYS = 4  # maps laid over the picture, above the grid
NAMED = 12  # dead channels listed by number


def grid(found: "FeatureMaps") -> "Figure":
    """The picture, the strongest maps laid over it, and all that are shown."""
    shown = found.shown
    own = found.scale == "channel"
    scale = "value of a map; one scale for all of this layer"
    return drawing.feature_maps(
        found.picture.pixels,
        found.maps[shown],
        [caption(found, channel) for channel in shown.tolist()],
        found.limits[shown].tolist(),
        found.signed,
        dead=found.dead[shown].tolist(),
        overlays=[
            (f"channel {one} on the picture", found.enlarged(one), float(found.limits[one]))
            for one in found.by_strength[:OVERLAYS].tolist()
            if not found.dead[one]
        ],
        name=found.picture.name,
        title=f"Feature maps of {found.layer}, {found.kind}",
        notes=notes(found),
        scale="of each map's own largest magnitude" if own else scale,
        end=1.0 if own else float(found.limits[0]),
        beyond=bool((np.abs(found.maps) > found.limits[:, None, None]).any()),
    )


def overlay(found: "FeatureMaps", channel: int) -> "Figure":
    """One map, by itself and laid over the picture."""
    limit, values = float(found.limits[channel]), found.maps[channel]
    return drawing.one_map(
        found.picture.pixels,
        values,
        found.enlarged(channel),
        limit,
        found.signed,
        title=f"Channel {channel} of {found.layer}, {found.kind}",
        notes=[f"{shorten(found.picture.name, 60)}. {_values(found, channel)}."],
        beyond=bool((np.abs(values) > limit).any()),
    )


def bars(found: "FeatureMaps") -> "Figure":
    """The units of largest magnitude, the largest value first."""
    values = found.maps[:, 0, 0]
    chosen = found.by_strength[: min(found.most, BARS)]
    chosen = chosen[np.argsort(-values[chosen], kind="stable")]
    names = [found.labels[unit] if found.labels else str(unit) for unit in chosen.tolist()]
    return drawing.units(
        found.picture.pixels,
        values[chosen],
        names,
        name=found.picture.name,
        title=f"What {found.layer}, {found.kind}, gives for the picture",
        notes=notes(found, len(chosen)),
    )


def caption(found: "FeatureMaps", channel: int) -> list[str]:
    """The lines over a map: its number, mean and range, or where none are negative its zeros."""
    if found.dead[channel]:
        return [f"{channel}: dead", "zero everywhere"]
    mean, least, largest = _mean_and_range(found, channel)
    first = f"{channel}: mean {mean}"
    if found.signed:
        return [first, f"{least} to {largest}"]
    return [first, f"largest {largest}", f"{percent(float(found.zeros[channel]), 0)} zero"]


def _values(found: "FeatureMaps", channel: int) -> str:
    """What there is to say of one map by itself."""
    mean, least, largest = _mean_and_range(found, channel)
    zeros = percent(float(found.zeros[channel]), 0)
    return f"Mean {mean}, values from {least} to {largest}, {zeros} of them zero"


def _mean_and_range(found: "FeatureMaps", channel: int) -> list[str]:
    columns = found.means, found.least, found.largest
    return [brief_number(float(column[channel])) for column in columns]


def notes(found: "FeatureMaps", shown: int | None = None) -> list[str]:
    """What is to be known of the maps, a sentence each."""
    thing = "unit" if found.form == "units" else "channel"
    shown = len(found.shown) if shown is None else shown
    return [
        note
        for note in (
            _extent(found),
            _selection(len(found.maps), shown, thing),
            _dead(found, thing),
            f"The layer runs {found.runs} times for a picture." if found.runs > 1 else "",
            "The class token has no place on the picture and is left out."
            if found.class_token
            else "",
            _not_finite(found),
        )
        if note
    ]


def _extent(found: "FeatureMaps") -> str:
    if found.form == "units":
        return ""
    number, height, width = found.maps.shape
    rest = " and their range." if found.signed else ", the largest and the share of zeros."
    tokens = f" from {height * width} tokens" if found.form == "tokens" else ""
    return (
        f"{count(number, 'map')} of {height}x{width}{tokens}; over each the number of its channel, "
        f"the mean of its values{rest}"
    )


def _selection(channels: int, shown: int, thing: str) -> str:
    if shown == channels:
        return ""
    some = f"{shown} of {count(channels, thing)}"
    return f"Shown: {some}, the strongest by the mean square of their values."


def _dead(found: "FeatureMaps", thing: str) -> str:
    numbers = np.flatnonzero(found.dead).tolist()
    if not numbers:
        return ""
    listed = ", ".join(str(number) for number in numbers[:NAMED])
    more = ", …" if len(numbers) > NAMED else "."
    are = "is" if len(numbers) == 1 else "are"
    total = count(len(found.maps), thing)
    zero = "0" if thing == "unit" else "zero everywhere"
    return f"{len(numbers)} of {total} {are} {zero} on this picture: {listed}{more}"


def _not_finite(found: "FeatureMaps") -> str:
    number = int((~np.isfinite(found.maps)).sum())
    return f"{count(number, 'value')} not finite, drawn grey." if number else ""
