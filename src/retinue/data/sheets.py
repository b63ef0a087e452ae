"""Sheets of pictures to look at before training."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retinue import plotting
from retinue.data.batches import Batches
from retinue.data.imagedata import ImageData, Split
from retinue.images import Pixels, Preprocess

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_CLASSES = 40  # on one sheet


def samples_by_class(
    split: Split, classes: Sequence[str], preprocess: Preprocess, columns: int
) -> dict[str, list[Pixels]]:
    """Some pictures (H, W, C) of each class, as the network sees them; of at most 40 classes."""
    found: dict[str, list[Pixels]] = {}
    for label, name in enumerate(classes[:_MOST_CLASSES]):
        positions = np.flatnonzero(split.labels == label)
        if len(positions):
            # Neighbours in a source are often pictures of one scene, so they are taken far apart.
            spread = np.linspace(0, len(positions) - 1, min(columns, len(positions)))
            positions = positions[spread.astype(np.int64)]
            found[name] = list(preprocess.centre(split.take(positions)))
    return found


def sample_sheet(data: ImageData, columns: int = 10) -> "Figure":
    """Training pictures, a row a class, with the number of each class over all splits."""
    totals = {
        name: sum(split.counts(data.classes)[name] for split in data.splits.values())
        for name in data.classes
    }
    rows = samples_by_class(data.train, data.classes, data.preprocess, columns)
    labelled = {f"{name} ({totals[name]:,})": pictures for name, pictures in rows.items()}
    height, width = data.size
    title = f"{data.name}: {sum(totals.values()):,} pictures, {height} x {width}"
    if len(data.classes) > len(rows):
        title += f"; {len(rows)} of {len(data.classes)} classes"
    return plotting.sample_sheet(labelled, title)


def augmented_sheet(
    data: ImageData, augment: str, flip: bool, seed: int = 0, pictures: int = 8, versions: int = 7
) -> "Figure":
    """Some training pictures, each beside what the network will see of it in several epochs."""
    some = data.train.at(np.linspace(0, len(data.train) - 1, pictures).astype(np.int64))
    batches = Batches(some, len(some), data.size, augment, flip, seed)
    seen: list[list[Pixels]] = [[] for _ in range(len(some))]
    for epoch in range(versions):
        (order,) = batches.order(epoch)
        for images, _ in batches.epoch(epoch):
            shown = images.permute(0, 2, 3, 1).round().clamp(0, 255).byte().numpy()
            for position, picture in zip(order.tolist(), shown, strict=True):
                seen[position].append(picture)
    originals = list(data.preprocess.centre(some.images))
    title = f"{data.name}: what training sees with augment={augment}"
    return plotting.side_by_side(originals, seen, title)
