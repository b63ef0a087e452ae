"""Which places of a picture speak for a class, and whether that depends on what was learned."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from retinue.errors import UsageError
from retinue.explaining.attribution.check import DRAWS, Check, randomised, similarity
from retinue.explaining.attribution.layer import layers_with_maps, map_layer
from retinue.explaining.attribution.methods import baseline_of
from retinue.explaining.attribution.seen import Attribution, Completeness
from retinue.explaining.attribution.target import class_number
from retinue.explaining.attribution.way import METHODS, STEPS, Method, Pair, Way, is_graph, way_of
from retinue.explaining.picture import Picture
from retinue.models.describe import evaluating
from retinue.prediction.classifier import Classifier
from retinue.wording import printable


def attribution(
    classifier: Classifier,
    picture: Picture,
    method: str = "grad-cam",
    *,
    layer: str | None = None,
    target: str | int | None = None,
    baseline: str | None = None,
    steps: int = STEPS,
    window: Pair | None = None,
    stride: Pair | None = None,
    check: bool = True,
    seed: int = 0,
) -> Attribution:
    """Which places of the picture speak for a class, by what the network makes of them.

    The network sees the picture as it is, in fp32 and eval mode, and without the further views that
    some classifiers average over. It is afterwards as before, and no global generator is used.

    Args:
        classifier: what predicts.
        picture: as the network takes it.
        method: `grad-cam`, `integrated-gradients` or `occlusion`.
        layer: of Grad-CAM; the last with maps of more than one pixel, if left out.
        target: a class by its name or number, `true` for the picture's own, `predicted`, or None
            for the predicted one. A class of the name `true` or `predicted` is meant first.
        baseline: what integrated gradients start from and occlusion covers with: `mean`, the colour
            that the network's normalisation makes zero, or `black`; if left out, the mean where
            there is a normalisation.
        steps: of integrated gradients.
        window: (rows, columns) of occlusion; a fifth of the shorter side, if left out.
        stride: of the window; half of it, if left out.
        check: whether to make the map once more with weights drawn at random.
        seed: of that draw.

    Raises:
        UsageError: a setting that does not suit the method, the network or the picture.
    """
    pixels = _pixels(classifier, picture)
    model = classifier.model
    way = way_of(
        model, pixels, method,
        layer=layer, baseline=baseline, steps=steps, window=window, stride=stride,
    )  # fmt: skip
    with evaluating(model):
        logits = classifier.logits(picture.pixels[None])
    probabilities = classifier.calibrated(logits)[0]
    number = class_number(classifier.classes, target, picture, int(probabilities.argmax()))
    heat = _array(way.heat(model, pixels, number))
    return Attribution(
        picture,
        classifier.classes,
        probabilities,
        number,
        way,
        heat,
        _completeness(classifier, way, pixels, number, heat),
        _check(classifier, way, pixels, number, heat, seed) if check else None,
    )


def possible_methods(classifier: Classifier, picture: Picture) -> list[Method]:
    """The methods that suit the network, Grad-CAM first."""
    if is_graph(classifier.model):
        return ["occlusion"]
    with evaluating(classifier.model):
        try:
            map_layer(classifier.model, _pixels(classifier, picture))
        except UsageError:
            return ["integrated-gradients", "occlusion"]
    return list(METHODS)


def possible_layers(classifier: Classifier, picture: Picture) -> dict[str, tuple[int, int, int]]:
    """The layers that Grad-CAM can look at, with their maps (C, H, W), in order of execution.

    Raises:
        UsageError: the network is a graph.
    """
    with evaluating(classifier.model):
        found = layers_with_maps(classifier.model, _pixels(classifier, picture))
    return {one.name: one.shape for one in found}


def _pixels(classifier: Classifier, picture: Picture) -> Tensor:
    """(1, C, H, W) float from 0 to 255."""
    rules = classifier.preprocess
    wanted = (*rules.size, rules.channels)
    if picture.pixels.shape != wanted:
        raise UsageError(
            f"{printable(picture.name)}: is {picture.pixels.shape}, and the network takes "
            f"{wanted}; make it with as_picture_of"
        )
    return picture.batch.to(classifier.device).float()


def _completeness(
    classifier: Classifier, way: Way, pixels: Tensor, target: int, heat: NDArray[np.float64]
) -> Completeness | None:
    """The two sides of the completeness axiom (Sundararajan et al. 2017, proposition 1)."""
    if not way.steps or not way.baseline:
        return None
    start = baseline_of(classifier.model, pixels, way.baseline)
    with torch.no_grad(), evaluating(classifier.model):
        given, nothing = classifier.model(torch.cat([pixels, start]))[:, target].double().tolist()
    return Completeness(float(heat.sum()), given - nothing)


def _check(
    classifier: Classifier,
    way: Way,
    pixels: Tensor,
    target: int,
    heat: NDArray[np.float64],
    seed: int,
) -> Check | None:
    """The same map of the network without what it learned, and how alike they are."""
    if is_graph(classifier.model):
        return None
    for draw in range(DRAWS):
        with evaluating(classifier.model):
            other = randomised(classifier.model, pixels, seed, draw)
        found = _array(way.heat(other, pixels, target))
        if np.ptp(found) > 0:
            break
    places = way.layer.shape[1] * way.layer.shape[2] if way.layer else heat.size
    return Check(found, similarity(heat, found), places, seed, draw)


def _array(heat: Tensor) -> NDArray[np.float64]:
    return heat.cpu().double().numpy()
