from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.fields.receptive_field import receptive_field
from retinue.images import Preprocess
from retinue.models.catalogue import build, wrap
from retinue.prediction.classifier import Classifier
from retinue.widgets.receptive_field import ReceptiveFieldPanel
from retinue.wording import printable

HOSTILE = '<img src=x onerror="alert(1)"> $x$ \u202eשלום 😀'


def classifier_of(name: str, size: tuple[int, int], channels: int, **arguments: Any) -> Classifier:
    torch.manual_seed(1)
    model = build(
        name,
        classes=3,
        channels=channels,
        size=size,
        arguments=arguments,
        mean=[120.0] * channels,
        std=[60.0] * channels,
    )
    classes = ["cat", HOSTILE, "dog"]
    return Classifier(model, classes, Preprocess(size, size, "crop", channels))


def panel_of(
    name: str = "lenet", size: tuple[int, int] = (28, 28), channels: int = 1, **options: Any
) -> ReceptiveFieldPanel:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, channels), dtype=np.uint8)
    return ReceptiveFieldPanel(classifier_of(name, size, channels), pixels, **options)


def test_it_begins_with_the_middle_of_the_last_map() -> None:
    state = panel_of().state
    assert (state["layer"], state["row"], state["column"]) == ("features.pool2", 2, 2)
    assert state["grid"] == [5, 5, 25]
    assert state["field"] == state["seen"] == [6, 6, 16, 16]
    assert state["jump"] == [4, 4]
    assert state["frame"] == [2, 2, 2, 2]
    assert state["picture_size"] == [28, 28, 1]
    assert len(state["picture"]) == len(state["heat"]) == 28 * 28
    assert state["growth"][-1] == ["features.pool2", "2x2", "2", "16x16"]
    assert state["problem"] == ""


def test_another_unit_is_what_the_library_says() -> None:
    panel = panel_of()
    told = panel.change({"row": 0, "column": 4})
    found = receptive_field(panel.classifier, panel.picture, "features.pool2", (0, 4))
    assert told["sentences"] == found.sentences()
    assert found.effective is not None
    assert told["effective"] == list(found.effective.as_dict().values())
    heat = np.frombuffer(told["heat"], np.uint8).reshape(28, 28)
    share = found.gradient / found.gradient.max()
    assert np.abs(heat - 255 * np.sqrt(share)).max() <= 0.5
    assert panel.state["row"] == 0
    assert panel.change({"row": 3})["title"].startswith("unit in row 3, column 4 of 5 x 5")


def test_another_layer_begins_with_its_middle() -> None:
    panel = panel_of()
    panel.change({"row": 4, "column": 4})
    told = panel.change({"layer": "features.conv1"})
    assert (told["row"], told["column"], told["grid"]) == (14, 14, [28, 28, 784])
    assert told["field"] == [12, 12, 5, 5]
    panel.change({"layer": "features.conv2", "row": 0, "column": 9})
    assert (panel.state["row"], panel.state["column"]) == panel.seen.unit == (0, 9)


def test_the_answers_are_units_with_the_names_of_their_classes() -> None:
    panel = panel_of()
    told = panel.change({"layer": "head.output"})
    assert told["grid"] == [2, 2, 3]
    assert told["is_map"] is False
    assert told["field"] is told["jump"] is told["effective"] is None
    told = panel.change({"row": 0, "column": 1})
    assert told["title"] == f"unit 1 of 3 in head.output: {printable(HOSTILE)}"
    assert "\u202e" not in told["title"]


def test_switches_compute_nothing() -> None:
    assert panel_of().change({"show_field": False, "show_gradient": False}) == {"problem": ""}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"row": 5}, "row 5: should be a whole number from 0 to 4"),
        ({"column": -1}, "column -1"),
        ({"row": 1.5}, "row 1.5"),
        ({"row": True}, "row True"),
        ({"layer": "features.conf1"}, "did you mean features.conv1"),
        ({"layer": 3}, "layer: is the name"),
        ({"show_field": "yes"}, "show_field: is true or false"),
        ({"size": 3}, "no such setting"),
    ],
)
def test_impossible_values_change_nothing(changes: dict[str, Any], text: str) -> None:
    panel = panel_of()
    before = dict(panel.state)
    with pytest.raises(UsageError, match=text):
        panel.take(changes)
    assert panel.state == before
    assert text in panel.change(changes)["problem"]
    assert panel.seen.unit == (2, 2)


def test_a_place_behind_the_last_number_of_a_vector_is_refused() -> None:
    panel = panel_of(layer="head.output")
    assert "--unit 3" in panel.change({"row": 1, "column": 1})["problem"]


def test_padding_on_the_page_is_a_quarter_of_the_picture_at_most() -> None:
    panel = panel_of("resnet-small", (32, 32), 3)
    assert panel.state["frame"] == [8, 8, 8, 8]
    assert panel.state["field"][2] > 48


def test_a_part_can_be_asked_for_and_stands_in_the_choice() -> None:
    panel = panel_of("fast", (32, 32), 3, layer="features.block1", unit=(0, 1))
    assert (panel.state["layer"], panel.state["column"]) == ("features.block1", 1)
    assert "features.block1" in [name for name, _ in panel.state["layers"]]
    told = panel.change({"layer": "features.block2"})
    assert "features.block2" in [name for name, _ in told["layers"]]


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 5, 2)
        self.then = nn.Conv2d(2, 3, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        result: Tensor = self.then(self.first(pictures).relu()).mean((2, 3))
        return result


def test_a_network_of_ones_own_and_a_file_with_a_hostile_name(tmp_path: Path) -> None:
    name = HOSTILE.replace("/", "") + ".png"
    Image.fromarray(np.full((30, 40), 7, np.uint8)).save(tmp_path / name)
    size = (20, 20)
    classifier = Classifier(
        wrap(Own(), [0.0], [1.0]), ["a", "b", "c"], Preprocess(size, size, "crop", 1)
    )
    panel = ReceptiveFieldPanel(classifier, tmp_path / name)
    assert panel.state["layer"] == "then"
    assert panel.state["field"] == [6, 6, 9, 9]
    assert panel.state["picture_name"].endswith(printable(name))


def test_the_static_picture_is_that_of_the_library() -> None:
    panel = panel_of()
    assert [axes.get_title(loc="left") for axes in panel.figure().axes] == [
        axes.get_title(loc="left") for axes in panel.seen.figure().axes
    ]
