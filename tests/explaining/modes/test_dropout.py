"""Dropout against torch's own layers, by hand, and by its statistics."""

import json

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.explaining.modes import dropout as module
from retinue.explaining.modes.dropout import dropout
from retinue.models.blocks import named
from retinue.prediction.classifier import Classifier
from retinue.seeds import seed_for
from tests.explaining.map_cases import built, classifier_of, noise_picture, state_of

SIZE = (8, 8)
PICTURE = noise_picture(1, SIZE)


def perceptron(p: float = 0.3, hidden: int = 40) -> Classifier:
    """One hidden layer, its dropout, and a linear layer to ten logits."""
    return built("mlp", 1, SIZE, hidden=[hidden], dropout=p)


def dropping(model: nn.Module) -> list[nn.Module]:
    return [part for part in model.modules() if isinstance(part, nn.Dropout)]


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_answers_are_those_of_the_network_with_its_dropout_in_train_mode(name: str) -> None:
    classifier = built(name, 1, SIZE, dropout=0.4)
    seen = dropout(classifier, PICTURE, samples=30, seed=5)
    with torch.random.fork_rng(), torch.no_grad():
        for part in dropping(classifier.model):
            part.train()
        torch.manual_seed(seed_for(5, "explain-dropout"))
        logits = classifier.model(PICTURE.batch.expand(30, -1, -1, -1)).double()
        classifier.model.eval()
        still = classifier.model(PICTURE.batch).double()
    np.testing.assert_allclose(seen.probabilities, logits.softmax(1).numpy(), rtol=1e-12)
    np.testing.assert_allclose(seen.in_eval, still.softmax(1)[0].numpy(), rtol=1e-12)
    np.testing.assert_allclose(seen.mean, logits.softmax(1).mean(0).numpy())
    np.testing.assert_allclose(seen.deviation, logits.softmax(1).std(0).numpy())
    assert np.abs(seen.probabilities - seen.in_eval).max() > 1e-4  # control


def test_masks_are_those_behind_the_answers() -> None:
    classifier = perceptron()
    seen = dropout(classifier, PICTURE)
    output = classifier.model.get_submodule("network.head.output")

    def answers(outputs: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Tensor:
        logits: Tensor = output(torch.from_numpy(outputs).float())
        return logits.detach().softmax(1)

    found = seen.probabilities[: len(seen.layer.outputs)]
    np.testing.assert_allclose(answers(seen.layer.outputs), found, rtol=1e-4)
    moved = answers(np.roll(seen.layer.outputs, 1, axis=0))
    assert np.abs(moved.numpy() - found).max() > 1e-3  # control


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_what_is_kept_is_multiplied_so_that_the_mean_stays(p: float) -> None:
    classifier = perceptron(p, 200)
    layer = dropout(classifier, PICTURE, samples=400).layer
    assert layer.factor == pytest.approx(1 / (1 - p))
    expected = np.where(layer.masks, layer.inputs * layer.factor, 0)
    np.testing.assert_allclose(layer.outputs, expected, rtol=1e-4, atol=1e-5)
    error = np.sqrt(p / (1 - p) / 400) * np.abs(layer.inputs)
    assert (np.abs(layer.mean_output - layer.inputs) <= 5 * error + 1e-9).all()
    assert abs(layer.kept - (1 - p)) < 5 * np.sqrt(p * (1 - p) / (400 * 200))
    # Control: without the factor the mean would be far off.
    strong = layer.inputs > 0.1
    unscaled = layer.mean_output * (1 - p)
    assert (np.abs(unscaled - layer.inputs) > 5 * error)[strong].any()


def test_inputs_are_those_of_eval_mode_and_masks_know_units_that_are_zero() -> None:
    classifier = perceptron()
    layer = dropout(classifier, PICTURE).layer
    with torch.no_grad():
        network = classifier.model.get_submodule("network.head")
        values = network[:3](classifier.model.get_submodule("normalise")(PICTURE.batch))  # type: ignore[index]
    np.testing.assert_allclose(layer.inputs, values[0].numpy(), rtol=1e-6)
    silent = layer.inputs == 0
    assert silent.any()
    assert layer.masks[:, silent].any()
    assert not layer.masks[:, silent].all()


def test_the_seed_decides_and_nothing_else_changes() -> None:
    classifier = perceptron()
    before = state_of(classifier.model)
    first = dropout(classifier, PICTURE, seed=1)
    torch.rand(3)
    again = dropout(classifier, PICTURE, seed=1)
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    np.testing.assert_array_equal(first.layer.masks, again.layer.masks)
    other = dropout(classifier, PICTURE, seed=2)
    assert (first.layer.masks != other.layer.masks).any()
    torch.set_rng_state(torch.tensor(before[-1], dtype=torch.uint8))
    dropout(classifier, PICTURE)
    assert state_of(classifier.model) == before


def test_many_masks_go_through_the_network_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "batch_of", lambda _: 7)
    classifier = perceptron()
    seen = dropout(classifier, PICTURE, samples=20)
    assert seen.probabilities.shape == (20, 10)
    assert len({tuple(row) for row in seen.probabilities.tolist()}) == 20
    assert seen.layer.masks.shape == (8, 40)


