"""The widget ConvolutionExplorer: what a convolution does to a picture, one window at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from retinue.errors import UsageError
from retinue.experiments.sweeps.shipped import kernel_rows, kernel_source
from retinue.explaining.convolution.maps import Maps
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.widgets import explorer_pictures
from retinue.widgets.explorer_checks import INPUTS, LIMITS, check_together, checked, shape_of
from retinue.widgets.explorer_learned import Learned, learned_filters
from retinue.widgets.explorer_measured import measured_rows
from retinue.widgets.explorer_result import computed, known_sizes
from retinue.widgets.kernels import centred, presets
from retinue.widgets.panel import Panel, Value
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

START: dict[str, Value] = {
    "picture": explorer_pictures.GRID,
    "picture_name": "",
    "pixels": b"",
    "pixels_of": "",
    "shape": [1, 1, 1],
    "grid": explorer_pictures.EXAMPLE,
    "preset": "own",
    "kernel_size": [3, 3],
    "values": [[[0, 0, 0], [0, 1, 0], [0, 0, 0]]],
    "bias": 0,
    "channels": "sum",
    "normalised": False,
    "stride": [1, 1],
    "padding": "valid",
    "padding_mode": "zeros",
    "dilation": [1, 1],
    "activation": "none",
    "pooling": "none",
    "pool_size": 2,
    "pool_stride": 2,
    "shown": "auto",
    "position": [0, 0],
    "channels_out": 16,
}


class ExplorerPanel(Panel):
    """A kernel moves over a picture: its sum at each place, the output, and what follows it.

    Args:
        picture: `grid` (numbers to edit), a sample photo (`china.jpg`, `flower.jpg`), the file of a
            picture, an array (H, W) or (H, W, 1 or 3) uint8, or rows of whole numbers 0 to 9 as a
            grid. Pictures are shrunk to sides of at most 256.
        run: a run, its folder, a classifier or a module, whose first filters are offered.
        measured: what was measured of networks with such kernels: rows with `kernel`, `stride`,
            `padding`, `accuracy`, `low`, `high` (shares from 0 to 1) and `seconds`; by default what
            the experiment `kernel-stride-padding` gave, as it is shipped; none with `()`.
        settings: any of those below.

    Settings, to read and to set; pairs are (of rows, of columns): `preset` (a kernel's name, or
    `filter 5` of the run), `kernel_size`, `values` (slices of rows of weights: one for all
    channels, or one for each), `bias`, `channels` (`sum`, as in a network, or `apart`),
    `normalised` (numbers as the run's network gets them), `stride`, `padding` (a number, a pair,
    `same` or `valid`), `padding_mode`, `dilation`, `activation` (`none`, `relu`), `pooling`
    (`none`, `max`, `average`), `pool_size`, `pool_stride`, `position` of the window in the output,
    `grid`, `picture`, `shown` (colours of the output: `auto`, `picture`, `signed`), and
    `channels_out` of the layer whose costs are shown.

    Raises:
        UsageError: a setting or a combination that cannot be, as in torch.
        PictureError: the picture cannot be read.
    """

    module = "explorer"
    name = "Convolution explorer"
    inputs = INPUTS

    def __init__(
        self,
        picture: Any = explorer_pictures.GRID,
        *,
        run: Classifier | Run | nn.Module | str | Path | None = None,
        measured: Sequence[Mapping[str, Any]] | None = None,
        **settings: Value,
    ) -> None:
        self.learned: Learned | None = None if run is None else learned_filters(run)
        super().__init__(
            {
                **START,
                "limits": {**LIMITS, "grid": list(explorer_pictures.GRID_SIDES)},
                "pictures": explorer_pictures.CHOICES,
                "presets": [preset.as_dict() for preset in presets().values()],
                "learned": None if self.learned is None else self.learned.as_dict(),
                "measured": measured_rows(kernel_rows() if measured is None else measured),
                "measured_of": kernel_source() if measured is None else "",
            }
        )
        # Edges are what networks find first; the mean is there at every size.
        start = {"preset": "blur" if "kernel_size" in settings else "sobel x"}
        first = {} if {"values", "preset"} & settings.keys() else start
        self.take({**explorer_pictures.chosen(picture), **first, **settings})

    def respond(self, changes: dict[str, Value]) -> dict[str, Value]:
        """What belongs to the changes: the pixels of a sample, the weights of a preset or a size.

        Raises:
            UsageError: a value, or all of them together, cannot be.
        """
        given = {**self.state, **changes}
        asked = {key: checked(key, value) for key, value in changes.items()}
        wanted = {**self.state, **asked}
        wanted |= _sample(wanted, asked)
        wanted |= self._kernel(wanted, asked)
        wanted |= self._for_channels(wanted, asked)
        if not self._is_preset(wanted):
            wanted["preset"] = "own"
        check_together(wanted)
        output = known_sizes(wanted).output
        places = zip(wanted["position"], output, strict=True)
        wanted["position"] = [min(place, count - 1) for place, count in places]
        return {key: wanted[key] for key in INPUTS if wanted[key] != given[key]}

    @property
    def output(self) -> Maps:
        """The output of the convolution, (C, H, W), computed by torch."""
        return computed(self.state, self.learned).output

    def figure(self) -> "Figure":
        """The picture with its window, the kernel, the output and the sizes, as they are now."""
        from retinue.widgets.explorer_figure import explorer_figure

        return explorer_figure(self.state, self.learned)

    def _kernel(self, wanted: Mapping[str, Value], asked: Mapping[str, Value]) -> dict[str, Value]:
        """The weights of a preset that was chosen, or of another size."""
        if "values" in asked:
            size = [len(asked["values"][0]), len(asked["values"][0][0])]
            return {} if "kernel_size" in asked else {"kernel_size": size}
        if asked.get("preset", "own") != "own":
            return {**self._preset(wanted, "kernel_size" in asked), **asked}
        if "kernel_size" not in asked:
            return {}
        height, width = asked["kernel_size"]
        preset = presets().get(wanted["preset"])
        made = preset.weights((height, width)) if preset else None
        slices = wanted["values"] if made is None else [made]
        return {"values": [centred(one, (height, width)) for one in slices]}

    def _preset(self, wanted: Mapping[str, Value], of_size: bool) -> dict[str, Value]:
        """All settings of a named kernel, of the present size where it has that."""
        name = wanted["preset"]
        learned = self.learned.chosen(name) if self.learned else None
        if learned is not None:
            return learned
        preset = presets().get(name)
        if preset is None:
            raise UsageError(f"preset {printable(name, 60)}: should be one of {self._names()}")
        height, width = wanted["kernel_size"]
        sizes = [(3, 3)] if preset.values and not of_size else [(height, width)]
        sizes += [] if of_size else [(3, 3)]
        weights = next((made for size in sizes if (made := preset.weights(size))), None)
        if weights is None:
            raise UsageError(f"preset {name}: there is none of {height} x {width}")
        return {
            "kernel_size": [len(weights), len(weights[0])],
            "values": [weights],
            "bias": 0,
            "normalised": False,
            "channels": preset.channels,
        }

    def _names(self) -> str:
        filters = ["filter N of the run"] if self.learned else []
        return ", ".join([*presets(), "own", *filters])

    def _is_preset(self, wanted: Mapping[str, Value]) -> bool:
        """Whether the weights are those that the name says."""
        name, (height, width) = wanted["preset"], wanted["kernel_size"]
        preset = presets().get(name)
        if preset is not None:
            return bool(wanted["values"] == [preset.weights((height, width))])
        learned = self.learned.chosen(name) if self.learned else None
        return learned is not None and bool(wanted["values"] == learned["values"])

    def _for_channels(
        self, wanted: Mapping[str, Value], asked: Mapping[str, Value]
    ) -> dict[str, Value]:
        """What has to be otherwise for a picture of other channels than those of the weights."""
        channels = shape_of(wanted)[2]
        fits = self.learned is not None and self.learned.channels == channels
        if asked.get("normalised") and not fits:
            raise UsageError(f"normalised: needs a run with pictures of {channels} channels")
        changed: dict[str, Value] = {"normalised": wanted["normalised"] and fits}
        if "values" not in asked and len(wanted["values"]) not in (1, channels):
            slices = np.array(wanted["values"])
            one = slices[0] if wanted["channels"] == "apart" else slices.sum(axis=0)
            changed["values"] = [one.tolist()]
        return changed


def _sample(wanted: Mapping[str, Value], asked: Mapping[str, Value]) -> dict[str, Value]:
    """The pixels of a sample photo that is not there yet."""
    name = wanted["picture"]
    if name in explorer_pictures.SAMPLES and wanted["pixels_of"] != name and "pixels" not in asked:
        return explorer_pictures.sample(name)
    return {}
