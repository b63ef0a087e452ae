"""Dropout at work: one picture under many masks, and how far the answers differ.

Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014. The
spread of the answers as a measure of uncertainty: Gal and Ghahramani, "Dropout as a Bayesian
approximation", 2016, arXiv:1506.02142.
"""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from retinue.errors import UsageError
from retinue.explaining.layers import find_among, layers, out_of_place
from retinue.explaining.modes.dropout_seen import DropoutSeen, LayerUnderMasks, Numbers
from retinue.explaining.picture import Picture
from retinue.models.catalogue import MODELS
from retinue.models.describe import evaluating
from retinue.prediction.classifier import Classifier, batch_of
from retinue.seeds import seed_for

MASKS = 8  # that are kept to be drawn
Inverted = nn.Dropout | nn.Dropout1d | nn.Dropout2d | nn.Dropout3d


@dataclass
class _Heard:
    """Answers (n, K), and what passed through the layer that is looked at, (n, ...) a batch."""

    logits: list[Numbers] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    masks: list[Tensor] = field(default_factory=list)  # 0, or the factor of what is kept


def dropout(
    classifier: Classifier,
    picture: Picture,
    *,
    layer: str | None = None,
    samples: int = 100,
    seed: int = 0,
) -> DropoutSeen:
    """Ask a network about one picture many times, with its dropout drawn anew each time.

    Everything else, such as batch norm, is in eval mode. Torch's global generator stays as it is.

    Args:
        classifier: of a network with layers of dropout; code that calls torch's function for it is
            not seen, nor is alpha dropout, which works otherwise.
        picture: of the network's size.
        layer: the dropout whose masks are kept; by default the last.
        samples: how many masks, at least two.
        seed: of their draw.

    Raises:
        UsageError: the network has no dropout, or no such layer.
    """
    if samples < 2:
        raise UsageError(f"samples={samples}: give 2 or more, for they are compared")
    drawn = _drawn(classifier.model)
    name, chosen = _chosen(classifier.model, drawn, layer)
    device = torch.device(classifier.device)
    with (
        torch.no_grad(),
        torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
        evaluating(classifier.model),
        out_of_place(classifier.model),
    ):
        still = _ask(classifier, picture, chosen, 1)
        if not still.inputs:
            raise UsageError(f"--layer {name}: is not reached when a picture passes the network")
        for one in drawn.values():
            one.train()
        torch.manual_seed(seed_for(seed, "explain-dropout"))
        heard = _ask(classifier, picture, chosen, samples)
    return DropoutSeen(
        picture=picture,
        classes=classifier.classes,
        dropouts=tuple((key, one.p) for key, one in drawn.items()),
        probabilities=classifier.calibrated(np.concatenate(heard.logits)),
        in_eval=classifier.calibrated(still.logits[0])[0],
        layer=_under_masks(name, chosen.p, _rows(still.inputs)[0], heard),
    )


def _ask(classifier: Classifier, picture: Picture, layer: _DropoutNd, times: int) -> _Heard:
    """The network's answers to so many copies of a picture, in the mode it is in."""
    heard = _Heard()
    at_once = batch_of(classifier.preprocess.size)
    batch = picture.batch.to(classifier.device)
    with _listening(layer, heard):
        for start in range(0, times, at_once):
            size = min(at_once, times - start)
            logits: Tensor = classifier.model(batch.expand(size, -1, -1, -1))
            heard.logits.append(logits.double().cpu().numpy())
    return heard


def _drawn(model: nn.Module) -> Mapping[str, _DropoutNd]:
    """The dropouts of the network that drop anything, by name.

    Raises:
        UsageError: there are none; the text says how to train a network with some.
    """
    found = {
        name: one
        for name, one in layers(model).items()
        if isinstance(one, Inverted) and 0 < one.p < 1
    }
    if not found:
        can = [
            name
            for name, entry in MODELS.items()
            if "dropout" in inspect.signature(entry.factory).parameters
        ]
        raise UsageError(
            f"the network has no dropout; train one of {', '.join(can)} with "
            "--set model.dropout=0.3"
        )
    return found


def _chosen(
    model: nn.Module, drawn: Mapping[str, _DropoutNd], name: str | None
) -> tuple[str, _DropoutNd]:
    """The dropout of that name, or the last one."""
    if name is None:
        return list(drawn.items())[-1]
    return find_among(model, drawn, name, "dropout")


@contextmanager
def _listening(layer: _DropoutNd, heard: _Heard) -> Iterator[None]:
    """While it lasts, what comes into the layer is kept, and the masks that it draws.

    A mask is what the layer makes of ones, from the same place of the generator, which is then put
    back there.
    """

    def before(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        values = given[0]
        heard.inputs.append(values.clone())
        place = _place_of_generator(values.device)
        heard.masks.append(layer.forward(torch.ones_like(values)))
        _put_generator(values.device, place)

    handle = layer.register_forward_pre_hook(before)
    try:
        yield
    finally:
        handle.remove()


def _place_of_generator(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _put_generator(device: torch.device, place: Tensor) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(place, device)
    else:
        torch.set_rng_state(place)


def _under_masks(name: str, p: float, inputs: Numbers, heard: _Heard) -> LayerUnderMasks:
    """What was heard of the layer, as arrays; every unit of a map counts by itself."""
    masks = _rows(heard.masks)
    outputs = _rows(heard.inputs) * masks
    return LayerUnderMasks(
        name=name,
        p=p,
        factor=1 / (1 - p),
        inputs=inputs,
        masks=masks[:MASKS] > 0,
        outputs=outputs[:MASKS],
        mean_output=np.asarray(outputs.mean(axis=0)),
        kept=float((masks > 0).mean()),
    )


def _rows(parts: Sequence[Tensor]) -> Numbers:
    """Tensors (N, ...) one after the other, as (N, U)."""
    rows = [part.double().reshape(len(part), -1).cpu().numpy() for part in parts]
    return np.concatenate(rows)
