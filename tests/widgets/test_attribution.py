"""The panel of the widget Attribution: what the page is told when a question changes."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.errors import UsageError
from retinue.explaining.attribution.attribution import attribution
from retinue.explaining.picture import Picture
from retinue.plotting.inside.attribution import limit_of, pale, veil, veiled
from retinue.prediction.classifier import Classifier
from retinue.widgets.attribution import AttributionPanel
from tests.explaining.attribution_cases import InPlaceNorm, classifier_of, of_catalogue, picture_for

HOSTILE = ("<img src=x onerror=alert(1)>", "$x$ \u202ebad", "🐎" * 300, "plain")


@pytest.fixture(scope="module")
def lenet() -> Classifier:
    return of_catalogue("lenet", 1, 28, classes=4)


@pytest.fixture
def panel(lenet: Classifier) -> AttributionPanel:
    return AttributionPanel(lenet, picture_for(lenet))


def laid(state: dict[str, Any], key: str) -> NDArray[np.uint8]:
    """The colours of a map as the page has them, (H, W, 4)."""
    height, width, _ = state["picture_size"]
    return np.frombuffer(state[key], np.uint8).reshape(height, width, 4)


def test_it_begins_with_grad_cam_for_the_predicted_class(panel: AttributionPanel) -> None:
    seen = attribution(panel.classifier, panel.picture)
    state = panel.state
    assert (state["method"], state["layer"]) == ("grad-cam", "features.act2")
    assert state["target"] == seen.predicted
    assert state["shown"] == ["grad-cam", "features.act2", seen.predicted]
    assert [one for one, _ in state["methods"]] == [
        "grad-cam", "integrated-gradients", "occlusion"
    ]  # fmt: skip
    assert ["features.act2", "features.act2: 16 maps of 10 × 10"] in state["layers"]
    expected = veil(seen.heat, limit_of(seen.heat, signed=False), signed=False)
    assert np.array_equal(laid(state, "heat"), expected)
    assert seen.check is not None
    assert state["likeness"] == seen.check.told()
    assert state["probability"] == pytest.approx(seen.probability)
    assert state["sentences"] == seen.sentences()


def test_the_page_s_maps_are_those_of_the_figure(panel: AttributionPanel) -> None:
    under = pale(panel.picture.pixels)
    assert panel.state["pale"] == under.tobytes()
    shown = veiled(under, laid(panel.state, "heat"))
    drawn = [np.asarray(one.get_array()) for one in panel.figure().axes[0].get_images()]
    assert any(np.array_equal(shown, one) for one in drawn)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "integrated-gradients"},
        {"method": "occlusion", "target": 3},
        {"layer": "features.conv1"},
        {"target": 2},
    ],
)
def test_another_question_has_another_answer(
    panel: AttributionPanel, changes: dict[str, Any]
) -> None:
    told = panel.change(changes)
    assert told["problem"] == ""
    expected = attribution(panel.classifier, panel.picture, **{"method": "grad-cam", **changes})
    if "target" not in changes:
        assert told["target"] == expected.predicted
    signed = expected.way.signed
    assert np.array_equal(
        laid(panel.state, "heat"), veil(expected.heat, limit_of(expected.heat, signed), signed)
    )
    assert told["title"] == expected.title()
    for key, value in changes.items():
        assert panel.state[key] == value


def test_the_layer_is_kept_while_another_method_is_looked_at(panel: AttributionPanel) -> None:
    panel.change({"layer": "features.conv1"})
    panel.change({"method": "occlusion"})
    assert panel.state["layer"] == "features.conv1"
    assert panel.state["shown"][1] is None
    assert panel.change({"method": "grad-cam"})["shown"][1] == "features.conv1"


def test_the_strength_asks_for_nothing_new(panel: AttributionPanel) -> None:
    assert panel.change({"strength": 0.25}) == {"problem": ""}
    assert panel.state["strength"] == 0.25


def test_python_may_name_class_and_layer(panel: AttributionPanel) -> None:
    assert panel.take({"target": "class 1"})["target"] == 1
    told = panel.take({"layer": "features"})
    assert told["layer"] == "features"
    assert ["features", "features: 16 maps of 5 × 5"] in told["layers"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "magic"}, "method 'magic'"),
        ({"method": 3}, "are texts"),
        ({"layer": "nowhere"}, "no such layer"),
        ({"layer": "head.output"}, "no maps"),
        ({"layer": "features.conv1", "method": "occlusion"}, "only grad-cam looks at one layer"),
        ({"target": 4}, "numbers 0 to 3"),
        ({"target": "nobody"}, "there is none"),
        ({"target": True}, "number of a class"),
        ({"target": 1.5}, "number of a class"),
        ({"strength": 2}, "from 0 to 1"),
        ({"strength": "much"}, "from 0 to 1"),
        ({"heat": b""}, "no such setting"),
    ],
)
def test_what_cannot_be_leaves_all_as_it_was(
    panel: AttributionPanel, changes: dict[str, Any], words: str
) -> None:
    before = dict(panel.state)
    told = panel.change(changes)
    assert words in told["problem"]
    assert {**panel.state, "problem": ""} == before
    with pytest.raises(UsageError, match=words):
        panel.take(changes)


def test_only_what_suits_the_network_can_be_chosen() -> None:
    flat = of_catalogue("softmax", 3, 8)
    panel = AttributionPanel(flat, picture_for(flat))
    assert panel.state["method"] == "integrated-gradients"
    assert panel.state["layers"] == []
    assert "grad-cam" not in [one for one, _ in panel.state["methods"]]
    assert "none of more than one pixel" in panel.change({"method": "grad-cam"})["problem"]


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_coloured_pictures(channels: int) -> None:
    classifier = of_catalogue("cnn", channels, 16, width=4, depth=2, classes=3)
    panel = AttributionPanel(classifier, picture_for(classifier), target="class 2")
    height, width, found = panel.state["picture_size"]
    assert (height, width, found) == (16, 16, channels)
    assert len(panel.state["picture"]) == 16 * 16 * channels
    assert len(panel.state["pale"]) == 16 * 16
    assert len(panel.state["heat"]) == len(panel.state["other"]) == 16 * 16 * 4


def test_an_array_and_a_network_of_one_s_own(noise: Any) -> None:
    classifier = classifier_of(InPlaceNorm())
    panel = AttributionPanel(classifier, noise(1, 40, 30))
    assert panel.state["picture_size"] == [16, 16, 3]
    assert panel.state["layer"] == "act"


def test_names_reach_the_page_as_text_without_what_steers() -> None:
    classifier = of_catalogue("lenet", 1, 28, classes=4)
    classifier.classes = HOSTILE
    picture = Picture(HOSTILE[1], picture_for(classifier).pixels, label=2)
    panel = AttributionPanel(classifier, picture, target=0)
    assert panel.state["classes"][0] == HOSTILE[0]
    assert max(len(one) for one in panel.state["classes"]) <= 200
    texts = [panel.state["picture_name"], panel.state["title"], panel.state["answer"]]
    assert not any("\u202e" in one for one in [*texts, *panel.state["classes"]])
    panel.figure()
