"""An attribution as a whole: what it holds, what it leaves alone, and what it says."""

import json
import random

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.attribution.attribution import (
    attribution,
    possible_layers,
    possible_methods,
)
from retinue.explaining.attribution.layer import map_layer
from retinue.explaining.attribution.methods import grad_cam
from retinue.explaining.attribution.seen import Attribution, Completeness
from retinue.explaining.picture import Picture
from retinue.images import Preprocess
from retinue.prediction.classifier import Classifier
from tests.explaining.attribution_cases import (
    InPlaceNorm,
    Stored,
    classifier_of,
    of_catalogue,
    part_of,
    picture_for,
    tensor_of,
)
from tests.explaining.map_cases import state_of

METHODS = ("grad-cam", "integrated-gradients", "occlusion")
HOSTILE = ("<b>$x$</b>\n\x1b[31m", "حصان", "🐎" * 90, "plain")


@pytest.fixture(scope="module")
def lenet() -> Classifier:
    return of_catalogue("lenet", 1, 28)


def test_the_map_is_that_of_the_layer_and_class_stated(lenet: Classifier) -> None:
    picture = picture_for(lenet, label=4)
    for target in (None, "true", "class 7", 2):
        seen = attribution(lenet, picture, target=target)
        number = {None: seen.predicted, "true": 4, "class 7": 7, 2: 2}[target]
        assert (seen.target, seen.classes[number]) == (number, f"class {number}")
        assert seen.way.layer == map_layer(lenet.model, tensor_of(picture))
        layer = part_of(lenet.model, "features.act2")
        expected = grad_cam(lenet.model, tensor_of(picture), number, layer).numpy()
        assert np.array_equal(seen.heat, expected)
    earlier = attribution(lenet, picture, layer="features.act1")
    assert earlier.way.layer is not None
    assert earlier.way.layer.shape == (6, 28, 28)


def test_probabilities_are_those_of_the_classifier() -> None:
    classifier = of_catalogue("lenet", 1, 28)
    classifier.temperature = 0.2
    classifier.views = "flip"
    picture = picture_for(classifier)
    seen = attribution(classifier, picture, target="class 3", check=False)
    expected = classifier.predict(picture.pixels[None])[0]
    assert np.allclose(seen.probabilities, expected)
    assert seen.probability == pytest.approx(expected[3])
    assert seen.predicted == expected.argmax()


@pytest.mark.parametrize("method", METHODS)
def test_the_network_and_the_generators_stay_as_they_were(method: str) -> None:
    classifier = classifier_of(InPlaceNorm())
    model = classifier.model
    model[1].norm.train()  # type: ignore[index]
    model[1].out.requires_grad_(False)  # type: ignore[index]
    for weight in model.parameters():
        weight.grad = torch.full_like(weight, 3) if weight.requires_grad else None
    before = state_of(model)
    drawn = torch.get_rng_state(), random.getstate()
    with torch.no_grad():
        attribution(classifier, picture_for(classifier), method)
    assert state_of(model) == before
    assert torch.equal(drawn[0], torch.get_rng_state())
    assert drawn[1] == random.getstate()


def test_the_network_stays_as_it_was_where_a_method_fails() -> None:
    class Fails(InPlaceNorm):
        def forward(self, values: Tensor) -> Tensor:
            if len(values) > 1 or values.requires_grad:
                raise ArithmeticError("no")
            return super().forward(values)

    classifier = classifier_of(Fails())
    before = state_of(classifier.model)
    for method in METHODS:
        with pytest.raises(ArithmeticError):
            attribution(classifier, picture_for(classifier), method)
        assert state_of(classifier.model) == before


def test_batch_norm_and_dropout_work_as_in_prediction() -> None:
    classifier = classifier_of(InPlaceNorm())
    picture = picture_for(classifier)
    expected = attribution(classifier, picture, "integrated-gradients", check=False)
    classifier.model.train()
    seen = attribution(classifier, picture, "integrated-gradients", target=expected.target)
    assert np.allclose(seen.heat, expected.heat)


def test_integrated_gradients_add_up() -> None:
    classifier = of_catalogue("lenet", 1, 28, activation="tanh", pooling="average")
    picture = picture_for(classifier)
    seen = attribution(classifier, picture, "integrated-gradients", steps=60)
    assert seen.completeness is not None
    start = np.full((1, 28, 28, 1), 0, np.uint8)
    black = attribution(classifier, picture, "integrated-gradients", baseline="black", steps=60)
    assert black.completeness is not None
    given, nothing = (
        classifier.logits(one)[0, black.target] for one in (picture.pixels[None], start)
    )
    assert black.completeness.difference == pytest.approx(given - nothing, rel=1e-4)
    for one in (seen, black):
        assert one.completeness is not None
        assert one.completeness.total == pytest.approx(one.heat.sum())
        assert one.completeness.error < 0.01


