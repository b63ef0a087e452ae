import base64
import io
import subprocess
import sys
from threading import Thread
from typing import Any

import pytest
from PIL import Image

import retinue.widgets
from retinue.errors import MissingExtraError, UsageError
from retinue.widgets import notebook
from retinue.widgets.notebook import LIVE, NotebookWidget
from retinue.widgets.panel import Panel
from tests.widgets.probe import ProbePanel, sources


class Recorder:
    """A comm that remembers what was sent to the page."""

    comm_id = "0" * 32

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.buffers: list[Any] = []

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        """Remember the message."""
        self.sent.append(data)
        self.buffers.append(buffers)

    def on_msg(self, callback: Any) -> None:
        """Nothing comes but what the test sends."""

    def close(self, *_: Any, **__: Any) -> None:
        """Nothing to close."""

    def updates(self) -> dict[str, Any]:
        """The last value of each key that was sent as news, not as an echo."""
        news = [one["state"] for one in self.sent if one["method"] == "update"]
        return {key: value for state in news for key, value in state.items()}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> tuple[NotebookWidget, Recorder, ProbePanel]:
    """A widget, what it sends, and its panel."""
    monkeypatch.setattr(notebook, "source", sources)
    panel = ProbePanel()
    widget = NotebookWidget(panel)
    recorder = Recorder()
    widget.comm = recorder
    return widget, recorder, panel


Made = tuple[NotebookWidget, Recorder, ProbePanel]


def from_page(widget: NotebookWidget, paths: list[Any] | None = None, **state: Any) -> None:
    """What a page sends when a person sets something; `paths` name the bytes in it."""
    buffers = [memoryview(state.pop(path[0])) for path in paths or []]
    data = {"method": "update", "state": state, "buffer_paths": paths or []}
    widget._handle_msg({"content": {"data": data}, "buffers": buffers})


def test_the_whole_state_is_synced_with_the_page(made: Made) -> None:
    widget, _, panel = made
    sent = widget.get_state()
    for key, value in panel.state.items():
        assert sent[key] == value
        assert getattr(widget, key) == value
    assert sent["_esm"] == sources("probe")
    assert ".retinue" in sent["_css"]


def test_what_the_page_sets_goes_through_the_panel_and_news_come_back(made: Made) -> None:
    widget, recorder, panel = made
    from_page(widget, number=6)
    assert (widget.number, widget.double, panel.state["double"]) == (6, 12, 12)
    assert recorder.updates() == {"double": 12}
    assert panel.responses == 1


def test_a_corrected_value_goes_back_to_the_page(made: Made) -> None:
    widget, recorder, _ = made
    from_page(widget, number=998)
    assert widget.number == 99
    assert recorder.updates()["number"] == 99


def test_what_the_page_sets_in_vain_is_a_problem_and_nothing_else(made: Made) -> None:
    widget, recorder, panel = made
    from_page(widget, number=7)
    assert recorder.updates() == {"problem": "number 7: should be even"}
    assert (widget.number, panel.state["number"]) == (2, 2)
    from_page(widget, share=0.1)
    assert recorder.updates()["problem"] == ""
    assert recorder.updates()["number"] == 2  # though Python never had another
    from_page(widget, number=7)
    from_page(widget, on=True)
    assert (widget.number, widget.double, widget.on) == (7, 14, True)


def test_bytes_come_from_the_page(made: Made) -> None:
    widget, _, panel = made
    from_page(widget, [["pixels"]], pixels=b"\x01\x02")
    assert panel.state["pixels"] == b"\x01\x02"
    assert widget.pixels == b"\x01\x02"


def test_what_is_not_of_the_panel_stays_as_in_every_widget(made: Made) -> None:
    widget, _, panel = made
    from_page(widget, tooltip="hint")
    assert widget.tooltip == "hint"
    assert panel.responses == 0
    from_page(widget, double=3)
    assert "double" in widget.problem
    assert widget.double == 4


def test_python_sets_settings_as_attributes(made: Made) -> None:
    widget, recorder, panel = made
    widget.number = 8
    assert (widget.double, panel.state["number"]) == (16, 8)
    assert recorder.updates() == {"number": 8, "double": 16}
    widget.change(number=9, on=True)
    assert (widget.number, widget.on, widget.double) == (9, True, 18)
    widget.kind = ("b", 2)
    assert widget.kind == ["b", 2]


