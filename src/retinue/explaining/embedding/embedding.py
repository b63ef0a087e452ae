"""The pictures of a split as points in a plane, laid out by what the network makes of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from retinue.data.cache import Progress
from retinue.data.imagedata import Labels, Split
from retinue.errors import UsageError
from retinue.explaining.drawn import Drawn
from retinue.explaining.embedding.penultimate import penultimate
from retinue.explaining.embedding.plane import FEWEST, METHODS, laid_out, same_neighbour
from retinue.images import Pixels
from retinue.prediction.classifier import Classifier, as_picture
from retinue.seeds import seed_for
from retinue.wording import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Embedding(Drawn):
    """Pictures in two dimensions; a row of each array is a picture's.

    `points` (N, 2) come from the `features` numbers that the network's last linear layer, `layer`,
    gets of each picture. `positions` (N,) say which picture of the split each is, and `of` how many
    that has. `labels` and `predicted` (N,) are numbers of `classes`.

    `explained` are the shares of the variance along both axes, of principal components; else
    `perplexity` is that of t-SNE. `neighbours` is the share of pictures whose nearest neighbour in
    the plane is of their class, `neighbours_before` that among all the features, and `by_chance`
    what it would be if pictures lay anywhere.
    """

    method: str
    points: NDArray[np.float64]
    positions: NDArray[np.int64]
    labels: Labels
    predicted: Labels
    classes: tuple[str, ...]
    layer: str
    features: int
    of: int
    seed: int
    explained: tuple[float, float] | None
    perplexity: float | None
    neighbours: float
    neighbours_before: float
    by_chance: float

    @property
    def mistakes(self) -> NDArray[np.bool_]:
        """Which of the pictures, (N,), are taken for another class."""
        return np.not_equal(self.predicted, self.labels)

    def figure(self) -> "Figure":
        """The plane, coloured by class, with mistakes marked."""
        from retinue.plotting.inside.embedding import embedding as draw

        if self.explained is None:
            axes = (
                f"t-SNE, perplexity {self.perplexity:g}: neighbours count, distances do not",
                "",
            )
        else:
            first, second = (percent(share) for share in self.explained)
            axes = (f"first component: {first} of the variance", f"second component: {second}")
        return draw(self.points, self.labels, self.mistakes, self.classes, self._title(), axes)

    def as_dict(self) -> dict[str, Any]:
        """What was found in numbers, as JSON has them, without the points."""
        return {
            "method": self.method,
            "layer": self.layer,
            "features": self.features,
            "pictures": len(self.points),
            "of": self.of,
            "seed": self.seed,
            "explained": None if self.explained is None else list(self.explained),
            "perplexity": self.perplexity,
            "mistakes": int(self.mistakes.sum()),
            "neighbours": self.neighbours,
            "neighbours_before": self.neighbours_before,
            "by_chance": self.by_chance,
        }

    def _title(self) -> str:
        many = f"{len(self.points):,}" + (f" of {self.of:,}" if len(self.points) < self.of else "")
        near, before, chance = (
            percent(share, 0) for share in (self.neighbours, self.neighbours_before, self.by_chance)
        )
        return (
            f"{many} pictures by the {self.features:,} numbers that {self.layer} gets\n"
            f"nearest neighbour of the same class: {near} here, {before} among all numbers, "
            f"{chance} by chance"
        )


def embedding(
    classifier: Classifier,
    pictures: Pixels | Split,
    labels: Labels | None = None,
    *,
    method: Literal["pca", "tsne"] = "pca",
    most: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Embedding:
    """Lay pictures out by what the network's last linear layer gets of them.

    Args:
        classifier: any whose network ends in a linear layer.
        pictures: a split, or an array (N, H, W, C) uint8.
        labels: the numbers of their classes, (N,); those of a split are known.
        method: principal components, or t-SNE.
        most: how many pictures at most, drawn so that every class keeps its share.
        seed: of that draw and of the method's own.
        progress: is told how far it is.

    Raises:
        UsageError: the network has no such layer, or labels that do not belong to the pictures.
        RetinueError: the layer gets nothing that could be shown.
    """
    if method not in METHODS:
        raise UsageError(f"method {method!r}: should be one of {', '.join(METHODS)}")
    if most < FEWEST:
        raise UsageError(f"most {most}: should be at least {FEWEST} pictures")
    known = _labels(pictures, labels, len(classifier.classes))
    if len(known) < FEWEST:
        raise UsageError(f"{len(known)} pictures: at least {FEWEST} are needed for a plane")
    positions = drawn(known, most, seed)
    seen = penultimate(classifier, _some(classifier, pictures, positions), progress)
    plane = laid_out(seen.features, method, seed_for(seed, method))
    chosen = known[positions]
    counts = np.bincount(chosen)
    return Embedding(
        method=method,
        points=plane.points,
        positions=positions,
        labels=chosen,
        predicted=seen.logits.argmax(axis=1),
        classes=classifier.classes,
        layer=seen.layer,
        features=seen.features.shape[1],
        of=len(pictures),
        seed=seed,
        explained=plane.explained,
        perplexity=plane.perplexity,
        neighbours=same_neighbour(plane.points, chosen),
        neighbours_before=same_neighbour(seen.features, chosen),
        by_chance=float((counts * (counts - 1)).sum() / (len(chosen) * (len(chosen) - 1))),
    )


def drawn(labels: Labels, most: int, seed: int) -> NDArray[np.int64]:
    """The positions, rising, of at most so many pictures; every class keeps its share.

    A class with few pictures keeps at least one, as long as there are no more classes than places.
    """
    if len(labels) <= most:
        return np.arange(len(labels), dtype=np.int64)
    random = np.random.default_rng(seed_for(seed, "embedding"))
    counts = np.bincount(labels)
    taken = [
        random.permutation(np.flatnonzero(labels == label))[:places]
        for label, places in enumerate(_places(counts, most).tolist())
    ]
    return np.sort(np.concatenate(taken)).astype(np.int64)


def _places(counts: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """How many of `most` places each class gets, by its number of pictures."""
    exact = counts * most / counts.sum()
    found: NDArray[np.int64] = np.maximum(np.floor(exact), counts > 0).astype(np.int64)
    while found.sum() > most:
        spare = found > (1 if (found > 1).any() else 0)
        found[np.where(spare, found - exact, -np.inf).argmax()] -= 1
    while found.sum() < most:
        found[np.where(found < counts, exact - found, -np.inf).argmax()] += 1
    return found


def _labels(pictures: Pixels | Split, labels: Labels | None, classes: int) -> Labels:
    """The labels of all pictures, checked."""
    if labels is None:
        if not isinstance(pictures, Split):
            raise UsageError("labels: are needed with an array of pictures")
        labels = pictures.labels
    found: NDArray[Any] = np.asarray(labels)
    if found.shape != (len(pictures),) or not np.issubdtype(found.dtype, np.integer):
        raise UsageError(f"labels: should be {len(pictures)} whole numbers, one for each picture")
    if len(found) and not 0 <= found.min() <= found.max() < classes:
        raise UsageError(f"labels: should be from 0 to {classes - 1}, the classifier's classes")
    return found.astype(np.int64)


def _some(
    classifier: Classifier, pictures: Pixels | Split, positions: NDArray[np.int64]
) -> Pixels | Split:
    """The pictures at some positions, of a size that the classifier knows."""
    if isinstance(pictures, Split):
        return pictures.at(positions)
    rules, chosen = classifier.preprocess, np.asarray(pictures)[positions]
    if chosen.shape[1:] in (rules.shape, (*rules.size, rules.channels)):
        return chosen
    return np.stack([rules(as_picture(one)) for one in chosen])
