"""The views of what is inside a network, by name: what each shows, and what makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from retinue.data.imagedata import ImageData
from retinue.explaining.attribution.attribution import attribution
from retinue.explaining.embedding.embedding import embedding
from retinue.explaining.fields.receptive_field import receptive_field
from retinue.explaining.maps.feature_maps import feature_maps
from retinue.explaining.maps.filters import filters
from retinue.explaining.maps.layer_overview import layer_overview
from retinue.explaining.modes.batch_norm import batch_norm
from retinue.explaining.modes.dropout import dropout
from retinue.explaining.picture import Picture
from retinue.explaining.step.training_step import training_step
from retinue.prediction.classifier import Classifier
from retinue.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Seen(Protocol):
    """What every view gives: a figure, and its numbers as JSON has them."""

    def figure(self) -> "Figure":
        """The picture of it."""

    def as_dict(self) -> dict[str, Any]:
        """Its numbers."""


@dataclass(frozen=True)
class Question:
    """What is to be looked into: a run's classifier, and a picture; `layer` where one is asked for.

    `data` opens the run's data again, the first time. `model` is the user's own network as it was
    before training, where it is one.
    """

    run: Run
    classifier: Classifier
    picture: Picture
    data: Callable[[], ImageData]
    layer: str | None = None
    model: nn.Module | None = None


@dataclass(frozen=True)
class View:
    """A way to look: its title, what makes it, and whether the run's data has to be opened again.

    `of_a_layer` says that it can be asked of any layer.
    """

    title: str
    make: Callable[[Question], Seen]
    needs_data: bool = False
    of_a_layer: bool = False


def _filters(question: Question) -> Seen:
    return filters(question.classifier.model)


def _maps(question: Question) -> Seen:
    return feature_maps(question.classifier, question.picture, question.layer)


def _layers(question: Question) -> Seen:
    return layer_overview(question.classifier, question.picture)


def _field(question: Question) -> Seen:
    return receptive_field(question.classifier, question.picture, question.layer)


def _grad_cam(question: Question) -> Seen:
    return attribution(question.classifier, question.picture, "grad-cam", layer=question.layer)


def _attribution(method: str, question: Question) -> Seen:
    return attribution(question.classifier, question.picture, method)


def _dropout(question: Question) -> Seen:
    return dropout(question.classifier, question.picture)


def _batch_norm(question: Question) -> Seen:
    return batch_norm(question.classifier, question.data().train)


def _embedding(question: Question) -> Seen:
    return embedding(question.classifier, question.data().test)


def _step(question: Question) -> Seen:
    return training_step(question.run, question.data(), model=question.model)


VIEWS: dict[str, View] = {
    "filters": View("Filters of the first convolution", _filters),
    "feature-maps": View("Feature maps", _maps, of_a_layer=True),
    "layers": View("The way through the network", _layers),
    "receptive-field": View("Receptive field", _field, of_a_layer=True),
    "grad-cam": View("Grad-CAM", _grad_cam, of_a_layer=True),
    "integrated-gradients": View(
        "Integrated gradients", partial(_attribution, "integrated-gradients")
    ),
    "occlusion": View("Occlusion", partial(_attribution, "occlusion")),
    "dropout": View("Dropout", _dropout),
    "batch-norm": View("Batch norm", _batch_norm, needs_data=True),
    "embedding": View("All test pictures", _embedding, needs_data=True),
    "training-step": View("The first step of the training", _step, needs_data=True),
}
