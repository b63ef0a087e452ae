"""How long it takes to look into a network: feature maps and Grad-CAM of one CIFAR-10 picture.

python -m benchmarks.inside --write    the table of docs/benchmarks.md; a minute

The model is loaded already, as in a notebook; the peer is captum's Grad-CAM alone.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from benchmarks import arrays, document, machine
from retinue.data.load import load_data
from retinue.explaining.attribution.attribution import attribution
from retinue.explaining.layers import find_layer
from retinue.explaining.maps.feature_maps import feature_maps
from retinue.explaining.picture import Picture, of_split
from retinue.images import Preprocess
from retinue.models.catalogue import build
from retinue.prediction.classifier import Classifier

NETWORKS = ("lenet", "keras-lesson", "cnn", "fast", "resnet-small", "efficientnet_lite0")
ROUNDS = 7


def main() -> None:
    """Time every network, print the table, and with --write put it into the document."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="one network, one round, digits")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    asked = document.parse(parser)
    text = "\n".join(measure(asked))
    print(text)
    if asked.write:
        document.replace_part(asked.document, "inside", text)


def measure(asked: argparse.Namespace) -> Iterator[str]:
    """The lines of the document."""
    yield f"On {machine.describe()}, load {machine.load():.1f} at the start."
    yield ""
    yield "| network | feature maps, s | Grad-CAM and its check, s | both, s | captum alone, s |"
    yield "|---|---|---|---|---|"
    data = load_data("digits" if asked.smoke else "cifar10", data_root=asked.data_root)
    for name in ("cnn",) if asked.smoke else NETWORKS:
        classifier = untrained(name, data)
        picture = of_split(classifier, data, "test", 0)
        cells = timed(classifier, picture, 1 if asked.smoke else ROUNDS)
        yield f"| `{name}` | {' | '.join(f'{seconds:.3f}' for seconds in cells)} |"


def untrained(name: str, data: Any) -> Classifier:
    """A network with fresh weights: what it takes to look into it does not depend on them."""
    size = (224, 224) if name.startswith("efficientnet") else data.size
    rules = Preprocess(size, data.preprocess.stored, "crop", data.channels)
    torch.manual_seed(0)
    model = build(
        name,
        classes=len(data.classes),
        channels=data.channels,
        size=size,
        arguments={},
        mean=[127.0] * data.channels,
        std=[64.0] * data.channels,
    )
    return Classifier(model, data.classes, rules)


def timed(classifier: Classifier, picture: Picture, rounds: int) -> tuple[float, ...]:
    """Median seconds of feature maps, Grad-CAM, both, and captum's Grad-CAM, by turns."""
    chosen = attribution(classifier, picture, "grad-cam").way.layer
    assert chosen is not None, "Grad-CAM names its layer"
    layer = chosen.name
    ways: tuple[Callable[[], object], ...] = (
        lambda: feature_maps(classifier, picture),
        lambda: attribution(classifier, picture, "grad-cam"),
        lambda: captum(classifier, picture, layer),
    )
    seconds = [[_seconds(way) for way in ways] for _ in range(rounds)]
    maps, ours, theirs = (statistics.median(column) for column in zip(*seconds, strict=True))
    return maps, ours, maps + ours, theirs


def captum(classifier: Classifier, picture: Picture, layer: str) -> object:
    """One map, as captum's own tutorial makes it."""
    from captum.attr import LayerGradCam

    method = LayerGradCam(classifier.model, find_layer(classifier.model, layer))
    images = picture.batch.float()
    return method.attribute(images, target=int(classifier.model(images).argmax()))


def _seconds(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