def test_a_poor_integral_is_owned_up_to() -> None:
    classifier = of_catalogue("lenet", 1, 28, activation="tanh")
    for weight in classifier.model.parameters():
        weight.data.mul_(4)  # saturates
    seen = attribution(classifier, picture_for(classifier), "integrated-gradients", steps=1)
    assert seen.completeness is not None
    assert seen.completeness.error > 0.05
    assert "More steps bring the two together." in " ".join(seen.sentences())


def test_completeness_where_nothing_differs() -> None:
    assert Completeness(0.0, 0.0).error == 0
    assert Completeness(1.0, 0.0).error == np.inf


def test_the_check_is_the_same_map_without_what_was_learned(lenet: Classifier) -> None:
    picture = picture_for(lenet)
    first, same, other = (attribution(lenet, picture, "occlusion", seed=s) for s in (1, 1, 2))
    assert first.check is not None
    assert same.check is not None
    assert other.check is not None
    assert first.check.heat.shape == first.heat.shape == (28, 28)
    assert np.array_equal(first.check.heat, same.check.heat)
    assert not np.array_equal(first.check.heat, other.check.heat)
    assert not np.array_equal(first.check.heat, first.heat)
    assert attribution(lenet, picture, check=False).check is None
    cam = attribution(lenet, picture)
    assert cam.check is not None
    assert cam.check.places == 100


def test_a_map_of_nothing_says_so() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 4)
    )
    nn.init.zeros_(network[3].weight)  # type: ignore[arg-type]
    classifier = classifier_of(network)
    seen = attribution(classifier, picture_for(classifier))
    assert "The map is zero everywhere" in seen.sentences()[1]
    assert "no similarity can be stated" in seen.sentences()[2]
    seen.figure()


def test_a_graph_is_explained_by_occlusion_without_a_check() -> None:
    rules = Preprocess((8, 8), (8, 8), "crop", 3)
    classifier = Classifier(Stored(), ["a", "b", "c", "d"], rules)
    picture = picture_for(classifier)
    assert possible_methods(classifier, picture) == ["occlusion"]
    with pytest.raises(UsageError, match="baseline mean: this network does not know it"):
        attribution(classifier, picture, "occlusion", baseline="mean")
    seen = attribution(classifier, picture, "occlusion")
    assert seen.way.baseline == "black"
    assert seen.check is None
    assert seen.heat.any()


@pytest.mark.parametrize("channels", [1, 3])
def test_methods_that_suit_a_network(channels: int) -> None:
    flat = of_catalogue("softmax", channels, 8)
    assert possible_methods(flat, picture_for(flat)) == list(METHODS[1:])
    cnn = of_catalogue("cnn", channels, 8, width=4, depth=2)
    assert possible_methods(cnn, picture_for(cnn)) == list(METHODS)
    layers = possible_layers(cnn, picture_for(cnn))
    assert layers["features.act2"] == (8, 4, 4)
    assert next(iter(layers)) == "features.conv1"


def test_a_picture_of_another_size_is_refused(lenet: Classifier) -> None:
    picture = Picture("large.png", np.zeros((32, 32, 1), np.uint8))
    with pytest.raises(UsageError, match=r"large.png: is \(32, 32, 1\).*takes \(28, 28, 1\)"):
        attribution(lenet, picture)


def test_the_dictionary_is_json_without_the_maps(lenet: Classifier) -> None:
    picture = picture_for(lenet, label=1)
    for method in METHODS:
        told = attribution(lenet, picture, method).as_dict()
        assert json.loads(json.dumps(told)) == told
        assert len(json.dumps(told)) < 2000
        assert (told["method"], told["true"]) == (method, "class 1")
    cam = attribution(lenet, picture).as_dict()
    assert (cam["layer"], cam["maps"], cam["steps"]) == ("features.act2", [16, 10, 10], None)
    seen = attribution(lenet, picture, "occlusion")
    row, column = seen.as_dict()["largest_at"]
    assert seen.heat[row, column] == seen.heat.max()


def test_it_shows_itself_with_hostile_names() -> None:
    classifier = of_catalogue("lenet", 1, 28, classes=4)
    classifier.classes = HOSTILE
    for number in range(4):
        picture = Picture(HOSTILE[number], picture_for(classifier).pixels, label=3)
        seen: Attribution = attribution(classifier, picture, target=number)
        page = seen._repr_html_()
        assert page.startswith("<img")
        assert "<b>" not in page
        assert "\x1b" not in seen.title() + seen.answer()
