"""Transfer: a pretrained network gets a new head, which is solved for before all else."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue import plotting
from retinue.data.imagedata import ImageData, Split
from retinue.errors import UsageError
from retinue.models.heads import linear_head
from retinue.models.weights import plain_state
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.features import Extractor
from retinue.training.linear import Regression, logits_of, put_into, regress
from retinue.training.listener import Listener
from retinue.training.loop import Training
from retinue.training.state import Outcome
from retinue.training.transferred import Transfer
from retinue.writing import write_json

FIGURE = "regularisation.png"
RESERVE = 0.9  # of the time limit goes into features, the rest into the head


def fit_head(
    transfer: Transfer,
    training: Training,
    recipe: Recipe,
    run: Run,
    data: ImageData,
    listener: Listener,
    check: Callable[[], None],
) -> Outcome:
    """Solve for the head on the features of the frozen body; write down how.

    `check` is called every few pictures, and may raise what ends it.

    Raises:
        UsageError: the network has no linear head on a vector a picture, or only one class is
            there to learn from.
    """
    started = time.monotonic()
    layer = linear_head(training.model.get_submodule("network"), transfer.head)
    extractor = Extractor(
        training.model, layer, data.preprocess, training.device, listener.on_load, check
    )
    until = training.started + RESERVE * recipe.time_limit if recipe.time_limit else None
    val = extractor.features(data.val)
    views = (False, True) if mirrors(recipe) else (False,)
    seen = [extractor.features(data.train, mirrored, until, recipe.seed) for mirrored in views]
    features = np.concatenate([one.features for one in seen])
    labels = np.concatenate([data.train.labels[one.positions] for one in seen])
    if len(np.unique(labels)) < 2:
        raise UsageError(f"{data.name}: training pictures of one class only; nothing to tell apart")
    found = regress(
        features,
        labels,
        val.features,
        data.val.labels[val.positions],
        len(data.classes),
        bias=layer.bias is not None,
        balanced=recipe.class_weights == "balanced",
    )
    put_into(layer, found)
    seconds = time.monotonic() - started
    training.seconds += seconds
    told = run.read_json("transfer.json")
    regression = {"chosen": found.chosen, "tried": found.tried}
    write_json(run.path / "transfer.json", {**told, "regression": regression})
    if len(found.tried) > 1:
        figure = plotting.regularisation(found.tried, found.chosen["C"])
        plotting.save(figure, run.path / "figures" / FIGURE)

    def judge(split: Split) -> NDArray[np.float64]:
        return logits_of(layer, extractor.features(split).features)

    count = len(seen[0].positions)
    reason = "all epochs done"
    if count < len(data.train):
        reason = f"time limit reached after {count} of {len(data.train)} training pictures"
    if transfer.way == "linear":
        line = _line(found, seconds, len(labels))
        run.append("history.jsonl", line)
        run.update_status(epoch=1, step=1)
        listener.on_epoch(line)
    return Outcome(plain_state(training.model), 1, "finished", reason, judge=judge)


def mirrors(recipe: Recipe) -> bool:
    """Whether mirror images are training pictures too."""
    return recipe.flip and recipe.augment != "none"


def _line(found: Regression, seconds: float, pictures: int) -> dict[str, Any]:
    """A line of history: the head is found in one step, from all pictures."""
    chosen = found.chosen
    return {
        "epoch": 1,
        "lr": None,
        "train_loss": chosen["train_loss"],
        "train_accuracy": chosen["train_accuracy"],
        "subset_loss": chosen["train_loss"],
        "subset_accuracy": chosen["train_accuracy"],
        "val_loss": chosen.get("val_loss"),
        "val_accuracy": chosen.get("val_accuracy"),
        "seconds": seconds,
        "pictures_per_second": pictures / max(1e-9, seconds),
    }
