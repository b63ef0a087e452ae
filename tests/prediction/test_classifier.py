"""Classifier: fp32, whatever the batch, with the temperature that val asked for."""

import copy
import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax
from torch import nn

from retinue.errors import PictureError, RetinueError, UsageError
from retinue.images import Pixels, Preprocess
from retinue.models.catalogue import build
from retinue.models.weights import make_card, save_model
from retinue.prediction.classifier import Classifier
from retinue.recipe import Recipe, write_recipe

CLASSES = tuple("abcde")
SAME = Preprocess((8, 8), (8, 8), "crop", 1)
PHOTOS = Preprocess((8, 8), (10, 10), "crop", 1)
ARGUMENTS = {"depth": 3, "width": 8, "dropout": 0.5}


def network(seed: int = 0) -> nn.Sequential:
    """A network whose batch statistics are those of no batch, so that train mode would show."""
    torch.manual_seed(seed)
    model = build(
        "cnn", classes=5, channels=1, size=(8, 8), arguments=ARGUMENTS, mean=[128.0], std=[74.0]
    )
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 2.0)
            layer.running_mean = torch.randn(layer.num_features)
    return model


def pictures(count: int, side: int = 8) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 1), dtype=np.uint8)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(network(), CLASSES, SAME)


def test_probabilities_are_the_same_across_batch_sizes(classifier: Classifier) -> None:
    images = pictures(300)  # more than one batch of 256
    whole = classifier.predict(images)
    assert whole.shape == (300, 5)
    assert whole.std(axis=0).min() > 1e-3  # control: the pictures do differ
    for size in (1, 7, 64):
        parts = [classifier.predict(images[at : at + size]) for at in range(0, 300, size)]
        np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0, atol=1e-6)


def test_one_picture_is_predicted_as_in_a_batch(classifier: Classifier) -> None:
    images = pictures(5)
    whole = classifier.predict(images)
    for position, picture in enumerate(images):
        np.testing.assert_allclose(classifier.predict([picture])[0], whole[position], atol=1e-6)
        np.testing.assert_allclose(
            classifier.predict([picture[..., 0]])[0], whole[position], atol=1e-6
        )


def test_rows_are_probabilities(classifier: Classifier) -> None:
    rows = classifier.predict(pictures(20))
    assert rows.dtype == np.float64
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-12)
    assert rows.min() > 0


