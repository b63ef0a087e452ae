"""The figures of filters, and the words on them."""

from typing import TYPE_CHECKING

import numpy as np

from retinue.plotting.inside import filters as drawing
from retinue.plotting.inside.colours import brief_number
from retinue.wording import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from retinue.explaining.maps.filters import Filters

INPUTS = 8  # whose kernels are drawn of each filter


def figure(found: "Filters") -> "Figure":
    """The filters shown, in the view chosen."""
    title = f"Filters of {found.layer}, {found.kind}"
    shown, many = found.shown, found.weights.shape[1] > 1
    if found.view == "rgb":
        return drawing.coloured_filters(
            found.weights[shown], _captions(found), found.limit, title=title, notes=_notes(found)
        )
    if found.view == "norm":
        return drawing.filter_norms(
            found.over_inputs[shown], _captions(found), found.limit, title=title,
            notes=_notes(found),
        )  # fmt: skip
    if found.weights.shape[2:] == (1, 1) and many:
        return drawing.matrix(
            found.weights[shown, :, 0, 0], [str(one) for one in shown.tolist()], found.limit,
            title=title, notes=_notes(found),
        )  # fmt: skip
    if many:
        return _by_input(found, title)
    return drawing.kernels(
        found.weights[shown, 0], _captions(found), found.limit, title=title, notes=_notes(found)
    )


def _by_input(found: "Filters", title: str) -> "Figure":
    """A row a filter: its kernels for those inputs where they are strongest."""
    filters = found.shown[: max(1, found.most // INPUTS)].tolist()
    kernels, captions = [], []
    for one in filters:
        norms = np.linalg.norm(found.weights[one].reshape(found.weights.shape[1], -1), axis=1)
        for given in np.argsort(-norms, kind="stable")[:INPUTS].tolist():
            kernels.append(found.weights[one, given])
            captions.append([f"filter {one}, input {given}", f"norm {brief_number(norms[given])}"])
    return drawing.kernels(
        np.stack(kernels),
        captions,
        found.limit,
        title=title,
        notes=_notes(found, len(filters)),
        columns=min(INPUTS, found.weights.shape[1]),
    )


def _captions(found: "Filters") -> list[list[str]]:
    """Number and norm over a filter, and its bias where there is one."""
    captions = []
    for one in found.shown.tolist():
        lines = [f"filter {one}", f"norm {brief_number(found.norms[one])}"]
        if found.bias is not None:
            lines.append(f"bias {brief_number(float(found.bias[one]))}")
        captions.append(lines)
    return captions


def _notes(found: "Filters", shown: int | None = None) -> list[str]:
    """What is to be known of the filters, a sentence each."""
    number, inputs, height, width = found.weights.shape
    shown = len(found.shown) if shown is None else shown
    some = "" if shown == number else f"{shown} of "
    kernel = f"{height}x{width} weights" if height * width > 1 else "one weight"
    each = f"{kernel} for each of {inputs} inputs" if inputs > 1 else f"{kernel} for one input"
    groups = f", in {found.groups} groups" if found.groups > 1 else ""
    notes = [f"{some}{count(number, 'filter')} of {each}{groups}, by their norm, largest first."]
    if found.view == "channel" and inputs > INPUTS and height * width > 1:
        notes.append(f"Of each filter: the {INPUTS} inputs for which its weights are strongest.")
    if found.view == "norm":
        notes.append(f"Each square is the norm of the weights over all {inputs} inputs.")
    notes.append(_trained(found))
    broken = int((~np.isfinite(found.weights)).sum())
    if broken:
        notes.append(f"{count(broken, 'weight')} not finite, drawn grey.")
    return notes


def _trained(found: "Filters") -> str:
    frozen = "Frozen: training leaves these weights as they are. " if found.frozen else ""
    if found.bias is None:
        return f"{frozen}No bias."
    least, largest = float(found.bias.min()), float(found.bias.max())
    return f"{frozen}Bias from {brief_number(least)} to {brief_number(largest)}."
