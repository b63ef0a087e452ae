"""From many numbers to two: principal components by their closed form, neighbours kept by t-SNE."""

import numpy as np
import pytest

from retinue.explaining.embedding.plane import laid_out, same_neighbour


@pytest.mark.parametrize("shape", [(40, 7), (30, 60), (510, 505)])
def test_principal_components_are_those_of_a_decomposition(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=shape) * np.linspace(1, 4, shape[1]) ** 2 + 100
    found = laid_out(features.astype(np.float32), "pca", 0)
    centred = features - features.mean(0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * singular[:2]
    signs = np.sign((expected * found.points).sum(0))
    np.testing.assert_allclose(found.points, expected * signs, atol=2e-3 * singular[0])
    shares = singular**2 / (singular**2).sum()
    assert found.explained == pytest.approx(tuple(shares[:2]), rel=1e-3)
    assert found.explained != pytest.approx(tuple(shares[1:3]), rel=1e-3), "the control"


def test_one_feature_lies_on_a_line() -> None:
    features = np.array([[0.0], [1], [3]], np.float32)
    found = laid_out(features, "pca", 0)
    assert found.explained == pytest.approx((1.0, 0.0))
    assert sorted(np.abs(np.diff(found.points[:, 0])).tolist()) == pytest.approx([1, 2])


def test_t_sne_keeps_neighbours_that_components_cannot() -> None:
    # Eight groups along eight axes: two components show two of them apart.
    random = np.random.default_rng(0)
    labels = np.arange(160) % 8
    features = (6 * np.eye(8)[labels] + random.normal(size=(160, 8))).astype(np.float32)
    components, neighbours = (
        same_neighbour(laid_out(features, method, 0).points, labels) for method in ("pca", "tsne")
    )
    assert neighbours > 0.95 > 0.8 > components


def test_more_than_fifty_features_are_reduced_before_t_sne() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 80)).astype(np.float32)
    features[:30] += 3
    found = laid_out(features, "tsne", 0)
    assert same_neighbour(found.points, np.repeat([0, 1], 30)) == 1.0
    assert found.perplexity == pytest.approx(59 / 3)


def test_the_nearest_neighbour_is_another_row() -> None:
    points = np.array([[0.0, 0], [0, 0], [5, 5], [5, 6]])
    assert same_neighbour(points, np.array([0, 1, 2, 2])) == 0.5
