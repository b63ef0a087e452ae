"""`predict`: pictures in, one prediction each, in order."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from retinue.data.imagedata import Split
from retinue.errors import RetinueError, UsageError
from retinue.evaluation.judge import calibrate
from retinue.images import Pixels, Preprocess
from retinue.prediction.classifier import Classifier
from retinue.prediction.predict import Prediction, predict, predictions
from retinue.runs import Run

CLASSES = ("dark", "middling", "bright")


class Brightness(nn.Module):
    """Knows how bright a picture is, from 0 to 255, and nothing else."""

    def forward(self, pictures: Tensor) -> Tensor:
        mean = pictures.float().mean(dim=(1, 2, 3))
        return -(mean[:, None] - torch.tensor([0.0, 128.0, 255.0])).abs() / 10


def classifier(channels: int = 3, abstain_below: float = 0.0) -> Classifier:
    preprocess = Preprocess((6, 6), (8, 8), "crop", channels)
    return Classifier(Brightness(), CLASSES, preprocess, abstain_below=abstain_below)


def plain(value: int, shape: tuple[int, ...] = (8, 8, 3)) -> Pixels:
    return np.full(shape, value, np.uint8)


def png(pixels: Pixels) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.png bright, b.png no picture, c.png dark."""
    (tmp_path / "a.png").write_bytes(png(plain(250)))
    (tmp_path / "b.png").write_bytes(b"These are words.")
    (tmp_path / "c.png").write_bytes(png(plain(5)))
    return tmp_path


def labels(found: list[Prediction]) -> list[str]:
    return [one.label for one in found]


def test_a_file_has_one_prediction(folder: Path) -> None:
    (found,) = predict(classifier(), folder / "a.png")
    assert (found.name, found.label, found.error) == (str(folder / "a.png"), "bright", "")
    assert found.classes == CLASSES


def test_bytes_that_are_no_picture_are_told_and_the_others_go_on(folder: Path) -> None:
    found = predict(classifier(), folder)
    assert [one.name for one in found] == [f"{folder}/{name}.png" for name in "abc"]
    assert labels(found) == ["bright", "", "dark"]
    assert [one.error for one in found] == ["", "not a picture in a known format", ""]
    assert found[1].probabilities is None
    assert found[1].confidence == 0.0


def test_a_zip_is_predicted_like_the_folder_in_it(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in "abc":
            archive.write(folder / f"{name}.png", f"{name}.png")
    assert labels(predict(classifier(), path)) == ["bright", "", "dark"]


def test_the_order_is_that_of_the_inputs_over_many_batches(folder: Path) -> None:
    order = np.random.default_rng(0).integers(0, 3, 150)
    files = [folder / f"{'abc'[number]}.png" for number in order]
    found = predict(classifier(), files)
    assert labels(found) == [["bright", "", "dark"][number] for number in order]
    assert [one.name for one in found] == [str(path) for path in files]


def test_probabilities_are_the_classifier_s(folder: Path) -> None:
    (found,) = predict(classifier(), [folder / "c.png"])
    expected = classifier().predict(plain(5)[None])[0]
    assert found.probabilities is not None
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-9)
    names = [CLASSES[number] for number in np.argsort(-expected)]
    assert [name for name, _ in found.top(3)] == names
    assert [value for _, value in found.top(3)] == pytest.approx(sorted(expected, reverse=True))
    assert found.confidence == pytest.approx(expected.max())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(8, 8, 3), (31, 12, 3), (5, 90), (8, 8), (100, 100, 1), (1, 1)])
def test_grey_and_colour_of_any_size_will_do(channels: int, shape: tuple[int, ...]) -> None:
    arrays = [plain(value, shape) for value in (255, 0, 128)]
    found = predict(classifier(channels), arrays)
    assert labels(found) == ["bright", "dark", "middling"]
    assert [one.name for one in found] == ["array 0", "array 1", "array 2"]


def test_one_array_of_pictures_and_one_picture_will_do() -> None:
    batch = np.stack([plain(255), plain(0)])
    assert labels(predict(classifier(), batch)) == ["bright", "dark"]
    assert labels(predict(classifier(), batch[0])) == ["bright"]


def test_files_and_arrays_may_be_mixed(folder: Path) -> None:
    found = predict(classifier(), [plain(128), folder / "a.png", plain(0)])
    assert labels(found) == ["middling", "bright", "dark"]


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((8, 8, 3), 0.9),  # floats from 0 to 1: as uint8 nearly black
        np.full((8, 8, 3), 300, np.int64),
        plain(255, (8, 8, 4)),
        plain(255, (8, 8, 2)),
    ],
)
def test_arrays_that_are_no_uint8_picture_are_refused_in_words(pixels: NDArray[np.uint8]) -> None:
    try:
        (found,) = predict(classifier(), [pixels])
    except RetinueError:
        return
    assert found.error
    assert found.probabilities is None


def test_nothing_to_predict_is_an_empty_list() -> None:
    assert predict(classifier(), []) == []


def test_predictions_are_made_as_they_are_asked_for(folder: Path) -> None:
    stream = predictions(classifier(), [folder / "a.png"] * 64 + [folder / "c.png"])
    assert next(stream).label == "bright"
    assert len(list(stream)) == 64


@pytest.mark.parametrize(("threshold", "unsure"), [(0.0, False), (0.999, True), (0.2, False)])
def test_less_confident_than_val_asked_for_is_unsure(threshold: float, unsure: bool) -> None:
    (found,) = predict(classifier(abstain_below=threshold), [plain(64)])  # between two classes
    assert 0.2 < found.confidence < 0.999
    assert found.unsure is unsure


def test_where_val_showed_no_confidence_to_suffice_every_answer_is_unsure(tmp_path: Path) -> None:
    """All labels of val are wrong, so no threshold gives 95 % right answers."""
    one = classifier()
    store = np.stack([plain(255)] * 20)
    names = [str(number) for number in range(20)]
    val = Split(store, np.arange(20), np.zeros(20, np.int64), names, names, names)
    calibrate(Run(tmp_path), one, val)
    assert all(found.unsure for found in predict(one, [plain(255), plain(0)]))


def test_a_prediction_as_json(folder: Path) -> None:
    good, bad, _ = predict(classifier(), folder)
    told = good.as_dict(2)
    assert (told["input"], told["predicted"]) == (f"{folder}/a.png", "bright")
    assert [one["class"] for one in told["top"]] == ["bright", "middling"]
    assert told["top"][0]["probability"] == good.confidence
    assert bad.as_dict() == {"input": f"{folder}/b.png", "error": bad.error}


def test_a_notebook_shows_a_table_with_everything_escaped(tmp_path: Path) -> None:
    path = tmp_path / "<b>.png"
    path.write_bytes(png(plain(250)))
    shown = predict(classifier(), path)._repr_html_()
    assert "&lt;b&gt;.png" in shown
    assert "<b>" not in shown
    assert "bright" in shown


def test_a_folder_that_is_no_run_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="no run folder"):
        predict(folder, folder / "a.png")
