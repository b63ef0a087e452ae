"""Which keys matter: the share of all variance between settings that each explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retinue.plotting.style import BLUE, GREY, new_figure, percent, shorten, styled
from retinue.plotting.sweeps.panels import caption

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 20  # bars


@dataclass(frozen=True)
class Part:
    """A key, or two keys together, and the share from 0 to 1 of the variance it explains."""

    titles: tuple[str, ...]
    share: float
    shown: bool

    @property
    def together(self) -> bool:
        """Whether it is what two keys do beyond each alone."""
        return len(self.titles) > 1

    @property
    def name(self) -> str:
        """Its title, or both, shortened."""
        return " × ".join(shorten(title, 24) for title in self.titles)


@styled()
def importance(parts: Sequence[Part]) -> "Figure":
    """A bar for each key and each pair of keys, the most important on top and at most 20.

    Args:
        parts: at least one.
    """
    from matplotlib.patches import Patch

    rows = sorted(parts, key=lambda part: -part.share)[:MOST]
    figure = new_figure(7.4, 1.8 + 0.32 * len(rows))
    axes = figure.subplots()
    for place, part in enumerate(rows):
        axes.barh(
            place, part.share, 0.65, color=BLUE if part.shown else GREY,
            hatch="///" if part.together else None, edgecolor="white", linewidth=0,
        )  # fmt: skip
        axes.text(part.share, place, f" {100 * part.share:.1f} %", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [part.name for part in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.15 * max(0.05, *(part.share for part in rows)))
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter(percent)
    axes.set_xlabel("share of the variance between settings")
    rest = f" The first {MOST} of {len(parts)} are drawn." if len(parts) > MOST else ""
    caption(figure, f"Variance: of the accuracy on test, each setting the mean of its seeds.{rest}")
    shown = {part.shown for part in rows}
    kinds: list[tuple[str, str, str | None]] = []
    kinds += [("the effect is shown", BLUE, None)] if True in shown else []
    kinds += [("not shown", GREY, None)] if False in shown else []
    if any(part.together for part in rows):
        kinds.append(("two keys together, beyond each alone", "#B5B5B5", "///"))
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=label)
        for label, colour, hatch in kinds
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles))
    return figure
