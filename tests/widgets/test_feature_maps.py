from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.picture import Picture
from retinue.images import Preprocess
from retinue.models.catalogue import build, wrap
from retinue.prediction.classifier import Classifier
from retinue.widgets import feature_maps
from retinue.widgets.feature_maps import FeatureMapsPanel


def classifier_of(
    model: nn.Module, channels: int, size: int = 16, classes: tuple[str, ...] = ("a", "b", "c")
) -> Classifier:
    rules = Preprocess((size, size), (size, size), "squash", channels)
    return Classifier(model, classes, rules)


class Own(nn.Module):
    """A network that is in no catalogue; its second filter is dead."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 5, (3, 5), padding=(1, 2))
        self.act = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(5 * 8 * 8, 3)
        with torch.no_grad():
            self.first.weight[1] = 0
            cast(nn.Parameter, self.first.bias)[1] = -1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.head(self.pool(self.act(self.first(x))).flatten(1)))


@pytest.fixture
def picture(noise: Callable[..., NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return noise(1, 16, 16, 1)


@pytest.fixture
def panel(picture: NDArray[np.uint8]) -> FeatureMapsPanel:
    torch.manual_seed(0)
    classifier = classifier_of(wrap(Own(), [128.0], [60.0]), 1)
    return FeatureMapsPanel(classifier, Picture("<b>x</b>\u202e.png", picture))


def own(panel: FeatureMapsPanel) -> Own:
    return cast(Own, panel.classifier.model.network)


def decoded(state: dict[str, Any]) -> NDArray[np.float64]:
    """The maps as the page has them, in the network's numbers."""
    shape = (len(state["shown"]), *state["map_size"])
    codes = np.frombuffer(state["maps"], np.uint8).reshape(shape).astype(float)
    share = (codes - 128) / 127 if state["signed"] else codes / 255
    return np.asarray(share * np.array(state["limits"])[:, None, None])


def by_hand(panel: FeatureMapsPanel, activated: bool) -> NDArray[np.float32]:
    """The first layer's maps, without hooks."""
    net = own(panel).first
    x = (panel.picture.batch.float() - 128) / 60
    made = nn.functional.conv2d(x, net.weight, net.bias, padding=(1, 2))
    return (made.relu() if activated else made)[0].detach().numpy()


def fits(state: dict[str, Any], maps: NDArray[np.float32]) -> bool:
    """Whether the page's maps are these to half a step of a byte, and its numbers exactly."""
    step = np.array(state["limits"])[:, None, None] / (127 if state["signed"] else 255)
    near = np.abs(decoded(state) - maps[state["shown"]]) <= 0.51 * step
    values = np.frombuffer(state["values"], "<f4").reshape(state["map_size"])
    means = [one["mean"] for one in state["statistics"]]
    return bool(
        near.all()
        and np.allclose(values, maps[state["channel"]], atol=1e-6)
        and np.allclose(means, maps.mean((1, 2))[state["shown"]], atol=1e-6)
    )


def test_the_page_gets_the_maps_that_the_layer_makes(panel: FeatureMapsPanel) -> None:
    assert panel.state["layer"] == "first"
    assert panel.state["signed"]
    assert fits(panel.state, by_hand(panel, activated=False))
    panel.change({"layer": "act"})
    assert not panel.state["signed"]
    assert fits(panel.state, by_hand(panel, activated=True))


def test_maps_of_another_layer_or_channel_would_be_noticed(panel: FeatureMapsPanel) -> None:
    assert not fits(panel.state, by_hand(panel, activated=True))
    assert not fits(panel.state, by_hand(panel, activated=False)[::-1])
    panel.change({"channel": 3})
    panel.state["channel"] = 2
    assert not fits(panel.state, by_hand(panel, activated=False))


def test_a_dead_channel_is_marked_and_only_it(panel: FeatureMapsPanel) -> None:
    assert panel.state["dead"] == []
    panel.change({"layer": "act"})
    assert panel.state["dead"] == [1]
    assert [one["dead"] for one in panel.state["statistics"]] == [False, True, False, False, False]
    assert panel.state["statistics"][1]["zeros"] == 1


def test_a_channel_brings_its_values_and_nothing_else(panel: FeatureMapsPanel) -> None:
    told = panel.change({"channel": 4})
    assert set(told) == {"problem", "values", "values_channel"}
    assert fits(panel.state, by_hand(panel, activated=False))


