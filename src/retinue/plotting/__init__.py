"""Figures in one style: learning curves, confusion matrices, bars, and sheets of pictures.

Every function returns a `matplotlib.figure.Figure` and leaves matplotlib's global state as it was;
`save` writes one as a PNG. matplotlib is imported when a figure is made, never with this package.
Names of classes may be long, be in any script and contain `$`: they are drawn as they are.
"""

from retinue.plotting.charts import (
    class_bars,
    class_counts,
    confusion_matrix,
    learning_curves,
    learning_rates,
    regularisation,
    reliability,
    roc_and_precision_recall,
)
from retinue.plotting.grids import confident_mistakes, picture_grid, sample_sheet, side_by_side
from retinue.plotting.style import save
from retinue.plotting.trust import risk_coverage

__all__ = [
    "class_bars",
    "class_counts",
    "confident_mistakes",
    "confusion_matrix",
    "learning_curves",
    "learning_rates",
    "picture_grid",
    "regularisation",
    "reliability",
    "risk_coverage",
    "roc_and_precision_recall",
    "sample_sheet",
    "save",
    "side_by_side",
]
