"""How one value of a convolution's output comes about, product by product."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.explaining.convolution.convolve import (
    NOWHERE,
    Arithmetic,
    convolve,
    outside,
    padded,
    prepared,
)
from retinue.explaining.convolution.maps import Maps, cell_of
from retinue.explaining.convolution.settings import PLAIN, Settings
from retinue.explaining.convolution.terms import SHOWN_LETTERS, added, product, within
from retinue.explaining.drawn import Drawn
from retinue.plotting.inside.cells import number
from retinue.plotting.style import shorten
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CHANNELS = 4  # in a figure


@dataclass(frozen=True)
class Trace(Drawn):
    """One value of a convolution's output: what lies under the window, and what becomes of it.

    Of the group's C input channels there are `values`, `weights` and `products`, each
    (C, rows, columns) of the kernel; `channels` (C,) are their numbers in the picture and `names`
    what they are called. `rows` and `columns` are the places in the picture under the kernel, which
    are padding where they are below 0 or beyond it; `sources` (rows, columns, 2) are the row and
    column of the picture that each copies, which for padding with zeros is -1.

    `value` is the sum of all products and `bias`. `maps` (C, H, W) are the picture's channels, and
    `output` (H', W') is all that the convolution makes with this kernel.
    """

    cell: tuple[int, int, int]  # output channel, row, column
    channels: NDArray[np.int64]
    names: tuple[str, ...]
    values: Maps
    weights: Maps
    products: Maps
    bias: float
    value: float
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    sources: NDArray[np.int64]
    arithmetic: Arithmetic
    maps: Maps
    output: NDArray[np.float64]

    @property
    def is_padding(self) -> NDArray[np.bool_]:
        """Which cells under the kernel, (rows, columns), lie outside of the picture."""
        height, width = self.arithmetic.size
        rows, columns = self.rows[:, None], self.columns
        return (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)

    def written(self, letters: int | None = None) -> list[str]:
        """The sum written out: a line a channel, and one of their total.

        Args:
            letters: how long a line may get, by leaving products out, which it then says.
        """
        every = range(len(self.channels))
        return [self._line(at, letters) for at in every] + self._total(every)

    def figure(self) -> "Figure":
        """The picture with its window, the kernel, the products, and the output with the cell.

        Of many channels those four whose products add most, up or down.
        """
        from retinue.plotting.inside.convolution import convolution_step

        sums = np.abs(self.products.sum((1, 2)))
        shown = sorted(np.argsort(-sums, kind="stable")[:MOST_CHANNELS].tolist())
        top, _, left, _ = self.arithmetic.padding
        sizes = "output rows: {}; columns: {}".format(*self.arithmetic.formulas)
        return convolution_step(
            padded(self.maps, self.arithmetic)[shown],
            outside(self.arithmetic),
            self.arithmetic.unreached,
            (self.rows + top, self.columns + left),
            self.weights[shown],
            self.output,
            self.cell[1:],
            [self.names[at] for at in shown],
            [self._line(at, SHOWN_LETTERS) for at in shown] + self._total(shown) + [sizes],
            self._title(len(shown)),
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers, as JSON has them: a term for every product."""
        terms = [
            {
                "channel": int(self.channels[channel]),
                "row": int(self.rows[row]),
                "column": int(self.columns[column]),
                "padding": bool(self.is_padding[row, column]),
                "copies": self._source(row, column),
                "value": float(self.values[channel, row, column]),
                "weight": float(self.weights[channel, row, column]),
                "product": float(self.products[channel, row, column]),
            }
            for channel, row, column in np.ndindex(*self.products.shape)
        ]
        return {
            "cell": list(self.cell),
            "value": self.value,
            "bias": self.bias,
            "terms": terms,
            "arithmetic": self.arithmetic.as_dict(),
        }

    def _source(self, row: int, column: int) -> list[int] | None:
        """The cell of the picture that a cell under the kernel copies; None of zeros."""
        source: list[int] = self.sources[row, column].tolist()
        return None if NOWHERE in source else source

    def _line(self, at: int, letters: int | None) -> str:
        """The sum of one channel's products."""
        terms = [
            product(value, weight)
            for value, weight in zip(self.values[at].flat, self.weights[at].flat, strict=True)
        ]
        name = self.names[at] if letters is None else shorten(self.names[at], 20)
        name = f"{name}: " if name else ""
        products = self.products[at].ravel().tolist()
        return f"{name}{added(terms, products, letters)} = {number(float(self.products[at].sum()))}"

    def _total(self, shown: Sequence[int]) -> list[str]:
        """The sum of the channels shown, of all others, and the bias; nothing where it is plain."""
        sums = self.products.sum((1, 2))
        terms = [within(float(sums[at])) for at in shown]
        others = len(sums) - len(terms)
        if others:
            rest = float(np.delete(sums, list(shown)).sum())
            terms.append(f"{within(rest)} (of {others} other channels)")
        if self.bias:
            terms.append(f"{within(self.bias)} (bias)")
        return [f"sum: {' + '.join(terms)} = {number(self.value)}"] if len(terms) > 1 else []

    def _title(self, shown: int) -> str:
        channel, row, column = self.cell
        title = f"Output channel {channel}, row {row}, column {column}: {number(self.value)}"
        if shown < len(self.channels):
            title += f"; {shown} of {len(self.channels)} input channels, those that add most"
        return title