def exact(images: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The same network in float64."""
    double = copy.deepcopy(network()).eval().double()
    # The normalisation casts to float32, which pixels and their mean survive.
    with torch.no_grad():
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).double()
        centred = (pixels - 128.0) / 74.0
        return np.asarray(double.get_submodule("network")(centred).numpy())


def test_it_computes_in_fp32(classifier: Classifier) -> None:
    images = pictures(40)
    assert np.abs(classifier.logits(images) - exact(images)).max() < 1e-4
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():  # control: bf16 would show
        rough = classifier.model(torch.from_numpy(images).permute(0, 3, 1, 2)).double().numpy()
    assert np.abs(rough - exact(images)).max() > 1e-3


def test_a_network_that_comes_in_bf16_and_train_mode_is_brought_to_fp32_and_eval() -> None:
    brought = Classifier(network().train().bfloat16(), CLASSES, SAME)
    assert not brought.model.training
    assert {weight.dtype for weight in brought.model.parameters()} == {torch.float32}
    images = pictures(9)
    np.testing.assert_array_equal(brought.predict(images), brought.predict(images))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_temperature_divides_the_logits(temperature: float) -> None:
    classifier = Classifier(network(), CLASSES, SAME, temperature)
    images = pictures(6)
    expected = softmax(classifier.logits(images) / temperature, axis=1)
    np.testing.assert_allclose(classifier.predict(images), expected, rtol=1e-12)


@pytest.mark.parametrize("views", ["flip", "shift", "flip-shift"])
def test_averages_are_the_same_across_batch_sizes(views: str) -> None:
    averaging = Classifier(network(), CLASSES, SAME, views=views)
    images = pictures(260)
    whole = averaging.logits(images)
    for size in (1, 37):
        parts = [averaging.logits(images[at : at + size]) for at in range(0, 260, size)]
        assert np.abs(np.concatenate(parts) - whole).max() < 1e-4
    single = Classifier(network(), CLASSES, SAME).logits(images)
    assert np.abs(single - whole).max() > 0.1  # control: one view says something else


def test_logits_are_averaged_before_the_temperature_divides_them() -> None:
    images = pictures(6)
    plain = Classifier(network(), CLASSES, SAME)
    mirrored = np.ascontiguousarray(images[:, :, ::-1])
    mean = (plain.logits(images) + plain.logits(mirrored)) / 2
    found = Classifier(network(), CLASSES, SAME, 3.0, views="flip").predict(images)
    np.testing.assert_allclose(found, softmax(mean / 3, axis=1), atol=1e-6)
    chances = [softmax(plain.logits(each) / 3, axis=1) for each in (images, mirrored)]
    assert np.abs(np.mean(chances, axis=0) - found).max() > 1e-4  # control: nor probabilities


def test_the_views_of_a_stored_picture_are_those_of_its_centre() -> None:
    stored = pictures(4, side=10)
    photos = Classifier(network(), CLASSES, PHOTOS, views="flip-shift")
    plain = Classifier(network(), CLASSES, SAME, views="flip-shift")
    expected = plain.logits(stored[:, 1:9, 1:9])
    np.testing.assert_allclose(photos.logits(stored), expected, atol=1e-6)


def test_predicting_leaves_no_gradients_and_does_not_change_the_weights() -> None:
    classifier = Classifier(network(), CLASSES, SAME)
    before = {key: value.clone() for key, value in classifier.model.state_dict().items()}
    classifier.predict(pictures(10))
    after = classifier.model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert all(weight.grad is None for weight in classifier.model.parameters())


def test_no_pictures_are_no_rows(classifier: Classifier) -> None:
    assert classifier.predict([]).shape == (0, 5)
    assert classifier.predict(np.zeros((0, 8, 8, 1), np.uint8)).shape == (0, 5)


def test_the_centre_of_a_stored_picture_is_seen() -> None:
    stored = pictures(4, side=10)
    photos = Classifier(network(), CLASSES, PHOTOS)
    plain = Classifier(network(), CLASSES, SAME)
    expected = plain.predict(stored[:, 1:9, 1:9])
    np.testing.assert_allclose(photos.predict(stored), expected, atol=1e-6)
    corner = plain.predict(np.ascontiguousarray(stored[:, :8, :8]))
    assert np.abs(corner - expected).max() > 1e-3  # control


def test_pictures_of_other_sizes_and_colours_are_brought_as_in_training(
    classifier: Classifier,
) -> None:
    large = np.random.default_rng(3).integers(0, 256, (23, 17, 3), dtype=np.uint8)
    expected = classifier.predict(np.stack([SAME(large)]))
    np.testing.assert_array_equal(classifier.predict([large]), expected)
    mixed = classifier.predict([large, pictures(1)[0]])
    np.testing.assert_allclose(mixed[:1], expected, atol=1e-6)


def test_a_file_is_predicted_like_its_pixels(classifier: Classifier) -> None:
    picture = pictures(1)[0]
    buffer = BytesIO()
    Image.fromarray(picture[..., 0]).save(buffer, "PNG")
    expected = classifier.predict(picture[None])[0]
    np.testing.assert_allclose(classifier.predict_file(buffer.getvalue()), expected, atol=1e-6)


def test_pictures_that_cannot_be_written_to_are_predicted_without_a_warning(
    classifier: Classifier,
) -> None:
    """Pillow's pixels are read-only; torch warns of such once, but a user should never see it."""
    picture = pictures(1)
    picture.setflags(write=False)
    torch.set_warn_always(True)
    try:
        assert classifier.predict(picture).shape == (1, 5)
    finally:
        torch.set_warn_always(False)


def test_a_file_that_is_no_picture_is_refused(classifier: Classifier) -> None:
    with pytest.raises(PictureError, match="not a picture"):
        classifier.predict_file(b"These are words.")


# Loading.


def run_folder(folder: Path, calibration: str | None = None, views: str = "one") -> Path:
    model = network()
    write_recipe(folder / "recipe.yaml", Recipe())
    (folder / "status.json").write_text("{}")
    card = make_card(model, "cnn", ARGUMENTS, CLASSES, SAME, ([128.0], [74.0]), views)
    save_model(folder, model, card)
    if calibration is not None:
        (folder / "calibration.json").write_text(calibration)
    return folder


def test_a_loaded_classifier_is_the_one_that_was_saved(tmp_path: Path) -> None:
    found = Classifier.load(run_folder(tmp_path))
    assert (found.classes, found.preprocess, found.temperature) == (CLASSES, SAME, 1.0)
    images = pictures(12)
    expected = Classifier(network(), CLASSES, SAME).predict(images)
    np.testing.assert_array_equal(found.predict(images), expected)
    other = Classifier(network(seed=1), CLASSES, SAME).predict(images)
    assert np.abs(other - expected).max() > 1e-3  # control


@pytest.mark.parametrize("views", ["one", "flip", "shift", "flip-shift"])
def test_views_come_from_model_json(tmp_path: Path, views: str) -> None:
    found = Classifier.load(run_folder(tmp_path, views=views))
    assert found.views == views
    images = pictures(12)
    expected = Classifier(network(), CLASSES, SAME, views=views).logits(images)
    np.testing.assert_array_equal(found.logits(images), expected)


@pytest.mark.parametrize("damaged", ["both", 3, ["flip"], None])
def test_views_that_are_not_known_are_told(tmp_path: Path, damaged: object) -> None:
    path = run_folder(tmp_path) / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "views": damaged}))
    with pytest.raises(RetinueError, match=r"model\.json: unknown views"):
        Classifier.load(tmp_path)


def test_temperature_and_abstention_come_from_calibration_json(tmp_path: Path) -> None:
    values = {"temperature": 2.5, "abstention": {"threshold": 0.7}}
    found = Classifier.load(run_folder(tmp_path, json.dumps(values)))
    assert (found.temperature, found.abstain_below) == (2.5, 0.7)


def test_a_damaged_calibration_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RetinueError, match=r"calibration\.json"):
        Classifier.load(run_folder(tmp_path, '{"temperature": 1.0, "abst'))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run folder"):
        Classifier.load(tmp_path)


def test_a_run_without_a_network_is_refused(tmp_path: Path) -> None:
    (run_folder(tmp_path) / "model.json").unlink()
    with pytest.raises(UsageError, match="holds no network yet"):
        Classifier.load(tmp_path)


GROWTH = """
import resource, sys
import numpy as np
from retinue.images import Preprocess
from retinue.models.catalogue import build
from retinue.prediction.classifier import Classifier

network = build("softmax", classes=6, channels=3, size=(64, 64), arguments={}, mean=[0], std=[1])
classifier = Classifier(network, ["a"] * 6, Preprocess((64, 64), (64, 64), "crop", 3))
pictures = np.broadcast_to(np.zeros((64, 64, 3), np.uint8), (20_000, 64, 64, 3))
classifier.logits(pictures[:2_000])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
classifier.logits(pictures)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / pictures.nbytes)
"""


def test_judging_more_pictures_takes_no_more_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 0.1
