"""What all figures share: colours and fonts, an empty figure, saving, short names, percentages."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, cast
from unicodedata import bidirectional, east_asian_width

from retinue.writing import appearing

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

# Okabe and Ito 2008: apart from one another for colour-blind eyes too.
BLUE, ORANGE, GREEN, VERMILION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, GREY, INK = "#56B4E9", "#CC79A7", "#8A8A8A", "#222222"
# For scripts that matplotlib's own font lacks; those not installed are left out.
FONTS = (
    *("DejaVu Sans", "Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic"),
    *("Noto Sans Devanagari", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Nirmala UI"),
)
STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called $x$
    "text.usetex": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_LOCK = RLock()  # rc_context sets and resets what all threads share


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style; characters that no font has become boxes without a warning."""
    import matplotlib
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    family = {"font.family": [name for name in FONTS if name in installed]}
    with _LOCK, matplotlib.rc_context(cast(Any, STYLE | family)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from", category=UserWarning)
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of a size in inches, laid out so that nothing overlaps or is clipped."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


@styled()
def save(figure: "Figure", path: Path) -> None:
    """Write a figure as a PNG of 150 dots an inch, atomically, the same bytes for the same figure.

    Args:
        figure: from any function of `retinue.plotting`.
        path: where to; missing folders are made.
    """
    with appearing(Path(path)) as aside:
        figure.savefig(aside, format="png", dpi=150, metadata={"Software": None})


def interpolation(pixels: "NDArray[Any]") -> str | None:
    """How a picture (H, W, ...) is drawn: of one under 64 pixels each is to be seen as a square."""
    return "nearest" if max(pixels.shape[:2]) < 64 else None


def percent(value: float, _: object = None) -> str:
    """The label of a tick; only 1 itself is called 100 %, whatever the digits that takes."""
    text = f"{100 * value:.3g}"
    if text == "100" and abs(value - 1) > 1e-9:
        text = f"{100 * value:.10g}"
    return f"{text} %"


def at_most_99(whole: int, share: float) -> int:
    """A whole percentage of a share, 0 to 1, that says 100 only where nothing is missing."""
    return whole if share >= 1 else min(whole, 99)


def columns_of(text: str) -> int:
    """How wide a text is, in Latin letters: those of East Asia count twice."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def shorten(name: str, limit: int = 28) -> str:
    """A name on one line and at most `limit` columns wide; what is cut is cut from its middle."""
    name = " ".join(name.split())
    if columns_of(name) > limit:
        head, tail = name[: limit // 2], ""
        while columns_of(head) > limit // 2:
            head = head[:-1]
        while columns_of(tail) < limit - limit // 2 - 2:
            tail = name[-len(tail) - 1] + tail
        name = f"{head}…{tail}"
    if any(bidirectional(letter) in ("R", "AL") for letter in name):
        # Marks of left-to-right: a number after a Hebrew or Arabic name stays on its right.
        name = f"\u200e{name}\u200e"
    return name


def shorten_all(names: Sequence[str], limit: int = 28) -> list[str]:
    """Short names that are as different from one another as the names, even if longer for it."""
    short = [shorten(name, limit) for name in names]
    if len(set(short)) < len(set(names)) and limit < 80:
        return shorten_all(names, limit + 8)
    return short