def test_an_impossible_value_from_python_raises_and_changes_nothing(made: Made) -> None:
    widget, recorder, panel = made
    before = dict(panel.state)
    with pytest.raises(UsageError, match="number 7: should be even"):
        widget.number = 7
    with pytest.raises(UsageError, match="no such setting"):
        widget.double = 7
    with pytest.raises(UsageError, match="no such setting"):
        widget.change(nonsense=1)
    assert panel.state == before
    assert recorder.updates() == {}


def test_python_takes_back_what_the_page_shows_in_vain(made: Made) -> None:
    widget, recorder, _ = made
    from_page(widget, number=7)
    widget.number = 2
    assert recorder.updates() == {"problem": "", "number": 2}


def test_a_panel_that_changes_by_itself_tells_the_page_until_the_widget_is_closed(
    made: Made,
) -> None:
    widget, recorder, panel = made
    thread = Thread(target=panel.tell_all, args=({"words": "news"},))
    thread.start()
    thread.join()
    assert widget.words == "news"
    assert recorder.updates() == {"words": "news"}
    widget.close()
    assert panel.watching == []


def test_shown_by_itself_it_leaves_the_widget_and_a_picture_that_hides_while_it_lives(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, _, _ = made
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(notebook, "display", lambda data, **_: shown.append(data))
    widget._ipython_display_()
    live, still = shown
    assert set(live) == {LIVE, "text/plain"}
    assert live["text/plain"] == "Probe: a widget; run this cell to use it"
    assert set(still) == {"image/png", "text/html", "text/plain"}
    picture = Image.open(io.BytesIO(base64.b64decode(still["image/png"])))
    assert picture.size == (300, 100)
    assert f'class="{widget.get_state()["still"]}"' in still["text/html"]
    assert still["image/png"] in still["text/html"]


def test_in_one_bundle_the_picture_stands_beside_the_widget(made: Made) -> None:
    data, _ = made[0]._repr_mimebundle_()
    assert set(data) == {LIVE, "image/png", "text/plain"}


def test_a_panel_that_cannot_draw_shows_its_widget_all_the_same(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget, _, panel = made

    def fail() -> None:
        raise UsageError("nothing to draw yet")

    monkeypatch.setattr(panel, "figure", fail)
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(notebook, "display", lambda data, **_: shown.append(data))
    widget._ipython_display_()
    assert [set(one) for one in shown] == [{LIVE, "text/plain"}]


def test_without_anywidget_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "retinue.widgets.notebook")
    with pytest.raises(MissingExtraError, match=r"FeatureMaps needs .*'retinue\[widgets\]'"):
        retinue.widgets.FeatureMaps(None, None)


def test_the_package_is_light_and_its_panels_know_no_notebook() -> None:
    heavy = ("torch", "matplotlib", "anywidget", "ipywidgets", "IPython")
    code = (
        "import sys, retinue.widgets;"
        f"assert not set({heavy!r}) & set(sys.modules);"
        "sys.modules.update(dict.fromkeys(['anywidget', 'ipywidgets', 'IPython'], None));"
        "from importlib import import_module;"
        "[import_module(module) for module, _ in retinue.widgets._PANELS.values()]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", retinue.widgets.__all__)
def test_each_name_makes_a_widget_with_the_arguments_of_its_panel(name: str) -> None:
    factory = getattr(retinue.widgets, name)
    assert factory.__name__ == name
    assert factory.__doc__
    assert name in dir(retinue.widgets)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="NoSuch"):
        _ = retinue.widgets.NoSuch


def test_a_key_of_the_state_must_not_hide_what_every_widget_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notebook, "source", sources)
    with pytest.raises(ValueError, match="layout"):
        NotebookWidget(ProbePanel(layout=1))


def test_panels_say_who_they_are() -> None:
    from importlib import import_module

    for module, name in retinue.widgets._PANELS.values():
        panel = getattr(import_module(module), name)
        assert issubclass(panel, Panel)
        assert panel.name
        assert panel.module
