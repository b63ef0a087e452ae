"""Views against NumPy's padding and a network that sees every mirroring and every move."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.evaluation.calibration import fit_temperature
from retinue.evaluation.evaluate import evaluate, reopen
from retinue.prediction.classifier import Classifier
from retinue.prediction.predict import predict
from retinue.prediction.views import VIEWS, average
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.fit import train

Floats = NDArray[np.float64]
SIZES = [(32, 32), (8, 8), (64, 64), (65, 96), (9, 96), (128, 100), (2, 3), (1, 1)]
# What each view does: weight, whether mirrored, rows and columns that its content moves down.
PARTS: dict[str, list[tuple[float, bool, int]]] = {
    "one": [(1, False, 0)],
    "flip": [(1 / 2, False, 0), (1 / 2, True, 0)],
    "shift": [(1 / 2, False, 0), (1 / 4, False, -1), (1 / 4, False, 1)],
    "flip-shift": [
        (1 / 4, False, 0),
        (1 / 4, True, 0),
        (1 / 8, False, -1),
        (1 / 8, True, -1),
        (1 / 8, False, 1),
        (1 / 8, True, 1),
    ],
}


class Aware(nn.Module):
    """Every pixel has weights of its own, so that no mirroring and no move goes unseen; float64."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.weight = torch.from_numpy(weights(pixels))

    def forward(self, pictures: Tensor) -> Tensor:
        # Not linear, so that averaging pictures instead of logits would show.
        return torch.tanh(pictures.double().flatten(1) @ self.weight)


def weights(pixels: int) -> Floats:
    return np.random.default_rng(7).normal(0, 0.005 / pixels**0.5, (pixels, 4))


def pictures(size: tuple[int, int], count: int = 3, channels: int = 3) -> NDArray[np.uint8]:
    """Pictures (N, C, H, W)."""
    shape = (count, channels, *size)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def moved(images: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """A crop of the padded pictures, whose content lies `step` pixels further down and right."""
    pad = abs(step)
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "reflect")
    start = pad - step
    return padded[:, :, start : start + images.shape[2], start : start + images.shape[3]]


def by_hand(images: NDArray[np.uint8], parts: list[tuple[float, bool, int]], step: int) -> Floats:
    """Logits averaged over views, in float64 NumPy."""
    total = np.zeros((len(images), 4))
    for weight, mirrored, steps in parts:
        view = moved(images, steps * step)
        view = view[..., ::-1] if mirrored else view
        flat = view.reshape(len(images), -1).astype(np.float64)
        total += weight * np.tanh(flat @ weights(flat.shape[1]))
    return total


def found(images: NDArray[np.uint8], views: str) -> Floats:
    tensor = torch.from_numpy(images)
    return np.asarray(average(Aware(images[0].size), tensor, views).numpy())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("views", VIEWS)
def test_logits_are_averaged_as_by_hand(views: str, size: tuple[int, int]) -> None:
    images = pictures(size)
    step = {65: 2, 128: 3}.get(size[0], 1)  # 65 / 32 and 100 / 32
    expected = by_hand(images, PARTS[views], step)
    np.testing.assert_allclose(found(images, views), expected, rtol=0, atol=1e-6)


def test_the_comparison_would_see_another_average() -> None:
    images = pictures((32, 32))
    parts = PARTS["flip-shift"]
    exact = found(images, "flip-shift")
    without_mirrors = [(2 * weight, False, step) for weight, mirrored, step in parts if mirrored]
    other_way = [(weight, mirrored, -2 * step) for weight, mirrored, step in parts]
    evenly = [(1 / 6, mirrored, step) for _, mirrored, step in parts]
    for other in (without_mirrors, other_way, evenly):
        assert np.abs(by_hand(images, other, 1) - exact).max() > 1e-3


@pytest.mark.parametrize("views", VIEWS)
def test_weights_sum_to_1_and_views_keep_shape_type_and_order_in_memory(views: str) -> None:
    images = torch.from_numpy(pictures((12, 10))).contiguous(memory_format=torch.channels_last)
    before = images.clone()
    seen = VIEWS[views](images)
    assert sum(weight for weight, _ in seen) == 1
    assert len(seen) == len({view.numpy().tobytes() for _, view in seen}) == len(PARTS[views])
    for _, view in seen:
        assert (view.shape, view.dtype) == (images.shape, images.dtype)
        assert view.is_contiguous(memory_format=torch.channels_last)
    assert images.equal(before)


def test_one_view_is_the_network_itself() -> None:
    images = torch.from_numpy(pictures((16, 16)))
    model = Aware(3 * 16 * 16)
    assert average(model, images, "one").equal(model(images))


def test_the_names_are_those_of_the_recipe() -> None:
    assert get_args(Recipe.model_fields["views"].annotation) == tuple(VIEWS)


# A whole run: recorded, and honoured by all that reads it.

FAST: dict[str, Any] = {"model": {"name": "mlp", "hidden": [16]}, "epochs": 3, "lr": 0.02}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """The same training, finished with one view and with six."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("draw_figures", "write_pictures"):
            patch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
        folder = tmp_path_factory.mktemp("runs")
        return {
            views: train("digits", output=folder / views, limit_per_class=20, views=views, **FAST)
            for views in ("one", "flip-shift")
        }


def test_views_are_recorded(runs: dict[str, Run]) -> None:
    for views, run in runs.items():
        assert run.recipe.views == views
        assert run.read_json("model.json")["views"] == views


def test_training_and_its_validation_see_one_view(runs: dict[str, Run]) -> None:
    measured = [
        [(line["train_loss"], line["val_loss"], line["val_accuracy"]) for line in run.history]
        for run in runs.values()
    ]
    assert measured[0] == measured[1]


def test_evaluating_calibrating_and_predicting_agree(
    runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    run, plain = runs["flip-shift"], runs["one"]
    data = reopen(run)
    stored = run.predictions("test").probabilities
    said = [one.probabilities for one in predict(run.path, data.test.take(slice(None)))]
    np.testing.assert_allclose(np.stack(said), stored, atol=1e-6)  # type: ignore[arg-type]
    assert np.abs(plain.predictions("test").probabilities - stored).max() > 1e-2  # control

    temperature = fit_temperature(Classifier.load(run).logits(data.val), data.val.labels)
    assert run.read_json("calibration.json")["temperature"] == pytest.approx(temperature, rel=1e-6)
    assert plain.read_json("calibration.json")["temperature"] != pytest.approx(temperature)

    before = run.metrics("test")["accuracy"]
    assert evaluate(Path(run.path)).metrics["accuracy"] == before
