"""Pictures as points: planted classes are found, shuffled ones are not, and nothing is changed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import retinue
from retinue.data.imagedata import Split
from retinue.errors import RetinueError, UsageError
from retinue.evaluation.evaluate import reopen
from retinue.explaining.embedding.embedding import Embedding, drawn, embedding
from retinue.images import Preprocess
from retinue.models.catalogue import build
from retinue.prediction.classifier import Classifier

NAMES = ("ant", "bee", "cat", "dog")
Pictures = NDArray[np.uint8]


def classifier_of(name: str = "softmax", side: int = 4, **arguments: Any) -> Classifier:
    """An untrained network for grey pictures of four classes."""
    torch.manual_seed(0)
    network = build(
        name, classes=4, channels=1, size=(side, side), arguments=arguments,
        mean=[128.0], std=[64.0],
    )  # fmt: skip
    return Classifier(network, NAMES, Preprocess((side, side), (side, side), "crop", 1))


def planted(count: int = 120, apart: float = 150.0) -> tuple[Pictures, NDArray[np.int64]]:
    """Pictures of four classes, each brighter in a row of its own, and their labels."""
    random = np.random.default_rng(0)
    labels = np.arange(count, dtype=np.int64) % 4
    pixels = random.normal(60, 15, (count, 4, 4, 1))
    pixels[np.arange(count), labels] += apart
    return pixels.clip(0, 255).astype(np.uint8), labels


def split_of(pictures: Pictures, labels: NDArray[np.int64]) -> Split:
    names = [str(number) for number in range(len(labels))]
    return Split(pictures, np.arange(len(labels)), labels, names, names, names)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_planted_classes_are_found_again(method: Any) -> None:
    found = embedding(classifier_of(), *planted(), method=method)
    assert found.neighbours > 0.97
    assert found.neighbours_before > 0.97
    assert found.by_chance == pytest.approx(29 / 119)
    centres = np.array([found.points[found.labels == label].mean(0) for label in range(4)])
    nearest = ((found.points[:, None] - centres) ** 2).sum(2).argmin(1)
    assert (nearest == found.labels).mean() > 0.97


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_control_shuffled_labels_show_no_groups(method: Any) -> None:
    pictures, labels = planted()
    shuffled = np.random.default_rng(1).permutation(labels)
    found = embedding(classifier_of(), pictures, shuffled, method=method)
    assert abs(found.neighbours - found.by_chance) < 0.15


def test_control_classes_that_look_alike_show_no_groups() -> None:
    found = embedding(classifier_of(), *planted(apart=0.0))
    assert abs(found.neighbours - found.by_chance) < 0.15


def test_every_point_knows_its_picture() -> None:
    pictures, labels = planted(60)
    classifier = classifier_of("lenet", 16)
    large = np.repeat(np.repeat(pictures, 4, axis=1), 4, axis=2)
    found = embedding(classifier, split_of(large, labels), most=20, seed=3)
    assert (len(found.points), found.of) == (20, 60)
    assert (found.labels == labels[found.positions]).all()
    predicted = classifier.predict(large[found.positions]).argmax(1)
    assert (found.predicted == predicted).all()
    assert (found.mistakes == (predicted != found.labels)).all()
    alone = embedding(classifier, large[found.positions], found.labels)
    np.testing.assert_allclose(alone.points, found.points, atol=1e-4)


def test_pictures_of_any_size_are_brought_as_in_prediction() -> None:
    pictures, labels = planted(12)
    large = np.repeat(np.repeat(pictures, 3, axis=1), 3, axis=2)
    rules = classifier_of().preprocess
    np.testing.assert_allclose(
        embedding(classifier_of(), large, labels).points,
        embedding(classifier_of(), np.stack([rules(one) for one in large]), labels).points,
        atol=1e-6,
    )


def test_the_same_seed_gives_the_same_points_and_another_draws_others() -> None:
    def found(seed: int) -> Embedding:
        return embedding(classifier_of(), *planted(), method="tsne", most=40, seed=seed)

    one, again, other = found(5), found(5), found(6)
    np.testing.assert_array_equal(one.points, again.points)
    assert one.positions.tolist() == again.positions.tolist() != other.positions.tolist()
    assert one.perplexity == 13.0
    assert one.explained is None


@pytest.mark.parametrize("count", [3, 4, 7])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_few_pictures_are_enough(count: int, method: Any) -> None:
    pictures, labels = planted(count)
    found = embedding(classifier_of(), pictures, labels, method=method)
    assert found.points.shape == (count, 2)
    assert np.isfinite(found.points).all()


# --- the draw


def test_every_class_keeps_its_share_and_rare_ones_a_picture() -> None:
    labels = np.repeat(np.arange(4), [900, 90, 9, 1])
    taken = drawn(labels, 100, 0)
    assert np.bincount(labels[taken]).tolist() == [89, 9, 1, 1]
    assert (np.diff(taken) > 0).all()
    assert drawn(labels, 100, 1).tolist() != taken.tolist()
    plain = np.random.default_rng(0).permutation(1000)[:100]
    assert 3 not in labels[plain], "the control: a plain draw loses the rarest"


def test_all_are_taken_where_there_is_room_and_fewer_classes_where_not() -> None:
    labels = np.arange(50) % 10
    assert drawn(labels, 50, 0).tolist() == list(range(50))
    assert len(drawn(labels, 49, 0)) == 49
    assert len(drawn(labels, 7, 0)) == 7
    assert len(drawn(np.repeat([0, 3], [1, 30]), 5, 0)) == 5


# --- what is left as it was


def test_nothing_is_changed() -> None:
    classifier = classifier_of("lenet", 16)
    model: Any = classifier.model
    dropout = torch.nn.Dropout()
    model.append(dropout)
    model.train()
    model[1].eval()
    modes = [part.training for part in model.modules()]
    before = {key: value.clone() for key, value in model.state_dict().items()}
    random = torch.get_rng_state()
    pictures, labels = planted(12)
    embedding(classifier, np.repeat(np.repeat(pictures, 4, axis=1), 4, axis=2), labels)
    assert [part.training for part in model.modules()] == modes
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert all(tensor.grad is None and tensor.requires_grad for tensor in model.parameters())
    hooks = [(*part._forward_hooks, *part._forward_pre_hooks) for part in model.modules()]
    assert not any(hooks)


# --- refusals


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"labels": None}, "labels: are needed with an array of pictures"),
        ({"labels": [0, 1]}, "labels: should be 12 whole numbers, one for each picture"),
        ({"labels": np.zeros(12)}, "labels: should be 12 whole numbers, one for each picture"),
        ({"labels": [4] * 12}, "labels: should be from 0 to 3, the classifier's classes"),
        ({"labels": [-1] * 12}, "labels: should be from 0 to 3, the classifier's classes"),
        ({"method": "umap"}, "method 'umap': should be one of pca, tsne"),
        ({"most": 2}, "most 2: should be at least 3 pictures"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_clear_line(
    changes: dict[str, Any], line: str
) -> None:
    pictures, labels = planted(12)
    with pytest.raises(UsageError) as caught:
        embedding(classifier_of(), pictures, **{"labels": labels, **changes})
    assert str(caught.value) == line


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(UsageError, match=r"^2 pictures: at least 3 are needed for a plane$"):
        embedding(classifier_of(), *planted(2))


def test_features_that_say_nothing_are_refused() -> None:
    pictures, labels = planted(12)
    with pytest.raises(RetinueError, match="the last layer gets the same of all pictures"):
        embedding(classifier_of(), np.full_like(pictures, 7), labels)
    classifier = classifier_of()
    network: Any = classifier.model
    network[0].mean.fill_(np.nan)
    with pytest.raises(RetinueError, match="is not finite: the network's training went astray"):
        embedding(classifier, pictures, labels)


# --- what is shown


def test_the_numbers_are_json_and_the_figure_shows_itself() -> None:
    found = embedding(classifier_of(), *planted(40), most=32)
    value = found.as_dict()
    assert json.loads(json.dumps(value)) == value
    assert (value["pictures"], value["of"], value["layer"]) == (32, 40, "head.output")
    assert found._repr_html_().startswith("<img")
    title = found.figure().get_suptitle()
    assert title.startswith("32 of 40 pictures by the 16 numbers that head.output gets")


@pytest.mark.slow
def test_training_brings_pictures_of_a_class_together(tmp_path: Path) -> None:
    run = retinue.train(
        "shapes", model="fast", epochs=4, limit_per_class=60, output=tmp_path / "run"
    )
    data, trained = reopen(run), Classifier.load(run)
    torch.manual_seed(0)
    network = build(
        "fast", classes=len(data.classes), channels=3, size=data.size, arguments={},
        mean=[128.0] * 3, std=[64.0] * 3,
    )  # fmt: skip
    untrained = Classifier(network, data.classes, data.preprocess)
    after, before = (
        embedding(one, data.test, method="tsne", most=300) for one in (trained, untrained)
    )
    assert after.neighbours > 0.85
    assert before.neighbours < 0.4, "the control: it is training that does it"
    assert after.mistakes.mean() < 0.15 < before.mistakes.mean()
