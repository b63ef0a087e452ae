from typing import Any

import numpy as np
import pytest

from retinue.errors import UsageError
from retinue.widgets.panel import Panel, plain
from tests.widgets.probe import ProbePanel


@pytest.fixture
def panel() -> ProbePanel:
    return ProbePanel()


def test_the_page_learns_what_its_change_entails(panel: ProbePanel) -> None:
    assert panel.change({"number": 6}) == {"problem": "", "double": 12}
    assert panel.state["number"] == 6
    assert panel.state["double"] == 12


def test_a_corrected_value_goes_back_to_the_page(panel: ProbePanel) -> None:
    assert panel.change({"number": 998})["number"] == 99
    assert panel.state["number"] == 99


def test_an_impossible_value_is_a_problem_in_one_line_and_changes_nothing(
    panel: ProbePanel,
) -> None:
    before = dict(panel.state)
    assert panel.change({"number": 7}) == {"problem": "number 7: should be even"}
    assert panel.state == {**before, "problem": "number 7: should be even"}


def test_a_later_good_change_ends_the_problem_and_the_page_gets_the_old_value_back(
    panel: ProbePanel,
) -> None:
    panel.change({"number": 7})
    told = panel.change({"share": 0.1})
    assert told == {"problem": "", "number": 2, "double": 4}
    assert (panel.state["share"], panel.state["number"]) == (0.1, 2)


def test_what_was_refused_counts_again_with_what_makes_it_possible(panel: ProbePanel) -> None:
    panel.change({"number": 7})
    assert panel.change({"on": True}) == {"problem": "", "number": 7, "double": 14}
    assert (panel.state["on"], panel.state["number"]) == (True, 7)


def test_a_refused_value_that_is_set_anew_is_forgotten(panel: ProbePanel) -> None:
    panel.change({"number": 7})
    assert panel.change({"number": 8}) == {"problem": "", "double": 16}
    assert panel.change({"on": True}) == {"problem": "", "double": 16}


def test_a_setting_that_there_is_not_is_refused_and_not_remembered(panel: ProbePanel) -> None:
    for key in ("double", "name", "nonsense"):
        assert key in panel.change({key: 1})["problem"]
    assert panel.change({"number": 4}) == {"problem": "", "double": 8}
    assert "nonsense" not in panel.state


def test_what_python_sets_in_vain_raises_and_leaves_the_state(panel: ProbePanel) -> None:
    before = dict(panel.state)
    with pytest.raises(UsageError, match="should be even"):
        panel.take({"number": 7})
    with pytest.raises(UsageError, match="Probe has no such setting; it has kind, number"):
        panel.take({"nonsense": 1})
    assert panel.state == before
    assert panel.take({"on": True}) == {"problem": "", "double": 4}


def test_what_python_sets_takes_back_what_the_page_shows_in_vain(panel: ProbePanel) -> None:
    panel.change({"number": 7})
    assert panel.take({"share": 0.2}) == {"problem": "", "number": 2, "double": 4}


def test_an_error_of_another_kind_is_not_hidden_and_leaves_the_state(
    panel: ProbePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> dict[str, Any]:
        panel.state["number"] = 1
        raise ZeroDivisionError

    monkeypatch.setattr(panel, "respond", fail)
    with pytest.raises(ZeroDivisionError):
        panel.change({"number": 4})
    assert panel.state["number"] == 2


def test_values_become_what_json_and_the_page_have() -> None:
    found = plain({"a": (1, np.float32(0.5)), 2: np.arange(3), "b": memoryview(b"xy"), "c": b"z"})
    assert found == {"a": [1, 0.5], "2": [0, 1, 2], "b": b"xy", "c": b"z"}
    assert [type(one) for one in found["a"]] == [int, float]
    assert isinstance(found["b"], bytes)


def test_a_panel_without_inputs_takes_nothing_and_watches_nothing() -> None:
    class Still(Panel):
        module, name = "probe", "Still"

    still = Still({"a": 1})
    assert still.state == {"name": "Still", "problem": "", "a": 1}
    assert "a: Still has no such setting" in still.change({"a": 2})["problem"]
    still.watch(lambda _: None)()
