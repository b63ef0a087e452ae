"""From many numbers a picture to two, by which pictures are laid out in a plane.

Principal components keep what varies most, along straight lines; t-SNE (van der Maaten and Hinton,
"Visualizing data using t-SNE", 2008) keeps neighbours together, and no distances between groups.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.errors import RetinueError

Floats = NDArray[np.float32]
Points = NDArray[np.float64]  # (N, 2)

FEWEST = 3  # pictures
BEFORE_TSNE = 50  # principal components that t-SNE works on, which takes noise and time away
PERPLEXITY = 30.0
SMALL = 500  # features or pictures up to which all components are computed


@dataclass(frozen=True)
class Plane:
    """Points (N, 2), and how they were found.

    `explained` is the share of all variance along each axis, of principal components; `perplexity`
    about how many neighbours t-SNE kept near each point.
    """

    points: Points
    explained: tuple[float, float] | None = None
    perplexity: float | None = None


def laid_out(features: Floats, method: str, seed: int) -> Plane:
    """Features (N, D) in two dimensions.

    Args:
        features: at least three rows.
        method: one of `METHODS`.
        seed: of every draw; the same one gives the same points.

    Raises:
        RetinueError: the features are not finite, or all rows are equal.
    """
    if not np.isfinite(features).all():
        raise RetinueError(
            "what the last layer gets is not finite: the network's training went astray"
        )
    # Small numbers would vanish beside their mean in single precision.
    wide = features.astype(np.float64)
    wide -= wide.mean(axis=0)
    largest = float(np.abs(wide).max())
    if largest <= 1e-6 * float(np.abs(features).max()):
        raise RetinueError("the last layer gets the same of all pictures: there is nothing to show")
    if wide.shape[1] < 2:
        wide = np.pad(wide, ((0, 0), (0, 2 - wide.shape[1])))
    return METHODS[method](wide, seed % 2**32)


def _by_components(features: Points, seed: int) -> Plane:
    points, shares = _components(features, 2, seed)
    return Plane(points, explained=(float(shares[0]), float(shares[1])))


def _by_neighbours(features: Points, seed: int) -> Plane:
    from sklearn.manifold import TSNE

    count = len(features)
    dimensions = min(BEFORE_TSNE, count - 1, features.shape[1])
    if dimensions < features.shape[1]:
        features, _ = _components(features, dimensions, seed)
    perplexity = max(1.0, min(PERPLEXITY, (count - 1) / 3))
    found = TSNE(init="pca", perplexity=perplexity, random_state=seed).fit_transform(features)
    return Plane(found.astype(np.float64), perplexity=perplexity)


def _components(features: Points, count: int, seed: int) -> tuple[Points, Points]:
    """The first components (N, count), and the share of the variance of each."""
    from sklearn.decomposition import PCA

    # Both solvers are exact; the second computes no more than is asked for.
    solver = "full" if min(features.shape) <= SMALL else "arpack"
    model = PCA(count, svd_solver=solver, random_state=seed)
    return model.fit_transform(features), model.explained_variance_ratio_


METHODS: dict[str, Callable[[Points, int], Plane]] = {
    "pca": _by_components,
    "tsne": _by_neighbours,
}


def same_neighbour(points: NDArray[np.floating[Any]], labels: NDArray[np.int64]) -> float:
    """The share of rows (N, D) whose nearest other row has the same label."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)
    return float((labels[nearest[:, 0]] == labels).mean())
