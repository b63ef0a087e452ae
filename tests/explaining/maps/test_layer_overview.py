import json

import numpy as np
import pytest
import torch
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.maps.feature_maps import feature_maps
from retinue.explaining.maps.layer_overview import layer_overview
from retinue.models.blocks import named
from tests.explaining.map_cases import (
    all_edges_are_white,
    built,
    classifier_of,
    in_one,
    noise_picture,
    state_of,
    words_of,
)


def test_rows_are_the_layers_in_order_with_their_strongest_channels() -> None:
    classifier, picture = built("lenet", 1, (28, 28)), noise_picture(1, (28, 28))
    before = state_of(classifier.model)
    found = layer_overview(classifier, picture)
    assert [row.layer for row in found.rows] == [
        "normalise", "features.conv1", "features.act1", "features.pool1", "features.conv2",
        "features.act2", "features.pool2", "head.dense1", "head.act1", "head.dense2", "head.act2",
        "head.output",
    ]  # fmt: skip
    for row in found.rows[:7]:
        maps = feature_maps(classifier, picture, row.layer)
        chosen = maps.by_strength[:6]
        assert row.channels.tolist() == chosen.tolist()
        assert np.array_equal(row.maps, maps.maps[chosen])
        assert row.shape == maps.shape
        assert row.dead == int(maps.dead.sum())
    assert state_of(classifier.model) == before


def test_the_last_row_names_the_classes() -> None:
    classifier, picture = built("lenet", 1, (28, 28)), noise_picture(1, (28, 28))
    last = layer_overview(classifier, picture).rows[-1]
    logits = classifier.logits(picture.pixels[None])[0]
    assert [name for name, _ in last.top] == [
        classifier.classes[number] for number in np.argsort(-logits)[:3]
    ]
    assert last.top[0][1] == pytest.approx(logits.max(), rel=1e-4)
    dense = layer_overview(classifier, picture).rows[-3]
    assert dense.top[0][0].startswith("unit ")
    assert dense.labels == ()


def test_many_layers_are_chosen_evenly_and_that_is_stated() -> None:
    classifier, picture = built("resnet-small"), noise_picture()
    everything = layer_overview(classifier, picture, rows=1000)
    found = layer_overview(classifier, picture)
    names = [row.layer for row in everything.rows]
    assert len(names) == everything.layers == found.layers > 60
    places = [names.index(row.layer) for row in found.rows]
    assert (len(places), places[0], places[-1]) == (12, 0, len(names) - 1)
    steps = np.diff(places)
    assert steps.max() - steps.min() <= 1
    assert f"12 of {found.layers} layers, chosen evenly." in in_one(found.figure())
    few = layer_overview(built("softmax"), picture)
    assert [row.layer for row in few.rows] == ["normalise", "head.output"]
    assert "chosen evenly" not in in_one(few.figure())
    assert [row.layer for row in layer_overview(classifier, picture, rows=1).rows] == names[-1:]


def test_layers_that_run_twice_have_two_rows_and_those_that_pass_on_none() -> None:
    act = nn.ReLU()
    network = named(a=act, same=nn.Identity(), drop=nn.Dropout(), conv=nn.Conv2d(3, 4, 1), b=act)
    network.add_module("flat", nn.Flatten())
    network.add_module("out", nn.Linear(4 * 64, 10))
    found = layer_overview(classifier_of(network), noise_picture(size=(8, 8)))
    assert [row.layer for row in found.rows] == ["normalise", "a", "conv", "a:2", "out"]


def test_dead_channels_are_told() -> None:
    conv = nn.Conv2d(3, 4, 1)
    nn.init.constant_(conv.weight, 0)
    conv.bias.data = torch.tensor([1.0, -1.0, -1.0, 2.0])  # type: ignore[union-attr]
    network = named(conv=conv, act=nn.ReLU(), flat=nn.Flatten(), out=nn.Linear(256, 10))
    found = layer_overview(classifier_of(network), noise_picture(size=(8, 8)))
    assert [row.dead for row in found.rows] == [0, 0, 2, 0]
    assert found.rows[2].channels.tolist() == [3, 0, 1, 2]
    assert "2 of 4 zero everywhere" in words_of(found.figure())


def test_numbers_are_json_and_nothing_is_cut_off() -> None:
    found = layer_overview(built("fast"), noise_picture(), rows=5, channels=3)
    told = found.as_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert all(len(row["strongest"]) in (0, 3) for row in told["rows"])
    assert all_edges_are_white(found.figure())
    assert found._repr_html_().startswith("<img")


def test_what_cannot_be_shown_is_refused() -> None:
    classifier = classifier_of(nn.Flatten(), classes=192)
    with pytest.raises(UsageError, match="at least one row"):
        layer_overview(classifier, noise_picture(size=(8, 8)), rows=0)
    only = layer_overview(classifier, noise_picture(size=(8, 8)))
    assert [row.layer for row in only.rows] == ["normalise"]


@pytest.mark.parametrize("name", ["<b>$x$</b>", "l" * 500, "שלום", "😀", "two\nlines"])
def test_names_of_any_kind_can_be_drawn(name: str) -> None:
    classifier = classifier_of(named(flat=nn.Flatten(), out=nn.Linear(192, 10)))
    classifier.classes = tuple(f"{name}{number}" for number in range(10))
    found = layer_overview(classifier, noise_picture(size=(8, 8), name=name))
    assert all_edges_are_white(found.figure())