class Channels(nn.Module):
    """Drops whole channels, in place, after an activation in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout2d(0.5, inplace=True)
        self.output = nn.Linear(6, 10)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.drop(self.act(self.conv(pictures)))
        result: Tensor = self.output(maps.mean(dim=(2, 3)))
        return result


def test_whole_channels_are_dropped_by_dropout2d_and_layers_in_place_do_no_harm() -> None:
    torch.manual_seed(0)
    classifier = classifier_of(Channels(), 1)
    layer = dropout(classifier, PICTURE).layer
    masks = layer.masks.reshape(len(layer.masks), 6, 36)
    assert (masks.all(axis=2) | ~masks.any(axis=2)).all()
    assert masks.any()
    assert not masks.all()
    with torch.no_grad():
        convolution = classifier.model.get_submodule("network.conv")
        values = convolution(classifier.model.get_submodule("normalise")(PICTURE.batch)).relu()
    np.testing.assert_allclose(layer.inputs, values.flatten().numpy(), rtol=1e-6)


def test_of_several_dropouts_the_last_is_shown_or_the_one_that_is_named() -> None:
    classifier = built("mlp", 1, SIZE, hidden=[20, 30], dropout=0.2)
    seen = dropout(classifier, PICTURE)
    assert seen.dropouts == (("head.dropout1", 0.2), ("head.dropout2", 0.2))
    assert (seen.layer.name, len(seen.layer.inputs)) == ("head.dropout2", 30)
    first = dropout(classifier, PICTURE, layer="head.dropout1").layer
    assert (first.name, len(first.inputs)) == ("head.dropout1", 20)
    with pytest.raises(UsageError, match=r"is no dropout; those are: head\.dropout1, head"):
        dropout(classifier, PICTURE, layer="head.output")


def test_the_temperature_of_the_classifier_is_that_of_the_answers() -> None:
    classifier = perceptron()
    plain = dropout(classifier, PICTURE)
    classifier.temperature = 2.0
    warm = dropout(classifier, PICTURE)
    np.testing.assert_allclose(warm.in_eval, classifier.predict(PICTURE.pixels[None])[0], rtol=1e-5)
    assert (warm.deviation < plain.deviation).all()


@pytest.mark.parametrize("name", ["mlp", "cnn", "resnet-small"])
def test_networks_without_dropout_are_refused_and_those_named_can_have_it(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        dropout(built(name, 1, SIZE), PICTURE)
    text = str(caught.value)
    assert (
        "train one of mlp, cnn, resnet-small, efficientnet_lite0 with --set model.dropout" in text
    )
    assert dropout(built(name, 1, SIZE, dropout=0.3), PICTURE, samples=2).deviation.max() > 0


@pytest.mark.parametrize("layer", [nn.Dropout(0.0), nn.AlphaDropout(0.5), nn.Identity()], ids=str)
def test_a_layer_that_drops_nothing_is_none(layer: nn.Module) -> None:
    network = named(flatten=nn.Flatten(), drop=layer, output=nn.Linear(64, 10))
    with pytest.raises(UsageError, match="has no dropout"):
        dropout(classifier_of(network, 1), PICTURE)


def test_one_mask_and_a_layer_that_is_not_reached_are_refused() -> None:
    with pytest.raises(UsageError, match="samples=1"):
        dropout(perceptron(), PICTURE, samples=1)

    class Spare(nn.Sequential):
        def forward(self, values: Tensor) -> Tensor:
            return values.flatten(1)[:, :10]

    with pytest.raises(UsageError, match="is not reached"):
        dropout(classifier_of(Spare(nn.Dropout(0.5)), 1), PICTURE)


def test_it_shows_itself_and_as_dict_is_json() -> None:
    seen = dropout(perceptron(), PICTURE)
    assert seen._repr_html_().startswith('<img alt="')
    value = seen.as_dict()
    assert json.loads(json.dumps(value)) == value
    assert value["samples"] == 100
    assert "1 / (1 - 0.3) = 1.429" in value["sentences"][0]