def trace(
    picture: Any,
    weight: Any,
    bias: Any = None,
    settings: Settings = PLAIN,
    cell: Sequence[int] = (0, 0, 0),
    names: Sequence[str] | None = None,
) -> Trace:
    """Follow the value of one output cell back to the picture.

    Args:
        picture: (C, H, W), or (H, W) of one channel.
        weight: (O, C / groups, rows, columns), or (rows, columns).
        bias: (O,).
        settings: how the kernel moves.
        cell: of the output: channel, row and column, counted from 0.
        names: what the picture's channels are called; else `channel 0` and on.

    Raises:
        UsageError: as `convolve`, or there is no such cell.
    """
    maps, kernels, biases, known = prepared(picture, weight, bias, settings)
    channel, row, column = cell_of(cell, (known.channels[1], *known.output))
    channels = _group(channel, known)
    called = _names(names, len(maps))
    rows, columns = known.window.places((row, column))
    top, _, left, _ = known.padding
    from_rows, from_columns = known.sources()
    sources = np.stack(
        np.meshgrid(from_rows[rows + top], from_columns[columns + left], indexing="ij"), axis=-1
    )
    sources[(sources == NOWHERE).any(axis=-1)] = NOWHERE
    values = padded(maps[channels], known)[:, (rows + top)[:, None], columns + left]
    products = values * kernels[channel]
    one = (kernels[channel : channel + 1], biases[channel : channel + 1])
    return Trace(
        cell=(channel, row, column),
        channels=channels,
        names=tuple(called[at] for at in channels.tolist()),
        values=values,
        weights=kernels[channel],
        products=products,
        bias=float(biases[channel]),
        value=float(products.sum() + biases[channel]),
        rows=rows,
        columns=columns,
        sources=sources,
        arithmetic=known,
        maps=maps[channels],
        output=convolve(maps[channels], *one, replace(settings, groups=1))[0],
    )


def _group(channel: int, known: Arithmetic) -> NDArray[np.int64]:
    """The input channels that an output channel looks at."""
    inputs, outputs = (count // known.groups for count in known.channels)
    first = channel // outputs * inputs
    return np.arange(first, first + inputs, dtype=np.int64)


def _names(names: Sequence[str] | None, channels: int) -> list[str]:
    """What the channels are called; a single one needs no name."""
    if names is None:
        return [f"channel {at}" for at in range(channels)] if channels > 1 else [""]
    if len(names) != channels:
        raise UsageError(f"names: {len(names)} for a picture of {channels} channels")
    return [printable(name) for name in names]
