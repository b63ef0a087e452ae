"""Widgets for notebooks: what a convolution does, what a network sees, and how it learns.

    from retinue.widgets import FeatureMaps

    FeatureMaps("runs/digits-cnn-1", "test:17")

Each name makes a widget, which shows itself at the end of a cell; the settings on its page are its
attributes, to read and to set. The extra `widgets` brings what they need.
"""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from retinue.errors import MissingExtraError

if TYPE_CHECKING:
    from retinue.widgets.notebook import NotebookWidget
    from retinue.widgets.panel import Panel

_PANELS = {
    "Attribution": ("retinue.widgets.attribution", "AttributionPanel"),
    "ConvolutionExplorer": ("retinue.widgets.explorer", "ExplorerPanel"),
    "FeatureMaps": ("retinue.widgets.feature_maps", "FeatureMapsPanel"),
    "ReceptiveField": ("retinue.widgets.receptive_field", "ReceptiveFieldPanel"),
    "TrainingMonitor": ("retinue.widgets.training_monitor", "TrainingMonitorPanel"),
    "TrainingStep": ("retinue.widgets.training_step", "TrainingStepPanel"),
}
_OPTIONAL = ("anywidget", "ipywidgets", "IPython", "traitlets")

__all__ = [
    "Attribution",
    "ConvolutionExplorer",
    "FeatureMaps",
    "ReceptiveField",
    "TrainingMonitor",
    "TrainingStep",
]


def __getattr__(name: str) -> Any:
    if name not in _PANELS:
        raise AttributeError(f"module 'retinue.widgets' has no attribute {name!r}")
    module, panel = _PANELS[name]
    return _factory(name, getattr(import_module(module), panel))


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _factory(name: str, panel: "type[Panel]") -> "Callable[..., NotebookWidget]":
    """What takes the arguments of a panel and makes its widget."""

    def make(*arguments: Any, **settings: Any) -> "NotebookWidget":
        try:
            from retinue.widgets.notebook import NotebookWidget
        except ModuleNotFoundError as error:
            if error.name not in _OPTIONAL:
                raise
            raise MissingExtraError(f"the widget {name}", "widgets") from None
        return NotebookWidget(panel(*arguments, **settings))

    make.__name__ = make.__qualname__ = name
    make.__doc__ = inspect.getdoc(panel)
    make.__signature__ = inspect.signature(panel)  # type: ignore[attr-defined]
    return make
