"""Every widget of the package, made from a run whose names are out for harm."""

from pathlib import Path
from typing import Any, cast

import numpy as np
from torch import Tensor, nn

import retinue
from retinue.explaining.picture import Picture
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.widgets.attribution import AttributionPanel
from retinue.widgets.explorer import ExplorerPanel
from retinue.widgets.feature_maps import FeatureMapsPanel
from retinue.widgets.panel import Panel
from retinue.widgets.receptive_field import ReceptiveFieldPanel
from retinue.widgets.training_monitor import TrainingMonitorPanel
from retinue.widgets.training_step import TrainingStepPanel

HARM = "<img src=x onerror=alert(1)>"
CLASSES = (HARM, "</script><script>alert(2)</script>", "\u202eevil", "x" * 500, "$x$ שלום")
NAME = f"{HARM}\u202e{'y' * 300}.png"


class Own(nn.Module):
    """A network of no catalogue, with a layer that writes over its input and a hostile name."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 6, 3, padding=1)
        self.second = nn.ModuleDict({HARM: nn.Conv2d(6, 8, (3, 5), stride=2)})
        self.act = nn.ReLU(inplace=True)
        self.head = nn.Linear(8, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, classes)."""
        maps = self.act(self.second[HARM](self.act(self.first(x))))
        return cast(Tensor, self.head(maps.mean((2, 3))))


def hostile_run(folder: Path, channels: int = 3) -> tuple[Run, Any]:
    """A run of one epoch on noise, and its data."""
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (60, 16, 16, channels), dtype=np.uint8)
    data = (images, [CLASSES[number % len(CLASSES)] for number in range(60)])
    settings: dict[str, Any] = {"model": "cnn", "epochs": 1, "batch_size": 16, "device": "cpu"}
    return retinue.train(data, output=folder / "run", **settings), data


def every_panel(folder: Path, channels: int = 3) -> dict[str, Panel]:
    """A panel for each widget, by the name of its module."""
    run, data = hostile_run(folder, channels)
    classifier = Classifier.load(run)
    pixels = np.random.default_rng(1).integers(0, 256, (16, 16, channels), dtype=np.uint8)
    picture = Picture(NAME, pixels, 0)
    panels: list[Panel] = [
        AttributionPanel(classifier, picture),
        ExplorerPanel(run=run),
        FeatureMapsPanel(classifier, picture),
        ReceptiveFieldPanel(classifier, picture),
        TrainingMonitorPanel(run),
        TrainingStepPanel(run, data),
    ]
    return {panel.module: panel for panel in panels}


def panels_of_own(channels: int = 3) -> dict[str, Panel]:
    """Panels about a network that is in no catalogue."""
    from retinue.images import Preprocess
    from retinue.models.catalogue import wrap

    model = wrap(Own(len(CLASSES), channels), [120.0] * channels, [60.0] * channels)
    rules = Preprocess((20, 16), (20, 16), "squash", channels)
    classifier = Classifier(model, CLASSES, rules)
    pixels = np.random.default_rng(1).integers(0, 256, (20, 16, channels), dtype=np.uint8)
    picture = Picture(NAME, pixels)
    made: list[Panel] = [
        kind(classifier, picture)
        for kind in (AttributionPanel, FeatureMapsPanel, ReceptiveFieldPanel)
    ]
    return {panel.module: panel for panel in made}
