"""A panel as a widget of notebooks, by anywidget."""

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import anywidget
import traitlets
from IPython.display import display

from retinue.errors import RetinueError
from retinue.plotting.style import styled
from retinue.widgets.modules import source, style
from retinue.widgets.panel import Panel, Value, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIVE = "application/vnd.jupyter.widget-view+json"
DOTS = 100  # an inch, of the static picture


class NotebookWidget(anywidget.AnyWidget):
    """A panel in a notebook. Its settings are attributes: read them, or set them.

    A setting that Python sets goes through the panel, so that an impossible one raises UsageError
    and changes nothing; several at once go by `change(kernel_size=(5, 5), stride=(2, 2))`.

    Shown by itself, it leaves two outputs: the widget, and the panel's static picture, which the
    page hides while the widget is alive. Where no kernel runs, as in a saved notebook or its HTML,
    only the picture is seen. What else the panel has, such as `figure()`, the widget has too.
    """

    def __init__(self, panel: Panel) -> None:
        self._esm = source(panel.module)
        self._css = style()
        still = f"retinue-still-{uuid4().hex}"
        state = {**panel.state, "still": still}
        taken = [key for key in state if hasattr(type(self), key)]
        if taken:
            raise ValueError(f"{panel.module}: every widget has {taken} of its own")
        self.add_traits(**{key: traitlets.Any().tag(sync=True) for key in state})
        super().__init__(**state)
        self.panel = panel
        self._end = panel.watch(self._show)

    def change(self, **settings: Value) -> None:
        """Set one setting or several at once.

        Raises:
            UsageError: no such setting, or an impossible value; all stay as they were.
        """
        told = self.panel.take(settings)
        self._show({**told, **{key: self.panel.state[key] for key in settings}})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sends: settings by way of the panel, anything else as it is."""
        settings = {key: value for key, value in sync_data.items() if key in self.panel.state}
        super().set_state({key: one for key, one in sync_data.items() if key not in settings})
        if settings:
            told = self.panel.change(plain(settings))
            if not told.get("problem"):
                super().set_state({key: self.panel.state[key] for key in settings})
            self._show(told)

    def close(self) -> None:
        """End the widget, and what its panel does by itself."""
        end = self.__dict__.get("_end")
        if end:
            end()
        super().close()

    def __setattr__(self, key: str, value: Any) -> None:
        panel = self.__dict__.get("panel")
        if panel is not None and key in panel.state:
            self.change(**{key: value})
        else:
            super().__setattr__(key, value)

    def __getattr__(self, key: str) -> Any:
        panel = self.__dict__.get("panel")
        if panel is None or key.startswith("_"):
            raise AttributeError(key)
        return getattr(panel, key)

    def __repr__(self) -> str:
        return f"<widget {self.panel.name}>"

    def _show(self, told: dict[str, Value]) -> None:
        """Let the page have what the panel told."""
        with self.hold_sync():
            for key, value in told.items():
                shown_in_vain = key in self.panel.inputs and getattr(self, key) == value
                self.set_trait(key, value)
                if shown_in_vain:
                    self.send_state(key)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        found = super()._repr_mimebundle_(**options)
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return {**data, **self._still_picture(), "text/plain": self._text()}, metadata

    def _ipython_display_(self, **_: Any) -> None:
        """Show the widget, and beside it the picture for where no kernel runs.

        In one output with the widget the picture would be lost on the pages that `nbconvert` makes
        of notebooks that it ran: these prefer the widget, and load its code from the web.
        """
        found = super()._repr_mimebundle_()
        data, metadata = found if isinstance(found, tuple) else (found or {}, {})
        display({**data, "text/plain": self._text()}, metadata=metadata, raw=True)
        picture = self._still_picture()
        if picture:
            html = (
                f'<img class="{self.still}" alt="{self.panel.name}" style="max-width: 100%" '
                f'src="data:image/png;base64,{picture["image/png"]}">'
            )
            display({**picture, "text/html": html, "text/plain": self.panel.name}, raw=True)

    def _text(self) -> str:
        return f"{self.panel.name}: a widget; run this cell to use it"

    def _still_picture(self) -> dict[str, str]:
        try:
            return {"image/png": b64encode(_png(self.panel.figure())).decode()}
        except RetinueError:
            return {}  # the widget itself says what is wrong


def _png(figure: "Figure") -> bytes:
    buffer = BytesIO()
    with styled():
        figure.savefig(buffer, format="png", dpi=DOTS)
    return buffer.getvalue()
