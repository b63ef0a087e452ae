"""`explain`: figures and numbers in a folder, whole or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import retinue
from retinue.errors import PictureError, RetinueError, UsageError
from retinue.explaining.explain import INDEX, Explanation, explain, read_explanations
from retinue.explaining.views import VIEWS
from retinue.runs import Run

CLASSES = ("<script>", "$x$")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A small convolutional network on coloured noise, with dropout."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("explain")
        patch.setenv("RETINUE_CACHE", str(folder / "cache"))
        draw = np.random.default_rng(0)
        images = draw.integers(0, 256, (60, 12, 12, 3), dtype=np.uint8)
        labels = [CLASSES[number % 2] for number in range(60)]
        model = {"name": "cnn", "depth": 2, "dropout": 0.3}
        yield retinue.train((images, labels), model=model, epochs=1, output=folder / "run")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of another size than the network's."""
    path = tmp_path / "a photo.png"
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def _plain(found: Explanation) -> object:
    return json.loads(json.dumps(found.as_dict()))


def test_every_view_that_needs_only_the_picture_is_drawn(trained: Run, photo: Path) -> None:
    found = explain(trained, photo)
    expected = [name for name, view in VIEWS.items() if not view.needs_data]
    assert [one.view for one in found.shown] == expected
    assert not found.left_out
    assert found.path == trained.path / "explained" / "a-photo"
    for one in found.shown:
        with Image.open(found.path / one.file) as image:
            assert min(image.size) > 100
    assert json.loads((found.path / INDEX).read_text(encoding="utf-8"))["schema"] == 1


def test_the_answer_is_that_of_predict(trained: Run, photo: Path) -> None:
    found = explain(trained, photo, views=["filters"])
    (expected,) = retinue.predict(trained, photo)
    assert found.predicted == expected.label
    assert found.probability == pytest.approx(expected.confidence)


def test_what_was_explained_is_read_back(trained: Run, photo: Path) -> None:
    found = explain(trained, photo, views=["filters", "occlusion"])
    (known,) = [one for one in read_explanations(trained) if one.path == found.path]
    assert _plain(known) == _plain(found)


def test_two_pictures_of_one_name_have_a_folder_each(trained: Run, photo: Path) -> None:
    other = photo.parent / "other" / photo.name
    other.parent.mkdir()
    other.write_bytes(photo.read_bytes())
    folders = [explain(trained, one, views=["filters"]).path for one in (photo, other, photo)]
    assert folders[0] != folders[1]
    assert folders[0] == folders[2]


def test_a_view_that_cannot_be_given_is_left_out_with_the_reason(
    tmp_path: Path, photo: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    data = (images, ["a", "b"] * 20)
    run = retinue.train(data, model="softmax", epochs=1, output=tmp_path / "run")
    found = explain(run, photo)
    assert {"filters", "grad-cam", "dropout"} <= set(found.left_out)
    assert {one.view for one in found.shown} >= {"occlusion", "integrated-gradients"}
    with pytest.raises(UsageError):
        explain(run, photo, views=["grad-cam"])


@pytest.mark.parametrize("views", [["filtres"], ["filters", "x"]])
def test_an_unknown_view_is_refused_before_anything_is_written(
    trained: Run, photo: Path, views: list[str]
) -> None:
    output = photo.parent / "out"
    with pytest.raises(UsageError, match=r"--view (filtres|x): there is no such view"):
        explain(trained, photo, views=views, output=output)
    assert not output.exists()


def test_an_unknown_layer_is_refused_and_nothing_is_left(trained: Run, photo: Path) -> None:
    output = photo.parent / "out"
    with pytest.raises(UsageError, match=r"--layer features\.conv9"):
        explain(trained, photo, layer="features.conv9", output=output)
    assert [one.name for one in photo.parent.iterdir()] == [photo.name]


def test_a_folder_with_something_else_is_not_replaced(trained: Run, photo: Path) -> None:
    with pytest.raises(UsageError, match="holds something else"):
        explain(trained, photo, views=["filters"], output=photo.parent)
    assert photo.exists()


def test_what_is_no_picture_is_told_by_name(trained: Run, tmp_path: Path) -> None:
    path = tmp_path / "words.png"
    path.write_text("words")
    with pytest.raises(PictureError, match=r"words\.png"):
        explain(trained, path)


def test_a_damaged_index_is_told_by_name(trained: Run, photo: Path) -> None:
    found = explain(trained, photo, views=["filters"])
    (found.path / INDEX).write_text("{}")
    with pytest.raises(RetinueError, match=r"explanation\.json: cannot be read"):
        read_explanations(trained)
    (found.path / INDEX).unlink()