def test_strength_and_scale_are_the_pages_own(panel: FeatureMapsPanel) -> None:
    assert panel.change({"strength": 0.2, "scale": "channel"}) == {"problem": ""}
    assert (panel.state["strength"], panel.state["scale"]) == (0.2, "channel")


def test_layers_with_maps_are_offered_in_the_order_in_which_they_run(
    panel: FeatureMapsPanel,
) -> None:
    assert [name for name, _ in panel.state["layers"]] == ["normalise", "first", "act", "pool"]
    assert panel.state["layers"][3][1] == "pool: 5 maps of 8 × 8"


def test_a_layer_by_its_long_name_is_the_layer(panel: FeatureMapsPanel) -> None:
    told = panel.change({"layer": "network.pool"})
    assert told["layer"] == panel.state["layer"] == "pool"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"layer": "nope"}, "no such layer"),
        ({"layer": 3}, "the name of a layer"),
        ({"layer": "head"}, "single numbers"),
        ({"channel": 5}, "channels 0 to 4"),
        ({"channel": -1}, "channels 0 to 4"),
        ({"channel": True}, "whole number"),
        ({"channel": 1.5}, "whole number"),
        ({"strength": 1.2}, "from 0 to 1"),
        ({"strength": float("nan")}, "from 0 to 1"),
        ({"strength": "much"}, "from 0 to 1"),
        ({"scale": "<b>"}, "layer or channel"),
        ({"maps": b""}, "no such setting"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    panel: FeatureMapsPanel, changes: dict[str, Any], told: str
) -> None:
    before = dict(panel.state)
    problem = panel.change(changes)["problem"]
    assert told in problem
    assert "\n" not in problem
    assert {**panel.state, "problem": ""} == before


def test_a_network_without_maps_is_refused() -> None:
    model = build(
        "softmax", classes=3, channels=3, size=(8, 8), arguments={}, mean=[0] * 3, std=[1] * 3
    )
    with pytest.raises(UsageError, match="single numbers"):
        FeatureMapsPanel(classifier_of(model, 3, 8), np.zeros((8, 8, 3), np.uint8))


def test_of_many_channels_the_strongest_are_shown_and_any_can_be_chosen(
    panel: FeatureMapsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature_maps, "MOST_MAPS", 2)
    panel.change({"layer": "act"})
    strongest = np.argsort(-by_hand(panel, activated=True).mean((1, 2)))[:2]
    assert panel.state["shown"] == sorted(strongest.tolist())
    assert panel.state["channels"] == 5
    told = panel.change({"channel": 1})
    assert told["shown"] == sorted([strongest[0].item(), 1])
    assert fits(panel.state, by_hand(panel, activated=True))
    monkeypatch.setattr(feature_maps, "MOST_VALUES", 3 * 16 * 16 // 2)
    panel.change({"layer": "first"})
    assert len(panel.state["shown"]) == 1


def test_the_state_is_json_and_bytes_and_names_are_harmless(panel: FeatureMapsPanel) -> None:
    import json

    kept = {key: value for key, value in panel.state.items() if not isinstance(value, bytes)}
    json.dumps(kept, allow_nan=False)
    assert "\u202e" not in panel.state["picture_name"]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_picture_travels_as_it_is(
    channels: int, noise: Callable[..., NDArray[np.uint8]]
) -> None:
    pixels = noise(2, 16, 16, channels)
    model = build(
        "cnn", classes=3, channels=channels, size=(16, 16), arguments={},
        mean=[0] * channels, std=[1] * channels,
    )  # fmt: skip
    panel = FeatureMapsPanel(classifier_of(model, channels), pixels)
    assert panel.state["picture_size"] == [16, 16, channels]
    assert panel.state["picture"] == pixels.tobytes()


def test_the_static_picture_is_that_of_the_layer(panel: FeatureMapsPanel) -> None:
    panel.change({"layer": "act"})
    words = [text.get_text() for text in panel.figure().findobj() if hasattr(text, "get_text")]
    assert any("act" in one for one in words)


def test_the_network_stays_as_it_was(panel: FeatureMapsPanel) -> None:
    model = panel.classifier.model
    before = {key: value.clone() for key, value in model.state_dict().items()}
    panel.change({"layer": "act"})
    assert own(panel).act.inplace
    assert not any(part._forward_hooks for part in model.modules())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
